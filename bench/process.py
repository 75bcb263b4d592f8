"""Starting, finding and ending programs: only those of our own."""
import ctypes
import os
import random
import signal
import socket
import subprocess
import time

PATIENCE = 60
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def end_with_us():
    """No server outlives a bench that was killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def until(check, what, seconds=PATIENCE, pause=0.01):
    """Wait until check() gives something true, and return it."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            raise RuntimeError(f"not within {seconds} s: {what}")
        time.sleep(pause)


def free_port():
    """A port that nobody listens on, out of the range that the system gives to clients."""
    for _ in range(1000):
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


def answers(port):
    """Does somebody greet there?"""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
            return s.recv(200).startswith(b"220")
    except OSError:
        return False


def spawn(command, log, **more):
    """In a process group of its own, what it says at the end of the file `log`."""
    with open(log, "ab") as out:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                                preexec_fn=end_with_us, **more)


def stat(pid):
    """(name, state, parent, process group) of a process, None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            head, _, rest = f.read().rpartition(")")
    except OSError:
        return None
    fields = rest.split()
    return head.partition("(")[2], fields[0], int(fields[1]), int(fields[2])


def members(group):
    """{pid: name} of the living processes of a group."""
    found = {}
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        about = stat(pid)
        if about is not None and about[3] == group and about[1] != "Z":
            found[pid] = about[0]
    return found


def runs(pid, program):
    """Is it that program, perhaps within another one (valgrind)?"""
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as f:
            return any(os.path.basename(arg) == program for arg in f.read().split("\0"))
    except OSError:
        return False


def kill_group(process):
    """End it and all that it started, at once: what is measured is over."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait(PATIENCE)
    until(lambda: not members(process.pid), "the processes are gone")
