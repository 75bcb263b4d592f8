"""Client sessions that send known messages, and the journal of what was said to them.

A message's content follows from its name, and its name says of what kind it is: what must become of it is known
from the kind, whatever the server does.  The journal is written before anything is sent.
"""
import collections
import hashlib
import json
import os
import random
import re
import ssl
import threading
import time

from harness import Client  # the folder of the stories is on the path: house.py
from house import BOXES, FRIEND, LATER, NEVER, SENDER, STRANGER

DOMAIN = "@example.com"
OURS, ABROAD, NOBODY = SENDER + DOMAIN, "anna@elsewhere.test", ""

# What must become of one recipient in the end.
BOX, RETURNED, TAKEN = "box", "returned", "taken"

# RCPT: whom it reaches in the end, and what becomes of that.
LEADS = {box: [(box + DOMAIN, BOX)] for box in (*BOXES, LATER)} | {
    NEVER: [(NEVER + DOMAIN, RETURNED)],
    "pair": [("box0" + DOMAIN, BOX), ("box1" + DOMAIN, BOX)],
    "away": [(STRANGER, RETURNED)],
    "far": [(FRIEND, TAKEN)],
}

Kind = collections.namedtuple("Kind", "share sender rcpts loops", defaults=((),))
# loops: these mailboxes refuse the message, as it says that it was there before.
KINDS = {
    "plain": Kind(30, OURS, ["box0"]),
    "abroad": Kind(10, ABROAD, ["box1"]),
    "several": Kind(12, OURS, ["box0", "box1", "box2", "box3"]),
    "alias": Kind(6, OURS, ["pair", "box2"]),
    "big": Kind(5, OURS, ["box3"]),
    "bigs": Kind(2, ABROAD, ["box0", "box2", "away"]),
    "fails": Kind(8, OURS, ["box2"], ["box2"]),
    "part": Kind(8, OURS, ["box0", "box1", "box3"], ["box1"]),
    "mute": Kind(4, NOBODY, ["box1", "box2"], ["box1"]),
    "home": Kind(3, ABROAD, ["box3"], ["box3"]),
    "later": Kind(4, OURS, [LATER, "box1"]),
    "never": Kind(2, OURS, [NEVER, "box2"]),
    "away": Kind(6, OURS, ["away"]),
    "far": Kind(10, OURS, ["far"]),
    "both": Kind(3, OURS, ["far", "box1"]),
    "mixed": Kind(4, OURS, ["box0", "box2", "away", LATER, NEVER], ["box2"]),
}
CUT = "cut"  # the client leaves inside the message: nothing of it may ever be seen


def kind_of(name):
    return KINDS[name.partition("-")[0]]


def fates(name):
    """{address: what must become of it}"""
    kind = kind_of(name)
    found = {final: fate for rcpt in kind.rcpts for final, fate in LEADS[rcpt]}
    return found | {box + DOMAIN: RETURNED for box in kind.loops}


def content(name):
    """The message, as it is said after DATA, before dots are doubled."""
    kind = kind_of(name)
    seed = hashlib.sha256(name.encode()).hexdigest()
    n = int(seed[:4], 16)
    lines = 1200 + n % 2000 if name.startswith("big") else n % 40 if n % 7 else n % 700
    head = [f"X-Id: {name}"] + [f"Delivered-To: {box}{DOMAIN}" for box in kind.loops] + [f"Subject: {name}", ""]
    body = [("." if i % 11 == 3 else "") + f"{i} {seed}" for i in range(lines)]
    return "\r\n".join(head + body + [""]).encode()


class Entry:
    """What a client knows of one message.  state: begun (no last dot was said), sent (no answer), acked, refused."""

    def __init__(self, name):
        self.name, self.state, self.qp, self.acked_at = name, "begun", None, None
        self.digest = hashlib.sha256(content(name)).hexdigest()


