"""lone: what a single client waits for, from its final dot to the 250, beside the same write and sync."""
import os
import statistics
import subprocess
import sys

import accept
import figures
import place
from ours import Ours
from postfix import Postfix
from sink import Sink

SIDES = (Ours, Postfix, Sink)
SIZE = 4096
RECORD = 4800      # what ours writes for such a message: header of the record, envelope, Received, body
REFERENCE = 16 << 20
WAYS = ("kept", "each")
SLICES, WARM = 10, 5


def ask(program, side, way, messages, reference):
    """[(wait for the 250, write and sync)] of each message, in microseconds."""
    done = subprocess.run([program, str(side.port), side.recipients()[0], str(messages), str(SIZE), way, reference,
                           str(RECORD)], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"bench-lone: {side.name}: {done.stderr}")
    return [tuple(int(n) / 1000 for n in line.split()) for line in done.stdout.splitlines()]


def one_round(program, sides, way, messages, reference):
    """Medians of each side; they take turns in slices."""
    accept.fresh(sides)
    found = {side: [] for side in sides}
    for k in range(SLICES):
        for side in sides[k % len(sides):] + sides[:k % len(sides)]:
            asked = ask(program, side, way, messages // SLICES + WARM, reference)
            found[side] += asked[WARM:]
    return {side.name: {"reply": statistics.median(a for a, _ in found[side]),
                        "sync": statistics.median(b for _, b in found[side])} for side in sides}


def measure(sides, way, program, reference, options):
    messages = 1000 if not options.quick else 300
    found = []
    for _ in range(options.rounds):
        found.append(one_round(program, sides, way, messages, reference))
        print(f"  {way}: " + ", ".join(f"{k} {v['reply']:.0f}/{v['sync']:.0f} us" for k, v in found[-1].items()),
              file=sys.stderr)
    return {"way": way, "messages": messages, "rounds": found}


def on_disk(kind, options):
    with place.disk(kind) as at:
        reference = os.path.join(at, "reference")
        place.zeros(reference, REFERENCE)
        sides = [side(options.build, at) for side in SIDES]
        program = os.path.join(options.build, "bench", "bench-lone")
        try:
            ways = [measure(sides, way, program, reference, options) for way in WAYS]
            return {"disk": kind, "place": place.described(at), "ways": ways,
                    "shown": {side.name: side.shown() for side in sides}}
        finally:
            for side in sides:
                side.stop()


def bench(options):
    return {"disks": [on_disk(kind, options) for kind in options.disks]}


def tables(result):
    """The ratio is that of the medians within a round."""
    for disk in result["disks"]:
        rows = []
        for way in disk["ways"]:
            for name in way["rounds"][0]:
                rounds = [r[name] for r in way["rounds"]]
                rows.append([f"{name}, {'one connection' if way['way'] == 'kept' else 'a connection each'}",
                             *(figures.text(figures.spread([r[k] for r in rounds]), "{:.0f}") for k in ("reply", "sync")),
                             figures.text(figures.ratios(rounds, "reply", "sync"))])
        yield (f"lone client, microseconds from the final dot to 250, 4 KiB, {disk['disk']} disk",
               figures.table(["side", "250", "write and sync", "ratio"], rows))
