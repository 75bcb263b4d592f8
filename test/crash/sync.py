#!/usr/bin/python3
"""No 250 to the end of a message is written before all that it promises is on disk: every one of them, under load.

usage: sync.py BUILD [--sample] [--seed N]

The whole Telltale runs under strace from its first moment on, with clients of many kinds.  custody.py judges each 250
that it wrote by the system calls before; the numbers in these 250s are those that the clients got.  Connections are
plain: what goes through TLS cannot be read here, and the code behind it is the same.  The controls leave all syncs out,
those of folders, and the write itself.
"""
import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

import custody
import pipeline
import strace
from house import House, until
from load import Journal, Load

SENDER, BOXES = "sender@example.com", [f"box{n}@example.com" for n in range(4)]
SESSIONS = 8
CONTROLS = ("sync", "dirsync", "late-write")
# Small segments: they are made, given, filled and recycled all the time.
# Only what goes to clients is judged here: what leaves for other servers is another socket's.
CONFIG = 'queue { segment-size = 256K }\nrelay { enabled = false }\n'


def message(dice):
    """Plain, to several, big (a file of its own), and one that goes back to its sender."""
    size = dice.choice([200, 200, 200, 2000, 20000, 100000, 300000])
    recipients = dice.sample(BOXES, dice.choice([1, 1, 1, 3]))
    loops = f"Delivered-To: {recipients[0]}\r\n" if dice.random() < 0.1 else ""
    return SENDER, recipients, f"{loops}Subject: x\r\n\r\n".encode() + b"x" * 70 + (b"y" * 70 + b"\r\n") * (size // 72)


class Pipeliners:
    """Sessions that do not wait where they need not, until told to stop."""

    def __init__(self, port, seed):
        self.port, self.over, self.lock = port, threading.Event(), threading.Lock()
        self.numbers, self.failed = [], []
        self.threads = [threading.Thread(target=self.run, args=(random.Random(seed * 1000 + n),), daemon=True)
                        for n in range(SESSIONS)]
        for t in self.threads:
            t.start()

    def run(self, dice):
        try:
            while not self.over.is_set():
                got = pipeline.session(self.port, [message(dice) for _ in range(dice.choice([1, 1, 1, 3, 10]))])
                with self.lock:
                    self.numbers += got
        except (OSError, AssertionError) as e:
            self.failed.append(f"a client: {e}")

    def stop(self):
        self.over.set()
        for t in self.threads:
            t.join()


def clients(house, seconds, seed):
    """Load for so long: (the numbers that clients got, what went wrong)."""
    journal = Journal(os.path.join(house.folder, "journal"))
    load = Load(house, journal, sessions=4, seed=seed, pause=0).start()
    others = Pipeliners(house.port, seed)
    time.sleep(seconds)
    others.stop()
    load.stop()
    journal.close()
    told = [n for n in others.numbers if n is not None]
    return told + [entry.qp for entry in journal.acked().values()], others.failed + journal.wrong


def traced(build, folder, seconds, seed, leave_out=None):
    """Load on a Telltale under strace: (numbers that clients got, what is wrong)."""
    out = os.path.join(folder, "trace")
    spool = os.path.join(folder, "some", "where", "spool")
    house = House(build, folder, spool=spool, leave_out=leave_out, config=CONFIG)
    house.before = strace.command(out)
    try:
        house.start()
        numbers, wrong = clients(house, seconds, seed)
        house.stop()
    finally:
        house.close()
    until(lambda: strace.finished(out, house.group), "strace has written all")
    judged, untrue = custody.violations(strace.calls(out), house.spool)
    wrong += untrue
    wrong += [f"{n} was told to a client and judged {judged[n]} times" for n in numbers if judged[n] != 1]
    wrong += [f"{n} was judged and not told to a client" for n in judged.keys() - set(numbers)]
    return numbers, wrong


def run(build, seconds, seed, leave_out=None):
    folder = tempfile.mkdtemp(prefix="tt-sync-")
    try:
        return traced(build, folder, seconds, seed, leave_out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def control(build, seed, leave_out):
    """Is a server that leaves that out caught, with each of its 250s?"""
    numbers, wrong = run(build, 1, seed, leave_out)
    untrue = {w.split()[1]: w for w in wrong if w.startswith("qp ")}
    print(f"sync: without {leave_out}: {len(numbers)} messages, {len(untrue)} of them untrue",
          *list(untrue.values())[:2], sep="\n  ", file=sys.stderr)
    return len(untrue) >= len(numbers) > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    a = parser.parse_args()
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # it cleans up
    rounds, seconds = (1, 4) if a.sample else (20, 15)
    acked, violations = 0, 0
    for n in range(rounds):
        numbers, wrong = run(a.build, seconds, a.seed + n)
        acked, violations = acked + len(numbers), violations + len(wrong)
        print(f"sync: seed {a.seed + n}, {len(numbers)} messages, {len(wrong)} violations", *wrong[:10], sep="\n  ",
              file=sys.stderr)
    missed = [what for what in (CONTROLS[:1] if a.sample else CONTROLS) if not control(a.build, a.seed, what)]
    print(json.dumps({"rig": "sync", "runs": rounds, "acked": acked, "lost": 0, "doubled": 0, "torn": 0,
                      "violations": violations, "control": "missed" if missed else "caught", "skipped": None,
                      "seconds": round(time.monotonic() - begun, 1)}))
    return 0 if violations == 0 and acked > 0 and not missed else 1


if __name__ == "__main__":
    sys.exit(main())
