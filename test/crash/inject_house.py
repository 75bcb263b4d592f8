"""A house for one fault: a folder copied from a template, telltaled in it, perhaps under the injector."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from harness import LIBC, PR_SET_PDEATHSIG, certificate, free_port

PR_SET_CHILD_SUBREAPER = 36
USERS = ("anna", "bert", "cora", "late", "sender")
AWAY = ("away@example.com", "bob@other.test")  # an alias that leads to another server
COMMON = re.compile(r"^ready$| info: |it starts again in|the server stops|was on its way out")
CONFIG = """\
hostname = "mx.example.com"
data-dir = "{data}"
limits {{ workers = 1 }}
queue {{ segment-size = 256K  big-message = 16K  first-retry = 1s  lifetime = 1d }}
listener "25" {{ bind = {{"127.0.0.1:{port}"}} tls = "starttls" }}
dns {{ zone = "{data}/dns.zone" }}
relay {{ enabled = false }}
logs {{ rotate = "never" }}
index {{ every = "never" }}
"""
ZONE = "127.in-addr.arpa static\ntest static\nexample.com static\n"


def wait_for(check, seconds, pause=0.01):
    """What check() gives as soon as that is true; what it gives then when the time is over."""
    end = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < end:
        time.sleep(pause)
    return found


def end_with_us():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans():
    """Programs whose telltaled was killed become our children: we can wait until they have ended."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


