"""deepqueue: a queue of a million deferred messages: start, memory, how fast others come in, what commands take."""
import json
import os
import subprocess
import sys
import time

import figures
import place
import process
import source
from idle import rollup
from ours import Ours

LOAD = source.Load(100, 4096, True)
SLICES = 4
ROUNDS_MOST = 3  # what is accepted stays, and the disk ends
# Tried again an hour from now at the soonest, over most of a day: nobody is due while it is measured.
NEXT, SPREAD = 3600, 80000
COMMANDS = {
    "list": ["list", "--json"],
    "summary, first": ["summary", "--json"],
    "summary, again": ["summary", "--json"],
    "filter by sender, only counted": ["hold", "--from", "sender7@*", "--dry-run", "--json"],
    "filter by domain, only counted": ["hold", "--to-domain", "domain7.example", "--dry-run", "--json"],
    "hold all": ["hold", "--all", "--json"],
    "release all": ["release", "--all", "--json"],
    "retry of one domain": ["retry", "--to-domain", "domain7.example", "--dry-run", "--json"],
}


class Side(Ours):
    def __init__(self, build, at, name):
        os.mkdir(os.path.join(at, name))
        super().__init__(build, os.path.join(at, name))
        self.name = name

    def fill(self, messages, seed):
        subprocess.run([os.path.join(self.build, "bench", "bench-deepqueue"), os.path.join(self.data, "spool"), str(messages),
                        str(NEXT), str(SPREAD), str(seed)], check=True, stdout=subprocess.DEVNULL)

    def started(self):
        """Seconds until telltale-queue answers, and mail is taken."""
        begun = time.monotonic()
        self.start(hold=True)
        process.until(lambda: self.says("queue", "list", "--limit", "1"), "telltale-queue answers", 300)
        return time.monotonic() - begun

    def says(self, *args):
        return subprocess.run([os.path.join(self.build, "telltale"), *args], env=self.environment, capture_output=True,
                              check=False, timeout=600).returncode == 0

    def queue_memory(self):
        """KiB of telltale-queue now, and the most so far."""
        pid, = self.pids("telltale-queue")
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            most = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        return {"now": rollup(pid)["Pss"], "most": most}


def start_round(sides):
    found = {}
    for side in sides:
        side.stop()
        found[side.name] = {"seconds": side.started(), **side.queue_memory()}
    return found


def rate_round(sides, options):
    """Messages a second that each takes, by turns."""
    counts = {side: source.enough(side, LOAD, options.seconds / SLICES) for side in sides}
    spent = dict.fromkeys(sides, 0.0)
    for k in range(SLICES):
        for side in sides[k % 2:] + sides[:k % 2]:
            spent[side] += source.send(side.port, side.recipients(), LOAD, counts[side])
    return {side.name: SLICES * counts[side] / spent[side] for side in sides}


def command_round(deep):
    """Seconds of each command."""
    found = {}
    for name, words in COMMANDS.items():
        begun = time.monotonic()
        deep.command("queue", *words)
        found[name] = time.monotonic() - begun
    return found


def beside(deep, options):
    """Messages a second while nothing else is done, and while all that waits is held and released again."""
    count = source.enough(deep, LOAD, options.seconds)
    alone = count / source.send(deep.port, deep.recipients(), LOAD, count)
    with process.spawn(["sh", "-c", "while :; do telltale queue hold --all; telltale queue release --all; done"],
                       deep.log, env={**deep.environment, "PATH": deep.build + ":" + os.environ["PATH"]}) as busy:
        try:
            meanwhile = count / source.send(deep.port, deep.recipients(), LOAD, count)
        finally:
            process.kill_group(busy)
    return {"alone": alone, "held meanwhile": meanwhile}


def measure(at, options):
    deep, empty = Side(options.build, at, "deep"), Side(options.build, at, "empty")
    found = {"messages": options.deep, "starts": [], "rates": [], "commands": [], "beside": []}
    try:
        deep.fill(options.deep, options.seed or 1)
        found["spool"] = sum(os.path.getsize(os.path.join(d, f)) for d, _, fs in os.walk(os.path.join(deep.data, "spool"))
                             for f in fs)
        for _ in range(min(options.rounds, ROUNDS_MOST)):
            found["starts"].append(start_round([empty, deep]))
            found["rates"].append(rate_round([empty, deep], options))
            found["commands"].append(command_round(deep))
            found["beside"].append(beside(deep, options))
            print("  " + json.dumps({k: found[k][-1] for k in ("starts", "rates", "commands", "beside")}), file=sys.stderr)
    finally:
        for side in (deep, empty):
            side.stop()
    return found


def bench(options):
    found = []
    for kind in options.disks:
        with place.disk(kind) as at:
            found.append({"disk": kind, "place": place.described(at), **measure(at, options)})
    return {"disks": found}


def bytes_each(disk, key="now"):
    """Bytes of telltale-queue for each message that waits, beside one whose queue is empty."""
    return figures.spread([(s["deep"][key] - s["empty"][key]) * 1024 / disk["messages"] for s in disk["starts"]])


def tables(result):
    for disk in result["disks"]:
        starts = disk["starts"]
        rows = [["start, s", figures.text(figures.spread([s["deep"]["seconds"] for s in starts])),
                 figures.text(figures.spread([s["empty"]["seconds"] for s in starts])), "-"],
                ["memory for each message, bytes", figures.text(bytes_each(disk), "{:.0f}"), "-", "-"],
                ["the most at the start, bytes each", figures.text(bytes_each(disk, "most"), "{:.0f}"), "-", "-"],
                ["accept, messages/s", *(figures.text(figures.spread([r[n] for r in disk["rates"]]), "{:.0f}")
                                         for n in ("deep", "empty")),
                 figures.text(figures.ratios(disk["rates"], "deep", "empty"))],
                ["accept while all are held and released, beside without",
                 figures.text(figures.spread([r["held meanwhile"] for r in disk["beside"]]), "{:.0f}"), "-",
                 figures.text(figures.ratios(disk["beside"], "held meanwhile", "alone"))]]
        yield (f"{disk['messages']} deferred messages, {disk['disk']} disk ({disk['spool'] >> 20} MiB of spool)",
               figures.table(["", "deep", "empty", "ratio"], rows))
        yield (f"commands over {disk['messages']} messages, seconds, {disk['disk']} disk",
               figures.table(["telltale queue", "s"],
                             [[name, figures.text(figures.spread([c[name] for c in disk["commands"]]))] for name in COMMANDS]))
