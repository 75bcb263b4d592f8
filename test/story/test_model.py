"""Random commands, tens of thousands, against the real server: every reply is the model's, and nothing leaks.

MODEL_SEED=N says the same again, MODEL_COMMANDS=N how many, MODEL_REPLAY='...' one visit (a failure prints it).
"""
import collections
import itertools
import json
import os
import random
import re
import tempfile

import pytest

import model
import visits
from harness import Dns, Server, until
from walk import Crowd, Mismatch, Talk, told

SEED = int(os.environ.get("MODEL_SEED") or random.SystemRandom().randrange(10**6))
COMMANDS = int(os.environ.get("MODEL_COMMANDS") or 100_000)
REPLAY = os.environ.get("MODEL_REPLAY")
ROOM = 1 << 30  # bytes that a memory disk must have free to be used for the spool


@pytest.fixture(name="server")
def fixture_server(request, monkeypatch):
    """A server whose folder is in memory where that is possible: what is tested here is not the disk."""
    shm = os.statvfs("/dev/shm") if os.path.isdir("/dev/shm") else None
    if shm and os.access("/dev/shm", os.W_OK) and shm.f_bavail * shm.f_frsize > ROOM:
        monkeypatch.setattr(tempfile, "tempdir", "/dev/shm")
    # What is freed shall be used again: else memory that leaks is not to be told from memory that rests.
    asan = os.environ.get("ASAN_OPTIONS", "")
    monkeypatch.setenv("ASAN_OPTIONS", asan + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=16")
    server = Server()
    Dns(server).ptr("127.0.0.1", "localhost")
    server.config(f"""
        limits {{ message-size = {model.MESSAGE_SIZE} workers = 2 }}
        recipients {{ per-message = {model.PER_MESSAGE} invalid-per-session = {model.INVALID_PER_SESSION} }}
        queue {{ big-message = 16K }}""")
    try:
        server.start()
        server.command("alias", "add", "both@example.com", model.RECIPIENT, model.SENDER)
        server.command("alias", "add", "postmaster@example.com", model.RECIPIENT)
        server.command("domain", "add", "catchall.example")
        server.command("alias", "add", "@catchall.example", model.SENDER)
        yield server
    finally:
        server.close(getattr(request.node, "failed", True))


def plan_of(seed):
    yield visits.clumsy_visit(1)
    yield visits.guessing_visit(2)
    for number in itertools.count(3):
        yield visits.visit(random.Random(f"{seed}/{number}"), number)


class Use:
    """What the telltale-smtpd programs hold."""

    def __init__(self, server):
        self.rss = self.fds = self.threads = 0
        for pid in server.pids("telltale-smtpd"):
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                words = dict(line.split(":", 1) for line in f)
            self.rss += int(words["VmRSS"].split()[0])
            self.threads += int(words["Threads"])
            self.fds += len(os.listdir(f"/proc/{pid}/fd"))

    def __repr__(self):
        return f"{self.rss} KiB, {self.fds} descriptors, {self.threads} threads"


def settled(server):
    """What they hold when all visitors have gone (ours, that is: each had a socket there)."""
    until(lambda: open_sessions(server) == 0, "all sessions end")
    return Use(server)


def open_sessions(server):
    """Sockets of clients that telltale-smtpd still holds."""
    ports = {f"{int(port):04X}" for port in server.ports.values()}
    with open("/proc/net/tcp", encoding="ascii") as f:
        rows = [line.split() for line in f][1:]
    return sum(row[1].split(":")[1] in ports and row[3] != "0A" and row[9] != "0" for row in rows)


def is_remote(message):
    return all(r["channel"] == "remote" for r in message["recipients"])


def elsewhere(mail):
    return [box for box in mail.targets if box not in (model.RECIPIENT, model.SENDER)]


def check_mailboxes(server, accepted):
    """Each accepted message lies with the recipients of its own transaction, whole, and nothing else lies anywhere."""
    until(lambda: all(is_remote(m) for m in server.queue()), "only mail for elsewhere is left", 120)
    waiting = {m["qp"]: (m["sender"], [r["address"] for r in m["recipients"]]) for m in server.queue()}
    assert waiting == {m.qp: (m.sender, elsewhere(m)) for m in accepted if elsewhere(m)}
    mails = {mail.qp: mail for mail in accepted}
    assert len(mails) == len(accepted)
    count = collections.Counter((mail.qp, box) for mail in accepted for box in mail.targets
                                if box in (model.RECIPIENT, model.SENDER))
    found = collections.Counter()
    for address in (model.RECIPIENT, model.SENDER):
        for mail in server.maildir(address):
            head, _, body = mail.raw.partition(b"; ")
            qp = int(re.search(rb" id (\d+)", head)[1])
            assert mail.parsed["Return-Path"] == f"<{mails[qp].sender}>", (qp, mail.raw[:300])
            assert mail.parsed["Delivered-To"] == address
            body = body.partition(b"\n")[2]
            assert body == mails[qp].body.replace(b"\r\n", b"\n"), (qp, mail.raw[:300])
            found[qp, address] += 1
    assert found == count


def check_log(server, accepted):
    """The SMTP log names the sender and the recipients of each accepted message's own transaction, and no others."""
    told_by_log = {}
    for port in model.PORTS:
        for group in server.log(f"smtp-{port}").groups:
            queued = re.fullmatch(r"250 ok \d+ qp (\d+)", group[-1].rest) if group[-1].verb == "resp" else None
            if queued:
                told_by_log[int(queued[1])] = group
    assert told_by_log.keys() == {mail.qp for mail in accepted}
    for mail in accepted:
        group = told_by_log[mail.qp]
        assert [r.rest for r in group if r.verb == "from"] == [mail.sender], group
        assert [r.rest for r in group if r.verb == "size"] == [str(len(mail.body))], group
        assert accepted_in(group) == set(mail.named), group


def accepted_in(group):
    """The recipients that this group of the SMTP log says were accepted."""
    found, last = set(), None
    for line in group:
        if line.verb == "to":
            last = re.sub(r".*[<:]|[>\"]", "", line.rest).lower()
        elif line.verb == "resp" and last:
            if line.rest.startswith("250"):
                found.add(last)
            last = None
    return found


@pytest.mark.skipif(REPLAY is not None, reason="MODEL_REPLAY is said instead")
def test_every_reply_is_the_models_and_nothing_leaks_from_one_message_to_the_next(server):
    print(f"MODEL_SEED={SEED} MODEL_COMMANDS={COMMANDS}")
    crowd = Crowd(server.ports, server.tls())
    plan = plan_of(SEED)
    crowd.run(plan, lambda said: said >= COMMANDS // 5)
    warm = settled(server)
    crowd.run(plan, lambda said: said >= COMMANDS)
    if crowd.wrong:
        pytest.fail(f"MODEL_SEED={SEED}\n" + told(*crowd.wrong[0], server.ports, server.tls()))
    done = settled(server)
    print(f"{crowd.commands} commands, {len(crowd.accepted)} messages; {warm}, then {done}")
    assert len(crowd.accepted) > COMMANDS // 100
    check_mailboxes(server, crowd.accepted)
    check_log(server, crowd.accepted)
    assert done.fds <= warm.fds + 4 and done.rss <= warm.rss * 1.08 + 6144, (warm, done)


@pytest.mark.skipif(REPLAY is None, reason="MODEL_REPLAY is not given")
def test_the_visit_that_was_given(server):
    visit = json.loads(REPLAY or "{}")
    talk = Talk(visit, server.ports, server.tls(), visit.get("mode", "one"))
    try:
        talk.run()
    except Mismatch as why:
        pytest.fail(str(why))
