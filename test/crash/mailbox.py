"""What lies in the mailboxes of a house, and somebody who reads mail while it comes in."""
import collections
import hashlib
import os
import re
import threading

from house import BOXES, LATER, SENDER

HEAD = re.compile(rb"Return-Path: <(?P<sender>[^>\n]*)>\nDelivered-To: (?P<to>[^\n]+)\n"
                  rb"Authentication-Results: mx\.example\.com;[^\n]*\n(?:\s[^\n]*\n)*"
                  rb"Received: from client\.test \((?:localhost|unknown) \[127\.0\.0\.1\]\)\s+"
                  rb"by mx\.example\.com\s+with ESMTPS?\s+"
                  rb"(?:\([\w. ]+\)\s+)?id (?P<qp>\d+)(?:\s+for <[^>\n]+>)?;\s[^\n]+\n")
BOUNCE = re.compile(rb"Return-Path: <>\nDelivered-To: (?P<to>[^\n]+)\nDate: [^\n]+\nFrom: MAILER-DAEMON@")

# A delivered message: name and qp are what it says itself; digest is that of what its client said.
Mail = collections.namedtuple("Mail", "user path name qp sender to digest")
# A bounce: the number of the message that comes back, and whom it names.
Bounce = collections.namedtuple("Bounce", "user path name parent failed")


class Reader:
    """Takes new mail out of new/ as a mail program does: a message that is delivered once more lies beside its first
    copy then, where it would else have had its very name."""

    def __init__(self, house):
        self.house, self.over = house, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.over.set()
        self.thread.join(60)

    def run(self):
        while not self.over.wait(0.02):
            for user in (*BOXES, LATER, SENDER):
                self.read(os.path.join(self.house.home(user), "Maildir"))

    @staticmethod
    def read(box):
        try:
            for name in os.listdir(os.path.join(box, "new")):
                take(os.path.join(box, "new", name), os.path.join(box, "cur", name + ":2,S"))
        except (FileNotFoundError, NotADirectoryError):
            pass  # no mailbox yet


def take(new, cur):
    """One that came twice gets another name: the oracle sees both."""
    for again in range(100):
        try:
            os.link(new, cur + "T" * again)
            return os.unlink(new)
        except FileExistsError:
            continue
    raise AssertionError(f"{new} came a hundred times")


def wrong_mail(path, why):
    raise ValueError(f"{path}: {why}")


def message(user, path, raw):
    """A delivered message without the lines that we put before it."""
    head = HEAD.match(raw)
    if not head:
        wrong_mail(path, f"no known beginning: {raw[:200]!r}")
    body = raw[head.end():]
    name = re.match(rb"X-Id: ([\w-]+)\n", body)
    if not name:
        wrong_mail(path, f"no name: {body[:100]!r}")
    digest = hashlib.sha256(body.replace(b"\n", b"\r\n")).hexdigest()
    return Mail(user, path, name[1].decode(), int(head["qp"]), head["sender"].decode(), head["to"].decode(), digest)


def bounce(user, path, raw):
    text = raw.decode("ascii")
    number = re.search(r"its number here is qp (\d+)\.", text)
    failed = re.findall(r"(?m)^Final-Recipient: rfc822; (\S+)$", text)
    name = re.search(r"(?m)^X-Id: ([\w-]+)$", text)
    if not (number and failed and name and re.search(r"\n--=_bounce_\d+_0--\n$", text)):
        wrong_mail(path, "a bounce that is not whole")
    return Bounce(user, path, name[1], int(number[1]), failed)


def one(user, path):
    with open(path, "rb") as f:
        raw = f.read()
    size = re.search(r",S=(\d+)", os.path.basename(path))
    if not size or int(size[1]) != len(raw):
        wrong_mail(path, f"{len(raw)} bytes")
    return (bounce if BOUNCE.match(raw) else message)(user, path, raw)


def all_mail(house):
    """(messages, bounces, what is no whole message)"""
    found, torn = [], []
    for user in (*BOXES, LATER, SENDER):
        for folder in ("new", "cur"):
            at = os.path.join(house.home(user), "Maildir", folder)
            for name in sorted(os.listdir(at)) if os.path.isdir(at) else []:
                try:
                    found.append(one(user, os.path.join(at, name)))
                except ValueError as e:
                    torn.append(str(e))
    return [m for m in found if isinstance(m, Mail)], [m for m in found if isinstance(m, Bounce)], torn
