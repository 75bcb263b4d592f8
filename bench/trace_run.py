"""One run of a command on given cores: how long it took, what it said, and how much memory it held at its peak."""
import contextlib
import os
import subprocess
import tempfile
import threading
import time

LIMIT = 900  # seconds that one run may take
PAUSE = 0.002


class Ran:
    """wall and processor seconds, the peak of its own memory in bytes (no file's pages; None: not watched), the status, its
    output."""

    def __init__(self, wall, cpu, heap, status, output):
        self.wall, self.cpu, self.heap, self.status, self.output = wall, cpu, heap, status, output

    @property
    def figures(self):
        return {"wall": self.wall, "cpu": self.cpu, "heap": self.heap}


class Watch(threading.Thread):
    """Looks at the anonymous memory of a process and its children until it is told to end."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.over = pid, 0, threading.Event()

    def run(self):
        while not self.over.wait(PAUSE):
            self.peak = max(self.peak, sum(map(anonymous, family(self.pid))))


def anonymous(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
    return 0


def family(pid):
    """It and its children, as a pipe of the shell has them."""
    found = [pid]
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as f:
            found += map(int, f.read().split())
    return found


def cores(n):
    """The last n of those that we may use: the first has the machine's other work."""
    return sorted(os.sched_getaffinity(0))[-n:]


def run(command, on=1, watch=False, good=(0,)):
    """Its output goes to a file: grep would stop at the first hit if it were thrown away."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        begun = time.monotonic()
        # pylint: disable=consider-using-with; it is waited for with wait4, which tells its times.
        p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=said,
                             preexec_fn=lambda: os.sched_setaffinity(0, cores(on)),
                             env={**os.environ, "LC_ALL": "C.UTF-8" if command[0] == "lnav" else "C", "NO_COLOR": "1", "TZ": "UTC"})
        looks = Watch(p.pid) if watch else None
        killer = threading.Timer(LIMIT, p.kill)
        killer.start()
        if looks:
            looks.start()
        _, status, used = os.wait4(p.pid, 0)
        wall = time.monotonic() - begun
        killer.cancel()
        if looks:
            looks.over.set()
            looks.join()
        p.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said.seek(0)
        text = out.read()
        if p.returncode not in good:
            raise RuntimeError(f"{' '.join(command)}: status {p.returncode}: {said.read(2000).decode(errors='replace').strip()}")
    return Ran(wall, used.ru_utime + used.ru_stime, looks.peak if looks else None, p.returncode, text)


def forget(paths):
    """What the machine keeps of these files in memory is dropped."""
    for path in paths:
        for at, _, names in os.walk(path) if os.path.isdir(path) else [(os.path.dirname(path), [], [os.path.basename(path)])]:
            for name in names:
                with open(os.path.join(at, name), "rb") as f:
                    os.fsync(f.fileno())
                    os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def size(path):
    """Bytes of a file, or of all files below a folder."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(path) for name in names)
