#!/usr/bin/python3
"""scripts/bench: how fast we are, beside Postfix and beside the least that the work can take; and how right the trace is."""
import argparse
import importlib
import json
import os
import platform
import signal
import subprocess
import sys
import time

import report


def arguments(argv):
    p = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    p.add_argument("kind", choices=(*report.KINDS, "page", "truth", "web", "report"))
    p.add_argument("--build", default="build-release", help="folder of a release build (default build-release)")
    p.add_argument("--quick", action="store_true", help="the figures of the aims only, three short rounds")
    p.add_argument("--rounds", type=int, help="rounds (default 5, quick 3)")
    p.add_argument("--seconds", type=float, help="aimed length of one measurement (default 2, quick 1)")
    p.add_argument("--disk", choices=("loop", "own"), help="only this disk (default both; quick: loop)")
    p.add_argument("--sessions", type=int, help="only loads with so many sessions")
    p.add_argument("--size", type=int, help="only loads with messages of so many bytes")
    p.add_argument("--boxes", type=int, help="deliver, relay: only with so many mailboxes, domains")
    p.add_argument("--kept", action=argparse.BooleanOptionalAction, help="only many (or only one) per connection")
    p.add_argument("--idle", type=int, default=10000, help="idle: sessions that are held (default 10,000)")
    p.add_argument("--deep", type=int, default=1000000, help="deepqueue: messages that wait (default 1,000,000)")
    p.add_argument("--keep", action="store_true", help="keep the figures in bench/results and write bench/RESULTS.md")
    p.add_argument("--json", metavar="FILE", help="write the figures there too")
    p.add_argument("--seed", type=int, help="truth: the seed (default: a random one, which is printed); trace: of the logs")
    p.add_argument("--messages", type=int, default=20000, help="truth: messages a world (default 20,000)")
    p.add_argument("--folder", help="truth: write logs and truth files there, and leave them; trace: the same, and use what lies there")
    p.add_argument("--mb", type=int, help="trace, page, web: megabytes of logs of each kind (default 500, quick 50)")
    p.add_argument("--world", help="trace: only these kinds of logs (provider,postfix,exim,ours)")
    p.add_argument("--only", help="trace: only these cases (read,stats-read,scan,build,exact,exact-cold,part,stats,rows,"
                   "archive-frames,archive-index,archive-zst,archive-gz,peers)")
    o = p.parse_args(argv)
    o.build = os.path.realpath(o.build)
    o.rounds = o.rounds or (3 if o.quick else 5)
    o.seconds = o.seconds or (1 if o.quick else 2)
    o.mb = o.mb or (50 if o.quick else 500)
    o.disks = [o.disk] if o.disk else ["loop"] if o.quick else ["loop", "own"]
    return o


def machine():
    """What the figures were found on."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), "unknown")
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "postfix"], capture_output=True, text=True,
                             check=False).stdout
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(), "postfix": version,
            "commit": commit(), "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "load": os.getloadavg()[0], "when": time.strftime("%Y-%m-%d %H:%M:%S %z")}


def commit():
    at = os.path.dirname(os.path.abspath(__file__))
    return subprocess.run(["git", "-C", at, "describe", "--always", "--dirty"], capture_output=True, text=True,
                          check=False).stdout.strip()


def module(options):
    """What does this kind of bench.  page, truth and web stand in no report."""
    return importlib.import_module(report.KINDS.get(options.kind, options.kind))


def run(options):
    """One bench, its tables on stdout; the result."""
    kind = module(options)
    begun = time.monotonic()
    asked = {k: v for k, v in vars(options).items() if k not in ("build", "json", "keep", "folder")}
    result = {"kind": options.kind, "machine": machine(), "options": asked, **kind.bench(options)}
    result.update(took=time.monotonic() - begun, load=os.getloadavg()[0])
    for title, table in kind.tables(result):
        print(f"\n{title}\n\n{table}")
    return result


def main(argv):
    options = arguments(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended"))
    if options.kind == "report":
        report.write()
        return 0
    result = run(options)
    kind = module(options)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump(result, f, indent=1)
    if options.keep and options.kind in report.KINDS:
        report.keep(result)
    return kind.verdict(result) if hasattr(kind, "verdict") else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (RuntimeError, OSError, subprocess.SubprocessError) as e:
        sys.exit(f"bench: {e}")
