"""profile: what one message costs our programs: processor time, instructions by function, system calls.

While messages are accepted (delivery held) and while a full queue is delivered, with one telltale-smtpd; instructions
over the whole life of a message."""
import os
import re
import shutil
import signal
import subprocess
import sys

import deliver
import figures
import place
import process
import source
from ours import Ours

PROGRAMS = ("telltale-smtpd", "telltale-lookup", "telltale-dns", "telltale-queue", "telltale-local")
COUNTED = ("telltale-smtpd", "telltale-queue", "telltale-local")
EXTRA = "limits { workers = 1 }\n"
MESSAGES = {"time": 2000, "strace": 500, "callgrind": 200}
WARM = 100
SHOWN = 15
TICK = 1e6 / os.sysconf("SC_CLK_TCK")
# Stands in a folder beside the real programs' names and runs one of them under callgrind.
WRAPPER = """\
#!/bin/sh
exec valgrind -q --tool=callgrind --callgrind-out-file={out}/{name}.%p {real}/{name} "$@"
"""


def wrapped(build, folder, out):
    """A folder of programs of which the counted ones run under callgrind."""
    os.makedirs(folder)
    for name in os.listdir(build):
        path = os.path.join(build, name)
        if not name.startswith("telltale") or not os.path.isfile(path):
            continue
        to = os.path.join(folder, name)
        if name in COUNTED:
            with open(to, "w", encoding="utf-8") as f:
                f.write(WRAPPER.format(out=out, name=name, real=build))
        else:
            shutil.copy(path, to)
        os.chmod(to, 0o755)
    return folder


def times(side):
    """{program: (user, system) microseconds}."""
    found = {}
    for program in PROGRAMS:
        for pid in side.pids(program):
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                fields = f.read().rpartition(")")[2].split()
            found[program] = (int(fields[11]) * TICK, int(fields[12]) * TICK)
    return found


class Times:
    """Processor time of each program."""

    def __init__(self, side, _folder):
        self.side = side
        self.before = times(side)

    def done(self, count):
        after = times(self.side)
        return {p: {k: (after[p][i] - self.before[p][i]) / count for i, k in enumerate(("user", "system"))}
                for p in after}


class Strace:
    """System calls of each program, counted by strace."""
    LINE = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", re.M)

    def __init__(self, side, folder):
        self.running = []
        for program in COUNTED:
            out = os.path.join(folder, "strace-" + program)
            pids = [f"--attach={pid}" for pid in side.pids(program)]
            self.running.append((program, out, process.spawn(["strace", "-f", "-c", "-o", out, *pids], out + ".said")))
        process.until(self.attached, "strace is there")

    def attached(self):
        for _, out, _ in self.running:
            with open(out + ".said", encoding="utf-8") as f:
                if "attached" not in f.read():
                    return False
        return True

    def done(self, count):
        found = {}
        for program, out, running in self.running:
            running.send_signal(signal.SIGINT)
            running.wait(process.PATIENCE)
            with open(out, encoding="utf-8") as f:
                found[program] = {name: int(n) / count for n, name in self.LINE.findall(f.read()) if name != "total"}
        return found


class Callgrind:
    """Instructions of each program by function (what a function calls is not counted with it), from its start to its end.

    What its start, end and warming cost falls out with the difference of two runs."""
    LINE = re.compile(r"^\s*([\d,]+) \([ \d.]+%\)\s+(?:\S*:)?([^\s\[:]+)(?: \[.*\])?$", re.M)

    def __init__(self, side, folder):
        self.side, self.folder = side, folder

    def done(self, _count):
        self.side.process.terminate()
        self.side.process.wait(process.PATIENCE)
        return {program: self.counts(program) for program in COUNTED}

    def counts(self, program):
        dump = next(os.path.join(self.folder, n) for n in os.listdir(self.folder) if n.startswith(program + "."))
        found = {}
        for n, name in self.LINE.findall(place.run("callgrind_annotate", "--threshold=100", dump)):
            if name != "PROGRAM":
                found[name] = found.get(name, 0) + int(n.replace(",", ""))
        return found

    @staticmethod
    def of_one(less, more, messages):
        """Per message, from a run and one with so many messages more."""
        return {p: {name: (n - less[p].get(name, 0)) / messages for name, n in more[p].items()} for p in more}


def accepting(side, load, count, counter):
    """What runs while messages are taken in, and nothing is delivered."""
    side.start(hold=False)
    source.send(side.port, side.recipients(), load, WARM)
    deliver.arrived(side, WARM)
    side.signal(signal.SIGSTOP)
    found = counter(side, side.folder)
    source.send(side.port, side.recipients(), load, count)
    return found.done(count)


def delivering(side, load, count, counter):
    """What runs while a full queue is delivered."""
    side.start(hold=False)
    source.send(side.port, side.recipients(), load, WARM)
    deliver.arrived(side, WARM)
    side.signal(signal.SIGSTOP)
    source.send(side.port, side.recipients(), load, count)
    side.signal(signal.SIGCONT)
    found = counter(side, side.folder)
    deliver.arrived(side, WARM + count)
    return found.done(count)


COUNTERS = {"time": Times, "strace": Strace, "callgrind": Callgrind}
# Callgrind sees whole lives of programs, and so whole lives of messages: once is enough.
PLAN = ((accepting, "time"), (accepting, "strace"), (delivering, "time"), (delivering, "strace"), (delivering, "callgrind"))


def count_with(options, at, how, name, count):
    build, environment = options.build, {}
    folder = os.path.join(at, name)
    if name == "callgrind":
        build = wrapped(build, folder, os.path.join(at, "ours"))
        environment = {"TELLTALE_SANDBOX": "off"}
    side = Ours(build, at, extra=EXTRA, environment=environment)
    load = source.Load(options.sessions or 100, options.size or 4096, True)
    try:
        return how(side, load, count, COUNTERS[name])
    finally:
        side.stop()
        shutil.rmtree(side.folder)
        shutil.rmtree(folder, ignore_errors=True)


def counted(options, at, how, name):
    """What one message costs."""
    count = MESSAGES[name]
    whole = count_with(options, at, how, name, count)
    if name != "callgrind":
        return whole
    return Callgrind.of_one(whole, count_with(options, at, how, name, 2 * count), count)


def bench(options):
    found = {}
    with place.disk("own") as at:
        for how, name in PLAN:
            print(f"  {how.__name__}, {name}", file=sys.stderr)
            found.setdefault(how.__name__, {})[name] = counted(options, at, how, name)
    return {"profile": found}


def tables(result):
    for how, found in result["profile"].items():
        rows = [[p, f"{t['user']:.0f}", f"{t['system']:.0f}"] for p, t in found["time"].items()]
        yield f"{how}: processor time of a message, microseconds", figures.table(["program", "user", "system"], rows)
        for name, unit in (("callgrind", "instructions"), ("strace", "system calls")):
            for program, counts in found.get(name, {}).items():
                rows = sorted(counts.items(), key=lambda item: -item[1])[:SHOWN]
                if not rows:
                    continue
                title = "whole life" if name == "callgrind" else how
                rows = [[k, f"{v:.0f}" if v >= 10 else f"{v:.2f}"] for k, v in rows if v >= 0.005]
                yield (f"{title}: {program}, {unit} of a message: {sum(counts.values()):.1f}",
                       figures.table(["function" if name == "callgrind" else "call", unit], rows))
