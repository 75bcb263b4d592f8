"""scripts/bench trace: how fast the tracer is, with and without its index, beside what else reads mail logs.

The logs are made up (trace_logs.c; the same seed gives the same bytes).  Within a round the sides take turns on the same
files, on one core unless said.  What a build has not yet, or the machine lacks, is skipped and said.
"""
import contextlib
import os
import re
import shutil
import sys
import tempfile

import figures
from trace_run import Ran, forget, run, size

SEED = 20210308
TURNS = 20        # runs of a question, whose median counts
SHARES = {"provider": 1.0, "postfix": 1.0, "exim": 0.4, "ours": 0.4}
ALL = "after:1990-01-01"
PEERS_ONCE = ("pflogsumm", "collate.pl")  # half a minute each: once is enough


class World:
    """Logs of one kind, and what is asked of them."""

    def __init__(self, kind, options, folder):
        self.kind, self.options = kind, options
        self.folder = os.path.join(folder, kind)
        self.index = os.path.join(folder, "index-" + kind)
        self.archives = {}  # how -> folder
        if not os.path.isdir(self.folder):
            os.makedirs(self.folder)
            print(f"  writing the logs of {kind}", file=sys.stderr)
            run([os.path.join(options.build, "bench", "bench-trace-logs"), kind, str(max(1, int(options.mb * SHARES[kind]))),
                 str(options.seed if options.seed is not None else SEED), self.folder])
        self.files = sorted(os.path.join(self.folder, name) for name in os.listdir(self.folder))
        self.bytes = sum(map(os.path.getsize, self.files))
        self.address = self.find_address()

    def find_address(self):
        """One that stands in a few lines: somebody who wrote once or twice, in the middle of the day."""
        path = max(self.files, key=os.path.getsize)
        with open(path, "rb") as f:
            f.seek(os.path.getsize(path) // 2)
            near = f.read(1 << 20).decode()
        for address in dict.fromkeys(re.findall(r"[a-z.0-9]+@[a-z0-9]+\.example\.net", near)):
            found = run(["grep", "-c", "-F", address, *self.files], good=(0, 1)).output.decode()
            if 2 <= sum(int(line.rsplit(":", 1)[-1]) for line in found.split()) <= 30:
                return address
        raise RuntimeError(f"no address of a few lines in {path}")

    @property
    def part(self):
        """Of that address: what someone remembers."""
        local, domain = self.address.split("@")
        return local[-5:] + "@" + domain[:8]

    def about(self):
        return {"kind": self.kind, "bytes": self.bytes, "files": {os.path.basename(p): os.path.getsize(p) for p in self.files},
                "address": self.address}


class Case:
    """One thing that several sides do; each is a command, or a function that returns a Ran."""

    def __init__(self, name, world, title, unit, **more):
        self.name, self.world, self.title, self.unit = name, world, title, unit
        self.bytes = world.bytes
        self.before = more.get("before", lambda side: None)
        self.turns = more.get("turns", 1)
        self.watch = more.get("watch", False)
        self.sides, self.skipped, self.good = {}, {}, {}

    def side(self, name, command, good=(0,), on=1):
        self.sides[name] = (command, good, on)
        return self

    def skip(self, name, why):
        self.skipped[name] = why
        return self

    def round(self, number):
        found = {name: [] for name in self.sides}
        for _ in range(self.turns):
            order = list(self.sides)[number % len(self.sides):] + list(self.sides)[:number % len(self.sides)]
            for name in order:
                command, good, on = self.sides[name]
                if number > 0 and name in PEERS_ONCE:
                    continue
                self.before(name)
                ran = command() if callable(command) else run(command, on, self.watch, good)
                found[name].append(ran.figures)
        return {name: middle(runs) for name, runs in found.items() if runs}

    def measure(self, options):
        rounds = []
        for number in range(options.rounds if self.sides else 0):
            rounds.append(self.round(number))
            print(f"  {self.title}: " + ", ".join(f"{name} {self.text(r)}" for name, r in rounds[-1].items()), file=sys.stderr)
        return {"name": self.name, "world": self.world.kind, "title": self.title, "unit": self.unit, "bytes": self.bytes,
                "turns": self.turns, "rounds": rounds, "skipped": self.skipped}

    def text(self, r):
        return f"{self.bytes / 1e6 / r['wall']:.0f} MB/s" if self.unit == "MB/s" else f"{1000 * r['wall']:.1f} ms"


def middle(runs):
    return {key: sorted(r[key] for r in runs)[len(runs) // 2] for key in runs[0] if runs[0][key] is not None}


# -- what this build can do


class Program:
    """`telltale`, and which of the tracer's parts it has."""

    def __init__(self, build):
        self.path, self.frames = os.path.join(build, "telltale"), os.path.join(build, "bench", "bench-trace-frames")
        said = self.help("trace")
        self.indexed = "--index" in said
        self.index = self.has("index")
        self.stats = self.has("stats")

    def help(self, *words):
        done = run([self.path, *words, "--help"], good=(0, 1, 2))
        return done.output.decode() if done.status == 0 else ""

    def has(self, word):
        return self.help(word) != ""

    def trace(self, world, question, logs=None, index=None):
        how = ["--index", index] if index else ["--no-index"] if self.indexed else []
        return [self.path, "trace", question, "--logs", logs or world.folder, *UNPACK, *how]

    def rows(self):
        """A Ran whose times are the median of its own."""
        told = run([os.path.join(os.path.dirname(self.frames), "bench-rows")]).output.decode()
        seconds = sorted(float(a) + float(b) for a, b in re.findall(r"tables ([\d.]+) ms, text ([\d.]+) ms", told))[2] / 1000
        return Ran(seconds, seconds, None, 0, b"")

    def build(self, world, logs=None, index=None):
        return [self.path, "index", "build", "--logs", logs or world.folder, *UNPACK, "--index", index or world.index]


UNPACK = ["--unpack-limit", "16G"]  # an index stands for what is asked with the same limit
FOUND = (0, 3)  # found, perhaps incomplete


def drop(world):
    for index in (world.index, world.index + "-frames"):
        shutil.rmtree(index, ignore_errors=True)


# -- the cases


def reading(program, world):
    """Everything is read and joined, and one message shown: what a question costs without an index."""
    case = Case("read", world, f"{world.kind}: read and join all, no index", "MB/s", watch=True)
    case.side("one core", [*program.trace(world, ALL), "--limit", "1"], FOUND)
    return case.side("two cores", [*program.trace(world, ALL), "--limit", "1"], FOUND, on=2)


def building(program, world):
    case = Case("build", world, f"{world.kind}: build the index", "MB/s", watch=True, before=lambda side: drop(world))
    if not program.index:
        return case.skip("all", "this build has no `telltale index`")
    case.side("two cores", program.build(world), on=2)
    return case.side("one core", program.build(world))


def summing(program, world):
    """Statistics without an index: reading, and every row."""
    case = Case("stats-read", world, f"{world.kind}: statistics, no index", "MB/s", watch=True)
    if not program.stats:
        return case.skip("telltale", "this build has no `telltale stats`")
    without = ["--no-index"] if "--no-index" in program.help("stats") else []
    return case.side("telltale", [program.path, "stats", "--logs", world.folder, *without])


def rows(program, world):
    """All tables over 700,000 rows that stand in memory: what statistics cost beside reading."""
    return Case("rows", world, "all tables of `telltale stats` over 700,000 rows, of processor", "ms").side("telltale", program.rows)


def scanning(program, world):
    """An exact address where there is no index, or none yet."""
    case = Case("scan", world, f"{world.kind}: an exact address, no index", "MB/s", watch=True)
    case.side("telltale", program.trace(world, "any:" + world.address), FOUND)
    return beside(case, world.address, world.files)


def beside(case, text, files, how=None):
    """The searchers of plain text."""
    grep, more = {None: ("grep", []), "zst": ("zstdgrep", ["-z"]), "frames": ("zstdgrep", ["-z"]), "gz": ("zgrep", ["-z"])}[how]
    tool(case, grep + " -F", [grep, "-F", text, *files], grep, (0, 1) if how else (0,))  # the status is that of the last file
    return tool(case, "rg -F", ["rg", "-F", *more, text, *files], "rg")


def asking(program, world, name, question):
    warm = name != "exact-cold"

    def before(_side):
        if not os.path.isdir(world.index):
            run(program.build(world))
        if not warm:
            forget([world.folder, world.index])

    what = "part of an address" if name == "part" else "an exact address"
    case = Case(name, world, f"{world.kind}: {what}, {'warm' if warm else 'cold'} index", "ms", turns=TURNS, before=before)
    if not program.indexed:
        return case.skip("telltale", "this build's trace has no index")
    return case.side("telltale", program.trace(world, question, index=world.index), FOUND)


def counting(program, world):
    case = Case("stats", world, f"{world.kind}: statistics over all rows", "ms", turns=5)
    if not program.stats:
        return case.skip("telltale", "this build has no `telltale stats`")
    if "--index" in program.help("stats"):
        case.side("with the index", [program.path, "stats", "--logs", world.folder, *UNPACK, "--index", world.index])
    else:
        case.skip("with the index", "this build's stats have no index")
    return case


PACKERS = {"frames": None, "zst": ["zstd", "-q", "--rm", "-T1"], "gz": ["gzip", "-n"]}


def packed(program, world, how, folder):
    """The same logs, packed; a copy for each way."""
    at = os.path.join(folder, f"{world.kind}-{how}")
    if not os.path.isdir(at):
        shutil.copytree(world.folder, at)
        print(f"  packing the logs of {world.kind} as {how}", file=sys.stderr)
        run([*(PACKERS[how] or [program.frames]), *(os.path.join(at, name) for name in sorted(os.listdir(at)))])
    return at


def archives(program, world, folder, wanted):
    """An exact question over archives, beside the same over the plain logs."""
    for how in filter(lambda how: wanted("archive-" + how), PACKERS):
        at = packed(program, world, how, folder)
        files = [os.path.join(at, name) for name in sorted(os.listdir(at))]
        case = Case("archive-" + how, world, f"{world.kind}: an exact address, .{how}, no index", "MB/s", watch=True)
        case.side("telltale", program.trace(world, "any:" + world.address, at), FOUND)
        case.side("telltale, plain", program.trace(world, "any:" + world.address), FOUND)
        yield beside(case, world.address, files, how)
    if wanted("archive-index"):
        yield indexed_archives(program, world, packed(program, world, "frames", folder))


def indexed_archives(program, world, at):
    """The same with an index of each: what is shown is read from one frame, or from the file."""
    index = world.index + "-frames"

    def before(side):
        logs, to = (at, index) if side == "frames" else (world.folder, world.index)
        if not os.path.isdir(to):
            run(program.build(world, logs, to))

    case = Case("archive-index", world, f"{world.kind}: an exact address over archives, warm index", "ms", turns=TURNS, before=before)
    if not program.indexed:
        return case.skip("frames", "this build's trace has no index")
    case.side("frames", program.trace(world, "any:" + world.address, at, index), FOUND)
    return case.side("plain", program.trace(world, "any:" + world.address, index=world.index), FOUND)


# -- the others


def readers(world):
    """What Debian has for these logs: the same question, or what they are made for."""
    case = Case("peers", world, f"{world.kind}: the readers of Debian", "MB/s", watch=True)
    if world.kind in ("postfix", "provider"):
        lnav(case, world)
    if world.kind == "postfix":
        mail_log = world.files[0]
        tool(case, "pflogsumm", ["pflogsumm", mail_log])
        tool(case, "collate.pl", ["sh", "-c", f"postfix-collate {mail_log} | perl -00 -ne 'print if /\\Q{quoted(world.address)}\\E/'"],
             "postfix-collate")
    if world.kind == "exim":
        tool(case, "exigrep", [*exigrep(), re.escape(world.address), world.files[0]], exigrep()[-1])
    return case


def quoted(address):
    return address.replace("@", "\\@")


def tool(case, name, command, program=None, good=(0,)):
    if shutil.which(program or name) or os.path.exists(program or name):
        return case.side(name, command, good)
    return case.skip(name, "it is not installed")


def exigrep():
    """Debian's, unpacked beside (scripts/bootstrap): it cannot be installed beside Postfix."""
    at = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "build-readers", "usr", "sbin", "exigrep")
    return ["perl", os.path.realpath(at)] if os.path.exists(at) else ["exigrep"]


def lnav(case, world):
    tool(case, "lnav", ["lnav", "-n", "-c", ":filter-in " + re.escape(world.address), *world.files])


# -- all of it


def cases(program, world, folder, wanted):
    """In this order: the index that is built is the one that is asked."""
    yield reading(program, world)
    yield summing(program, world)
    yield scanning(program, world)
    yield building(program, world)
    yield asking(program, world, "exact", "any:" + world.address)
    yield asking(program, world, "exact-cold", "any:" + world.address)
    yield asking(program, world, "part", f"any:*{world.part}*")
    yield counting(program, world)
    if world.kind == "provider":
        yield rows(program, world)
    if world.kind in ("provider", "postfix"):
        yield from archives(program, world, folder, wanted)
    yield readers(world)


@contextlib.contextmanager
def place(options):
    """Where the logs lie: a folder that is named is kept for the next time."""
    if options.folder:
        os.makedirs(options.folder, exist_ok=True)
        yield os.path.abspath(options.folder)
        return
    with tempfile.TemporaryDirectory(prefix="tb-", dir="/var/tmp") as at:
        yield at


def bench(options):
    program, worlds, found = Program(options.build), [], []

    def wanted(name):
        return not options.only or name in options.only.split(",")

    with place(options) as folder:
        for kind in options.world.split(",") if options.world else SHARES:
            world = World(kind, options, folder)
            worlds.append(world.about())
            for case in cases(program, world, folder, wanted):
                if wanted(case.name):
                    found.append(case.measure(options))
                if case.name == "build" and os.path.isdir(world.index):
                    worlds[-1]["index"] = size(world.index)
            drop(world)
    return {"worlds": worlds, "cases": found, "how": f"{options.rounds} rounds; logs of {options.mb} MB, "
            f"{SHARES['exim']:g} times that for Exim and ours"}


# -- what is shown


def spread(case, side, key="wall", of=None):
    """Of a side over its rounds: MB/s, ms, or MB of memory."""
    runs = [r[side] for r in case["rounds"] if side in r]
    convert = of or ((lambda r: case["bytes"] / 1e6 / r[key]) if case["unit"] == "MB/s" else (lambda r: 1000 * r[key]))
    return figures.spread([convert(r) for r in runs])


def sides(case):
    return list(dict.fromkeys(name for r in case["rounds"] for name in r))


def rows_of(case, first):
    for side in sides(case):
        form = "{:.0f}" if case["unit"] == "MB/s" else "{:.1f}"
        cells = [case["title"], side, figures.text(spread(case, side), form), figures.text(spread(case, side, "cpu"), form),
                 figures.text(spread(case, side, of=lambda r: r["heap"] / 1e6), "{:.0f}") if case["unit"] == "MB/s" else "-"]
        both = [r for r in case["rounds"] if side in r and first in r]
        cells.append(figures.text(figures.spread([r[first]["wall"] / r[side]["wall"] for r in both])) if both else "-")
        yield cells
    for side, why in case["skipped"].items():
        yield [case["title"], side, f"skipped: {why}", "-", "-", "-"]


def tables(result):
    for unit, title in (("MB/s", "throughput"), ("ms", "answers")):
        rows = [row for case in result["cases"] if case["unit"] == unit
                for row in rows_of(case, (sides(case) or [""])[0])]
        if rows:
            yield (f"trace, {title}: {unit}; of processor time; peak memory in MB (watched: without files' pages); speed beside the first",
                   figures.table(["what", "side", unit, unit + " of processor", "MB", "beside"], rows))
    sizes = [[w["kind"], f"{w['bytes'] / 1e6:.0f}", f"{w['index'] / 1e6:.1f}" if "index" in w else "-",
              f"{100 * w['index'] / w['bytes']:.1f} %" if "index" in w else "-"] for w in result["worlds"]]
    yield "trace, sizes in MB", figures.table(["logs", "raw", "index", "of raw"], sizes)
