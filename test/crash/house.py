"""A whole Telltale in a folder of the caller's: started, hurt, drained, asked.

The domain example.com has the mailboxes of BOXES and SENDER, and
    later@     puts off every delivery until the house is drained
    never@     puts off every delivery for good: what is for it goes back when its lifetime ends
    pair@      leads to box0@ and box1@
    away@      leads to STRANGER, whose server is not there: it is forwarded, and the forward goes back at its end
    far@       leads to FRIEND, whose server takes it (far.py)
Mail folder and spool may lie elsewhere (on a disk whose power can be cut).  The clock can be moved on.
"""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "story"))
import far  # noqa: E402  pylint: disable=wrong-import-position
import harness  # noqa: E402  pylint: disable=wrong-import-position
from harness import until  # noqa: E402  pylint: disable=wrong-import-position

PROGRAMS = ("telltaled", "telltale-dns", "telltale-lookup", "telltale-queue", "telltale-local", "telltale-remote",
            "telltale-policy", "telltale-smtpd")
BOXES = tuple(f"box{n}" for n in range(4))
SENDER, LATER, NEVER = "sender", "later", "never"
STRANGER, FRIEND = "bob@elsewhere.test", "bob@far.test"
LIFETIME = 2 * 86400
CONFIG = """\
hostname = "mx.example.com"
data-dir = "{data}"
spool-dir = "{spool}"
mail-dir = "{mail}"
listener "25" {{ bind = {{"127.0.0.1:{port}"}} tls = "starttls" }}
dns {{ zone = "{zone}" }}
relay {{ enabled = true port = {far.port} }}
queue {{ first-retry = 1s  lifetime = 2d  segment-size = 1M  big-message = 64K }}
limits {{ workers = 2 }}
logs {{ rotate = "never" }}
index {{ every = "never" }}
"""
ZONE = ("127.in-addr.arpa static\n1.0.0.127.in-addr.arpa PTR localhost\ntest static\nexample.net static\nexample.com static\n"
        "far.test A 127.0.0.1\nelsewhere.test A 127.0.9.9\n")
LEFT_OUT = os.path.join("test", "leave-out.so")


