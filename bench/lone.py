"""lone: what a single client waits for, from its final dot to the 250, beside the same write and sync."""
import os
import statistics
import subprocess
import sys

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


def ask(program, side, way, messages, reference):
    """Medians in microseconds: of the 250, of the write and sync in between."""
    done = subprocess.run([program, str(side.port), side.recipients()[0], str(messages), str(SIZE), way, reference,
                           str(RECORD)], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"bench-lone: {side.name}: {done.stderr}")
    pairs = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    return {"reply": statistics.median(a for a, _ in pairs) / 1000, "sync": statistics.median(b for _, b in pairs) / 1000}


def measure(sides, way, program, reference, options):
    messages = 1000 if not options.quick else 300
    found = []
    for r in range(options.rounds):
        turn = sides[r % len(sides):] + sides[:r % len(sides)]
        one = {}
        for side in turn:
            side.stop()
            side.empty()
            side.start(hold=True)
            ask(program, side, way, 20, reference)
            one[side.name] = ask(program, side, way, messages, reference)
            side.stop()
        found.append(one)
        print(f"  {way}: " + ", ".join(f"{k} {v['reply']:.0f}/{v['sync']:.0f} us" for k, v in one.items()),
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
