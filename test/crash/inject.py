#!/usr/bin/python3
"""A fault at the N-th call of every file-system call: SIGKILL, or an error, once or for good.

usage: inject.py BUILD [--sample] [--seed N] [--only SITE] [--jobs N] [--most SECONDS]

SITE is PROGRAM:CALL:N:WHAT, as the report names it.  Every run: a house with mail in its spool is started under one
fault and given a few messages; the fault goes away (half of the lasting ones with a restart), the queue is
drained, and all is judged: every promise kept once and whole, every client answered in words, no program dead of
itself, logs that parse, a trace that knows, and while the fault lasts a sentence that says what is wrong.

The control: a server that takes a failed sync or write for a success must be caught by the same judgement.
"""
import argparse
import collections
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "story")]

from inject_house import adopt_orphans  # noqa: E402
from inject_run import Run, make_template, record  # noqa: E402
from inject_sites import fault_of, order, plan, read_record, site_of  # noqa: E402

SAMPLE_SECONDS, WHOLE_SECONDS, CONTROL_HEALS = 12, 2 * 60 * 60, 3
DISK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # what is tested is not the disk
KINDS = ("lost", "doubled", "torn", "violations")


def begin_worker():
    """Whoever is told to end takes its house along."""
    adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def one(job):
    """In a worker: one run; None when there is no time for it any more."""
    build, folder, template, site, until = job
    return Run(build, folder, template, site).whole() if time.monotonic() < until else None


class Sum:
    """What all runs found."""

    def __init__(self):
        self.runs = self.acked = self.hit = 0
        self.wrong, self.sentences = collections.Counter(), collections.defaultdict(list)

    def add(self, result):
        self.runs += 1
        self.hit += result.hits > 0
        self.acked += result.acked
        for kind, words in result.wrong:
            self.wrong[kind] += 1
            print(f"{fault_of(result.site)}: {kind}: {words}", file=sys.stderr, flush=True)
        print(result.story, end="", file=sys.stderr, flush=True)
        for sentence in result.sentences:
            self.sentences[sentence].append(fault_of(result.site))

    def tell(self, total, begun):
        print(f"{self.runs} of {total} runs, {self.hit} hit, {self.acked} acknowledged, "
              f"{sum(self.wrong.values())} wrong, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def run_all(jobs, most, workers):
    """All of them, or as many as there is time for."""
    begun = told = time.monotonic()
    until = begun + most
    found = Sum()
    with multiprocessing.Pool(workers, begin_worker) as pool:
        for result in pool.imap_unordered(one, [(*job, until) for job in jobs]):
            if result is not None:
                found.add(result)
            if time.monotonic() > told + 10:
                told = time.monotonic()
                found.tell(len(jobs), begun)
        pool.close()  # who has nothing to do any more ends by himself: one that is told to may wait for a lock
        pool.join()
    found.tell(len(jobs), begun)
    return found


def control(build, folder, template, sites):
    """Syncs and writes that fail, in a server that does not look: some promise must be found broken."""
    preload = os.path.join(build, "test", "careless.so")
    for site in sites:
        result = Run(build, folder, template, site, preload, heals=CONTROL_HEALS).whole()
        if any(kind == "lost" for kind, _ in result.wrong):
            print(f"control: {fault_of(site)}: {result.wrong}", file=sys.stderr)
            return "caught"
    return "missed"


def careless_sites(sites):
    return [s for s in sites if s.program == "telltale-smtpd" and s.call in ("fdatasync", "pwritev") and s.what == "EIO"
            and "/segments/" in s.path and not s.persistent]


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build")
    p.add_argument("--sample", action="store_true")
    p.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    p.add_argument("--only", action="append")
    p.add_argument("--jobs", type=int, default=3 * (os.cpu_count() or 1))
    p.add_argument("--most", type=float, default=WHOLE_SECONDS)
    p.add_argument("--sentences", action="store_true", help="print what the server said under the faults")
    return p.parse_args()


def report(found, caught, seconds, skipped=None):
    print(json.dumps({"rig": "inject", "runs": found.runs, "acked": found.acked, **{k: found.wrong[k] for k in KINDS},
                      "control": caught, "skipped": skipped, "seconds": round(seconds)}))


def cannot(build):
    """Why this machine cannot do it, or None."""
    done = subprocess.run([os.path.join(build, "test", "crash-inject"), "/bin/true"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=20, check=False)
    return None if done.returncode == 0 else f"no notification by seccomp here: {done.stderr.strip()}"


def main():
    a = arguments()
    build, begun = os.path.abspath(a.build), time.monotonic()
    if (why := cannot(build)) is not None:
        report(Sum(), "skipped", 0, why)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # it cleans up
    os.environ["TELLTALE_SANDBOX"] = "tell"
    folder = tempfile.mkdtemp(prefix="tti-", dir=DISK)
    adopt_orphans()
    try:
        template = make_template(build, folder)
        record(build, folder, template, os.path.join(folder, "record"))
        sites = plan(read_record(os.path.join(folder, "record")))
        print(f"seed {a.seed}; {len(sites)} faults", file=sys.stderr)
        todo = [site_of(f) for f in a.only] if a.only else order(sites, a.seed)
        if a.sample:  # faults that last take their time: those are for the whole run
            todo = [s for s in todo if not s.persistent]
        found = run_all([(build, folder, template, s) for s in todo], SAMPLE_SECONDS if a.sample else a.most, a.jobs)
        caught = control(build, folder, template, careless_sites(sites))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for sentence, where in sorted(found.sentences.items()) if a.sentences else []:
        print(f"{len(where):5} {sentence}   [{where[0]}]", file=sys.stderr)
    report(found, caught, time.monotonic() - begun)
    return 0 if not sum(found.wrong.values()) and caught == "caught" else 1


if __name__ == "__main__":
    sys.exit(main())
