#!/usr/bin/python3
"""Strict replay: all bounded states that a crash may leave of a recorded run, each recovered and audited.

usage: replay.py BUILD [--sample] [--seed N] [--seconds N]

A run of a whole Telltale is recorded (replay_record.py).  For each moment of it the states are made that POSIX allows
after a crash (replay_trace.py, replay_states.py).  In each the real programs are started (replay_recover.py); when they
have come to rest, every message that had its 250 before the moment is where it must be, once and whole, and no other
one lies anywhere in part (replay_audit.py).  The controls are the same recording with all syncs, and with all syncs of
folders, taken out of it: both must be caught.
"""
import argparse
import collections
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time

from house import harness
from replay_audit import Found, Verdict, judge
from replay_record import record
from replay_recover import Place, Stuck
from replay_states import Layer, States

SAMPLE_SECONDS = 11
FULL_SECONDS = 30 * 60  # what is not tried by then is told
CONTROL_SECONDS = 60  # a control that is not caught by then is missed
CONTROL_MOMENTS, CONTROL_EACH = 40, 3
CONTROLS = ("sync", "dirsync")
SHOWN = 12
CHUNK = 8  # states that a worker takes at once: neighbours, which have most in common
AGAIN = 10  # of so many states one is recovered twice


class Worker:
    """One process that recovers one state after the other."""

    def __init__(self, build, folder, recording, numbers, accounts):
        self.recording, self.messages, self.numbers = recording, list(numbers.values()), numbers
        self.layer = Layer(recording)
        self.place = Place(build, folder, accounts)

    def try_state(self, state):
        """Its verdict; the programs' words when something is wrong."""
        acked = {self.numbers[qp].name for _, qp in sorted(self.recording.acks)[:state.acked]}
        self.place.clear()
        self.layer.lay(state, self.place.state)
        verdict = self.recovered(acked)
        if not any(verdict) and state.moment % AGAIN == 0:
            verdict = self.recovered(acked)
        return verdict, self.place.words() if any(verdict) else ""

    def recovered(self, acked):
        try:
            held = self.place.recover()
        except Stuck as why:
            self.place.end(signal.SIGKILL)
            return Verdict([], [], [], [str(why)])
        found = Found(self.messages)
        found.see_mailboxes(os.path.join(self.place.state, "mail"))
        found.see_queue(held)
        return judge(found, acked)


def work(number, given, tasks, results):
    """The life of a worker: chunks of (index, state) from one queue, (index, verdict, words) to the other."""
    harness.end_with_us()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    build, folder, *rest = given
    worker = Worker(build, os.path.join(folder, f"w{number}"), *rest)
    try:
        while True:
            for index, state in tasks.get():
                results.put((index, *worker.try_state(state)))
    finally:
        worker.place.close()


class Crew:
    """The workers, and what they have found."""

    def __init__(self, given):
        self.context = multiprocessing.get_context("fork")
        self.given = given

    def run(self, states, seconds=None, enough=lambda verdict: False, chunk=CHUNK):
        """[(state, verdict, words)] of these states, in that order, until the time is over or, at once, enough(verdict):
        what the others are at may take as long as a state is waited for."""
        tasks, results = self.context.Queue(), self.context.Queue()
        workers = [self.context.Process(target=work, args=(n, self.given, tasks, results), daemon=True)
                   for n in range(os.cpu_count() or 1)]
        for w in workers:
            w.start()
        try:
            return list(self.collect(states, tasks, results, workers, seconds, enough, chunk))
        finally:
            for w in workers:
                w.terminate()  # it cleans up
            for w in workers:
                w.join(60)

    def collect(self, states, tasks, results, workers, seconds, enough, size):
        end = time.monotonic() + (seconds or float("inf"))
        numbered = list(enumerate(states))
        chunks = iter([numbered[i:i + size] for i in range(0, len(states), size)])
        out, done = 0, False
        said = time.monotonic()
        while not done or out:
            while not done and out < 2 * size * len(workers):
                chunk = next(chunks, None) if time.monotonic() < end else None
                done = chunk is None
                if chunk:
                    tasks.put(chunk)
                    out += len(chunk)
            if not out:
                break
            index, verdict, words = results.get(timeout=120)
            out -= 1
            if time.monotonic() > said + 30:
                said = time.monotonic()
                tell(f"state {index} of {len(states)}")
            yield states[index], verdict, words
            if enough(verdict):
                return


