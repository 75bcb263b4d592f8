#!/usr/bin/python3
"""The power goes, at any moment, under load: what was acknowledged arrives, once and whole.

usage: power.py BUILD [--sample] [--seed N]

All of the server's data (spool, mailboxes, accounts, logs) lies on an ext4 or xfs of its own, made empty, with default
options.  Twenty sessions send; then the file system is shut down (disk.py), all programs are killed, it is mounted
again and the server started; once or several times, until it is drained and oracle.py audits it.  Acknowledged is what
a client had been told before the power went: an answer in that very moment is worth nothing.

The logs are part of the audit but for what they are allowed to lose (logtail.py).  The control leaves all syncs out.
"""
import argparse
import collections
import ctypes
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time

import disk
import logtail
import mailbox
import oracle
from beside import beside
from harness import until
from house import House
from load import BOX, Journal, Load, fates

KINDS = ("ext4", "xfs")
MEMORY = "/dev/shm"
SESSIONS = 20
LEAST = 10500  # messages acknowledged on each file system, in a full run
HOWS = [disk.NOLOGFLUSH] * 6 + [disk.LOGFLUSH] * 3 + [disk.DEFAULT]
CONFIG = "queue { segment-size = 256K }\n"  # they are recycled while the load goes on
REFUSAL = re.compile(r"(?m)^.* error: spool/.*$")  # of a spool that cannot be opened any more
RECOVERED = 6  # seconds after a start until the groups of rescued messages are logged (deliver/recovered.c)


class DiskHouse(House):
    """A house whose data lies on a disk."""

    def __init__(self, build, folder, where, leave_out=None):
        data = os.path.join(where, "data")
        super().__init__(build, folder, os.path.join(data, "spool"), os.path.join(data, "mail"), leave_out, CONFIG)
        self.data, self.logs = data, os.path.join(data, "logs")
        self.torn = []  # (log, first, end): lines that a cut left without their end

    def furnish(self):
        """What the administrator puts there is on disk before the first start; what the server makes may not be."""
        super().furnish()
        self.sync()

    def sync(self):
        fd = os.open(self.data, os.O_RDONLY | os.O_DIRECTORY)
        ctypes.CDLL(None).syncfs(fd)
        os.close(fd)

    def log(self, name):
        """Without the lines that a cut tore.  A try may look whole and be another address's: the server believes it."""
        with open(os.path.join(self.logs, name + ".log"), "rb") as f:
            text = f.read()
        for _, first, end in reversed([t for t in self.torn if t[0] == name + ".log"]):
            if not re.search(rb", try, \d+, \w+, \S+$", text[first:end]):
                text = text[:first] + text[end + 1:]
        return text.decode()


class Reader(mailbox.Reader):
    """A mail program of which a power cut leaves no half-done move."""

    @staticmethod
    def read(box):
        try:
            for name in os.listdir(os.path.join(box, "new")):
                to = os.path.join(box, "cur", name + ":2,S")
                if not os.path.exists(to):  # else it came twice: the oracle sees both
                    os.rename(os.path.join(box, "new", name), to)
        except OSError:
            pass  # no mailbox yet, or the power is gone


class Audit(oracle.Audit):
    """young: messages of which the logs may not tell all, since the power went right then."""

    def __init__(self, journal, young, cuts):
        super().__init__(journal)
        self.young, self.crashes = young, cuts

    def but_young(self, check, *args):
        """Their lines are looked at nevertheless, and must be lines: only what is missing is forgiven."""
        at = len(self.violations)
        check(*args)
        self.violations[at:] = [v for v in self.violations[at:] if v.split()[0] not in self.young]

    def accepted(self, house):
        self.but_young(super().accepted, house)

    def logged(self, house, mails):
        self.but_young(super().logged, house, mails)

    def traced(self, house, mails):
        self.but_young(super().traced, house, mails)


class Life:
    """One disk, from its making to the audit of what is on it."""

    def __init__(self, build, kind, seed, leave_out=None):
        self.kind, self.dice = kind, random.Random(f"{kind} {seed}")
        place = MEMORY if os.access(MEMORY, os.W_OK) and self.dice.random() < 0.5 else None
        self.folder = tempfile.mkdtemp(prefix="tt-power-", dir=place)
        self.disk = disk.Disk(kind, self.folder)
        self.house = DiskHouse(build, self.folder, self.disk.path, leave_out)
        self.journal = Journal(os.path.join(self.folder, "journal"))
        self.young, self.cuts, self.wrong = set(), 0, []

    def close(self):
        self.house.close()
        self.journal.close()
        self.disk.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def lead(self, seconds, how):
        """Load for so long, then the power goes; the disk is mounted again when this returns."""
        self.cuts += 1
        watch = logtail.Watch(self.house.logs)
        load = Load(self.house, self.journal, SESSIONS, self.dice.random(), prefix=f"{self.cuts}x").start()
        reader = Reader(self.house).start()
        time.sleep(seconds)
        watch.stop()
        before, moment = logtail.texts(self.house.logs), time.monotonic()
        self.journal.freeze()
        self.disk.cut(how)
        self.house.kill_all()
        load.stop()
        reader.stop()
        self.disk.unmount()
        self.disk.mount()
        self.journal.frozen = False
        self.look_at_logs(before, watch.least(moment))

    def look_at_logs(self, before, least):
        after = logtail.texts(self.house.logs)
        self.wrong += logtail.lost_more(before, after, least)
        self.house.torn = [t for t in self.house.torn if t[2] < len(logtail.kept(after[t[0]]))]
        self.house.torn += [(name, *place) for name, place in logtail.torn(after).items()]
        gone = logtail.forgotten(before, after)
        accepted, tried = logtail.told(before)
        for name, entry in list(self.journal.entries.items()):
            tries = {(entry.qp, address) for address in fates(name)}
            if entry.qp in gone or entry.qp not in accepted or not tries <= tried:
                self.young.add(name)

    def audit(self):
        """Drained, and asked: an Audit."""
        begun = time.monotonic()
        self.house.drain()
        time.sleep(max(0, begun + RECOVERED - time.monotonic()))
        found = oracle.audit(self.house, self.journal, found=Audit(self.journal, self.young, self.cuts))
        found.violations += self.wrong
        return found


