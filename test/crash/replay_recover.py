"""The real programs, started in what a crash left: telltale-queue and telltale-local for each state, with one
telltale-lookup beside them for all.  The supervisor's part (sockets, descriptors) is ours: it keeps nothing on disk.
"""
import os
import shutil
import signal
import socket
import subprocess
import time

from house import harness
from replay_ask import Control, Refused

CONFIG = """\
hostname = "mx.example.com"
contact = "abuse@example.com"
data-dir = "{folder}"
spool-dir = "{state}/spool"
mail-dir = "{state}/mail"
log-dir = "{state}/logs"
listener "25" {{ bind = {{"127.0.0.1:2525"}} tls = "none" }}
queue {{ segment-size = 256K  big-message = 64K  first-retry = 1s }}
relay {{ enabled = false }}
"""
PATIENCE = 20  # seconds for one state
TWICE = 0.03  # seconds between two looks that must show the same
AHEAD = 3600 * 1000  # ms: the machine comes back an hour later, so everything that waits is due


class Stuck(Exception):
    """The programs did not come to rest, or ended by themselves."""


class Place:
    """Where one state after the other is laid down and recovered."""

    def __init__(self, build, folder, accounts):
        self.build, self.folder, self.state = build, folder, os.path.join(folder, "state")
        os.makedirs(os.path.join(folder, "run"), 0o700)
        shutil.copy(accounts, os.path.join(folder, "accounts.db"))
        self.conf = self.write("telltale.conf", CONFIG.format(folder=folder, state=self.state).encode())
        self.clock = self.write("clock", AHEAD.to_bytes(8, "little"))
        self.said = os.path.join(folder, "said")
        self.sockets = {name: self.listen(name) for name in ("queue.sock", "queue.ctl", "lookup.sock", "lookup.ctl")}
        self.lookup = self.start("telltale-lookup", service="lookup.sock", control="lookup.ctl")
        self.running, self.deadline = [], 0

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(content)
        return path

    def listen(self, name):
        s = socket.socket(socket.AF_UNIX)
        s.bind(os.path.join(self.folder, "run", name))
        s.listen(64)
        return s

    def start(self, program, **sockets):
        with open(self.conf, "rb") as conf, open(self.said, "ab") as said:
            fds = {"conf": conf.fileno(), "log": said.fileno(),
                   **{name: self.sockets[s].fileno() for name, s in sockets.items()}}
            env = {**os.environ, "TELLTALE_FDS": ",".join(f"{k}={v}" for k, v in fds.items()),
                   "TELLTALE_CLOCK": self.clock}
            return subprocess.Popen([os.path.join(self.build, program)], env=env, pass_fds=list(fds.values()),
                                    stdin=subprocess.DEVNULL, stdout=said, stderr=said, preexec_fn=harness.end_with_us)

    def close(self):
        self.end(signal.SIGKILL)
        self.lookup.kill()
        self.lookup.wait()
        for s in self.sockets.values():
            s.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def clear(self):
        """Away with the last state and what was said about it."""
        shutil.rmtree(self.state, ignore_errors=True)
        os.truncate(self.said, 0)

    def words(self):
        with open(self.said, encoding="utf-8", errors="replace") as f:
            return f.read()

    # -- one state

    def recover(self):
        """Start the programs in the state, wait until nothing is left to do but what waits for a remote server, and
        return what the queue holds then: [(message, its bytes)]."""
        self.running = [self.start("telltale-queue", service="queue.sock", control="queue.ctl"),
                        self.start("telltale-local")]
        self.deadline = time.monotonic() + PATIENCE
        control = Control(os.path.join(self.folder, "run", "queue.ctl"), self.hopeful)
        try:
            held = self.drained(control)
        except (OSError, Refused) as why:
            raise Stuck(f"{why}\n{self.words()}") from None
        finally:
            control.close()
        self.end(signal.SIGTERM)
        return held

    def drained(self, control):
        """A bounce that was just made is in no list for a moment: two looks must show the same messages."""
        before, messages = None, control.messages()
        while not at_rest(messages) or [m["qp"] for m in messages] != before:
            self.hopeful(messages)
            before = [m["qp"] for m in messages] if at_rest(messages) else None
            time.sleep(0.002 if before is None else TWICE)
            messages = control.messages()
        return [(m, control.export(m["qp"])) for m in messages]

    def hopeful(self, messages=None):
        ended = [f"{p.args[0]} ended with {p.returncode}" for p in self.running if p.poll() is not None]
        if ended or time.monotonic() > self.deadline:
            raise Stuck(f"{ended or 'not at rest'}: {messages}\n{self.words()}")

    def end(self, sig):
        running, self.running = self.running, []
        for p in running:
            p.send_signal(sig)
        for p in running:
            if p.wait(PATIENCE) not in (0, -sig) and sig != signal.SIGKILL:  # -sig: too early to hear it
                raise Stuck(f"{p.args[0]} ended with {p.returncode}:\n{self.words()}")


def at_rest(messages):
    """Does everything that is left wait for a remote server, after an attempt?"""
    return all(r["channel"] == "remote" and r["state"] == "waiting" and r["attempts"] > 0
               and r["address"] == r["original"] for m in messages for r in m["recipients"])
