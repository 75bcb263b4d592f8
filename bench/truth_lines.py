"""Log lines in the exact words of src/logs/shapes.def, and the files they stand in."""
import os
import re
from datetime import datetime

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = os.path.join(HERE, "..", "src", "logs", "shapes.def")
ROW = re.compile(r'^LOG_SHAPE\((\w+), (\w+), "(.*)"\)$', re.M)
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def shapes():
    with open(SHAPES, encoding="utf-8") as f:
        return {(family, kind): pattern for family, kind, pattern in ROW.findall(f.read())}


PATTERNS = shapes()


def words(family, kind, **fields):
    """The line's text behind its stamp: the row's pattern, a tail only if all of its fields are given."""
    head, *tails = PATTERNS[family, kind].split("[")
    kept = [head] + [t.rstrip("]") for t in tails if all(f in fields for f in re.findall(r"{(\w+)}", t))]
    return "".join(kept).format(**fields)


class Line:
    """One line: what it says, when it was written, and (once the files are) where it stands."""
    __slots__ = ("kind", "text", "at", "mid", "where", "host", "torn", "key")

    def __init__(self, kind, text, at, mid, host=None):
        self.kind, self.text, self.at, self.mid, self.host = kind, text, at, mid, host
        self.where, self.torn = None, False
        self.key = None  # what else the determination wants to know of it


class Log:
    """One log of one host.  What is put in at once stands together, at the time of its last line."""

    def __init__(self, name, zone, skew=0, groups=False, says_zone=False):
        self.name, self.zone, self.skew, self.groups, self.says_zone = name, zone, skew, groups, says_zone
        self.chunks = []

    def put(self, *lines):
        self.chunks.append((lines[-1].at, len(self.chunks), lines))

    def local(self, at):
        return datetime.fromtimestamp(int(at) + self.skew, self.zone)

    def stamp(self, at):
        t = self.local(at)
        if self.name.startswith("spamdyke"):
            return f"{MONTHS[t.month - 1]} {t.day:2d} {t:%H:%M:%S}"
        return f"{t:%Y-%m-%d %H:%M:%S}"

    def text_of(self, line):
        if line.host is not None:
            return f"{self.stamp(line.at)} {line.host}: {line.text}"
        return f"{self.stamp(line.at)}, {line.text}"

    def zone_line(self, at):
        t = self.local(at)
        offset = f"{t:%z}"
        said = words("SMTP", "ZONE", offset=offset[:3] + ":" + offset[3:], epoch=int(at))
        return f"{self.stamp(at)}, {said}"

    def write(self, folder, cut=(), torn=None):
        """Write the file; at the moments of `cut` it was rotated, which may be in the middle of a group if the program
        is not ours.  torn() says whether a line is torn."""
        at, pieces, said = None, [[]], None
        cuts = sorted(cut)
        for at, _, lines in sorted(self.chunks, key=lambda c: c[:2]):
            if cuts and (lines[0].at if self.says_zone else at) >= cuts[0]:
                cuts.pop(0)
                pieces.append([])
                said = None
                if self.groups and not self.says_zone and lines[0].kind == "FROM":
                    pieces[-2] += [(self.text_of(x), x) for x in lines[:3]]
                    lines = lines[3:]
            if self.says_zone and said != f"{self.local(at):%z}":
                said = f"{self.local(at):%z}"
                pieces[-1].append((self.zone_line(at), None))
            for x in lines:
                pieces[-1].append((self.text_of(x), x))
            if self.groups:
                pieces[-1].append(("", None))
        names = [self.name] if len(pieces) == 1 else [f"{self.name}.{i}" for i in range(1, len(pieces))] + [self.name]
        for name, rows in zip(names, pieces):
            write_rows(os.path.join(folder, name), name, rows, torn)


def write_rows(path, name, rows, torn):
    with open(path, "w", encoding="utf-8") as f:
        for n, (text, line) in enumerate(rows, 1):
            if line is not None:
                line.where = (name, n)
                if torn is not None and torn():
                    line.torn = True
                    text = text[:len(text) // 3]
            f.write(text + "\n")
