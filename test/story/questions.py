"""Asking the tracer, and logs to ask about: shared by the stories test_questions*.py."""
import json
import os
import re
import time

import indexed

HERE = os.path.dirname(os.path.realpath(__file__))
BUILD = os.environ.get("TELLTALE_BUILD", os.path.join(HERE, "..", "..", "build-test"))
PROVIDER = os.path.realpath(os.path.join(HERE, "..", "golden", "provider"))
ME = "recipient@example.com"


class Answer:
    def __init__(self, text, answer):
        assert text.returncode == answer.returncode
        self.status = text.returncode
        self.text = text.stdout
        self.stderr = text.stderr
        self.headline = text.stdout.split("\n\n")[0]
        self.json = json.loads(answer.stdout) if answer.stdout else None

    @property
    def only(self):
        assert self.json["found"] == 1 and len(self.json["messages"]) == 1, self.text
        return self.json["messages"][0]

    @property
    def recipient(self):
        assert len(self.only["recipients"]) == 1
        return self.only["recipients"][0]

    def section(self, name):
        found = re.search(rf"^{name}\n((?:  .*\n)+)", self.text, re.M)
        assert found, self.text
        return found.group(1)

    def stations(self):
        return [e["station"] for e in self.only["timeline"]]


def run(*args):
    return indexed.run([os.path.join(BUILD, "telltale"), "trace", *args], capture_output=True, text=True, timeout=60,
                       env={**os.environ, "TZ": "UTC"})


def ask(question, logs=PROVIDER, *options):
    return Answer(run(question, "--logs", str(logs), *options), run(question, "--logs", str(logs), "--json", *options))


def in_order(text, *words):
    at = [text.index(w) for w in words]
    assert at == sorted(at), words


class Logs:
    """A folder of logs, written line by line; the clock stands at 2026-11-23 10:00:00 +01:00 and can be moved."""

    def __init__(self, folder):
        self.folder, self.epoch = folder, 1795424400
        for name in ("smtp-25", "delivery", "spamdyke"):
            (folder / (name + ".log")).write_text("")
        self.comma("smtp-25", f"zone, +01:00, {self.epoch}")
        self.comma("delivery", f"zone, +01:00, {self.epoch}")

    def write(self, name, *lines):
        with open(self.folder / (name + ".log"), "a", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in lines)

    def comma(self, name, *lines):
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.epoch + 3600))
        self.write(name, *(f"{stamp}, {line}" if line else "" for line in lines))

    def session(self, number, *lines, ip="192.0.2.12", name="out.b.example"):
        self.comma("smtp-25", f"session, {number}, {ip}, 4242, {self.epoch}.007", f"helo, {name}", *lines, "")

    def gate(self, number, code, sender, to, reason, ip="192.0.2.12", name="out.b.example", user="(unknown)"):
        stamp = time.strftime("%b %e %H:%M:%S", time.gmtime(self.epoch + 3600))
        self.write("spamdyke", f"{stamp} mx spamdyke[{number}]: {code} from: {sender} to: {to} origin_ip: {ip} "
                               f"origin_rdns: {name} auth: {user} encryption: (none) reason: {reason}")

    def accept(self, number, qp, sender="a@b.example", to=ME, ip="192.0.2.12", name="out.b.example", size=1234):
        self.session(number, f"from, {sender}", "resp, 250 ok", f"to, <{to}>", "gate, recipient, passed relaying 0",
                     f"check, accepted rcpt, {name}:{ip}, {to}, found existing recipient",
                     "resp, 250 ok", f"size, {size}", f"resp, 250 ok {self.epoch} qp {qp}", ip=ip, name=name)
        self.gate(number, "ALLOWED", sender, to, f"250_ok_{self.epoch}_qp_{qp}", ip, name)

    def submit(self, number, qp, to, user="sender@example.com", ip="198.51.100.7"):
        """A message of our own, sent with a login."""
        self.session(number, f"auth, PLAIN {user}", f"from, {user}", "resp, 250 ok", f"to, <{to}>",
                     f"check, relaying rcpt, home:{ip}, {to}, client allowed to relay", "resp, 250 ok", "size, 1234",
                     f"resp, 250 ok {self.epoch} qp {qp}", ip=ip, name="home")

    def refuse(self, number, code, reply, sender="a@b.example", to=ME, ip="192.0.2.12", name="out.b.example",
               reason="(empty)"):
        """By the gate."""
        self.session(number, f"from, {sender}", "resp, 250 ok", f"to, <{to}>", f"resp, {reply}", ip=ip, name=name)
        self.gate(number, code, sender, to, reason, ip, name if name != "unknown" else "(unknown)")

    def check(self, number, title, description, reply, sender="a@b.example", to="nobody@example.com", ip="192.0.2.12"):
        """Refused by the recipient check."""
        self.session(number, f"from, {sender}", "resp, 250 ok", f"to, <{to}>",
                     f"check, {title}, out.b.example:{ip}, {to}, {description}", f"resp, {reply}", ip=ip)
        self.gate(number, "DENIED_OTHER", sender, to, reply.replace(" ", "_"), ip)

    def attempt(self, delivery, qp, n, result, *after, sender="a@b.example", to=ME, channel="local"):
        self.comma("delivery", f"init, <{sender}>", f"info, {delivery}, qp {qp}, attempt {n}, bytes 1234, {self.epoch}.100",
                   f"try, {delivery}, {channel}, {to}", f"result, {delivery}, {result}", f"done, {delivery}, 3", *after)
