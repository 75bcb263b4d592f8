"""Ten kill -9 per program, under load: what was answered with 250 arrives, exactly once."""
import collections
import json
import os
import random
import signal
import threading
import time

import pytest

from harness import Client, until

ME, YOU = "anna@elsewhere.test", "recipient@example.com"
CLIENTS = 4
KILLS = 10


def body(name):
    """What the message of that name says, a line of its own each; some are larger than what goes into a segment."""
    size = 400000 if name.endswith("7") else 300
    return (name + " " + "z" * (69 - len(name)) + "\r\n") * (size // 72)


class Load:
    """Clients that send numbered messages until told to stop, and remember which were answered with 250."""

    def __init__(self, server):
        self.port = server.ports["25"]
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.count = 0
        self.promised = {}  # name: qp
        self.unanswered, self.refused = set(), set()
        self.threads = [threading.Thread(target=self.run) for _ in range(CLIENTS)]
        for t in self.threads:
            t.start()

    def next(self):
        with self.lock:
            self.count += 1
            return f"number-{self.count}"

    def run(self):
        while not self.over.is_set():
            try:
                client = Client(self.port, "127.0.0.1")
                with client:
                    self.session(client)
            except (OSError, AssertionError, ValueError):
                time.sleep(0.02)

    def session(self, client):
        for _ in range(5):
            if self.over.is_set():
                return
            name = self.next()
            try:
                reply = client.deliver(ME, YOU, message=f"Subject: {name}\r\n\r\n" + body(name))
            except (OSError, AssertionError, ValueError):
                self.unanswered.add(name)
                raise
            if reply.code == 250:
                self.promised[name] = int(reply.text.split()[-1])
            else:
                self.refused.add(name)

    def stop(self):
        self.over.set()
        for t in self.threads:
            t.join()


def kill(server, program, dice):
    """kill -9 of that program, or of the supervisor, which takes all with it; then wait for new ones."""
    if program == "telltaled":
        os.kill(server.process.pid, signal.SIGKILL)
        server.lost()
        server.start()
        return
    pids = until(lambda: server.pids(program), program)
    victim = dice.choice(pids)
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(server.pids(program)) >= len(pids) and victim not in server.pids(program), "a new one")


@pytest.mark.parametrize("program", ["telltaled", "telltale-smtpd", "telltale-dns", "telltale-lookup", "telltale-queue",
                                     "telltale-local"])
def test_what_was_promised_arrives_exactly_once(server, program):
    server.unclean = True
    server.config("queue { first-retry = 1s }")
    dice = random.Random(program)
    load = Load(server.start())
    try:
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.1, 0.6))
            before = len(load.promised)
            kill(server, program, dice)
            until(lambda: len(load.promised) > before + 1, "mail is accepted again")
    finally:
        load.stop()

    until(lambda: server.spool.empty, "the queue is empty", 60)
    mails = server.maildir(YOU)
    found = collections.Counter(m.subject for m in mails)
    lost = [name for name in load.promised if found[name] == 0]
    twice = [name for name, count in found.items() if count > 1]
    assert load.promised and not lost and not twice, (len(load.promised), lost, twice)
    # Whole, whoever sent it; what was refused or not answered in a crash may still come, once and whole.
    assert set(found) <= load.promised.keys() | load.unanswered | load.refused
    cut = [m.subject for m in mails if m.body != body(m.subject).replace("\r\n", "\n")]
    assert not cut, cut
    # The delivery log tells it the same way: no try without its result, a success per message that is there.
    log = server.log("delivery")
    tries, results = ({line.split(", ")[0] for line in log.verb(verb)} for verb in ("try", "result"))
    assert tries == results
    assert sum(", success, " in r for r in log.verb("result")) >= len(found)
    # And so does the tracer, of everything that was promised.
    told = server.tell("trace", f"to:{YOU}", "verdict:delivered", "--limit", "100000", "--json")
    assert told.returncode == 0, told
    delivered = {m["ids"].get("qp") for m in json.loads(told.stdout)["messages"]}
    assert not set(load.promised.values()) - delivered
