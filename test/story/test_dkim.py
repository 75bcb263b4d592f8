"""DKIM (RFC 6376, 8301, 8463): public vectors, and what python3-dkim and libopendkim sign and verify, both ways.

A random message is the same at each run.  SIGNATURES_SEED and SIGNATURES_RUNS choose others, and more.
"""
import os
import random

import opendkim
import pytest
from signatures import NAME, VECTORS, Ed25519, Rsa, Vouch, crlf, dkim, python_verifies, random_message, spoil

RUNS = int(os.environ.get("SIGNATURES_RUNS", "24"))
SEED = int(os.environ.get("SIGNATURES_SEED", "6376"))
FORMS = [(h, b) for h in ("simple", "relaxed") for b in ("simple", "relaxed")]
with_python = pytest.mark.skipif(dkim is None, reason="python3-dkim is not installed")


@pytest.fixture(name="vouch", scope="module")
def fixture_vouch():
    v = Vouch()
    yield v
    v.close()


@pytest.fixture(name="rsa", scope="module")
def fixture_rsa():
    return Rsa(1024)  # python3-dkim computes with Python's numbers


@pytest.fixture(name="ed25519", scope="module")
def fixture_ed25519():
    return Ed25519()


@pytest.fixture(name="other")
def fixture_other():
    lib = opendkim.library()
    if lib is None:
        pytest.skip("libopendkim11 is not installed")
    o = opendkim.OpenDkim(lib)
    yield o
    o.close()


def vector(name):
    path = os.path.join(VECTORS, "dkim", name)
    if not os.path.exists(path):
        pytest.skip("the public DKIM messages are not here (shared/vectors/dkim)")
    with open(path, "rb") as f:
        return f.read()


def with_crlf(message, body):
    """RFC 6376 3.4.4 has relaxed add a CRLF to a body that lacks it, as simple does; libopendkim adds it for simple only."""
    return message if body == "simple" or message.endswith(b"\r\n") else message + b"\r\n"


def runs(salt):
    r = random.Random(f"{SEED}{salt}")
    for n in range(RUNS):
        yield r, n, random_message(r)


# --- vectors --------------------------------------------------------------------------------------------------------

RFC8463_KEYS = {
    "brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "test._domainkey.football.example.com": "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6"
    "NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5Qjv"
    "HO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
}


def test_the_example_of_rfc_8463(vouch):
    vouch.keys(RFC8463_KEYS)
    message = crlf(vector("rfc8463-example.msg"))
    rsa, ed = vouch.verify(message)["dkim"][1], vouch.verify(message, 1)["dkim"][0]
    assert (rsa["result"], rsa["a"], rsa["bits"], rsa["s"]) == ("pass", "rsa-sha256", 1024, "test")
    assert (ed["result"], ed["a"], ed["b"], ed["i"]) == ("pass", "ed25519-sha256", "/gCrinpc", "@football.example.com")
    broken = vouch.verify(message.replace(b"hungry", b"angry"))["dkim"]
    assert [(s["result"], s["why"]) for s in broken] == [("fail", "the body is not the one that was signed")] * 2
    assert vouch.results(message.replace(b"dinner", b"supper")) == ["fail", "fail"]


@pytest.mark.parametrize("name", ["gmail.msg", "related.msg", "multipart-no-end-boundary.msg"])
def test_messages_of_a_large_provider(vouch, name):
    pem = vector("gmail.pub").decode().splitlines()
    vouch.keys({"20120113._domainkey.gmail.com": "k=rsa; p=" + "".join(line for line in pem if "-" not in line)})
    message = crlf(vector(name))
    assert vouch.results(message) == ["pass"]
    assert vouch.results(message + b"--\r\n") == ["fail"]


# --- others sign, we verify -----------------------------------------------------------------------------------------

@with_python
@pytest.mark.parametrize("head,body", FORMS)
def test_what_python_signs_passes_and_what_is_spoilt_fails_as_there(vouch, rsa, ed25519, head, body):
    for r, n, message in runs(head + body):
        key = rsa if n % 3 else ed25519
        records = {NAME: key.record}
        vouch.keys(records)
        names = [b"from"] + r.sample([b"to", b"subject", b"x-one", b"x-one", b"date", b"not-there"], 4)
        field = dkim.DKIM(message, signature_algorithm=key.algorithm).sign(
            b"sel", b"example.com", key.for_python, canonicalize=(head.encode(), body.encode()), include_headers=names,
            length=n % 5 == 4)
        signed = field + message
        for cut in (0, 1, 3, 64):
            got = vouch.verify(signed, cut)["dkim"]
            assert [s["result"] for s in got] == ["pass"], (n, cut, got, signed)
        bad = spoil(r, signed)
        ours = vouch.results(bad)[:1] == ["pass"]
        assert ours == python_verifies(bad, records), (n, vouch.verify(bad), bad)


