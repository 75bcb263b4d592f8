"""The real programs in a private folder: what a story may do with them and look at afterwards."""
import base64
import collections
import atexit
import ctypes
import functools
import email
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import indexed

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PATIENCE = 20  # seconds until something that must happen has not happened
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
SANITIZER = re.compile(r"runtime error:|Sanitizer|SUMMARY: |: bug: |Assertion|the sandbox refused|was ended by signal (4|5|6|7|8|11) ")
# A system call that the sandbox refuses is named, and the story fails (base/sandbox.h).
os.environ.setdefault("TELLTALE_SANDBOX", "tell")

CONFIG = """\
hostname = "mx.example.com"
contact = "abuse@example.com"
data-dir = "{data}"
listener "25" {{ bind = {{"127.0.0.1:{port25}"}} tls = "starttls" }}
listener "465" {{ bind = {{"127.0.0.1:{port465}"}} tls = "implicit" submission = true }}
listener "587" {{ bind = {{"127.0.0.1:{port587}"}} tls = "starttls" submission = true }}
dns {{ zone = "{zone}" }}
limits {{ workers = 2 }}
relay {{ enabled = false ca-file = "{ca}" }}
logs {{ rotate = "never" }}
index {{ every = "never" }}
"""
# Logs stay where stories look for them, also when midnight comes or a story jumps over days.
# With TELLTALE_USERS=1, as root, each program runs as a user of its own (any that the base system has).
MAIL_USER = "man"
USERS = f'users {{ smtpd = "mail" dns = "daemon" lookup = "games" queue = "bin" local = "{MAIL_USER}" remote = "news" signer = "list" policy = "uucp" pipe = "nobody" web = "www-data" search = "backup" }}\n'
AS_USERS = os.environ.get("TELLTALE_USERS") == "1" and os.geteuid() == 0

# 127.0.0.1 has a name, no other address of this machine has one; no question leaves the machine.
ZONE = {name: ["static"] for name in ("127.in-addr.arpa", "test", "example", "example.com", "example.net", "example.org")}


GIVEN = collections.deque(maxlen=100)  # ports that free_port() gave of late


def free_port():
    """A port that nobody listens on, out of the range that the system gives to clients.  Stories that run at the same
    time have ports of their own: one may be free when it is looked at, and taken when the server starts."""
    worker = int(os.environ.get("TEST_LANE") or os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 8
    for _ in range(1000):
        port = random.SystemRandom().randrange(20000 + worker * 1500, 20000 + (worker + 1) * 1500)
        if port in GIVEN:
            continue
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                GIVEN.append(port)
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


@functools.cache
def reachable(build):
    """The programs of a build where every user may start them: a checkout may lie in somebody's private folder."""
    folder = tempfile.mkdtemp(prefix="tt-bin-")
    atexit.register(shutil.rmtree, folder, True)
    os.chmod(folder, 0o755)
    for name in os.listdir(build):
        path = os.path.join(build, name)
        if name.startswith("telltale") and os.path.isfile(path):
            shutil.copy(path, folder)
            os.chmod(os.path.join(folder, name), 0o755)
    return folder


@functools.cache
def certificate():
    """A certificate for mx.example.com and localhost, and its key, as PEM.  One for the whole test run."""
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "30", "-subj", "/CN=mx.example.com", "-addext",
                        "subjectAltName=DNS:mx.example.com,DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
                       check=True, capture_output=True, timeout=60)
        with open(cert, "rb") as c, open(key, "rb") as k:
            return c.read(), k.read()


