"""What makes the machine under the server fail: small disks, full disks, system calls that return errors."""
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

from harness import Client, until


class Disk:
    """A tmpfs of its own."""

    def __init__(self, size, inodes):
        self.path = tempfile.mkdtemp(prefix="tt-disk-")
        self.mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes={inodes}", "tmpfs",
                                       self.path], capture_output=True, check=False).returncode == 0

    def fill(self):
        """Not a byte is left."""
        with open(os.path.join(self.path, "ballast"), "wb", buffering=0) as f:
            for size in (1 << 16, 4096):
                try:
                    while True:
                        f.write(bytes(size))
                except OSError:
                    pass
        assert os.statvfs(self.path).f_bavail == 0

    def fill_inodes(self):
        """No file can be made any more."""
        os.mkdir(os.path.join(self.path, "many"))
        try:
            for i in range(100_000):
                os.close(os.open(os.path.join(self.path, "many", str(i)), os.O_CREAT | os.O_WRONLY))
        except OSError:
            pass
        assert os.statvfs(self.path).f_ffree == 0

    def free(self):
        if os.path.exists(os.path.join(self.path, "ballast")):
            os.unlink(os.path.join(self.path, "ballast"))
        many = os.path.join(self.path, "many")
        if os.path.isdir(many):
            for name in os.listdir(many):
                os.unlink(os.path.join(many, name))
            os.rmdir(many)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], check=True)
        os.rmdir(self.path)


class Strace:
    """strace upon all processes of a program: some of their system calls fail.  It ends with the block."""

    def __init__(self, server, program, calls, error=None, when="1"):
        self.out = os.path.join(server.folder, f"strace-{time.monotonic_ns()}")
        what = ["-e", f"trace={calls}"]
        if error:
            what += ["-e", f"inject={calls}:error={error}:when={when}"]
        self.pids = until(lambda: server.pids(program), program)
        cmd = ["strace", "-f", "-y", "-o", self.out, *what] + [a for pid in self.pids for a in ("-p", str(pid))]
        self.process = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        seen = 0
        for line in self.process.stderr:
            seen += "attached" in line and re.search(r"rocess (\d+)", line)[1] in map(str, self.pids)
            if seen == len(self.pids):
                break
        assert seen == len(self.pids), "strace cannot attach"
        self.rest = threading.Thread(target=self.process.stderr.read)
        self.rest.start()
        return self

    def let_go(self):
        """Asked again and again: what is said just before strace begins to wait, it hears only at the next call."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(0.5) is not None
        except subprocess.TimeoutExpired:
            return False

    def __exit__(self, *_):
        try:
            until(self.let_go, "strace lets go")
        except AssertionError:
            self.process.kill()
            raise
        self.rest.join()
        self.process.stderr.close()

    @property
    def lines(self):
        with open(self.out, encoding="utf-8", errors="replace") as f:
            return f.read().splitlines()

    @property
    def injected(self):
        return [line for line in self.lines if "(INJECTED)" in line]


class Load:
    """Clients that each keep one session and send numbered messages over it, until told to stop."""

    ME, YOU = "anna@elsewhere.test", "recipient@example.com"

    def __init__(self, server, clients, size=20_000):
        self.server, self.size = server, size
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.count = 0
        self.promised, self.broken = set(), []
        self.replies = [{} for _ in range(clients)]  # of each client: {(verb, code): how often}
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(clients)]
        for t in self.threads:
            t.start()

    def run(self, i):
        try:
            with Client(self.server.ports["25"], "127.0.0.1") as c:
                c.send("EHLO client.test")
                while not self.over.is_set():
                    self.message(c, i)
        except (OSError, AssertionError) as why:
            self.broken.append(why)

    def message(self, c, i):
        with self.lock:
            self.count += 1
            name = f"number-{self.count}"
        for verb, line in (("MAIL", f"MAIL FROM:<{self.ME}>"), ("RCPT", f"RCPT TO:<{self.YOU}>"), ("DATA", "DATA")):
            code = self.note(i, verb, c.send(line))
            if code >= 400:
                c.send("RSET")
                time.sleep(0.05)
                return
        c.raw(f"Subject: {name}\r\n\r\n".encode() + b"z" * 78 * (self.size // 80) + b"\r\n.\r\n")
        if self.note(i, ".", c.reply()) == 250:
            with self.lock:
                self.promised.add(name)

    def note(self, i, verb, reply):
        self.replies[i][verb, reply.code] = self.replies[i].get((verb, reply.code), 0) + 1
        return reply.code

    def heard(self, verb, code):
        """How many of the clients heard that."""
        return sum((verb, code) in r for r in self.replies)

    @property
    def codes(self):
        return {key for r in self.replies for key in r}

    def stop(self):
        self.over.set()
        for t in self.threads:
            t.join()