class Journal:
    """What all clients know.  path: each change is a line there."""

    def __init__(self, path):
        self.lock, self.entries, self.frozen = threading.Lock(), {}, False
        self.count = 0  # of 250s
        self.wrong = []  # replies that no failure excuses
        self.odd = collections.Counter()
        self.file = open(path, "a", encoding="utf-8", buffering=1)  # pylint: disable=consider-using-with

    def note(self, name, state, qp=None):
        """After freeze() a 250 counts for nothing: the message was sent, no more."""
        with self.lock:
            entry = self.entries.get(name)
            if entry is None:
                entry = self.entries[name] = Entry(name)
            if self.frozen and state in ("acked", "refused"):
                return
            entry.state, entry.qp = state, qp
            if state == "acked":
                entry.acked_at = time.time()
                self.count += 1
            line = {"id": name, "state": state, "qp": qp, "sha256": entry.digest, "recipients": kind_of(name).rcpts}
            self.file.write(json.dumps(line) + "\n")

    def freeze(self):
        """What is acknowledged is what was acknowledged before this."""
        with self.lock:
            self.frozen = True

    def complain(self, what):
        with self.lock:
            self.wrong.append(what)

    def acked(self):
        with self.lock:
            return {name: e for name, e in self.entries.items() if e.state == "acked"}

    def close(self):
        self.file.close()


class Load:
    """Sessions that send until stop(); each message has a name of its own in this journal."""

    def __init__(self, house, journal, sessions=20, seed=0, pause=0.05, kinds=None, prefix="", cuts=True):
        """pause: seconds between two messages of a session, at most.  kinds: only these.  prefix: of the names'
        numbers, if there are several loads for one journal."""
        self.house, self.journal, self.pause, self.cuts = house, journal, pause, cuts
        self.kinds = list(kinds or KINDS)
        self.over = threading.Event()
        self.dice = [random.Random(f"{seed} {prefix} {k}") for k in range(sessions)]
        self.prefix, self.numbers = prefix, [0] * sessions
        self.context = None
        self.threads = [threading.Thread(target=self.run, args=(k,), daemon=True) for k in range(sessions)]

    def start(self):
        self.context = ssl.create_default_context(cafile=os.path.join(self.house.data, "tls", "cert.pem"))
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(60)
        assert not any(t.is_alive() for t in self.threads), "a client hangs"

    def name(self, k):
        self.numbers[k] += 1
        kind = self.dice[k].choices(self.kinds, [KINDS[x].share for x in self.kinds])[0]
        return f"{kind}-{self.prefix}{k}-{self.numbers[k]}"

    def run(self, k):
        while not self.over.is_set():
            try:
                with Client(self.house.port, "127.0.0.1") as client:
                    self.session(k, client)
            except (OSError, ValueError):
                time.sleep(0.02)
            except AssertionError as e:  # an answer that a dying server broke off
                self.journal.odd[str(e)[:60]] += 1
                time.sleep(0.02)

    def session(self, k, client):
        dice = self.dice[k]
        if k % 5 == 4:
            client.starttls(self.context)
        else:
            client.send("EHLO client.test")
        for _ in range(dice.choice([1, 1, 5, 30])):
            if self.over.is_set():
                return
            if not self.message(client, self.name(k), dice):
                return
            time.sleep(dice.random() * self.pause)

    def message(self, client, name, dice):
        """False: the connection is of no more use."""
        kind = kind_of(name)
        if not self.envelope(client, name, kind):
            return client.send("RSET").code == 250
        self.journal.note(name, "begun")
        if client.send("DATA").code != 354:
            return False
        octets = re.sub(rb"(^|\r\n)\.", rb"\1..", content(name))
        if self.cuts and dice.random() < 0.02:
            client.raw(octets[:dice.randrange(len(octets))])
            return False
        self.journal.note(name, "sent")
        client.raw(octets + b".\r\n")
        self.answered(name, client.reply())
        return True

    def envelope(self, client, name, kind):
        for line in [f"MAIL FROM:<{kind.sender}>"] + [f"RCPT TO:<{rcpt}{DOMAIN}>" for rcpt in kind.rcpts]:
            reply = client.send(line)
            if reply.code >= 500:
                self.journal.complain(f"{name}: {line}: {reply}")
            if reply.code != 250:
                self.journal.odd[str(reply)] += 1
                return False
        return True

    def answered(self, name, reply):
        m = re.search(r"ok \d+ qp (\d+)$", reply.text)
        if reply.code == 250 and m:
            self.journal.note(name, "acked", int(m[1]))
            return
        self.journal.note(name, "refused")
        self.journal.odd[str(reply)] += 1
        if not 400 <= reply.code < 500:
            self.journal.complain(f"{name}: the message: {reply}")
