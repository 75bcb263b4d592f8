"""The tools of test/vouch in the build: checks and writers of vouch/ that a test feeds."""
import ipaddress
import os
import subprocess
from dataclasses import dataclass

from harness import ROOT

BUILD = os.path.realpath(os.environ.get("TELLTALE_BUILD", os.path.join(ROOT, "build-test")))


@dataclass
class Answer:
    result: str
    domain: str
    term: str
    via: str
    explanation: str
    why: str
    lookups: int
    voids: int


def as_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode("latin-1", "surrogateescape")


def hexed(value):
    return as_bytes(value).hex() or "-"


def name_wire(name):
    labels = as_bytes(name).rstrip(b".").split(b".") if name else []
    return b"".join(bytes([len(label) & 0xff]) + label for label in labels if label) + b"\0"


def text_wire(strings):
    pieces = []
    for s in map(as_bytes, strings):
        pieces += [s[i:i + 255] for i in range(0, len(s), 255)] or [b""]
    return b"".join(bytes([len(p)]) + p for p in pieces)


def wire(kind, data):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(data).packed
    if kind == "MX":
        return int(data[0]).to_bytes(2, "big") + name_wire(data[1])
    if kind in ("PTR", "CNAME"):
        return name_wire(data)
    return text_wire(data if isinstance(data, (list, tuple)) else [data])


class Tool:
    def __init__(self, name):
        self.process = subprocess.Popen([os.path.join(BUILD, "test", name)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def say(self, verb, *values):
        print(verb, *map(hexed, values), file=self.process.stdin)

    def answer(self):
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def close(self):
        self.process.stdin.close()
        return self.process.wait(timeout=30)


class Spf(Tool):
    def __init__(self):
        super().__init__("spf-tool")

    def zone(self, rows):
        """rows: (name, kind, data); kind FAIL: what the name does not have cannot be asked."""
        self.say("clear")
        for name, kind, data in rows:
            self.say("row", as_bytes(name).rstrip(b"."), kind, b"" if kind == "FAIL" else wire(kind, data))

    def check(self, ip, helo, sender, host="mx.receiver.example"):
        self.say("check", ip, helo, sender, host)
        word, *values = self.answer()
        texts = ["" if v == "-" else bytes.fromhex(v).decode("latin-1") for v in values[:5]]
        return Answer(word, *texts, int(values[5]), int(values[6]))


class Results(Tool):
    def __init__(self):
        super().__init__("results-tool")

    def write(self, host, methods):
        """methods: (method, result, reason, [(property, value)])"""
        self.say("begin", host)
        for method, result, reason, properties in methods:
            self.say("method", method, result)
            self.say("reason", reason)
            for name, value in properties:
                self.say("property", name, value)
        self.say("end")
        return bytes.fromhex(self.answer()[0]).decode("ascii")

    def claims(self, name, value, host):
        self.say("claims", name, value, host)
        return int(self.answer()[0])
