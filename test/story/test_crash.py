"""Ten kill -9 per program, under load: what was answered with 250 arrives, exactly once."""
import collections
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


class Load:
    """Clients that send numbered messages until told to stop, and remember which were answered with 250."""

    def __init__(self, server):
        self.port = server.ports["25"]
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.count = 0
        self.promised, self.unanswered, self.refused = set(), set(), set()
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
                # Some bodies are larger than what goes into a segment.
                size = 400000 if name.endswith("7") else 300
                code = client.deliver(ME, YOU, message=f"Subject: {name}\r\n\r\n" + ("z" * 70 + "\r\n") * (size // 72)).code
            except (OSError, AssertionError, ValueError):
                self.unanswered.add(name)
                raise
            (self.promised if code == 250 else self.refused).add(name)

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
    found = collections.Counter(m.subject for m in server.maildir(YOU))
    lost = [name for name in load.promised if found[name] == 0]
    twice = [name for name, count in found.items() if count > 1]
    assert load.promised and not lost and not twice, (len(load.promised), lost, twice)
    assert set(found) <= load.promised | load.unanswered
    # The delivery log tells it the same way: a success per message that is there.
    successes = [r for r in server.log("delivery").verb("result") if ", success, " in r]
    assert len(successes) >= len(found)
