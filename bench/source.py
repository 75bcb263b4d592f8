"""Postfix's smtp-source: who sends, how much, and how long it took."""
import subprocess
import time

LIMIT = 300  # seconds that one run may take


class Load:
    """What is sent: sessions at one time, bytes of a message, one message per connection or many."""

    def __init__(self, sessions, size, kept, host="127.0.0.1"):
        self.sessions, self.size, self.kept, self.host = sessions, size, kept, host

    @property
    def title(self):
        return f"{self.sessions} sessions, {self.size // 1024} KiB, {'many' if self.kept else 'one'} per connection"


def command(port, recipient, load, count):
    return ["smtp-source", "-4", "-m", str(count), "-s", str(min(load.sessions, count)), "-l", str(load.size),
            "-M", "client.example.net", "-f", "bench@example.net", "-t", recipient, *(["-d"] if load.kept else []),
            f"inet:{load.host}:{port}"]


def send(port, recipients, load, count, sources=1):
    """Send `count` messages; the seconds until the last one was answered.

    Several sources share sessions and messages; with several recipients there is one source for each."""
    sources = max(sources, len(recipients))
    share = Load(max(1, load.sessions // sources), load.size, load.kept, load.host)
    counts = [count // sources + (i < count % sources) for i in range(sources)]
    commands = [command(port, recipients[i % len(recipients)], share, n) for i, n in enumerate(counts) if n > 0]
    start = time.monotonic()
    running = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for c in commands]
    wrong = [(p.communicate(timeout=LIMIT)[1], p.returncode) for p in running]
    seconds = time.monotonic() - start
    for said, status in wrong:
        if status != 0:
            raise RuntimeError(f"smtp-source ended with {status}: {said.decode(errors='replace').strip()}")
    return seconds


def enough(side, load, seconds, most_bytes=100 << 20):
    """How many messages take about so long, found by a trial that also warms the side up."""
    return enough_at(side.port, side.recipients(), load, seconds, most_bytes)


def enough_at(port, recipients, load, seconds, most_bytes=100 << 20):
    trial = max(50, load.sessions * 3)
    spent = send(port, recipients[:1], load, trial)
    return int(max(load.sessions * 3, 20, min(seconds * trial / spent, most_bytes / load.size)))