@pytest.mark.parametrize("head,body", FORMS)
def test_what_opendkim_signs_passes_and_what_is_spoilt_fails_as_there(vouch, other, rsa, ed25519, head, body):
    """Its Ed25519 signatures over simple headers are left out: it does not verify them itself."""
    for r, n, message in runs("o" + head + body):
        key = rsa if n % 3 or head == "simple" else ed25519
        message = with_crlf(message, body)
        vouch.keys({NAME: key.record})
        other.keys({NAME: key.record})
        signed = other.sign(message, key, head, body) + message
        for cut in (0, 5):
            got = vouch.verify(signed, cut)["dkim"]
            assert [s["result"] for s in got] == ["pass"], (n, cut, got, signed)
        bad = spoil(r, signed)
        ours = vouch.results(bad)[:1] == ["pass"]
        assert ours == other.verify(bad), (n, vouch.verify(bad), bad)


# --- we sign, others verify -----------------------------------------------------------------------------------------

@with_python
@pytest.mark.parametrize("head,body", FORMS)
def test_what_we_sign_passes_with_the_others(vouch, rsa, ed25519, head, body, request):
    other = request.getfixturevalue("other") if opendkim.library() else None
    for r, n, message in runs("w" + head + body):
        key = rsa if n % 3 else ed25519
        records = {NAME: key.record}
        vouch.keys(records)
        vouch.private(key.pem)
        names = ["From"] + r.sample(["To", "Subject", "X-One", "X-One", "X-One", "Date", "Not-There", "Received"], 5)
        signed = vouch.sign(message, ":".join(names), head, body) + message
        assert all(len(line) <= 78 for line in signed.split(b"\r\n\tb=")[0].split(b"\r\n")), signed
        assert vouch.results(signed) == ["pass"]
        assert python_verifies(signed, records), (n, signed)
        if other and message == with_crlf(message, body):
            other.keys(records)
            assert other.verify(signed), (n, signed)


# --- where the RFC is with us ---------------------------------------------------------------------------------------

def test_the_last_crlf_may_be_missing(vouch, other, rsa):
    vouch.keys({NAME: rsa.record})
    other.keys({NAME: rsa.record})
    vouch.private(rsa.pem)
    message = b"From: a@example.com\r\n\r\nx"
    for body in ("simple", "relaxed"):
        signed = vouch.sign(message, "From", body=body) + message
        assert vouch.results(signed) == vouch.results(signed + b"\r\n") == ["pass"]
        assert other.verify(signed + b"\r\n")
        assert other.verify(signed) == (body == "simple")


@with_python
def test_white_space_where_the_last_crlf_is_missing(vouch, rsa):
    """RFC 6376 3.4.4: white space at the end of lines is ignored, and a CRLF is added to a body that lacks it, so the
    body is "x" CRLF.  python3-dkim keeps one space there.  SMTP's DATA cannot bring such a body."""
    vouch.keys({NAME: rsa.record})
    vouch.private(rsa.pem)
    header = b"From: a@example.com\r\n\r\n"
    signed = vouch.sign(header + b"x\r\n", "From") + header
    assert vouch.results(signed + b"x \t") == ["pass"]
    assert python_verifies(signed + b"x", {NAME: rsa.record})
    assert not python_verifies(signed + b"x \t", {NAME: rsa.record})


@with_python
def test_a_second_from_is_not_believed_by_either(vouch, rsa):
    """RFC 6376 8.15.  Signed once more than it is there, nobody can add one anyway."""
    vouch.keys({NAME: rsa.record})
    vouch.private(rsa.pem)
    message = b"From: a@example.com\r\nTo: b\r\n\r\nx\r\n"
    once, twice = vouch.sign(message, "From:To"), vouch.sign(message, "From:To:From")
    for field, want in ((once, "policy"), (twice, "fail")):
        assert vouch.results(field + message) == ["pass"]
        for forged in (b"From: evil@example.net\r\n" + field + message, field + b"From: evil@example.net\r\n" + message):
            assert vouch.results(forged) == [want], forged
            assert not python_verifies(forged, {NAME: rsa.record})
