#!/usr/bin/python3
"""Runs the crash rigs, one after the other, and prints a table of what came out (doc/CRASH.md).

usage: rigs.py BUILD [RIG...] [--sample] [--seed N]

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

LIBC, PR_SET_PDEATHSIG = ctypes.CDLL(None), 1
HERE = os.path.dirname(os.path.abspath(__file__))
RIGS = {
    "kill": "kill -9",
    "sync": "250 and sync, by strace",
    "power": "power cut",
    "replay": "states after a crash",
    "inject": "the N-th call fails",
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


def end(rig):
    """Asked as Ctrl-C asks: it cleans up."""
    rig.send_signal(signal.SIGINT)
    try:
        rig.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        rig.kill()
        rig.communicate()


def run(name, args):
    """What the rig says of itself at its end; {"failed": why} instead if that is nothing."""
    command = [sys.executable, os.path.join(HERE, name + ".py"), args.build]
    command += ["--sample"] if args.sample else []
    command += ["--seed", str(args.seed)] if args.seed is not None else []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          errors="replace", start_new_session=True,
                          preexec_fn=hear_us_alone) as rig:
        try:
            out, _ = rig.communicate(timeout=SAMPLE_SECONDS if args.sample else SECONDS)
        except subprocess.TimeoutExpired:
            end(rig)
            return {"failed": "it was not done in time"}
        except KeyboardInterrupt:
            end(rig)
            raise
    try:
        said = json.loads(out.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return {"failed": f"status {rig.returncode}, and no result"}
    if not isinstance(said, dict):
        return {"failed": "it does not say what it did"}
    return said | {"failed": reason(name, said, rig.returncode)}


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
    args = parser.parse_intermixed_args()
    unknown = [name for name in args.rigs if name not in RIGS]
    if unknown:
        parser.error(f"no such rig: {unknown[0]}")
    signal.signal(signal.SIGTERM, be_told_to_end)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has it ignored
    found = {}
    for name in dict.fromkeys(args.rigs or RIGS):
        print(f"\n-- {name}", file=sys.stderr, flush=True)
        found[name] = run(name, args)
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