def tell(text):
    print(f"replay: {text}", file=sys.stderr, flush=True)


def describe(recording, state):
    """A state for people: what of the unsynced operations was there."""
    chosen = [f"{recording.ops[n]} ({mode})" for n, mode in state.chosen]
    return f"moment {state.moment}, {state.acked} acknowledged, logs {state.logs}; of what was not synced: {chosen}"


def show(recording, tried):
    for state, verdict, words in tried:
        tell(describe(recording, state))
        for kind, rows in verdict._asdict().items():
            for row in rows[:4]:
                tell(f"    {kind}: {row}")
        tell("    said: " + " | ".join(words.splitlines()[-6:]))


def control(given, what, dice):
    """Are these syncs missed?  True: a state was found that is wrong."""
    build, folder, recording, numbers, accounts = given
    kept = list(recording.syncs)
    recording.leave_out(what)
    states = States(recording).some(dice, CONTROL_MOMENTS, CONTROL_EACH)
    dice.shuffle(states)
    tried = Crew(given).run(states, CONTROL_SECONDS, enough=any, chunk=1)
    recording.syncs = kept
    wrong = [t for t in tried if any(t[1])]
    tell(f"control {what}: {len(wrong)} of {len(tried)} states are wrong" + ("" if wrong else ": MISSED"))
    return bool(wrong)


def replay(given, dice, seconds):
    """All states of the recording in an order of chance, as many as there is time for; neighbours stay together."""
    recording = given[2]
    states = States(recording).all()
    tell(f"{len(recording.ops)} operations, {len(recording.syncs)} syncs, {len(recording.acks)} acknowledged; "
         f"{len(states)} states")
    parts = [states[i:i + CHUNK] for i in range(0, len(states), CHUNK)]
    dice.shuffle(parts)
    tried = Crew(given).run([s for part in parts for s in part], seconds)
    tell(f"{len(tried)} of {len(states)} states recovered and audited")
    return tried


def summary(tried):
    total = collections.Counter()
    for _, verdict, _ in tried:
        total.update({kind: bool(rows) for kind, rows in verdict._asdict().items()})
        total["violations"] += any(verdict)
    return total


def run(build, folder, seed, seconds):
    began, dice = time.monotonic(), random.Random(seed)
    recording, numbers, accounts = record(build, folder)
    tell(f"recorded in {time.monotonic() - began:.0f} s; seed {seed}")
    given = (build, folder, recording, numbers, accounts)
    tried = replay(given, dice, seconds)
    total = summary(tried)
    show(recording, [t for t in tried if any(t[1])][:SHOWN])
    caught = all([control(given, what, dice) for what in CONTROLS])
    return {"rig": "replay", "runs": len(tried), "acked": len(numbers), "lost": total["lost"],
            "doubled": total["doubled"], "torn": total["torn"], "violations": total["violations"],
            "control": "caught" if caught else "missed", "skipped": None,
            "seconds": round(time.monotonic() - began, 1)}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--sample", action="store_true")
    p.add_argument("--seed", type=int, default=random.randrange(10**6))
    p.add_argument("--seconds", type=float, help="for the states of the run itself")
    args = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # it cleans up
    disk = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # what is tested is not the disk
    folder = tempfile.mkdtemp(prefix="ttr-", dir=disk)
    try:
        result = run(os.path.abspath(args.build), folder, args.seed,
                     args.seconds or (SAMPLE_SECONDS if args.sample else FULL_SECONDS))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result))
    return 0 if result["violations"] == 0 and result["control"] == "caught" else 1


if __name__ == "__main__":
    sys.exit(main())
