"""ARC (RFC 8617): the public suite, and chains that python3-dkim sealed."""
import logging
import os
import random

import pytest
from signatures import VECTORS, Rsa, Vouch, crlf, dkim, random_message, spoil, txt

try:
    import authres
except ImportError:
    authres = None
try:
    import yaml
except ImportError:
    yaml = None

SUITE = os.path.join(VECTORS, "arc", "arc-draft-validation-tests.yml")


@pytest.fixture(name="vouch")
def fixture_vouch():
    v = Vouch()
    yield v
    v.close()


def suite():
    if yaml is None:
        pytest.skip("python3-yaml is not installed")
    if not os.path.exists(SUITE):
        pytest.skip("the public ARC suite is not here (shared/vectors/arc)")
    with open(SUITE, encoding="utf-8") as f:
        for part in yaml.safe_load_all(f):
            for name, test in part["tests"].items():
                yield name, crlf(test["message"]), test["cv"], part["txt-records"]


def test_the_public_suite_whole(vouch):
    wrong, count = [], 0
    for name, message, cv, records in suite():
        # cv= is empty where the chain says itself that it is broken: RFC 8617 5.2 step 2 calls that a failure too.
        want = str(cv).lower() or "fail"
        vouch.keys(records)
        for cut in (0, 1, 7):
            got = vouch.verify(message, cut)["arc"]
            if got["result"] != want or (want == "fail") != bool(got["why"]):
                wrong.append((name, want, got))
        count += 1
    assert not wrong, wrong
    assert count == 171


# --- chains made by python3-dkim -------------------------------------------------------------------------------------

def seal(message, key, hop, records, instance):
    """One hop more, by python3-dkim: it believes what stands in Authentication-Results for cv=."""
    seen = b"Authentication-Results: " + hop + b"; spf=pass" + (b"; arc=pass" if instance > 1 else b"") + b"\r\n"
    names = [b"from", b"to", b"subject", b"not-there"]
    fields = dkim.ARC(seen + message).sign(b"s", hop, key.for_python, hop, include_headers=names)
    records["s._domainkey." + hop.decode()] = key.record
    return b"".join(fields) + seen + message


def python_says(message, records):
    return dkim.ARC(message).verify(dnsfunc=txt(records))[0]


@pytest.mark.skipif(dkim is None or authres is None, reason="python3-dkim or python3-authres is not installed")
def test_chains_of_others_pass_and_break_as_there(vouch):
    logging.disable(logging.CRITICAL)
    key, r = Rsa(1024), random.Random(8617)
    for n in range(20):
        message, records = random_message(r), {}
        hops = 1 + n % 4
        for i in range(1, hops + 1):
            message = seal(message, key, b"hop%d.example" % i, records, i)
        vouch.keys(records)
        got = vouch.verify(message, n)["arc"]
        assert (got["result"], got["sets"], got["oldest-pass"]) == ("pass", hops, 0), got
        assert got["saw"].startswith(f"hop{hops}.example; "), got
        for _ in range(6):
            bad = spoil(r, message)
            ours = vouch.verify(bad)["arc"]["result"]
            try:
                theirs = python_says(bad, records)
            except Exception:  # a field that it cannot read
                theirs = b"fail"
            assert (ours == "pass") == (theirs == b"pass"), (bad, ours, theirs)