class House:
    """Everything of one Telltale: its folder, its processes, what it said."""

    def __init__(self, build, root, template=None, preload=None):
        """root: where its folder is made; template: a data folder that it begins with."""
        self.build, self.root, self.preload = build, root, preload
        self.folder = tempfile.mkdtemp(prefix="h-", dir=root)
        self.data = os.path.join(self.folder, "data")
        self.conf, self.clock, self.err, self.out = (os.path.join(self.folder, name)
                                                     for name in ("telltale.conf", "clock", "stderr", "hits"))
        self.port = free_port()
        self.ahead, self.begun, self.counted = 0, 0, 0
        self.process = None
        if template is not None:
            # With its hard links: a message that was being moved into new/ has two names.
            subprocess.run(["cp", "-a", template, self.data], check=True)
        else:
            self.furnish()
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(CONFIG.format(data=self.data, port=self.port))
        with open(os.path.join(self.data, "dns.zone"), "w", encoding="utf-8") as f:
            f.write(ZONE)
        self.later(0)

    def furnish(self):
        os.makedirs(os.path.join(self.data, "tls"), 0o700)
        for name, pem in zip(("cert.pem", "key.pem"), certificate()):
            path = os.path.join(self.data, "tls", name)
            with open(path, "wb", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
                f.write(pem)

    def keep(self):
        """Its data folder, put aside as a template."""
        shutil.rmtree(os.path.join(self.data, "run"))
        at = os.path.join(self.root, "template")
        os.rename(self.data, at)
        return at

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- life

    def environment(self):
        env = {**os.environ, "TELLTALE_CLOCK": self.clock, "TELLTALE_CONFIG": self.conf, "NO_COLOR": "1"}
        return {**env, "LD_PRELOAD": self.preload} if self.preload else env

    def start(self, fault=None, part=None, record=None):
        """Start it; whether it gets ready is another question.  part: the fault is about such paths only."""
        inject = [os.path.join(self.build, "test", "crash-inject")]
        inject += ["-f", fault] if fault else []
        inject += ["-p", part] if part else []
        inject += ["-r", record] if record else []
        command = [os.path.join(self.build, "telltaled"), "-c", self.conf]
        with open(self.err, "ab") as err, open(self.out, "ab") as out:
            self.begun, self.counted = err.tell(), out.tell()
            self.process = subprocess.Popen((inject if fault or record else []) + command, stdin=subprocess.PIPE,
                                            stdout=out, stderr=err, start_new_session=True, env=self.environment(),
                                            preexec_fn=end_with_us)

    def ready(self, seconds):
        """True: it said so.  False: it has ended, or the time is over."""
        wait_for(lambda: self.ended() is not None or self.says_ready(), seconds)
        return self.ended() is None and self.says_ready()

    def says_ready(self):
        return re.search(r"(?m)^ready$", self.said(self.begun)) is not None

    def ended(self):
        """Its exit status; None while it runs."""
        return self.process.poll()

    def lift(self):
        """From here on nothing fails."""
        try:
            self.process.stdin.write(b"lift\n")
            self.process.stdin.flush()
        except OSError:
            return  # it has ended
        wait_for(lambda: "\nlifted " in "\n" + self.told() or self.ended() is not None, 5)

    def stop(self, seconds=30):
        """In good order; its exit status, None if it would not end."""
        self.process.send_signal(signal.SIGTERM)
        wait_for(lambda: self.ended() is not None, seconds)
        status = self.ended()
        self.kill()
        return status

    def freeze(self, program):
        """That program stands still until the end."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.getpgid(int(pid)) == self.process.pid and self.read(f"/proc/{pid}/comm").strip() == program:
                    os.kill(int(pid), signal.SIGSTOP)
            except OSError:
                continue

    def kill(self):
        """All at once, and wait until nobody is left."""
        if self.process is None:
            return
        group = self.process.pid
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdin.close()
        try:
            while True:
                os.waitpid(-group, 0)
        except ChildProcessError:
            pass
        self.process = None

    # -- time

    def later(self, seconds):
        """Its clock goes on by so much at once."""
        self.ahead += int(seconds * 1000)
        with open(self.clock, "r+b" if os.path.exists(self.clock) else "wb") as f:
            f.write(self.ahead.to_bytes(8, "little", signed=True))

    # -- what it says and holds

    def read(self, path, at=0):
        with open(path, encoding="utf-8", errors="replace") as f:
            f.seek(at)
            return f.read()

    def said(self, at=0):
        return self.read(self.err, at)

    def told(self):
        """What the injector told of its hits."""
        return self.read(self.out, self.counted)

    def hits(self):
        """How often the fault struck since the last start; many are not counted one by one before they are lifted."""
        lifted = re.search(r"(?m)^lifted (\d+)$", self.told())
        return int(lifted[1]) if lifted else self.told().count("hit ")

    def complaints(self):
        """What was said since the last start that an administrator would look at, without times and numbers."""
        lines = [line for line in self.said(self.begun).splitlines() if line and not COMMON.search(line)]
        return sorted({re.sub(r"^[-\d]+ [:\d]+ ", "", line).replace(self.folder, "") for line in lines})

    def story(self):
        """For a report: the hits, and the end of what was said."""
        lines = self.read(self.out).splitlines() + self.said().splitlines()[-25:]
        return "".join(f"    {line}\n" for line in lines)

    def log(self, name):
        path = os.path.join(self.data, "logs", name + ".log")
        return self.read(path) if os.path.exists(path) else ""

    def tell(self, *args, text=None):
        """The command `telltale`."""
        return subprocess.run([os.path.join(self.build, "telltale"), *args], input=text, capture_output=True, text=True,
                              timeout=60, check=False, env=self.environment(), errors="replace")

    def mailbox(self, user):
        """The messages that lie there, as octets."""
        found = []
        for folder in ("new", "cur"):
            at = os.path.join(self.data, "mail", "example.com", user, "Maildir", folder)
            for name in sorted(os.listdir(at)) if os.path.isdir(at) else []:
                with open(os.path.join(at, name), "rb") as f:
                    found.append(f.read())
        return found

    @property
    def late(self):
        return os.path.join(self.data, "mail", "example.com", "late", "Maildir")

    def block(self):
        """Nobody can write into that mailbox: a file stands where its folder should be."""
        os.makedirs(os.path.dirname(self.late), exist_ok=True)
        with open(self.late, "w", encoding="utf-8"):
            pass

    def unblock(self):
        if os.path.isfile(self.late):
            os.unlink(self.late)
