"""Truly signed, but written in odd ways: who believes it?  Where python3-dkim or libopendkim say otherwise than we do,
the row says why we are right (RFC 6376 unless another is named).
"""
import base64
import hashlib

import opendkim
import pytest
from signatures import NAME, NOW, Rsa, Vouch, dkim, python_verifies

MESSAGE = b"From: Joe <joe@example.com>\r\nTo: ann@example.net\r\nSubject: x\r\n\r\nhi\r\n"
BH = base64.b64encode(hashlib.sha256(b"hi\r\n").digest()).decode()
BASE = f" v=1; a=rsa-sha256; d=example.com; s=sel; h=from:to; bh={BH}"
PASS, NOT = True, False

# what, tags, ours, python3-dkim's, libopendkim's
TAGS = [
    ("as it should be", BASE, PASS, PASS, PASS),
    ("no space anywhere", BASE.replace(" ", ""), PASS, PASS, PASS),
    ("space everywhere", BASE.replace(";", " ;").replace("=rsa", " = rsa").replace("h=from:to", "h = from : to "),
     PASS, PASS, PASS),
    ("folded in the middle", BASE.replace(";", ";\r\n\t").replace("from:to", "from:\r\n to"), PASS, PASS, PASS),
    ("an unknown tag", BASE + "; zzz=1", PASS, PASS, PASS),
    ("names in other case", BASE.replace("from:to", "FROM:tO"), PASS, PASS, PASS),
    ("fields that are not there", BASE.replace("from:to", "from:cc:to:to:from"), PASS, PASS, PASS),
    ("empty names in h=", BASE.replace("from:to", "from::to:"), PASS, PASS, PASS),
    ("c= with one name", BASE + "; c=relaxed", PASS, PASS, PASS),
    ("c= unknown", BASE + "; c=nofws", NOT, NOT, NOT),
    ("l= of the whole", BASE + "; l=4", PASS, PASS, PASS),
    ("l= beyond the body", BASE + "; l=5", NOT, PASS, NOT),  # 3.5, l=: MUST NOT be larger than the body
    ("l= is no number", BASE + "; l=-1", NOT, NOT, NOT),
    ("q= with a second way", BASE + "; q=dns/txt:other", PASS, NOT, PASS),  # 3.5, q=: a list; we know one of them
    ("q= unknown", BASE + "; q=other", NOT, NOT, NOT),
    ("i= at d=", BASE + "; i=@example.com", PASS, PASS, PASS),
    ("i= below d=", BASE + "; i=joe@sub.example.com", PASS, PASS, PASS),
    ("i= elsewhere", BASE + "; i=joe@example.net", NOT, NOT, NOT),
    ("i= that only ends alike", BASE + "; i=joe@badexample.com", NOT, NOT, NOT),
    ("i= without @", BASE + "; i=sub.example.com", NOT, PASS, NOT),  # 3.5, i=: [local] "@" domain
    ("x= to come", BASE + f"; t={NOW}; x={NOW + 1000}", PASS, PASS, PASS),
    ("x= is past", BASE + f"; t={NOW - 90000}; x={NOW - 80000}", NOT, NOT, NOT),
    ("x= before t=", BASE + f"; t={NOW}; x={NOW - 1}", NOT, PASS, NOT),  # 3.5, x=: MUST be greater than t=
    ("t= is no number", BASE + "; t=now", NOT, NOT, NOT),
    ("v= of another version", BASE.replace("v=1", "v=2"), NOT, NOT, NOT),
    ("no v=", BASE.replace(" v=1;", ""), NOT, NOT, NOT),
    ("From is not signed", BASE.replace("from:to", "to:subject"), NOT, PASS, NOT),  # 5.4: From MUST be signed
    ("h= is empty", BASE.replace("from:to", ""), NOT, PASS, NOT),  # 5.4: From MUST be signed
    ("a tag twice", BASE + "; d=example.com", NOT, NOT, PASS),  # 3.2: then the whole list is invalid
    ("an empty tag", BASE + "; ", NOT, NOT, None),
    ("a tag that begins with a digit", BASE + "; 1=2", NOT, NOT, None),
    ("a= in capitals", BASE.replace("rsa-sha256", "RSA-SHA256"), NOT, NOT, None),
    ("an underscore in s=", BASE.replace("s=sel", "s=sel_2"), PASS, PASS, PASS),
]

