"""vouch-check, which verifies and signs with the code of src/vouch; and what its tests need to make messages and keys."""
import base64
import json
import logging
import os
import subprocess
import time

from harness import ROOT

try:
    import dkim
except ImportError:
    dkim = None

BUILD = os.path.realpath(os.environ.get("TELLTALE_BUILD", os.path.join(ROOT, "build-test")))
VECTORS = os.path.join(os.path.dirname(ROOT), "shared", "vectors")
NAME = "sel._domainkey.example.com"  # where the key of most tests is
NOW = int(time.time())  # the other verifiers look at the clock


class Vouch:
    """One process for many messages."""

    def __init__(self):
        self.process = subprocess.Popen([os.path.join(BUILD, "test", "vouch-check")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.say("now", NOW)

    def say(self, *words):
        self.process.stdin.write((" ".join(str(w) for w in words) + "\n").encode())

    def key(self, name, text):
        text = text.encode() if isinstance(text, str) else text
        self.say("key", name, text.hex() or "20")

    def keys(self, records):
        self.say("forget")
        for name, text in records.items():
            self.key(name, text)

    def private(self, pem):
        self.say("private", pem.hex())

    def bring(self, words, message):
        self.say(*words, len(message))
        self.process.stdin.write(message)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "vouch-check ended"
        return json.loads(line)

    def verify(self, message, cut=0):
        self.say("cut", cut)
        return self.bring(["verify"], message)

    def results(self, message):
        return [s["result"] for s in self.verify(message)["dkim"]]

    def sign(self, message, names, head="relaxed", body="relaxed", domain="example.com", selector="sel"):
        field = self.bring(["sign", head, body, domain, selector, names], message)
        assert field.startswith("DKIM-Signature: "), field
        return field.encode()

    def sign_tags(self, message, tags):
        """A true signature, whatever its tags are."""
        return self.bring(["tags", tags.encode().hex()], message).encode()

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0


def crlf(text):
    """A message as it is on the wire."""
    text = text.encode() if isinstance(text, str) else text
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, capture_output=True, check=True).stdout


class Rsa:
    """A key pair; `record` is what its TXT record says."""
    algorithm = b"rsa-sha256"

    def __init__(self, bits=2048):
        self.pem = openssl("genrsa", "-traditional", str(bits))
        self.der = openssl("rsa", "-pubout", "-outform", "DER", data=self.pem)
        self.record = "v=DKIM1; k=rsa; p=" + base64.b64encode(self.der).decode()
        self.for_python = self.pem


class Ed25519:
    algorithm = b"ed25519-sha256"

    def __init__(self):
        self.pem = openssl("genpkey", "-algorithm", "ed25519")
        der = openssl("pkey", "-outform", "DER", data=self.pem)
        public = openssl("pkey", "-pubout", "-outform", "DER", data=self.pem)
        self.record = "v=DKIM1; k=ed25519; p=" + base64.b64encode(public[-32:]).decode()
        self.for_python = base64.b64encode(der[-32:])


def txt(records):
    """For python3-dkim: its question answered from the same records."""
    def ask(name, timeout=5):
        name = name.decode() if isinstance(name, bytes) else name
        text = records.get(name.rstrip(".").lower())
        return text.encode() if isinstance(text, str) else text
    return ask


def python_verifies(message, records):
    """The topmost signature, by python3-dkim."""
    logging.disable(logging.CRITICAL)
    return dkim.verify(message, dnsfunc=txt(records))


# --- messages with odd white space ------------------------------------------------------------------------------------

WORDS = ["one", "Two", ".", "..", "=20", "d\u00e9j\u00e0", "-" * 70, "x", ":", ";", "b=", "From: nobody", "\x0b", "\x7f"]
GAPS = [" ", "  ", "\t", " \t ", ""]
ENDS = ["\r\n", "\r\n", "\r\n", " \r\n", "\t\r\n", "\r\n\r\n", "\r\n\r\n\r\n", "\r\n  \r\n"]
FOLDS = [" ", "  ", "\t", "\r\n ", "\r\n\t", " \r\n  "]


def random_body(r):
    kind = r.random()
    if kind < 0.1:
        return r.choice(["", "\r\n", "\r\n\r\n", " \r\n", "\t \r\n\r\n", "\r\n \r\n"])
    text = "".join(r.choice(WORDS) + r.choice(GAPS) + (r.choice(ENDS) if r.random() < 0.4 else "")
                   for _ in range(r.randrange(1, 40)))
    # Without a last CRLF there is also no white space at the end: see test_white_space_where_the_last_crlf_is_missing.
    return text.rstrip(" \t\r\n") if kind < 0.2 else text.rstrip("\r\n") + r.choice(ENDS)


def random_value(r):
    return r.choice(["", " ", "\t", "  "]) + "".join(r.choice(WORDS[:12]) + r.choice(FOLDS)
                                                     for _ in range(r.randrange(1, 8))) + r.choice(["end", "end ", "end \t"])


def random_message(r):
    names = ["From", "To", "SUBJECT", "x-One", "X-one", "Received", "Received", "Date", "Message-Id"]
    r.shuffle(names)
    # libopendkim looks for an address in From.
    author = r.choice(FOLDS) + "Joe" + r.choice(FOLDS) + "<joe@example.com>" + r.choice(["", " ", "\t "])
    header = "".join(f"{name}:{author if name == 'From' else random_value(r)}\r\n" for name in names)
    return (header + "\r\n" + random_body(r)).encode()


def spoil(r, message):
    """One byte of it is another one now; never a line end, so that it is still a message."""
    while True:
        at = r.randrange(len(message))
        if message[at:at + 1].isalnum():
            return message[:at] + (b"7" if message[at:at + 1] != b"7" else b"8") + message[at + 1:]
