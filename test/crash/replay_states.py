"""Which states a crash at each moment of a recorded run may leave, and how one is laid down in a folder.

At a moment, what a completed sync covers is there; every other operation that had begun may be there or not, whatever
its order (replay_trace.py).  Not all subsets are tried but these: none, all, all but one, one alone, every prefix; and
of what was written and not synced, either all bytes, or
    half    its first half; where the file grew it ends there,
    zero    the file's new length, and zeros where it grew (what is overwritten stays as it was),
    torn    every other sector of 512 bytes, the file as long as it would be:
in "all" of every write, in "all but one" of that one, in "one alone" of that one, in a prefix of its last one.
A state that two moments share is tried once, with the promises of the later one, which has given more.
Logs are promised to nobody before their sync a second later: their unsynced tail is there, or half, or zeros, or not,
in turn, beside the states of spool and mail.
"""
import bisect
import collections
import os
import random

from replay_trace import FOLDER

SECTOR = 512
FULL, HALF, ZERO, TORN = "full", "half", "zero", "torn"
MODES = (FULL, HALF, ZERO, TORN)
LOGS = ("none", FULL, HALF, ZERO, TORN)

# moment: all that began before it has begun; chosen: ((operation, mode), ...) of those that no sync covers
State = collections.namedtuple("State", "moment chosen acked logs")