# what, record, ours, python3-dkim's, libopendkim's; P is the key
KEYS = [
    ("p= alone", "p=P", PASS, PASS, PASS),
    ("all of it", "v=DKIM1; h=sha256; k=rsa; n=note; s=email; t=s; p=P", PASS, PASS, PASS),
    ("space in it", "v = DKIM1 ; k = rsa ; p = P ;", PASS, PASS, PASS),
    ("two hashes", "h=sha1:sha256; p=P", PASS, PASS, PASS),
    ("sha1 only", "h=sha1; p=P", NOT, PASS, NOT),  # 3.6.1, h=
    ("a service we are not", "s=other; p=P", NOT, None, NOT),
    ("two services", "s=other:email; p=P", PASS, None, PASS),
    ("a flag nobody knows", "t=zzz; p=P", PASS, PASS, PASS),
    ("in testing", "t=y; p=P", PASS, PASS, PASS),
    ("revoked", "p=", NOT, NOT, NOT),
    ("no p=", "v=DKIM1; k=rsa", NOT, NOT, NOT),
    ("another version", "v=DKIM2; p=P", NOT, NOT, NOT),
    ("v= not first", "k=rsa; v=DKIM1; p=P", NOT, PASS, PASS),  # 3.6.1, v=: MUST be the first tag
    ("another kind", "k=ed25519; p=P", NOT, NOT, PASS),  # 3.6.1, k=; RFC 8463 4
    ("an unknown kind", "k=dsa; p=P", NOT, NOT, NOT),
    ("g= of old", "g=; p=P", PASS, PASS, PASS),
    ("not base64", "p=P!", NOT, None, None),
]


@pytest.fixture(name="vouch", scope="module")
def fixture_vouch():
    v = Vouch()
    yield v
    v.close()


@pytest.fixture(name="rsa", scope="module")
def fixture_rsa():
    return Rsa(1024)


def python_passes(message, records):
    try:
        return python_verifies(message, records)
    except Exception:  # it stumbles
        return False


def judge(vouch, message, records, want, theirs):
    """What differs from the row, or nothing.  None in a row: that is not asked."""
    lib = opendkim.library()
    vouch.keys(records)
    got = {"ours": vouch.results(message) == ["pass"]}
    wanted = {"ours": want, "python": theirs[0], "opendkim": theirs[1]}
    if dkim and theirs[0] is not None:
        got["python"] = python_passes(message, records)
    if lib and theirs[1] is not None:
        other = opendkim.OpenDkim(lib)
        other.keys(records)
        got["opendkim"] = other.verify(message)
        other.close()
    return {who: said for who, said in got.items() if said != wanted[who]}


def test_odd_signatures(vouch, rsa):
    vouch.private(rsa.pem)
    wrong = {}
    for what, tags, ours, python, other in TAGS:
        message = vouch.sign_tags(MESSAGE, tags) + MESSAGE
        records = {NAME: rsa.record, "sel_2._domainkey.example.com": rsa.record}
        wrong[what] = judge(vouch, message, records, ours, (python, other))
    assert not {what: found for what, found in wrong.items() if found}


def test_odd_key_records(vouch, rsa):
    vouch.private(rsa.pem)
    message = vouch.sign_tags(MESSAGE, BASE) + MESSAGE
    wrong = {}
    for what, record, ours, python, other in KEYS:
        record = record.replace("p=P", "p=" + base64.b64encode(rsa.der).decode())
        record = record.replace("p = P", "p = " + base64.b64encode(rsa.der).decode())
        wrong[what] = judge(vouch, message, {NAME: record}, ours, (python, other))
    assert not {what: found for what, found in wrong.items() if found}
