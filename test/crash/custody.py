"""Was a 250 true when it was written?  Judged by what strace saw of a whole Telltale (doc/QUEUE.md says what must be
on disk by then): nothing is taken from the server's own word."""
import bisect
import collections
import re
import struct

HEADER = struct.Struct("<QQQQIIQQQQQ")  # a record's: queue/record.c
BODY_AT = 65536  # where the body of a big message starts in its file
COMMITTED = 9  # queue_committed in queue/proto.def
QUEUED = re.compile(rb"(?:^|\r\n)250 (?:2\.0\.0 )?ok \d+ qp (\d+)(?=\r\n)")
SEGMENT = re.compile(r"/segments/(\d+)\.(?:segment|making)$")
WRITES = ("write", "writev", "pwrite64", "pwritev", "pwritev2")

Record = collections.namedtuple("Record", "qp file at length envelope head body big call")
Told = collections.namedtuple("Told", "segment first last call")


def file_of(path):
    """One name for a file while its own changes: a segment is made under another one than it is used under."""
    return path.replace(".making", ".segment").replace("/numbers.new", "/numbers")


class Syncs:
    """The syncs of one file or folder, in the order in which they began."""

    def __init__(self):
        self.begun, self.calls = [], []

    def add(self, call):
        self.begun.append(call.begin)
        self.calls.append(call)

    def between(self, after, before):
        """One that began after that moment and had returned without an error before this one; none after a failed one:
        what a failed sync left unwritten no later one of that file would tell of."""
        for call in self.calls[bisect.bisect_right(self.begun, after):]:
            if call.begin >= before or not call.good:
                return None
            if call.end < before:
                return call
        return None


class Trace:
    """What became of the spool's files, from the calls of a trace."""

    def __init__(self, calls, spool):
        self.spool = spool
        self.writes, self.syncs = collections.defaultdict(list), collections.defaultdict(Syncs)
        self.names = collections.defaultdict(list)  # file: the calls that gave it its name
        self.records, self.replies = collections.defaultdict(list), []
        self.told, self.numbers, self.streams = [], [], collections.defaultdict(bytes)
        for call in calls:
            self.see(call)

    def see(self, call):
        if call.name in ("fsync", "fdatasync"):
            self.syncs[file_of(call.path)].add(call)
        elif call.name == "sync" or (call.name == "syncfs" and call.path == self.spool):
            self.syncs[""].add(call)  # a syncfs for the sake of another folder is luck
        elif call.name in ("mkdir", "mkdirat", "openat") or call.name.startswith("rename"):
            self.see_name(call)
        elif call.path.startswith("socket:"):
            self.see_socket(call)
        elif call.name in WRITES and call.path.startswith(self.spool + "/"):
            self.writes[file_of(call.path)].append(call)
            if SEGMENT.search(call.path):
                self.see_records(call)

    def see_name(self, call):
        if not call.good or not call.named or (call.name == "openat" and "O_CREAT" not in call.args):
            return
        new = call.named[-1]
        if new.startswith(self.spool) or self.spool.startswith(new + "/"):
            self.names[file_of(new)].append(call)
        if new == self.spool + "/numbers":
            self.numbers.append(call)

    def see_socket(self, call):
        data = b"".join(shown for shown, _ in call.buffers)
        if call.name == "write":
            assert all(n == len(shown) for shown, n in call.buffers), "a reply that is too long to be read"
            self.replies += [(int(qp), call) for qp in QUEUED.findall(data)]
        if call.name == "sendmsg" and call.good:
            self.see_told(call, data[:call.result])

    def see_told(self, call, data):
        """The frames of base/ipc.h; one may come in pieces."""
        data = self.streams[call.path] + data
        while len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[:4], "little"):
            n = 4 + int.from_bytes(data[:4], "little")
            if data[4:6] == COMMITTED.to_bytes(2, "little") and n == 40:
                self.told.append(Told(*struct.unpack("<QQQ", data[16:40]), call))
            data = data[n:]
        self.streams[call.path] = data

    def see_records(self, call):
        """A record begins where a buffer does, with the number of its segment and its own place."""
        at, segment = call.offset if call.name != "write" else -1, int(SEGMENT.search(call.path)[1])
        for shown, n in call.buffers:
            if len(shown) >= HEADER.size:
                _, its, place, qp, envelope, head, body, big = HEADER.unpack_from(shown)[:8]
                if (its, place) == (segment, at):
                    size = HEADER.size + envelope + (0 if big else head + body)
                    length = (size + 7) // 8 * 8
                    self.records[qp].append(Record(qp, file_of(call.path), at, length, envelope, head, body, big, call))
            at += n

    # -- what is on disk at a moment

    def whole(self, file, first, last, since, before):
        """The end of the last write that these bytes took, if all of them were written between those moments."""
        done = [w for w in self.writes[file] if w.good and w.begin >= since and w.end < before and w.offset < last
                and w.offset + w.result > first]
        reached = first
        for w in sorted(done, key=lambda w: w.offset):
            if w.offset > reached:
                return None
            reached = max(reached, w.offset + w.result)
        return max(w.end for w in done) if reached >= last and done else None

    def synced(self, file, after, before):
        """The moment at which that file was, or everything."""
        found = self.syncs[file].between(after, before) or self.syncs[""].between(after, before)
        return found.end if found else None

    def lasting(self, file, before):
        """Was its name on disk?  Nobody knows of a file that was made before the trace began."""
        given = [call for call in self.names[file] if call.end < before]
        return not given or self.synced(file.rpartition("/")[0], given[-1].end, before) is not None

    def in_file(self, file, first, last, before, since=0):
        """The moment from which these bytes were on disk; None: they were not before that one.  since: what was written
        there earlier is something else (zeros, of a segment)."""
        written = self.whole(file, first, last, since, before)
        return None if written is None else self.synced(file, written, before)


