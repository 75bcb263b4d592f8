"""What a power cut may take from the logs, and that it took no more.

Logs are synced once a second, not before each 250: a cut may take what was appended in its last GRACE seconds, and cut
the file anywhere in there.  It must take nothing older, and what is left must be the bytes that were written.  ext4 may
keep the length and lose the bytes of the last block: zeros stand in their place, and count as lost.
"""
import os
import re
import threading
import time

GRACE = 3.0  # a second's wait, and the time that a sync takes on a busy disk, twice
PAUSE = 0.1


def sizes(folder):
    return {name: os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder) if name.endswith(".log")}


def texts(folder):
    found = {}
    for name in sizes(folder):
        with open(os.path.join(folder, name), "rb") as f:
            found[name] = f.read()
    return found


class Watch:
    """Remembers how long the logs of that folder were, and when."""

    def __init__(self, folder):
        self.folder, self.seen = folder, []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.wait(PAUSE):
            self.seen.append((time.monotonic(), sizes(self.folder)))

    def stop(self):
        self.over.set()
        self.thread.join()

    def least(self, moment):
        """What must be left after a cut at that moment; server.log is nobody's story, and is not synced."""
        old = [sizes for at, sizes in self.seen if at < moment - GRACE]
        return {name: n for name, n in (old[-1] if old else {}).items() if name != "server.log"}


def kept(text):
    """The bytes that survived of a log."""
    return text.rstrip(b"\0")


def lost_more(before, after, least):
    """before: the logs' bytes shortly before the cut; after: what was found.  Everything that is wrong."""
    wrong = [f"{name}: {len(kept(after.get(name, b'')))} bytes are left of {n} that were {GRACE:.0f} s old"
             for name, n in least.items() if len(kept(after.get(name, b""))) < n]
    for name, text in after.items():
        both = min(len(kept(text)), len(before.get(name, b"")))
        if text[:both] != before.get(name, b"")[:both]:
            wrong.append(f"{name}: not the bytes that were written")
    return wrong


# -- whose lines are gone

def lines(text):
    return text.decode("utf-8", "replace").splitlines()


def numbers_of(delivery):
    """{delivery number: qp}, {child: the message that it was made of}, of a delivery log's lines."""
    owner, parent = {}, {}
    for line in delivery:
        info = re.search(r", info, (\d+), qp (\d+),", line)
        bounce = re.search(r", bounce, (\d+), qp (\d+)$", line)
        forward = re.search(r", result, (\d+), success, did_0\+1\+0/qp_(\d+)/", line)
        if info:
            owner[info[1]] = int(info[2])
        if bounce:
            parent[int(bounce[2])] = int(bounce[1])
        if forward and forward[1] in owner:
            parent[int(forward[2])] = owner[forward[1]]
    return owner, parent


def named(line, owner):
    """The messages that a line of a log is about."""
    found = [owner[n] for n in re.findall(r", (?:info|alias|try|result|done|next|gave-up), (\d+)", line) if n in owner]
    found += [int(n) for n in re.findall(r"\bqp[ _](\d+)", line)]
    return found + [int(n) for n in re.findall(r", bounce, (\d+),", line)]


def unfinished(delivery, owner):
    """Those with an attempt that has no result yet."""
    tries = {n for line in delivery for n in re.findall(r", try, (\d+),", line)}
    ended = {n for line in delivery for n in re.findall(r", result, (\d+),", line)}
    return {owner[n] for n in tries - ended if n in owner}


def forgotten(before, after):
    """The messages of which lines were lost, or may have been written and lost after the logs were read for the last
    time: an attempt was going on, or a bounce was due.  Of all others the logs must tell everything."""
    delivery = lines(before.get("delivery.log", b""))
    owner, parent = numbers_of(delivery)
    gone = unfinished(delivery, owner)
    failed = {owner[n] for line in delivery for n in re.findall(r", result, (\d+), failure,", line) if n in owner}
    gone |= failed - set(parent.values())
    for name, text in before.items():
        left = kept(after.get(name, b""))
        for line in lines(text[left.rfind(b"\n") + 1:]):
            gone.update(named(line, owner))
    while (more := {parent[qp] for qp in gone if qp in parent} - gone):
        gone |= more
    return gone


def told(before):
    """What the logs tell of: the messages that were accepted, and (message, address) that was tried."""
    accepted = {int(n) for name, text in before.items() if name.startswith("smtp-")
                for n in re.findall(rb"(?m), resp, 250 ok \d+ qp (\d+)$", text)}
    delivery = lines(before.get("delivery.log", b""))
    owner, _ = numbers_of(delivery)
    tries = (re.search(r", try, (\d+), \w+, (\S+)$", line) for line in delivery)
    return accepted, {(owner[t[1]], t[2]) for t in tries if t and t[1] in owner}


def torn(after):
    """{log: where the cut left a line without its end}"""
    return {name: (kept(text).rfind(b"\n") + 1, len(text)) for name, text in after.items()
            if text and not text.endswith(b"\n")}
