"""ARC (RFC 8617): the public suite, and what it leaves out."""
import os

import pytest
from signatures import VECTORS, Vouch, crlf

yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed")
SUITE = os.path.join(VECTORS, "arc", "arc-draft-validation-tests.yml")


@pytest.fixture(name="vouch")
def fixture_vouch():
    v = Vouch()
    yield v
    v.close()


def suite():
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