@functools.cache
def accounts_file(build, domain, users):
    """accounts.db as `telltale account add` makes it of these.  One for the whole test run."""
    with tempfile.TemporaryDirectory(prefix="tt-") as folder:
        conf = os.path.join(folder, "telltale.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(f'hostname = "mx.example.com"\ndata-dir = "{folder}"\n')
        for words in (["domain", "add", domain], *(["account", "add", f"{user}@{domain}", "--password-stdin"] for user in users)):
            subprocess.run([os.path.join(build, "telltale"), *words, "-c", conf], input="correct horse\n", text=True,
                           capture_output=True, check=True, timeout=60)
        assert sorted(os.listdir(folder)) == ["accounts.db", "telltale.conf"], "nothing is left beside it"
        with open(os.path.join(folder, "accounts.db"), "rb") as f:
            return f.read()


def end_with_us():
    """No server outlives a test run that was killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def until(check, what, seconds=PATIENCE):
    """Wait until check() gives something true, and return it."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def descriptors_of(pid):
    """How many it may have open (the soft limit)."""
    with open(f"/proc/{pid}/limits", encoding="utf-8") as f:
        return int(next(line for line in f if line.startswith("Max open files")).split()[3])


def allow_descriptors(pid, n):
    """Set that limit; its own user may do so everywhere."""
    st = os.stat(f"/proc/{pid}")
    subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={n}:"], user=st.st_uid, group=st.st_gid, check=True)


class Reply:
    """One SMTP reply, all its lines."""

    def __init__(self, lines):
        self.lines = lines
        self.code = int(lines[-1][:3])
        self.text = "\n".join(line[4:] for line in lines)

    def __repr__(self):
        return "\n".join(self.lines)


class Client:
    """A raw SMTP client: says exactly what the story says."""

    def __init__(self, port, source, greeted=True, context=None, at="127.0.0.1"):
        """context: TLS from the first byte on."""
        self.sock = socket.create_connection((at, port), timeout=PATIENCE, source_address=(source, 0))
        self.file = self.sock.makefile("rb")
        if context is not None:
            self.encrypt(context)
        self.greeting = self.reply() if greeted else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Hang up, and wait until the server has seen it: then its log lines are written."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
            while self.sock.recv(4096):
                pass
        except OSError:
            pass
        self.file.close()
        self.sock.close()

    def reply(self):
        lines = []
        while True:
            raw = self.file.readline()
            if not raw:
                raise ConnectionError(f"the server closed the connection after {lines}")
            assert raw.endswith(b"\r\n"), raw
            lines.append(raw[:-2].decode("utf-8", "surrogateescape"))
            if lines[-1][3:4] != "-":
                return Reply(lines)

    def raw(self, octets):
        self.sock.sendall(octets)

    def send(self, line, end="\r\n"):
        """One command line and the reply to it."""
        octets = line if isinstance(line, bytes) else line.encode()
        self.raw(octets + end.encode())
        return self.reply()

    def encrypt(self, context):
        """The handshake; the certificate must be the server's."""
        self.file.close()
        self.sock = context.wrap_socket(self.sock, server_hostname="mx.example.com")
        self.file = self.sock.makefile("rb")

    def starttls(self, context, helo="client.test"):
        """EHLO, STARTTLS, the handshake, and EHLO once more: that one's reply."""
        assert "STARTTLS" in self.send(f"EHLO {helo}").text
        assert self.send("STARTTLS").code == 220
        self.encrypt(context)
        return self.send(f"EHLO {helo}")

    def login(self, user="sender@example.com", password="correct horse"):
        """AUTH PLAIN; its reply."""
        return self.send("AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode())

    def closed(self):
        """True when the server has closed the connection."""
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def envelope(self, sender, *recipients, helo="client.test"):
        """EHLO, MAIL and RCPT, all accepted."""
        for line in [f"EHLO {helo}", f"MAIL FROM:<{sender}>"] + [f"RCPT TO:<{r}>" for r in recipients]:
            reply = self.send(line)
            assert reply.code == 250, (line, reply)
        return self

    def data(self, message="Subject: hello\r\n\r\nHello.\r\n"):
        """DATA, the message (its dots doubled), the end; returns the last reply."""
        octets = message if isinstance(message, bytes) else message.encode()
        assert self.send("DATA").code == 354
        self.raw(re.sub(rb"(^|\r\n)\.", rb"\1..", octets) + b".\r\n")
        return self.reply()

    def deliver(self, sender, *recipients, message="Subject: hello\r\n\r\nHello.\r\n"):
        return self.envelope(sender, *recipients).data(message)


class Record:
    """One line of a log."""

    SPAMDYKE = re.compile(r"^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ spamdyke\[(?P<connection>\d+)\]: (?P<code>[A-Z_]+) "
                          r"from: (?P<sender>.*?) to: (?P<to>.*?) origin_ip: (?P<ip>\S+) origin_rdns: (?P<rdns>\S+) "
                          r"auth: (?P<auth>\S+) encryption: (?P<encryption>\S+) reason: (?P<reason>.*)$")
    COMMA = re.compile(r"^(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d), (?P<verb>[a-z-]+)(?:, (?P<rest>.*))?$")

    def __init__(self, line):
        self.line = line
        m = self.SPAMDYKE.match(line) or self.COMMA.match(line)
        assert m, f"a line of no known form: {line!r}"
        self.__dict__.update(m.groupdict())
        self.fields = (m.groupdict().get("rest") or "").split(", ")

    def __repr__(self):
        return self.line


class Log:
    """A log file as it stands now."""

    def __init__(self, path):
        # A reader may see an append half done, but not for long.
        self.text = until(lambda: self.whole(path), f"{path} ends with a whole line", 5)[0]
        self.lines = self.text.splitlines()
        self.records = [Record(line) for line in self.lines if line]
        self.groups = [[Record(line) for line in group.splitlines()] for group in re.split(r"\n\n+", self.text.strip())
                       if group]

    @staticmethod
    def whole(path):
        """(its text,), or None while it ends inside a line."""
        if not os.path.exists(path):
            return ("",)
        with open(path, encoding="utf-8", newline="\n") as f:
            text = f.read()
        return (text,) if text == "" or text.endswith("\n") else None

    @property
    def last(self):
        assert self.records, "the log is empty"
        return self.records[-1]

    def verb(self, verb):
        """What follows the verb, of each line that has it."""
        return [r.rest for r in self.records if r.verb == verb]


class Trace:
    """An answer of `telltale trace`: as people see it and as programs do."""

    def __init__(self, text, answer, status):
        self.text = text
        self.headline = text.strip().split("\n\n")[0]
        self.json = answer
        self.status = status

    @property
    def messages(self):
        return self.json["messages"]

    @property
    def only(self):
        assert len(self.messages) == 1, self.text
        return self.messages[0]


class Mail:
    """A delivered message."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            self.raw = f.read()
        self.parsed = email.message_from_bytes(self.raw)
        self.subject = self.parsed["Subject"]
        self.body = self.raw.replace(b"\r\n", b"\n").split(b"\n\n", 1)[-1].decode("utf-8", "surrogateescape")


class Spool:
    def __init__(self, server):
        self.server = server

    @property
    def empty(self):
        return self.server.queue() == []


class Server:
    """`telltale serve` in a folder of its own.  It starts when the story first needs it."""

    def __init__(self):
        self.build = os.path.realpath(os.environ.get("TELLTALE_BUILD", os.path.join(ROOT, "build-test")))
        if AS_USERS:
            self.build = reachable(self.build)
        # Unix sockets have short paths, so the folder's name is short.
        self.folder = tempfile.mkdtemp(prefix="tt-")
        os.chmod(self.folder, 0o711 if AS_USERS else 0o700)
        self.data = os.path.join(self.folder, "data")
        self.conf = os.path.join(self.folder, "telltale.conf")
        self.zone = os.path.join(self.folder, "dns.zone")
        self.stderr = os.path.join(self.folder, "stderr")
        self.ca = os.path.join(self.folder, "ca.pem")
        self.records = {name: list(rows) for name, rows in ZONE.items()}
        self.ports = {"25": free_port(), "465": free_port(), "587": free_port()}
        self.extra = ""
        self.process = None
        self.domain, self.accounts = "example.com", ("recipient", "sender")
        self.spool = Spool(self)
        self.clock = os.path.join(self.folder, "clock")
        self.ahead = 0  # ms that the server's clock is ahead of ours
        self.unclean = False  # a story that kills programs says so
        self.forgiven = set()  # lines that the story expected (forgive())

    # -- before the start

    def config(self, text):
        """More lines of configuration; what is said twice adds up, of single values the last one counts."""
        assert self.process is None, "say it before the server is used"
        self.extra += text.strip() + "\n"

    def write_files(self):
        os.makedirs(self.data, exist_ok=True)
        with open(self.conf, "w", encoding="utf-8") as f:
            ports = {f"port{label}": port for label, port in self.ports.items()}
            f.write(CONFIG.format(data=self.data, zone=self.zone, ca=self.ca, **ports))
            f.write(USERS if AS_USERS else "")
            f.write(self.extra)
        self.write_certificate()
        self.write_authorities()
        with open(self.zone, "w", encoding="utf-8") as f:
            for name, rows in self.records.items():
                f.writelines(f"{name} {row}\n" for row in rows)

    def write_certificate(self, pair=None):
        """The pair at its usual place, if none lies there or this one is given."""
        folder = os.path.join(self.data, "tls")
        os.makedirs(folder, 0o700, exist_ok=True)
        for name, pem in zip(("cert.pem", "key.pem"), pair or certificate()):
            path = os.path.join(folder, name)
            if pair is not None or not os.path.exists(path):
                with open(path, "wb", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
                    f.write(pem)

    def write_authorities(self):
        """Who may vouch for others is one: to read the hundred that the system knows is a fifth of a start.  The crash
        rigs and the benches read those."""
        if not os.path.exists(self.ca):
            with open(self.ca, "wb") as f:
                f.write(certificate()[0])

    # -- start and stop

    def start(self):
        if self.process is not None:
            return self
        first = not os.path.exists(self.conf)
        self.write_files()
        if first:
            self.put_accounts()
        with open(self.stderr, "ab") as err:
            at = err.tell()
            self.process = subprocess.Popen([os.path.join(self.build, "telltale"), "serve", "-c", self.conf],
                                            stdin=subprocess.DEVNULL, stdout=err, stderr=err, start_new_session=True,
                                            preexec_fn=end_with_us, env=self.environment())
        until(lambda: self.ready(at), "the server says ready")
        return self

    def environment(self):
        return {**os.environ, **({"TELLTALE_CLOCK": self.clock} if os.path.exists(self.clock) else {})}

    def later(self, seconds):
        """The server's clock goes on by so much at once; the first call (of 0) must come before the start."""
        assert self.process is None or os.path.exists(self.clock), "a clock that can be moved is set up before the start"
        self.ahead += int(seconds * 1000)
        with open(self.clock, "r+b" if os.path.exists(self.clock) else "wb") as f:
            f.write(self.ahead.to_bytes(8, "little", signed=True))

    def ready(self, at):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.said(at)}")
        return re.search(r"(?m)^(.*\s)?ready$", self.said(at))

    def put_accounts(self):
        elsewhere = re.search(r'sqlite = "(.+?)"', self.extra)
        path = elsewhere[1] if elsewhere else os.path.join(self.data, "accounts.db")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
            f.write(accounts_file(self.build, self.domain, tuple(self.accounts)))

    def said(self, at=0):
        """What the programs said on stderr."""
        with open(self.stderr, encoding="utf-8", errors="replace") as f:
            f.seek(at)
            return f.read()

    def forgive(self, words, at):
        """What was said since that offset and looks like these words is no reason to fail in the end."""
        self.forgiven |= {line for line in self.said(at).splitlines() if re.search(words, line)}

    def stop(self, sig=signal.SIGTERM):
        """Stop it; returns the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(sig)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGABRT)
            raise AssertionError(f"the server does not stop:\n{self.said()}") from None
        finally:
            self.process = None
        return status

    def restart(self):
        assert self.stop() == 0, self.said()
        return self.start()

    def lost(self):
        """After a kill -9 of the supervisor: wait for the end of all programs."""
        self.process.wait(PATIENCE)
        group, self.process = self.process.pid, None
        until(lambda: not group_alive(group), "all programs end with the supervisor")

    def close(self, failed):
        """The end of a story: stop, and see that nothing is wrong."""
        group = self.process.pid if self.process is not None else None
        try:
            status = self.stop()
            said = self.said() if os.path.exists(self.stderr) else ""
            said = "\n".join(line for line in said.split("\n") if line not in self.forgiven)
            if failed:
                print(f"--- what the server said\n{said}")
                return
            assert not SANITIZER.search(said), said
            assert status == 0, f"exit {status}:\n{said}"
            if group is not None:
                until(lambda: not group_alive(group), "all programs end with the server", 5)
            assert self.unclean or "quarantin" not in said, said
        finally:
            if group is not None and group_alive(group):
                os.killpg(group, signal.SIGKILL)
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- what a story does

    def client(self, source="127.0.0.1", port="25", greeted=True):
        self.start()
        return Client(self.ports[port], source, greeted, self.tls() if port == "465" else None)

    def tls(self, **options):
        """What a TLS client needs to know: it trusts this server's certificate and no other.  options are attributes
        of ssl.SSLContext (minimum_version ...)."""
        context = ssl.create_default_context(cafile=os.path.join(self.data, "tls", "cert.pem"))
        for name, value in options.items():
            setattr(context, name, value)
        return context

    def tell(self, *args, text=None):
        """The command `telltale`, whatever it answers."""
        return indexed.run([os.path.join(self.build, "telltale"), *args], input=text, capture_output=True,
                           text=True, timeout=60, env={**self.environment(), "TELLTALE_CONFIG": self.conf,
                                                       "NO_COLOR": "1"})

    def command(self, *args, text=None):
        """The command `telltale`, which must succeed; its output."""
        self.start()
        done = self.tell(*args, text=text)
        assert done.returncode == 0, f"telltale {' '.join(args)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def pids(self, program):
        """The process ids of that program."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                    name, rest = re.match(r"\d+ \((.*)\) (.*)", f.read(), re.S).groups()
            except OSError:
                continue
            if name == program[:15] and int(rest.split()[3]) == self.process.pid and rest[0] != "Z":
                found.append(int(pid))
        return sorted(found)

    # -- what a story looks at

    def log(self, name):
        return Log(os.path.join(self.data, "logs", name + ".log"))

    def trace(self, *question):
        text, answer = self.tell("trace", *question), self.tell("trace", "--json", *question)
        assert text.returncode == answer.returncode, (text, answer)
        assert answer.stdout, answer.stderr
        return Trace(text.stdout, json.loads(answer.stdout), text.returncode)

    def queue(self):
        answer = json.loads(self.command("queue", "list", "--json"))
        return answer if isinstance(answer, list) else answer["messages"]

    def give_mail(self):
        """What a story has put into the mail folder belongs to the user whose mailboxes lie there."""
        if AS_USERS:
            uid = pwd.getpwnam(MAIL_USER).pw_uid
            for folder, folders, files in os.walk(os.path.join(self.data, "mail")):
                for name in [".", *folders, *files]:
                    os.lchown(os.path.join(folder, name), uid, -1)

    def maildir(self, address):
        user, domain = address.split("@")
        found = []
        for folder in ("new", "cur"):
            at = os.path.join(self.data, "mail", domain, user, "Maildir", folder)
            if os.path.isdir(at):
                found += [Mail(os.path.join(at, name)) for name in sorted(os.listdir(at))]
        return found

    def arrived(self, address, count=1):
        """Wait until so many messages lie in the mailbox and the queue is done with them; the messages."""
        until(lambda: len(self.maildir(address)) >= count, f"{count} messages for {address}")
        until(lambda: self.spool.empty, "the queue is empty")
        mails = self.maildir(address)
        assert len(mails) == count, [m.subject for m in mails]
        return mails


class Dns:
    """The records of the story's world."""

    def __init__(self, server):
        self.server = server

    def record(self, name, row):
        self.server.records.setdefault(name, []).append(row)
        self.changed()

    def ptr(self, ip, name):
        """The reverse name of an IPv4 address; None: it has none."""
        reverse = ".".join(reversed(ip.split("."))) + ".in-addr.arpa"
        self.server.records[reverse] = [f"PTR {name}"] if name else []
        self.changed()

    def changed(self):
        if self.server.process is not None:
            self.server.restart()


def group_alive(group):
    """Is a program of this process group still running (a zombie is not)?"""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False  # most often: to look at all processes costs more
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            return True
    return False
