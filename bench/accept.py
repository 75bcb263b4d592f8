"""accept: messages a second that are answered 250, delivery held on all sides."""
import sys

import figures
import place
import source
from ours import Ours
from postfix import Postfix
from sink import Keeper, Sink

SIDES = (Ours, Postfix, Sink, Keeper)
SESSIONS, SIZES = (1, 10, 100), (4096, 65536)
SLICES = 4


def loads(options):
    """The whole grid, or what the aim names and the two that say most beside it."""
    grid = [source.Load(s, size, kept) for size in SIZES for kept in (False, True) for s in SESSIONS]
    if options.quick:
        grid = [load for load in grid if load.size == 4096 and load.sessions in (1, 100)]
    return [load for load in grid if options.sessions in (None, load.sessions) and options.size in (None, load.size)
            and options.kept in (None, load.kept)]


def fresh(sides):
    """All of them run, with nothing in their queues: who is not asked costs nothing."""
    for side in sides:
        side.stop()
        side.empty()
        side.start(hold=True)


def one_round(sides, load, seconds):
    """Messages a second of each side: they take turns in slices, so that a noise of seconds hits them alike."""
    fresh(sides)
    counts = {side: source.enough(side, load, seconds / SLICES) for side in sides}
    spent = {side: 0.0 for side in sides}
    for k in range(SLICES):
        for side in sides[k % len(sides):] + sides[:k % len(sides)]:
            spent[side] += source.send(side.port, side.recipients(), load, counts[side])
    return {side.name: SLICES * counts[side] / spent[side] for side in sides}


def measure(sides, load, options):
    rounds = []
    for _ in range(options.rounds):
        rounds.append(one_round(sides, load, options.seconds))
        print(f"  {load.title}: " + ", ".join(f"{k} {v:.0f}/s" for k, v in sorted(rounds[-1].items())), file=sys.stderr)
    for side in sides:
        side.stop()
    return {"sessions": load.sessions, "size": load.size, "kept": load.kept, "title": load.title, "rounds": rounds}


def bench(options):
    found = []
    for kind in options.disks:
        with place.disk(kind) as at:
            sides = [side(options.build, at) for side in SIDES]
            try:
                figures_here = [measure(sides, load, options) for load in loads(options)]
                found.append({"disk": kind, "place": place.described(at), "loads": figures_here,
                              "shown": {side.name: side.shown() for side in sides}})
            finally:
                for side in sides:
                    side.stop()
    return {"disks": found}


def tables(result):
    """For people: (title, table) of each disk."""
    for disk in result["disks"]:
        rows = []
        for load in disk["loads"]:
            rounds = load["rounds"]
            rate = {name: figures.spread([r[name] for r in rounds]) for name in rounds[0]}
            rows.append([load["title"], *(figures.text(rate[n], "{:.0f}") for n in ("ours", "postfix", "sink", "keeper")),
                         figures.text(figures.ratios(rounds, "ours", "postfix")),
                         figures.text(figures.ratios(rounds, "ours", "sink")),
                         figures.text(figures.ratios(rounds, "ours", "keeper"))])
        yield (f"accept, messages/s, {disk['disk']} disk",
               figures.table(["load", "ours", "Postfix", "sink", "keeper", "ours/Postfix", "ours/sink",
                              "ours/keeper"], rows))
