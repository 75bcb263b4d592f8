"""Real filters for the stories of handoff/: each with its own configuration in a private folder, none outlives its test."""
import ctypes, glob, os, shutil, signal, socket, subprocess, time

BUILD = os.environ.get("TELLTALE_BUILD") or os.path.join(os.path.dirname(__file__), "..", "..", "build-test")
PR_SET_PDEATHSIG = 1
AS_USERS = os.environ.get("TELLTALE_USERS") == "1" and os.geteuid() == 0
LIBC = ctypes.CDLL(None)


def missing(*programs):
    """The reason to skip, if one of them is not installed."""
    gone = [p for p in programs if shutil.which(p, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]
    return f"not installed (scripts/bootstrap test): {', '.join(gone)}" if gone else ""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ends_with_us():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def open_for_all(sock):
    """With programs as users of their own (TELLTALE_USERS): the filter's socket, and the way to it."""
    os.chmod(sock, 0o666)
    folder = os.path.dirname(sock)
    while folder not in ("/", "/tmp"):
        os.chmod(folder, os.stat(folder).st_mode | 0o011)
        folder = os.path.dirname(folder)


class Daemon:
    """A program in the foreground, in a process group of its own.  Use it with `with`."""
    def __init__(self, argv, folder, where, forks=False):
        self.where, self.forks = where, forks
        self.out = open(os.path.join(folder, os.path.basename(argv[0]) + ".out"), "w+b")
        self.p = subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=self.out, stderr=subprocess.STDOUT,
                                  start_new_session=True, preexec_fn=ends_with_us)
        try:
            self.wait()
            if AS_USERS:
                for path in glob.glob(os.path.join(folder, "*.sock")):
                    open_for_all(path)
        except BaseException:
            self.stop()
            raise

    def listens(self):
        family, address = (socket.AF_UNIX, self.where) if isinstance(self.where, str) else (socket.AF_INET, self.where)
        with socket.socket(family) as s:
            return s.connect_ex(address) == 0

    def wait(self):
        deadline = time.monotonic() + 60
        while not self.listens():
            assert self.p.poll() is None, f"it ended:\n{self.said()}"
            assert time.monotonic() < deadline, f"it does not listen:\n{self.said()}"
            time.sleep(0.02)

    def said(self):
        self.out.flush()
        with open(self.out.name, encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self):
        """It has nothing to lose, and libmilter takes five seconds to say goodbye: only who has children may do it."""
        if self.forks:
            self.p.terminate()
            try:
                self.p.wait(10)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.p.wait()
        self.out.close()

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.stop()


def ask(program, folder, message, *options):
    """Run ask_milter or ask_rspamd over a message: its standard output."""
    path = os.path.join(folder, "message.eml")
    with open(path, "wb") as f:
        f.write(message)
    done = subprocess.run([os.path.join(BUILD, "test", program), path, *options], capture_output=True, timeout=60, check=False)
    assert b"Sanitizer" not in done.stderr, done.stderr.decode()
    return done


class Shown:
    """What ask_milter wrote: what was said at each step, and the message as it would be stored."""
    def __init__(self, done):
        assert done.returncode == 0, done.stderr.decode()
        told, self.message = done.stdout.split(b"\n\n", 1)
        self.steps = [tuple(line.split(": ", 1)) for line in told.decode().splitlines()]
        self.head, _, self.body = self.message.partition(b"\r\n\r\n")

    def said(self, step):
        return [words for at, words in self.steps if at == step]

    def fields(self, name):
        """Values of the fields of that name, unfolded."""
        lines = self.head.decode().replace("\r\n\t", " ").replace("\r\n ", " ").split("\r\n")
        return [line.partition(":")[2].strip() for line in lines if line.lower().startswith(name.lower() + ":")]