def big_wrong(t, r):
    """What is missing of a big message's own file when the record that names it is written."""
    file = f"{t.spool}/big/{r.big}"
    if t.in_file(file, BODY_AT - r.head, BODY_AT + r.body, r.call.begin) is None:
        return "the big file was not synced before its record was written"
    first = min(w.begin for w in t.writes[file])
    return None if t.names[file] and t.lasting(file, first) else "the big file was used before its name was on disk"


def segment_wrong(t, r):
    """What is missing of the segment when the record is written: its header, and its name."""
    given = [c for c in t.names[r.file] if c.name.startswith("rename") and c.end < r.call.begin]
    if not given:
        return "nobody made the segment"
    for at in (0, 4096):
        if t.in_file(r.file, at, at + 48, given[-1].begin) is None:
            return "the segment had its name before its header was on disk"
    return None if t.lasting(r.file, r.call.begin) else "the segment was used before its name was on disk"


def record_wrong(t, r, moment):
    """What is missing of that record when its 250 is written; None: nothing."""
    kept = t.in_file(r.file, r.at, r.at + r.length, moment, r.call.begin)
    if kept is None:
        return "the record was not on disk"
    segment = int(SEGMENT.search(r.file)[1])
    if not any(x.segment == segment and x.first <= r.at and r.at + r.length <= x.last and x.call.begin > kept
               and x.call.end < moment for x in t.told):
        return "telltale-queue was not told"
    return segment_wrong(t, r) or (big_wrong(t, r) if r.big else None)


def number_wrong(t, qp, moment):
    """Its block of numbers must be used up on disk first: else the next start would give it again."""
    file = t.spool + "/numbers"
    for renamed in t.numbers:
        saved = [w for w in t.writes[file] if w.good and w.end < renamed.begin]
        text = saved[-1].buffers[0][0] if saved else b""
        end = re.search(rb"(?m)^logged (\d+)$", text)
        if (end and qp < int(end[1]) and t.synced(file, saved[-1].end, renamed.begin)
                and t.synced(t.spool, renamed.end, moment)):
            return None
    return "the number was not taken on disk"


def folders_wrong(t, moment):
    """The spool and what is in it, down from the folder that was there before."""
    made = [f for f, calls in t.names.items() if any(c.name.startswith("mkdir") for c in calls)]
    return [f"the folder {f} was not on disk at the first 250" for f in made if not t.lasting(f, moment)]


def violations(calls, spool):
    """(how many 250s were judged, {qp: how often}, what was wrong with them)"""
    t = Trace(calls, spool)
    wrong = []
    for qp, call in t.replies:
        reasons = [record_wrong(t, r, call.begin) for r in t.records[qp]] or ["no record of it was written"]
        if None not in reasons:
            wrong.append(f"qp {qp}: {reasons[-1]}")
        late = number_wrong(t, qp, call.begin)
        if late:
            wrong.append(f"qp {qp}: {late}")
    if t.replies:
        wrong += folders_wrong(t, t.replies[0][1].begin)
    return collections.Counter(qp for qp, _ in t.replies), wrong
