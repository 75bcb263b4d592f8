"""A run of a whole Telltale under strace: some thirty messages of all fates, telltale-queue killed once and the house
restarted once between them, so that recovery, a new journal and recycled segments are part of what is recorded.
"""
import collections
import os
import shutil
import threading
import time

import strace
from house import House, harness, until
from replay_trace import SHOWN, TRACED, Recording

CONFIG = """\
gate {{ ip-relay-entry = {{"127.0.0.1"}} }}
relay {{ enabled = false }}
queue {{ segment-size = 256K }}
logs {{ time = "utc" }}
"""
QUOTA = "8K"  # of later@, which is sent more than that
FAR, STRANGER = "far@other.test", "anna@elsewhere.test"
CLIENTS = 3
QUIET = 0.4  # seconds

# What must become of one recipient: BOX a file in that mailbox, FAR an entry of the queue for that address, FORWARD the
# same behind our Delivered-To line, BOUNCE a report to the sender that names this address.
BOX, REMOTE, FORWARD, BOUNCE = "box", "remote", "forward", "bounce"
Fate = collections.namedtuple("Fate", "kind address via")
Message = collections.namedtuple("Message", "name sender recipients content fates")


def box(user):
    return f"{user}@example.com"


def in_box(user):
    return Fate(BOX, box(user), None)


def body(lines):
    return "".join(f"{n:06} {'z' * 64}\r\n" for n in range(lines))


KINDS = (
    # sender, recipients, lines of 73 bytes, header lines, fates
    (box("sender"), [box("box0")], 3, "", [in_box("box0")]),
    (box("sender"), [box("box1"), box("later")], 160, "", [in_box("box1"), in_box("later")]),
    (box("sender"), [box("box2"), box("box3")], 5, f"Delivered-To: {box('box2')}\r\n",
     [Fate(BOUNCE, box("box2"), box("sender")), in_box("box3")]),
    (box("sender"), ["away@example.com", box("box0")], 20, "",
     [Fate(FORWARD, "bob@elsewhere.test", "away@example.com"), in_box("box0")]),
    (STRANGER, [box("box1"), box("box2")], 1400, "", [in_box("box1"), in_box("box2")]),
    (box("sender"), [FAR, box("box0")], 8, "", [Fate(REMOTE, FAR, None), in_box("box0")]),
    (STRANGER, [box("box3")], 800, "", [in_box("box3")]),
    (STRANGER, [box("box0")], 2, f"Delivered-To: {box('box0')}\r\n", [Fate(BOUNCE, box("box0"), STRANGER)]),
    (STRANGER, ["pair@example.com"], 700, "", [in_box("box0"), in_box("box1")]),
    (box("sender"), [box("later")], 160, "", [in_box("later")]),
)


def message(n):
    sender, recipients, lines, extra, fates = KINDS[n % len(KINDS)]
    name = f"replay-{n}"
    content = f"X-Id: {name}\r\n{extra}Subject: {name}\r\n\r\n{body(lines)}end of {name}\r\n"
    return Message(name, sender, recipients, content.encode(), fates)


class Recorded(House):
    """A house that puts nothing by itself into the folders that are recorded."""

    def settle_in(self):
        self.command("domain", "add", "example.com")
        for user in ("box0", "box1", "box2", "box3", "sender", "later"):
            self.command("account", "add", box(user), "--password-stdin", text="correct horse\n")
        self.command("alias", "add", "pair@example.com", box("box0"), box("box1"))
        self.command("alias", "add", "away@example.com", "bob@elsewhere.test")
        self.command("account", "set", box("later"), "--quota", QUOTA)


class Load:
    """Some clients that say these messages, each on a connection for several; numbers: {queue number: message}."""

    def __init__(self, port, messages):
        self.port, self.waiting, self.lock = port, list(reversed(messages)), threading.Lock()
        self.numbers, self.wrong = {}, []
        threads = [threading.Thread(target=self.run) for _ in range(CLIENTS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not self.wrong, self.wrong

    def next(self):
        with self.lock:
            return self.waiting.pop() if self.waiting else None

    def run(self):
        try:
            with harness.Client(self.port, "127.0.0.1") as client:
                while (m := self.next()) is not None:
                    reply = client.deliver(m.sender, *m.recipients, message=m.content)
                    assert reply.code == 250, (m.name, reply)
                    self.numbers[int(reply.text.split()[-1])] = m
        except (OSError, AssertionError) as why:
            self.wrong.append(why)


def settled(house):
    """Has everything been tried?"""
    return all(r["attempts"] > 0 and r["state"] == "waiting" and r["address"] == r["original"]
               for m in house.queue() for r in m["recipients"])


def quiet(house):
    until(lambda: settled(house), "everything has been tried")
    time.sleep(QUIET)


def scenario(house, count):
    """{queue number: message}"""
    third = count // 3
    parts = [[message(n) for n in range(a, b)] for a, b in ((0, third), (third, 2 * third), (2 * third, count))]
    numbers = dict(Load(house.port, parts[0]).numbers)
    quiet(house)
    house.kill("telltale-queue", Only())
    until(house.whole, "telltale-queue is back")
    numbers |= Load(house.port, parts[1]).numbers
    quiet(house)
    house.command("account", "set", box("later"), "--quota", "0")
    house.stop()
    house.later(600)  # what was put off is due at the start
    house.start()
    numbers |= Load(house.port, parts[2]).numbers
    quiet(house)
    return numbers


class Only:
    """The dice of House.kill() where there is one victim."""

    @staticmethod
    def choice(pids):
        return pids[0]


def record(build, folder, count=30):
    """Play it in that folder; (recording, {queue number: message}, the accounts)."""
    trace, accounts = os.path.join(folder, "trace"), os.path.join(folder, "accounts.db")
    house = Recorded(build, folder, config=CONFIG.format())
    house.before = [*strace.command(trace, TRACED, SHOWN), "-A"]
    try:
        house.start()
        numbers = scenario(house, count)
        house.stop()
    finally:
        house.close()
    until(lambda: complete(trace), "strace has written all down")
    shutil.copy(os.path.join(house.data, "accounts.db"), accounts)
    return Recording(trace, house.data), numbers, accounts


def complete(trace):
    """strace's last line says that the last program has ended."""
    with open(trace, "rb") as f:
        f.seek(max(0, os.path.getsize(trace) - 200))
        return f.read().rstrip().endswith(b"+++")