def live(build, kind, seed, cuts, longest):
    """A life with so many cuts: what its audit found, in numbers, and sentences."""
    life = Life(build, kind, seed)
    try:
        life.house.start()
        for n in range(cuts):
            life.lead(life.dice.uniform(0.3, longest), life.dice.choice(HOWS) if n else disk.NOLOGFLUSH)
            life.house.start()
        found = life.audit()
        return {"acked": found.acked, "lost": found.lost, "doubled": found.doubled, "torn": found.torn,
                "young": len(life.young), "cuts": life.cuts}, found.violations
    except (AssertionError, OSError) as e:
        return {"acked": len(life.journal.acked())}, [f"{type(e).__name__}: {str(e)[:2000]}"]
    finally:
        life.close()


def broken(journal, mails):
    """How many acknowledged messages do not lie, whole, in each mailbox that they were for."""
    whole = {(m.name, m.to) for m in mails if m.name in journal.entries and m.digest == journal.entries[m.name].digest}
    return sum(any(fate == BOX and (name, address) not in whole for address, fate in fates(name).items())
               for name in journal.acked())


def careless(build, kind, seed, leave_out):
    """The control, a server that leaves that out: (acknowledged, how many of these it lost or got torn)."""
    life = Life(build, kind, seed, leave_out)
    try:
        life.house.start()
        life.house.sync()
        life.lead(1.5, disk.NOLOGFLUSH)
        life.house.leave_out = None
        acked, at = len(life.journal.acked()), len(life.house.said())
        try:
            life.house.start(patient=False)
            until(life.house.whole, "all programs work", 15)
            life.house.drain(30)
        except AssertionError:
            refusal = REFUSAL.search(life.house.said(at))
            why = refusal[0] if refusal else "it does not come back, and does not say why: that counts for nothing"
            print(f"power: {kind}, without {leave_out}: {why}", file=sys.stderr)
            return acked, acked if refusal else 0
        return acked, broken(life.journal, mailbox.all_mail(life.house)[0])
    finally:
        life.close()


def lives(build, kind, seed, least):
    """One life after another until so many messages were acknowledged; 0: a single one, with a single cut."""
    total, violations = collections.Counter(), []
    while total["lives"] == 0 or total["acked"] < least:
        now = f"{seed}-{total['lives']}"
        numbers, wrong = live(build, kind, now, random.Random(now).randint(1, 4) if least else 1, 6 if least else 2)
        total.update(numbers)
        total["lives"] += 1
        violations += wrong
        print(f"power: {kind} {now}: {numbers}", *wrong[:20], sep="\n  ", file=sys.stderr, flush=True)
    return total, violations


def one_kind(build, kind, seed, sample):
    """What one file system gives: (numbers, violations, damage done by the control or None)."""
    total, violations = lives(build, kind, seed, 0 if sample else LEAST)
    control = None if sample and kind != KINDS[0] else careless(build, kind, seed, "sync")
    words = "none in a sample" if control is None else f"{control[1]} of {control[0]} acknowledged are lost or torn"
    print(f"power: {kind}, control: {words}", file=sys.stderr)
    return total, violations, control


def all_of_it(build, seed, sample):
    """Both file systems at the same time: what is told as JSON."""
    total, violations, caught = collections.Counter(), 0, True
    for numbers, wrong, control in beside(*((one_kind, build, kind, seed, sample) for kind in KINDS)):
        total.update(numbers)
        violations += len(wrong)
        caught = caught and (control is None or control[1] > 0)
    return {"rig": "power", "runs": total["cuts"], "acked": total["acked"], "lost": total["lost"],
            "doubled": total["doubled"], "torn": total["torn"], "violations": violations,
            "control": "caught" if caught else "missed", "skipped": None}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    a = parser.parse_args()
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    told = {"rig": "power", "runs": 0, "acked": 0, "lost": 0, "doubled": 0, "torn": 0, "violations": 0,
            "control": "missed", "skipped": disk.unavailable()}
    told["skipped"] = told["skipped"] or disk.private_mounts()
    if told["skipped"] is None:
        told = all_of_it(a.build, a.seed, a.sample)
    print(json.dumps(told | {"seconds": round(time.monotonic() - begun, 1)}))
    good = told["acked"] > 0 and told["violations"] == 0 and told["control"] == "caught"
    return 0 if good or told["skipped"] else 1


if __name__ == "__main__":
    sys.exit(main())