class House:
    """leave_out: what the programs leave out (leave_out.c), of a control.  config: more lines of configuration."""

    def __init__(self, build, folder, spool=None, mail=None, leave_out=None, config=""):
        self.build, self.folder = os.path.realpath(build), folder
        self.data = os.path.join(folder, "data")
        self.spool, self.mail = spool or os.path.join(self.data, "spool"), mail or os.path.join(self.data, "mail")
        self.logs = os.path.join(self.data, "logs")
        self.conf, self.stderr = os.path.join(folder, "telltale.conf"), os.path.join(folder, "stderr")
        self.clock, self.ahead = os.path.join(folder, "clock"), 0
        self.port, self.far = harness.free_port(), far.Far()
        self.leave_out, self.config = leave_out, config
        self.process = self.group = None
        self.before = []  # what stands before the command: strace and the like

    # -- start and stop

    def furnish(self):
        """The folder as it is before the first start."""
        os.makedirs(os.path.join(self.data, "tls"), 0o700)
        zone = os.path.join(self.folder, "zone")
        files = {self.conf: CONFIG.format(zone=zone, **vars(self)) + self.config, zone: ZONE}
        cert, key = harness.certificate()
        files |= {os.path.join(self.data, "tls", "cert.pem"): cert.decode(),
                  os.path.join(self.data, "tls", "key.pem"): key.decode()}
        for path, text in files.items():
            with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
                f.write(text)
        self.later(0)

    def environment(self):
        env = {**os.environ, "TELLTALE_CLOCK": self.clock, "TELLTALE_CONFIG": self.conf, "NO_COLOR": "1"}
        if self.leave_out:
            env |= {"LEAVE_OUT": self.leave_out, "LD_PRELOAD": os.path.join(self.build, LEFT_OUT),
                    "TELLTALE_SANDBOX": "off"}
        return env

    def start(self, patient=True):
        """Serving, with all its accounts, when this returns; not patient: only begun to."""
        assert self.process is None
        first = not os.path.exists(self.conf)
        if first:
            self.furnish()
        with open(self.stderr, "ab") as err:
            at = err.tell()
            command = [*self.before, os.path.join(self.build, "telltale"), "serve", "-c", self.conf]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=err, stderr=err,
                                            start_new_session=True, preexec_fn=harness.end_with_us,
                                            env=self.environment())
        self.group = self.process.pid
        if patient:
            until(lambda: self.is_ready(at), "the house is ready", 60)
        if first:
            self.settle_in()
        return self

    def is_ready(self, at):
        said = self.said(at)
        assert self.process.poll() is None, f"the start ended with {self.process.returncode}:\n{said}"
        return any(line == "ready" or line.endswith(" ready") for line in said.splitlines())

    def settle_in(self):
        self.command("domain", "add", "example.com")
        for user in (*BOXES, SENDER, LATER, NEVER):
            self.command("account", "add", f"{user}@example.com", "--password-stdin", text="correct horse\n")
        self.command("alias", "add", "pair@example.com", "box0@example.com", "box1@example.com")
        self.command("alias", "add", "away@example.com", STRANGER)
        self.command("alias", "add", "far@example.com", FRIEND)
        for user in (LATER, NEVER):
            self.block(user)

    def home(self, user):
        return os.path.join(self.mail, "example.com", user)

    def block(self, user):
        """A file stands where the mailbox should: every delivery is put off.  On disk when this returns."""
        os.makedirs(os.path.dirname(self.home(user)), 0o700, exist_ok=True)
        with open(self.home(user), "xb") as f:
            os.fsync(f.fileno())
        for folder in (os.path.dirname(self.home(user)), self.mail):
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(fd)
            os.close(fd)

    def stop(self):
        """Asked to; whoever does not is killed, and that is an error."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill_all()
            raise AssertionError(f"the house does not stop:\n{self.said()[-2000:]}") from None
        self.process = None
        self.gone()
        assert status == 0, f"exit {status}:\n{self.said()[-2000:]}"

    def gone(self):
        until(lambda: not harness.group_alive(self.group), "all programs have ended", 60)

    def close(self):
        """However it stands: nobody of it lives on."""
        if self.group is not None and harness.group_alive(self.group):
            os.killpg(self.group, signal.SIGKILL)
            if self.process is not None:
                self.process.wait(60)
            self.gone()
        self.process = None
        self.far.close()

    # -- hurting it

    def pids(self, program=None):
        """{pid: program} of all programs, or of that one."""
        found = {self.process.pid: "telltaled"} if self.process else {}
        for pid in self.children():
            try:
                with open(f"/proc/{pid}/comm", encoding="ascii") as f:
                    comm = f.read().strip()
            except OSError:
                continue
            found[pid] = next((p for p in PROGRAMS if p[:15] == comm), "")
        return {pid: name for pid, name in found.items() if name and program in (None, name)}

    def children(self):
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
                return [int(pid) for pid in f.read().split()]
        except (OSError, AttributeError):
            return []

    def kill(self, program, dice):
        """kill -9 of one process of that program; of telltaled: all end with it.  The pid, or None: there is none."""
        pids = sorted(self.pids(program))
        if not pids:
            return None
        victim = dice.choice(pids)
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return None
        if program == "telltaled":
            self.lost()
        return victim

    def kill_all(self):
        """kill -9 of all programs at one moment."""
        os.killpg(self.group, signal.SIGKILL)
        self.lost()

    def lost(self):
        self.process.wait(60)
        self.process = None
        self.gone()

    def whole(self):
        """Are all programs there and ready?  Without relay { } there is no telltale-policy."""
        rows = self.status().get("programs", [])
        return {row["program"] for row in rows} >= set(PROGRAMS) - {"telltaled", "telltale-policy"} and \
            all(r["state"] == "ready" for r in rows)

    def status(self):
        told = self.tell("status", "--json")
        return harness.json.loads(told.stdout) if told.returncode == 0 else {}

    # -- asking it

    def tell(self, *args, text=None):
        """The command `telltale`, whatever it answers."""
        env = {**self.environment(), "LD_PRELOAD": ""}
        return subprocess.run([os.path.join(self.build, "telltale"), *args], input=text, capture_output=True, text=True,
                              timeout=300, check=False, env=env)

    def command(self, *args, text=None):
        done = self.tell(*args, text=text)
        assert done.returncode == 0, f"telltale {' '.join(args)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def queue(self):
        """The messages that are not delivered yet."""
        answer = harness.json.loads(self.command("queue", "list", "--json"))
        return answer if isinstance(answer, list) else answer["messages"]

    def said(self, at=0):
        """What the programs said on stderr."""
        with open(self.stderr, "rb") as f:
            f.seek(at)
            return f.read().decode("utf-8", "replace")

    def log(self, name):
        path = os.path.join(self.logs, name + ".log")
        with open(path, encoding="utf-8", newline="\n") as f:
            return f.read()

    # -- to the end of its mail

    def later(self, seconds):
        """The house's clock goes on by so much at once."""
        self.ahead += int(seconds * 1000)
        with open(self.clock, "r+b" if os.path.exists(self.clock) else "wb") as f:
            f.write(self.ahead.to_bytes(8, "little", signed=True))

    def waits_for(self, addresses):
        """Is nothing in the queue but what waits for these?"""
        left = [r for m in self.queue() for r in m["recipients"] if r["state"] not in ("done", "failed")]
        return all(r["state"] == "waiting" and r["address"] in addresses for r in left)

    def drain(self, seconds=120):
        """Until the queue is empty: what can be delivered is, what cannot goes back to its sender."""
        until(self.whole, "all programs work", seconds)
        self.open_later()
        stuck = {f"{NEVER}@example.com", STRANGER, "away@example.com", "anna@elsewhere.test"}
        self.until_queue(lambda: self.waits_for(stuck), "all is delivered that can be", seconds)
        self.until_queue(self.outlived, "the queue is empty", seconds)

    def outlived(self):
        """Is the queue empty?  Else what is in it gets older than it may: a bounce to a stranger begins to wait."""
        if not self.queue():
            return True
        self.later(LIFETIME + 86400)
        time.sleep(1)
        return False

    def until_queue(self, check, what, seconds):
        """What waits is tried once more, now and then."""
        end = time.monotonic() + seconds
        while not check():
            if time.monotonic() > end:
                left = self.queue()
                raise AssertionError(f"not within {seconds} s: {what}; {len(left)} left, {left[:3]}")
            self.tell("queue", "retry")
            time.sleep(0.3)

    def open_later(self):
        if os.path.isfile(self.home(LATER)):
            os.unlink(self.home(LATER))
