"""Our server with its defaults on, as one side of a bench."""
import os
import shutil
import signal
import subprocess

import process

# All that is not a default: names, places, and a zone so that no question leaves the machine.
CONFIG = """\
hostname = "mx.example.com"
contact = "postmaster@example.com"
data-dir = "{data}"
listener "25" {{ bind = {{"127.0.0.1:{port}"}} tls = "starttls" }}
dns {{ zone = "{zone}" }}
"""
ZONE = """\
127.in-addr.arpa static
1.0.0.127.in-addr.arpa 3600 IN PTR localhost
localhost 3600 IN A 127.0.0.1
net static
example.net 3600 IN TXT "v=spf1 ip4:127.0.0.1 -all"
"""


class Ours:
    name = "ours"
    holder = "telltale-local"  # the program that stands still while delivery is held

    def __init__(self, build, place, boxes=1, extra="", environment=None):
        self.build, self.boxes = build, boxes
        self.folder = os.path.join(place, "ours")
        self.data = os.path.join(self.folder, "data")
        self.conf = os.path.join(self.folder, "conf")
        self.log = os.path.join(self.folder, "said")
        self.port = process.free_port()
        self.process = None
        self.environment = dict(os.environ, TELLTALE_CONFIG=self.conf, NO_COLOR="1", **(environment or {}))
        os.makedirs(self.data, 0o700)
        zone = os.path.join(self.folder, "zone")
        with open(zone, "w", encoding="utf-8") as f:
            f.write(ZONE)
        self.config = CONFIG.format(data=self.data, port=self.port, zone=zone) + extra
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(self.config)

    def recipients(self):
        return [f"user{i}@example.com" for i in range(self.boxes)]

    def mailboxes(self):
        return self.recipients()

    def start(self, hold):
        """hold: nothing is delivered until release()."""
        self.process = process.spawn([os.path.join(self.build, "telltale"), "serve"], self.log, env=self.environment)
        process.until(lambda: process.answers(self.port), f"our server answers; see {self.log}")
        if not os.path.exists(os.path.join(self.data, "made")):
            self.make_accounts()
        if hold:
            self.signal(signal.SIGSTOP)

    def make_accounts(self):
        self.command("domain", "add", "example.com")
        for address in self.mailboxes():
            self.command("account", "add", address, "--password-stdin", text="correct horse\n")
        with open(os.path.join(self.data, "made"), "w", encoding="utf-8"):
            pass

    def command(self, *args, text=None):
        return subprocess.run([os.path.join(self.build, "telltale"), *args], env=self.environment, input=text,
                              text=True, capture_output=True, check=True, timeout=60).stdout

    def signal(self, number):
        for pid in self.pids(self.holder):
            os.kill(pid, number)

    def release(self):
        """What lies in the queue is delivered from now on."""
        self.signal(signal.SIGCONT)

    def pids(self, program):
        return [pid for pid in process.members(self.process.pid) if process.runs(pid, program)]

    def stop(self):
        if self.process is not None:
            process.kill_group(self.process)
            self.process = None

    def empty(self):
        """Stopped: no message, no log, no mailbox of the round before."""
        for name in ("spool", "mail", "logs"):
            shutil.rmtree(os.path.join(self.data, name), ignore_errors=True)

    def news(self):
        """The folders that delivered messages lie in."""
        return [os.path.join(self.data, "mail", "example.com", f"user{i}", "Maildir", "new") for i in range(self.boxes)]

    def shown(self):
        """Its configuration, for the report."""
        return {"telltale.conf": self.config.replace(self.folder, "FOLDER"), "dns.zone": ZONE}
