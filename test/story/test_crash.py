"""The crash rigs' oracle (test/crash/oracle.py) finds nothing wrong with what a server did that was killed now and
then, and finds each thing that is made wrong afterwards."""
import collections
import contextlib
import os
import random
import shutil
import sys

import pytest

from harness import ROOT

sys.path.insert(0, os.path.join(ROOT, "test", "crash"))
import kill  # noqa: E402  pylint: disable=wrong-import-position
import kill_audit  # noqa: E402  pylint: disable=wrong-import-position
import mailbox  # noqa: E402  pylint: disable=wrong-import-position
import oracle  # noqa: E402  pylint: disable=wrong-import-position

BUILD = os.environ.get("TELLTALE_BUILD", os.path.join(ROOT, "build-test"))


def audit(case):
    return oracle.audit(case.house, case.journal, False, False, kill_audit.Audit(case.journal, True, case.kills))


@pytest.fixture(name="case", scope="module")
def fixture_case():
    """A house that was hurt, drained and found right."""
    case = kill.Case(BUILD, random.Random(1), pause=0.4, waits=kill.SHORT_WAITS)
    try:
        for target in (*kill.TARGETS, "telltale-queue", "telltale-smtpd"):
            case.hurt(target)
        assert case.finish(restart=False).violations == []
        assert len(case.journal.acked()) > 20
        yield case
    finally:
        case.close(keep=False)


@contextlib.contextmanager
def another(path, change):
    """That file with other bytes, for a while."""
    shutil.copy2(path, path + ".kept")
    with open(path, "rb") as f:
        before = f.read()
    with open(path, "wb") as f:
        f.write(change(before))
    yield
    os.replace(path + ".kept", path)


@contextlib.contextmanager
def gone(path, to):
    os.rename(path, to)
    yield
    os.rename(to, path)


def delivered(case):
    """A message that was acknowledged and lies in a mailbox; a bounce of one."""
    mails, bounces, _ = mailbox.all_mail(case.house)
    acked = case.journal.acked()
    return next(m for m in mails if m.name in acked), next(b for b in bounces if b.name in acked)


def test_a_message_that_is_gone(case):
    mail, bounce = delivered(case)
    for path in (mail.path, bounce.path):
        with gone(path, os.path.join(case.folder, "away")):
            assert audit(case).lost > 0


def test_a_message_that_came_twice(case):
    for found in delivered(case):
        shutil.copy2(found.path, found.path + "T")
        assert audit(case).doubled > 0
        os.unlink(found.path + "T")


def test_what_another_server_has(case):
    """It may have got something once more for each crash, and nothing less."""
    taken = case.house.far.taken
    (name, digest), n = next(pair for pair in taken.items() if pair[0][0] in case.journal.acked())
    for change, wrong in (({(name, digest): 0}, "lost"), ({(name, digest): n + case.kills + 1}, "doubled"), ({(name, "0"): 1}, "torn"),
                          ({("far-99-99", digest): 1}, "violations")):
        case.house.far.taken = collections.Counter({key: k for key, k in {**taken, **change}.items() if k > 0})
        assert getattr(audit(case), wrong), wrong
    case.house.far.taken = taken
    assert audit(case).violations == []


def test_a_message_with_other_bytes(case):
    mail, _ = delivered(case)
    for change in (lambda b: b[:-3] + b"x" + b[-2:], lambda b: b[:-1],
                   lambda b: b.replace(b"Received", b"Deceived", 1)):
        with another(mail.path, change):
            assert audit(case).torn > 0


def test_a_message_that_nobody_finished(case):
    mail, _ = delivered(case)
    entry = case.journal.entries[mail.name]
    for name, value in (("state", "begun"), ("qp", entry.qp + 1)):
        before = getattr(entry, name)
        setattr(entry, name, value)
        assert audit(case).violations
        setattr(entry, name, before)


def test_a_log_that_says_something_else(case):
    mail, _ = delivered(case)
    qp = str(mail.qp).encode()
    logs = case.house.logs
    with another(os.path.join(logs, "smtp-25.log"), lambda b: b.replace(b" qp " + qp + b"\n", b" qp 1\n")):
        assert audit(case).violations
    with another(os.path.join(logs, "delivery.log"), lambda b: b.replace(b", success, ", b", deferral, ", 1)):
        assert audit(case).violations
    with another(os.path.join(logs, "delivery.log"), lambda b: b + b"2026-01-01 00:00:00, what\n"):
        assert audit(case).violations


def test_what_is_left_of_a_delivery(case):
    for folder in ("box0/staging", "stranger"):
        path = os.path.join(case.house.mail, "example.com", folder, "left")
        os.makedirs(path)
        assert audit(case).violations
        os.rmdir(path)
        if folder == "stranger":
            os.rmdir(os.path.dirname(path))
    assert audit(case).violations == []