def write_to(content, op, mode):
    """What that operation, or as much of it as mode says, makes of a file's bytes."""
    if op.cut is not None:
        del content[op.cut:]
        content.extend(bytes(op.cut - len(content)))
        return
    data, end = op.data, op.offset + len(op.data)
    if mode == HALF:
        data, end = data[:len(data) // 2], op.offset + len(data) // 2
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if mode in (FULL, HALF):
        content[op.offset:end] = data
    elif mode == TORN:
        first = op.offset // SECTOR * SECTOR
        for at in range(first, end, 2 * SECTOR):
            a, b = max(at, op.offset), min(at + SECTOR, end)
            if a < b:
                content[a:b] = data[a - op.offset:b - op.offset]


def modes_of(op):
    """The partial ways in which it may be there, besides not at all and wholly."""
    if op.node.kind == FOLDER or op.data is None or len(op.data) < 2:
        return ()
    few = len(op.data) <= SECTOR - op.offset % SECTOR
    return (HALF,) + ((ZERO,) if op.grows and any(op.data) else ()) + (() if few else (TORN,))


class States:
    """All of them, of one recording."""

    def __init__(self, recording):
        self.rec = recording
        self.critical = [op for op in recording.ops if op.node.disk != "logs"]
        self.began = [op.begin for op in self.critical]
        dice = random.Random(0)  # a state is the sum of its operations: a number for each, in each mode
        self.marks = {(op.number, mode): dice.getrandbits(64) for op in self.critical for mode in MODES}
        self.partial = {op.number: modes_of(op) for op in self.critical}
        self.syncs = sorted(recording.syncs, key=lambda s: s.end)
        self.acks = sorted(recording.acks)

    def moments(self):
        """Those after which other states are possible, or more was promised, than before."""
        events = {op.begin for op in self.critical} | {s.end for s in self.syncs} | {a[0] for a in self.acks}
        return sorted(events)

    def acked(self, moment):
        """The messages that had their 250 by then."""
        return self.acks[:bisect.bisect_right(self.acks, (moment, float("inf")))]

    def walk(self, moments):
        """For each of these moments: (moment, sum of what lasts, operations that may be there or not)."""
        wanted, lasting, total = set(moments), set(), 0
        pending, op_at, sync_at = [], 0, 0
        for moment in self.moments():
            while sync_at < len(self.syncs) and self.syncs[sync_at].end <= moment:
                sync = self.syncs[sync_at]
                kept = [op for op in pending if op.end < sync.begin and sync.covers(op.node)]
                total ^= self.sum_of((op, FULL) for op in kept)
                gone = set(kept)
                pending = [op for op in pending if op not in gone]
                sync_at += 1
            while op_at < len(self.critical) and self.began[op_at] <= moment:
                pending.append(self.critical[op_at])
                op_at += 1
            if moment in wanted:
                yield moment, total, list(pending)

    def sum_of(self, chosen):
        total = 0
        for op, mode in chosen:
            total ^= self.marks[op.number, mode]
        return total

    def choices(self, pending):
        """The subsets of them that are tried."""
        whole = [(op, FULL) for op in pending]
        yield ()
        yield tuple(whole)
        for mode in MODES[1:]:
            yield tuple((op, mode if mode in self.partial[op.number] else FULL) for op in pending)
        for i, op in enumerate(pending):
            yield tuple(whole[:i] + whole[i + 1:])
            yield (whole[i],)
            yield tuple(whole[:i])
            for mode in self.partial[op.number]:
                yield tuple(whole[:i] + [(op, mode)] + whole[i + 1:])
                yield ((op, mode),)
                yield tuple(whole[:i] + [(op, mode)])

    def all(self, moments=None):
        """Every state once, in the order of its last moment."""
        found = {}
        for moment, total, pending in self.walk(self.moments() if moments is None else moments):
            for chosen in self.choices(pending):
                key = total ^ self.sum_of(chosen)
                found.pop(key, None)
                found[key] = (moment, chosen)
        return [self.state(moment, chosen, key) for key, (moment, chosen) in found.items()]

    def state(self, moment, chosen, key):
        numbers = tuple((op.number, mode) for op, mode in chosen)
        return State(moment, numbers, len(self.acked(moment)), LOGS[key % len(LOGS)])

    def some(self, dice, moments, each):
        """So many states of each of so many moments: for where there are too many to name them all."""
        found = []
        every = self.moments()
        for moment, total, pending in self.walk(dice.sample(every, min(moments, len(every)))):
            choices = list(self.choices(pending))
            for chosen in dice.sample(choices, min(each, len(choices))):
                found.append(self.state(moment, chosen, total ^ self.sum_of(chosen)))
        return found


class Layer:
    """Lays states down in a folder.  It is quick for states of one moment that come one after the other."""

    def __init__(self, recording):
        self.rec = recording
        self.moment, self.bases, self.covers = None, {}, {}

    def turn_to(self, moment):
        """What lasts of each node at that moment."""
        if moment == self.moment:
            return
        covers = {}
        for sync in self.rec.syncs:
            if sync.end <= moment:
                for n in (self.rec.nodes if sync.tree else [sync.node]):
                    if sync.covers(n):
                        covers[n.number] = max(sync.begin, covers.get(n.number, -1))
        changed = {n for n in set(covers) | set(self.covers) if covers.get(n) != self.covers.get(n)}
        for n in changed:
            self.bases.pop(n, None)
        self.moment, self.covers = moment, covers

    def lasts(self, op):
        return op.end < self.covers.get(op.node.number, -1)

    def base(self, node):
        """A file's bytes that last."""
        if node.number not in self.bases:
            content = bytearray()
            for op in node.ops:
                if self.lasts(op):
                    write_to(content, op, FULL)
            self.bases[node.number] = bytes(content)
        return self.bases[node.number]

    def content(self, node, chosen, logs):
        picked = [(op, chosen[op.number]) for op in node.ops if op.number in chosen]
        if node.disk == "logs":
            loose = [op for op in node.ops if op.begin <= self.moment and not self.lasts(op)]
            picked = [(op, logs if op is loose[-1] else FULL) for op in loose] if logs != "none" else []
        if not picked:
            return self.base(node)
        content = bytearray(self.base(node))
        for op, mode in picked:
            write_to(content, op, mode)
        return content

    def there(self, op, chosen, logs):
        if self.lasts(op) or op.number in chosen:
            return True
        return op.node.disk == "logs" and logs != "none" and op.begin <= self.moment

    def entries(self, node, chosen, logs):
        names = {}
        for op in node.ops:
            if self.there(op, chosen, logs):
                for name in op.drop:
                    names.pop(name, None)
                names.update(op.add)
        return names

    def lay(self, state, to):
        """Make that folder, which is not there yet, what the crash left."""
        self.turn_to(state.moment)
        chosen, made = dict(state.chosen), {}
        os.mkdir(to, 0o700)
        waiting = [(self.rec.root, to)]
        while waiting:
            node, path = waiting.pop()
            for name, child in self.entries(node, chosen, state.logs).items():
                where = f"{path}/{name}"
                if child.kind == FOLDER:
                    os.mkdir(where, 0o700)
                    waiting.append((child, where))
                elif child.number in made:
                    os.link(made[child.number], where)
                else:
                    made[child.number] = where
                    with open(where, "wb", opener=private) as f:
                        f.write(self.content(child, chosen, state.logs))


def private(path, flags):
    return os.open(path, flags, 0o600)
