"""What a power cut may take from the logs, and that it took no more.

Logs are synced once a second, not before each 250: a cut may take what was appended in its last GRACE seconds, and cut
the file anywhere in there.  It must take nothing older, and what is left must be the bytes that were written.
"""
import os
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
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.over.wait(PAUSE):
            self.seen.append((time.monotonic(), sizes(self.folder)))

    def stop(self):
        self.over.set()
        self.thread.join()

    def least(self, moment):
        """What must be left after a cut at that moment."""
        old = [sizes for at, sizes in self.seen if at < moment - GRACE]
        return old[-1] if old else {}


def lost_more(before, after, least):
    """before: the logs' bytes shortly before the cut; after: what was found.  Everything that is wrong."""
    wrong = [f"{name}: {len(after.get(name, b''))} bytes are left of {n} that were {GRACE:.0f} s old"
             for name, n in least.items() if len(after.get(name, b"")) < n]
    for name, text in after.items():
        both = min(len(text), len(before.get(name, b"")))
        if text[:both] != before.get(name, b"")[:both] or b"\0" in text:
            wrong.append(f"{name}: not the bytes that were written")
    return wrong


def torn_line(text):
    """The line that a cut left without its end."""
    return text[text.rfind(b"\n") + 1:]
