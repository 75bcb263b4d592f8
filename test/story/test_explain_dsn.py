"""`telltale explain` reads the public bounces of some sixty mail systems (vectors, folder dsn) and tells why.

What is right stands in test/golden/dsn/causes.txt, with where that is known from.  The messages of a folder go in as one
mbox, so a run is a handful of processes.
"""
import json
import os
import re
import subprocess
from collections import Counter

import pytest

from harness import ROOT

VECTORS = os.path.join(os.path.dirname(ROOT), "shared", "vectors", "dsn", "maildir")
TABLE = os.path.join(ROOT, "test", "golden", "dsn", "causes.txt")
BOUNCES = ("bounce", "delay-notice")
AT_LEAST = 0.90          # of the causes in the table
AT_LEAST_MAPPED = 0.85   # of what the reasons of sisimai alone map to

pytestmark = pytest.mark.skipif(not os.path.isdir(VECTORS),
                                reason="the public bounces are not there (../shared/vectors/dsn)")


def table():
    """name -> (classes, reasons, source), and reason -> class."""
    rows, classes = {}, {}
    for line in open(TABLE, encoding="utf-8"):
        if line.startswith("#  "):
            name, *reasons = line[1:].split()
            classes.update((r, name) for r in reasons)
        elif line.strip() and not line.startswith("#"):
            name, want, reasons, source = line.split()
            rows[name] = (set(want.split(",")), [] if reasons == "-" else reasons.split(","), source)
    return rows, classes


def as_mbox(path):
    with open(path, "rb") as f:
        raw = f.read()
    if raw.startswith(b"From "):
        raw = re.split(rb"\r\n|\n|\r", raw, maxsplit=1)[1]
    raw = re.sub(rb"(?m)^From ", b">From ", raw)
    return b"From x@y.example Thu Jan  1 00:00:00 1970\n" + raw + b"\n\n"


@pytest.fixture(name="answers", scope="module")
def fixture_answers():
    """folder/name -> what explain says."""
    telltale = os.path.join(os.path.realpath(os.environ.get("TELLTALE_BUILD", os.path.join(ROOT, "build-test"))),
                            "telltale")
    found = {}
    for folder in sorted(os.listdir(VECTORS)):
        names = sorted(os.listdir(os.path.join(VECTORS, folder)))
        mbox = b"".join(as_mbox(os.path.join(VECTORS, folder, n)) for n in names)
        done = subprocess.run([telltale, "explain", "--json"], input=mbox, capture_output=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(told) == len(names), folder
        found.update((f"{folder}/{n[:-4]}", a) for n, a in zip(names, told))
    return found


def classes_of(answer):
    if answer["kind"] not in BOUNCES:
        return {answer["kind"]}
    return {r["cause"] for r in answer["recipients"]}


def test_nine_of_ten_causes_are_right(answers):
    rows, mapped = table()
    assert {key.split("/")[1] for key in answers} <= set(rows), "a message without a row"
    right = [k for k, a in answers.items() if classes_of(a) == rows[k.split("/")[1]][0]]
    wrong = sorted(set(answers) - set(right))
    by_reason = [k for k in answers if rows[k.split("/")[1]][1]]
    plain = [k for k in by_reason
             if classes_of(answers[k]) == {mapped[r] for r in rows[k.split("/")[1]][1]}]
    print(f"\n{len(right)} of {len(answers)} causes right: {100 * len(right) / len(answers):.1f} %; "
          f"of what sisimai's reasons alone map to {len(plain)} of {len(by_reason)}: "
          f"{100 * len(plain) / len(by_reason):.1f} %")
    for k in wrong:
        print(f"  {k}: {','.join(sorted(classes_of(answers[k])))}, not {','.join(sorted(rows[k.split('/')[1]][0]))}")
    assert len(right) >= AT_LEAST * len(answers)
    assert len(plain) >= AT_LEAST_MAPPED * len(by_reason)


def test_what_is_no_bounce_is_not_called_one(answers):
    rows, _ = table()
    others = {k: a for k, a in answers.items()
              if rows[k.split("/")[1]][0] & {"auto-reply", "feedback-report", "success-notice", "mail"}}
    called = [k for k, a in others.items() if a["kind"] in BOUNCES]
    assert len(others) >= 30 and not called
    assert answers["not/is-not-bounce-01"]["kind"] == answers["not/is-not-bounce-02"]["kind"] == "mail"


def test_every_recipient_has_its_explanation(answers):
    bounces = [a for a in answers.values() if a["kind"] in BOUNCES]
    recipients = [r for a in bounces for r in a["recipients"]]
    assert all(a["recipients"] and a["meaning"] and a["advice"] for a in bounces)
    assert all(r["meaning"] and r["advice"] and r["final"] in (True, False) for r in recipients)
    assert all(r["final"] is False for a in bounces if a["kind"] == "delay-notice" for r in a["recipients"])
    named = sum(bool(r["address"]) for r in recipients)
    assert named >= 0.98 * len(recipients), f"{named} of {len(recipients)}"
    kinds = Counter(a["kind"] for a in answers.values())
    assert kinds["bounce"] > 650 and kinds["delay-notice"] >= 10 and kinds["feedback-report"] >= 15, kinds
