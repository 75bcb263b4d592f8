#!/usr/bin/python3
"""kill -9 of each program, and of all together, at random moments under load; then the oracle.

usage: kill.py BUILD [--sample] [--seed N] [--kills N] [PROGRAM...]

One house per program is hurt 200 times; what is killed is started again by telltaled, telltaled by us.  Some kills
come while the last one is still being recovered from.  The last line on stdout is a JSON object of what came out.
The controls: a server that answers before it writes must be seen to lose mail, one whose journal is late must be seen
to deliver twice (leave_out.c).
"""
import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time

import house as houses
import kill_audit
import load
import mailbox
import oracle
from beside import beside
from harness import until

ALL = "all"
TARGETS = (*houses.PROGRAMS, ALL)
KILLS, SAMPLE_KILLS = 200, 1  # of each
CONTROL_KILLS = {False: 20, True: 4}  # in all
CONTROLS = (("late-write", "telltale-smtpd", "lost"), ("staged", "telltale-queue", "doubled"))
FOUND = ("acked", "lost", "doubled", "torn")
# Seconds between two kills: at once, soon, and so late that telltaled starts the program again without a long pause.
WAITS = ((0, 0.15), (0.15, 1.05), (1.05, 1.5))
SHORT_WAITS = ((0, 0.15), (0.1, 0.3), (0.3, 0.5))
SHOWN = 20


def say(*what):
    print(*what, file=sys.stderr, flush=True)


class Case:
    """One house under load, with what is done to it.  pause: the longest wait of a client between two messages."""

    def __init__(self, build, dice, leave_out=None, pause=1.0, waits=WAITS):
        self.folder, self.dice, self.waits, self.kills = tempfile.mkdtemp(prefix="tt-kill-"), dice, waits, 0
        self.house = houses.House(build, self.folder, leave_out=leave_out)
        self.house.start()
        self.together = False  # did several programs die at one moment?
        self.journal = load.Journal(os.path.join(self.folder, "journal"))
        self.reader = mailbox.Reader(self.house).start()
        self.load = load.Load(self.house, self.journal, seed=dice.random(), pause=pause).start()

    def hurt(self, target, at_ack=None):
        """One kill, and the way back.  Some strike soon after the last one, in the midst of recovery; some (at_ack:
        all) when a client has just been told 250."""
        time.sleep(self.dice.uniform(*self.dice.choices(self.waits, [1, 1, 3])[0]))
        if at_ack or self.dice.random() < 0.3:
            self.await_ack(20 if at_ack else 1)
        self.together = self.together or target in (ALL, "telltaled")
        if target == ALL:
            self.house.kill_all()
            victim = 0
        else:
            victim = until(lambda: self.house.kill(target, self.dice), f"a {target} to be killed", 60)
        self.kills += 1
        if self.house.process is None:
            self.house.start(patient=self.dice.random() < 0.75)
        else:
            until(lambda: victim not in self.house.pids(target) and self.house.pids(target), f"a new {target}", 60)

    def await_ack(self, seconds):
        before, end = self.journal.count, time.monotonic() + seconds
        while self.journal.count == before and time.monotonic() < end:
            time.sleep(0.002)

    def finish(self, restart=True):
        """The load ends, the house is drained and judged."""
        until(self.house.whole, "all programs work", 60)
        self.load.stop()
        stuck = self.drain()
        self.reader.stop()
        honest = not self.house.leave_out
        audit = oracle.audit(self.house, self.journal, honest, honest and restart,
                             kill_audit.Audit(self.journal, self.together, self.kills))
        audit.violations += stuck
        return audit

    def drain(self):
        """What speaks against it that it is empty: a control may never get there."""
        try:
            self.house.drain(10 if self.house.leave_out else 120)
            return []
        except AssertionError as e:
            return [str(e)]

    def close(self, keep):
        self.load.over.set()
        self.reader.over.set()
        self.house.close()
        self.journal.close()
        if keep:
            say("see", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def run(build, targets, dice, **options):
    """These kills in one house; (audit, kills)."""
    case, keep = Case(build, dice, **options), True
    try:
        for target in targets:
            case.hurt(target, at_ack="leave_out" in options)
            if case.kills % 50 == 0:
                say(f"{case.kills} kills, {len(case.journal.acked())} acknowledged")
        audit = case.finish()
        if audit.acked < len(targets):
            audit.complain(f"only {audit.acked} messages were accepted: no load")
        keep = bool(audit.violations) and not options.get("leave_out")
        return audit, case.kills
    except (KeyboardInterrupt, SystemExit):  # nothing is wrong with that house
        keep = False
        raise
    finally:
        case.close(keep)


def trial(build, targets, dice):
    """What these kills in one house came to."""
    begun = time.monotonic()
    short = len(targets) < 50
    audit, kills = run(build, targets, dice, pause=0.3 if short else 1.0, waits=SHORT_WAITS if short else WAITS)
    say(f"{', '.join(sorted(set(targets)))}: {kills} kills, {audit.acked} acknowledged, {audit.lost} lost, "
        f"{audit.doubled} doubled, {audit.torn} torn, {len(audit.violations)} violations, "
        f"{time.monotonic() - begun:.0f} s")
    for violation in audit.violations[:SHOWN]:
        say("   ", violation[:600])
    return {"runs": kills, **{key: getattr(audit, key) for key in FOUND}, "violations": len(audit.violations)}


def trials(build, targets, kills, sample, dice):
    """One house per program; in a sample one for all of them."""
    all_kills = [dice.sample(targets * kills, len(targets) * kills)] if sample else [[t] * kills for t in targets]
    total = dict.fromkeys(("runs", *FOUND, "violations"), 0)
    for killed in all_kills:
        for key, n in trial(build, killed, dice).items():
            total[key] += n
    return total


def control(build, dice, sample, left_out, target, seen):
    """Is what is known to lose or to double seen to do so?"""
    kills = [(target, ALL)[n % 2] for n in range(CONTROL_KILLS[sample])]
    begun = time.monotonic()
    audit, _ = run(build, kills, dice, leave_out=left_out, pause=0.1, waits=SHORT_WAITS)
    say(f"control {left_out}: {len(kills)} kills, {audit.acked} acknowledged, {audit.lost} lost, "
        f"{audit.doubled} doubled, {len(audit.violations)} violations, {time.monotonic() - begun:.0f} s")
    return getattr(audit, seen) > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("targets", nargs="*", metavar="PROGRAM", help=" ".join(TARGETS))
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--kills", type=int)
    args = parser.parse_intermixed_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # it cleans up
    say(f"seed {args.seed}")
    begun = time.monotonic()
    kills, targets = args.kills or (SAMPLE_KILLS if args.sample else KILLS), args.targets or TARGETS
    total, *caught = beside((trials, args.build, targets, kills, args.sample, random.Random(args.seed)),
                            *((control, args.build, random.Random(args.seed), args.sample, *row) for row in CONTROLS))
    total = {"rig": "kill", **total, "control": "caught" if all(caught) else "missed", "skipped": None,
             "seconds": round(time.monotonic() - begun)}
    print(json.dumps(total), flush=True)
    return 0 if total["violations"] == 0 and total["control"] == "caught" else 1


if __name__ == "__main__":
    sys.exit(main())
