#!/usr/bin/python3
"""Runs the crash rigs, one after the other or some at a time, and prints a table of what came out (doc/CRASH.md).

usage: rigs.py BUILD [RIG...] [--sample] [--seed N] [--beside N]

A rig has failed when it found a violation, when its control was missed, when it was not done in time or when what it
says of itself does not fit: only one that cannot run here (no root, no loop device) may be skipped.
"""
import argparse
import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

LIBC, PR_SET_PDEATHSIG = ctypes.CDLL(None), 1
HERE = os.path.dirname(os.path.abspath(__file__))
RIGS = {  # of the samples the longest first
    "power": "power cut",
    "inject": "the N-th call fails",
    "kill": "kill -9",
    "replay": "states after a crash",
    "sync": "250 and sync, by strace",
}
SECONDS, SAMPLE_SECONDS = 2 * 3600, 180  # until a rig hangs
COUNTS = ("runs", "acked", "lost", "doubled", "torn", "violations")


def hear_us_alone():
    """A rig hears Ctrl-C from us, once, so that nothing disturbs its cleaning up; also in the background, where a shell
    lets us ignore it.  When we are killed it is told to end."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def be_told_to_end(*_):
    """SIGTERM is Ctrl-C; whoever says it twice does not keep the rig from cleaning up."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


class Rig:
    """One that runs.  Beside others it has ports of its own, and what it says on stderr comes in one piece at its end."""

    def __init__(self, name, args, lane):
        command = [sys.executable, os.path.join(HERE, name + ".py"), args.build]
        command += ["--sample"] if args.sample else []
        command += ["--seed", str(args.seed)] if args.seed is not None else []
        self.name, self.lane = name, lane
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile() if args.beside > 1 else None
        self.late = time.monotonic() + (SAMPLE_SECONDS if args.sample else SECONDS)
        print(f"\n-- {name}", file=sys.stderr, flush=True)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err,
                                        start_new_session=True, preexec_fn=hear_us_alone,
                                        env={**os.environ, "TEST_LANE": str(lane)})

    def over(self):
        return self.process.poll() is not None or time.monotonic() > self.late

    def end(self):
        """Asked as Ctrl-C asks: it cleans up."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def result(self):
        """What it says of itself at its end; {"failed": why} instead if that is nothing."""
        in_time = self.process.poll() is not None
        if not in_time:
            self.end()
        if self.err:
            self.err.seek(0)
            print(f"\n-- what {self.name} said\n{self.err.read().decode(errors='replace')}", file=sys.stderr, flush=True)
        if not in_time:
            return {"failed": "it was not done in time"}
        self.out.seek(0)
        try:
            said = json.loads(self.out.read().decode(errors="replace").strip().splitlines()[-1])
        except (IndexError, ValueError):
            return {"failed": f"status {self.process.returncode}, and no result"}
        if not isinstance(said, dict):
            return {"failed": "it does not say what it did"}
        return said | {"failed": reason(self.name, said, self.process.returncode)}


def run(names, args):
    """{name: result}, as many at the same time as args.beside says."""
    waiting, running, found = list(names), [], {}
    try:
        while waiting or running:
            while waiting and len(running) < args.beside:
                lane = min(set(range(args.beside)) - {rig.lane for rig in running})
                running.append(Rig(waiting.pop(0), args, lane))
            for rig in [rig for rig in running if rig.over()]:
                running.remove(rig)
                found[rig.name] = rig.result()
            time.sleep(0.05)
    except KeyboardInterrupt:
        for rig in running:
            rig.end()
        raise
    return {name: found[name] for name in names}


def reason(name, said, status):
    """Why it has failed, or None."""
    if said.get("rig") != name or any(not isinstance(said.get(count), int) for count in COUNTS):
        return "it does not say what it did"
    wrong = [f"{said[count]} {count}" for count in COUNTS[2:] if said[count] != 0]
    if said.get("skipped"):
        wrong += [f"skipped with status {status}"] if status != 0 else []
        return ", ".join(wrong) or None
    wrong += [] if said.get("control") == "caught" else ["the control was missed: it proves nothing"]
    wrong += [] if said["runs"] > 0 else ["nothing was done"]
    wrong += [] if said["acked"] > 0 else ["nothing was acknowledged"]
    wrong += [] if status == 0 or wrong else [f"status {status}"]
    return ", ".join(wrong) or None


def row(name, said):
    end_ = "FAILED: " + said["failed"] if said["failed"] else "passed"
    if said.get("skipped") and not said["failed"]:
        end_ = "skipped: " + said["skipped"]
    counts = [str(said.get(count, "-")) for count in COUNTS]
    return [name, RIGS[name], *counts, str(said.get("control", "-")), str(said.get("seconds", "-")), end_]


def table(rows):
    rows = [["rig", "what", *COUNTS, "control", "seconds", ""], *rows]
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(r, widths)).rstrip() for r in rows)


def main():
    parser = argparse.ArgumentParser(prog="scripts/crash")
    parser.add_argument("build")
    parser.add_argument("rigs", nargs="*", metavar="RIG", help=" ".join(RIGS) + " (default: all)")
    parser.add_argument("--sample", action="store_true", help="a short one of each")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--beside", type=int, default=1, metavar="N", help="so many at the same time (default: 1)")
    args = parser.parse_intermixed_args()
    unknown = [name for name in args.rigs if name not in RIGS]
    if unknown:
        parser.error(f"no such rig: {unknown[0]}")
    signal.signal(signal.SIGTERM, be_told_to_end)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has it ignored
    found = run(dict.fromkeys(args.rigs or RIGS), args)
    print("\n" + table([row(name, said) for name, said in found.items()]))
    failed = sum(said["failed"] is not None for said in found.values())
    passed = sum(said["failed"] is None and not said.get("skipped") for said in found.values())
    print(f"\n{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("ended before it was done")
