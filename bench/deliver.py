"""deliver: messages a second until all of them lie in Maildirs."""
import os
import shutil
import subprocess
import sys
import time

import figures
import place
import process
import source
from ours import Ours
from postfix import Postfix

SIDES = (Ours, Postfix)
BOXES, SIZES = (1, 50), (4096, 65536)
FILLERS = 100   # sessions that fill the queue
# Floors: writers and batch.  20 writers are local-concurrency of ours and Postfix's concurrency for a destination.
WAYS = (("20", "1"), ("20", "8"), ("4", "64"))                                   # writers, batch: a sync of every file
WHOLE = (("20", "8", "syncfs"), ("4", "64", "syncfs"), ("2", "200", "syncfs"))   # one syncfs for a batch


class Writer:
    """The floor of delivering (maildir.c): the very text that ours delivered."""

    def __init__(self, build, at, boxes):
        self.program, self.at, self.boxes = os.path.join(build, "bench", "bench-maildir"), at, boxes
        self.sample = os.path.join(at, "sample")

    def rate(self, count, way):
        """way: writers, batch, perhaps `syncfs`."""
        folder = os.path.join(self.at, "floor")
        os.mkdir(folder)
        try:
            seconds = subprocess.run([self.program, folder, str(self.boxes), way[0], str(count), way[1], self.sample,
                                      *way[2:]], capture_output=True, text=True, check=True, timeout=300).stdout
            return count / float(seconds)
        finally:
            shutil.rmtree(folder)

    def best(self, count, ways):
        """The way that is the fastest here: a floor is the best that can be had."""
        return max(ways, key=lambda way: self.rate(count, way))


def lying(side):
    """How many messages lie in its mailboxes."""
    return sum(len(os.listdir(new)) for new in side.news() if os.path.isdir(new))


def arrived(side, count, pause=0.02):
    """Wait until so many do."""
    process.until(lambda: lying(side) >= count, f"{count} messages in the mailboxes of {side.name}", 300, pause)


def from_queue(side, load, count):
    """The queue is filled while delivery is held; the clock runs from when the first messages are seen after its
    release, and they do not count: a queue manager that has to start first is given that time."""
    side.start(hold=True)
    source.send(side.port, side.recipients(), load, count)
    os.sync()
    side.release()
    arrived(side, 1, 0.002)
    start, first = time.monotonic(), lying(side)
    arrived(side, count)
    return (count - first) / (time.monotonic() - start)


def through(side, load, count):
    """Delivery runs while messages come in; the clock runs from the first connection."""
    side.start(hold=False)
    source.send(side.port, side.recipients(), load, side.boxes)
    arrived(side, side.boxes)
    start = time.monotonic()
    source.send(side.port, side.recipients(), load, count)
    arrived(side, side.boxes + count)
    return count / (time.monotonic() - start)


def fresh(side, how, load, count):
    side.stop()
    side.empty()
    rate = how(side, load, count)
    side.stop()
    return rate


def keep_sample(side, path):
    """One message as ours delivers it."""
    new = next(new for new in side.news() if os.path.isdir(new))
    shutil.copy(os.path.join(new, os.listdir(new)[0]), path)


def measure(sides, floor, load, count, rounds):
    """Every round asks each side, both ways, and the floor."""
    found = []
    for r in range(rounds):
        one = {}
        for side in sides if r % 2 == 0 else sides[::-1]:
            one[side.name] = fresh(side, from_queue, load, count)
            one[side.name + " end to end"] = fresh(side, through, load, count)
            if r == 0 and side.name == "ours":
                keep_sample(side, floor.sample)
        if r == 0:
            plain, whole = floor.best(count, WAYS), floor.best(count, WHOLE)
        one["floor"], one["syncfs"] = floor.rate(count, plain), floor.rate(count, whole)
        found.append(one)
        print("  " + ", ".join(f"{k} {v:.0f}/s" for k, v in one.items()), file=sys.stderr)
    return {"boxes": floor.boxes, "size": load.size, "messages": count, "ways": [plain, whole], "rounds": found}


def cases(options):
    grid = [(boxes, size) for size in SIZES for boxes in BOXES]
    if options.quick:
        grid = [(boxes, size) for boxes, size in grid if size == 4096]
    return [(boxes, size) for boxes, size in grid if options.size in (None, size) and options.boxes in (None, boxes)]


def on_disk(kind, options):
    with place.disk(kind) as at:
        found, shown = [], {}
        for boxes, size in cases(options):
            print(f"  {boxes} mailboxes, {size // 1024} KiB", file=sys.stderr)
            sides = [side(options.build, at, boxes) for side in SIDES]
            count = int(options.seconds * (4000 if size < 10000 else 2000))
            try:
                found.append(measure(sides, Writer(options.build, at, boxes), source.Load(FILLERS, size, True), count,
                                     options.rounds))
                shown = {side.name: side.shown() for side in sides}
            finally:
                for side in sides:
                    side.stop()
                    shutil.rmtree(side.folder)
        return {"disk": kind, "place": place.described(at), "cases": found, "shown": shown}


def bench(options):
    return {"disks": [on_disk(kind, options) for kind in options.disks]}


def tables(result):
    for disk in result["disks"]:
        for suffix, title in (("", "from a full queue"), (" end to end", "end to end, at 100 sessions")):
            rows = []
            for case in disk["cases"]:
                rounds = case["rounds"]
                names = ["ours" + suffix, "postfix" + suffix, "floor", "syncfs"]
                rows.append([f"{case['boxes']} mailboxes, {case['size'] // 1024} KiB",
                             *(figures.text(figures.spread([r[n] for r in rounds]), "{:.0f}") for n in names),
                             figures.text(figures.ratios(rounds, names[0], names[1])),
                             figures.text(figures.ratios(rounds, names[0], "floor"))])
            yield (f"deliver, {title}, messages/s, {disk['disk']} disk",
                   figures.table(["case", "ours", "Postfix", "floor", "floor, syncfs", "ours/Postfix", "ours/floor"],
                                 rows))
