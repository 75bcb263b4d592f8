"""idle: 10,000 sessions that say nothing: what each takes of memory, and what their presence costs the others."""
import contextlib
import os
import subprocess
import sys
import time

import figures
import place
import process
import source
from ours import Ours

LOAD = source.Load(100, 4096, True)
KINDS = ("plain", "tls")
# Limits that stand in the way of so many; loopback addresses are not counted as clients.
EXTRA = """\
limits {{ sessions = {sessions} command-timeout = 1h }}
"""


def rollup(pid):
    """PSS and RSS of a process in KiB, and its page tables."""
    found = {}
    for name, fields in (("smaps_rollup", ("Pss", "Rss")), ("status", ("VmPTE",))):
        with open(f"/proc/{pid}/{name}", encoding="utf-8") as f:
            for line in f:
                key, _, rest = line.partition(":")
                if key in fields:
                    found[key] = int(rest.split()[0])
    return found


def kernel():
    """KiB that the kernel holds: stacks of threads, its own allocations (sockets, descriptors), buffers of TCP."""
    found = {}
    with open("/proc/meminfo", encoding="utf-8") as f:
        for line in f:
            key, _, rest = line.partition(":")
            if key in ("KernelStack", "Slab"):
                found[key] = int(rest.split()[0])
    with open("/proc/net/sockstat", encoding="utf-8") as f:
        tcp = next(line.split() for line in f if line.startswith("TCP:"))
    found["TcpBuffers"] = int(tcp[tcp.index("mem") + 1]) * 4
    return found


def memory(side):
    found = kernel()
    for pid in side.pids("telltale-smtpd"):
        for key, value in rollup(pid).items():
            found[key] = found.get(key, 0) + value
    return found


@contextlib.contextmanager
def held(program, side, sessions, kind):
    """So many idle sessions; the block gets the seconds that it took to have them."""
    with subprocess.Popen([program, str(side.port), str(sessions), kind], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as p:
        line = p.stdout.readline().split()
        if line[:1] != ["held"]:
            raise RuntimeError("bench-idle: the sessions were not held")
        yield int(line[2])
        p.stdin.close()
        lost = p.stdout.readline().split()
        if lost != ["lost", "0"]:
            raise RuntimeError(f"bench-idle: {' '.join(lost)} of {sessions}")
    process.until(lambda: threads(side) < 200, "the idle sessions are gone", 120, 0.1)


def threads(side):
    return sum(len(os.listdir(f"/proc/{pid}/task")) for pid in side.pids("telltale-smtpd"))


def rate(side, seconds):
    count = source.enough(side, LOAD, seconds)
    return count / source.send(side.port, side.recipients(), LOAD, count)


def one_round(side, program, kind, options):
    """Fresh: memory before and with the idle ones; the rate with them, and without (the mean of before and after)."""
    side.stop()
    side.empty()
    side.start(hold=True)
    rate(side, options.seconds / 2)
    first = rate(side, options.seconds)
    time.sleep(1)
    before = memory(side)
    with held(program, side, options.idle, kind) as took:
        after = memory(side)
        with_idle = rate(side, options.seconds)
    without = (first + rate(side, options.seconds)) / 2
    side.stop()
    each = {key: (after[key] - before[key]) / options.idle for key in before}
    return {"each": each, "with": with_idle, "without": without, "took": took}


def measure(side, program, kind, options):
    rounds = []
    for _ in range(options.rounds):
        rounds.append(one_round(side, program, kind, options))
        print(f"  {kind}: {rounds[-1]}", file=sys.stderr)
    return {"kind": kind, "rounds": rounds}


def bench(options):
    program = os.path.join(options.build, "bench", "bench-idle")
    with place.disk("own") as at:
        side = Ours(options.build, at, extra=EXTRA.format(sessions=options.idle + 1000))
        try:
            return {"idle": options.idle, "kinds": [measure(side, program, kind, options) for kind in KINDS],
                    "shown": {side.name: side.shown()}}
        finally:
            side.stop()


def tables(result):
    keys = ("Pss", "Rss", "VmPTE", "KernelStack", "Slab", "TcpBuffers")
    rows = []
    for kind in result["kinds"]:
        rounds = kind["rounds"]
        rows.append([kind["kind"], *(f"{figures.spread([r['each'][k] for r in rounds])['median']:.1f}" for k in keys),
                     *(figures.text(figures.spread([r[k] for r in rounds]), "{:.0f}") for k in ("without", "with")),
                     figures.text(figures.ratios(rounds, "with", "without"))])
    yield (f"{result['idle']} idle sessions: KiB each (* of both ends, the client is on this machine); accept rate of 100 other sessions, messages/s",
           figures.table(["sessions", "PSS", "RSS", "page tables", "kernel stack", "slab*", "TCP buffers*", "without",
                          "with", "with/without"], rows))
