"""The few messages of a run, what became of them at the door, and where they must lie in the end."""
import re
import time

from harness import Client

SENDER = "sender@example.com"
GREETING, PATIENCE = 6, 45  # seconds for an answer: the server's own deadlines are shorter


class Message:
    """fate: None not sent, "promised" (250), "refused" (no 250, and never given), "unsure" (given, no 250)."""

    def __init__(self, ident, *users, sender="ann@x.test", size=200, fails=False, away=False):
        self.ident, self.users, self.sender, self.fails, self.away = ident, users, sender, fails, away
        self.fate, self.qp = None, None
        loop = f"Delivered-To: {users[0]}@example.com\r\n" if fails else ""
        line = (ident + "-" + "0123456789" * 8)[:70] + "\r\n"
        self.octets = (loop + f"Subject: {ident}\r\n\r\n" + line * (size // 72 + 1)).encode()

    @property
    def recipients(self):
        return [f"{u}@example.com" for u in self.users]

    @property
    def mailboxes(self):
        """Where it must lie; of what fails there must be one report in the sender's mailbox instead."""
        return () if self.fails or self.away else self.users

    @property
    def returns(self):
        return self.fails or self.away


def scene(name):
    """Plain, several recipients, big, forwarded, one that bounces, one that is deferred."""
    return [
        Message(f"{name}-plain", "anna"),
        Message(f"{name}-several", "anna", "cora"),
        Message(f"{name}-big", "bert", size=40_000),
        Message(f"{name}-away", "away", sender=SENDER, away=True),
        Message(f"{name}-fails", "cora", sender=SENDER, fails=True),
        Message(f"{name}-late", "late", sender=SENDER),
    ]


class Wrong(Exception):
    """What no server may do to a client."""


def judge(message, line, reply, good=250):
    """True: it went on.  Else the server put us off, in words."""
    if reply.code == good:
        return True
    text = reply.text.split(None, 1)
    if not 400 <= reply.code < 500 or len(text) < 2 or not re.fullmatch(r"4\.\d+\.\d+", text[0]):
        raise Wrong(f"{message.ident}: {line}: {reply}")
    return False


def give(client, message):
    """One message over an open session; False when the server put us off."""
    message.fate = "refused"
    for line in [f"MAIL FROM:<{message.sender}>"] + [f"RCPT TO:<{r}>" for r in message.recipients]:
        if not judge(message, line, client.send(line)):
            client.send("RSET")
            return False
    if not judge(message, "DATA", client.send("DATA"), 354):
        return False
    message.fate = "unsure"
    client.raw(message.octets + b".\r\n")
    reply = client.reply()
    if judge(message, ".", reply):
        message.fate, message.qp = "promised", reply.text.split()[-1]
        return True
    return False


def greet(port, message):
    """A session that has said EHLO; None when the server put us off."""
    client = Client(port, "127.0.0.1", greeted=False)
    try:
        client.sock.settimeout(GREETING)
        client.greeting = client.reply()
        client.sock.settimeout(PATIENCE)
        if judge(message, "greeting", client.greeting, 220) and judge(message, "EHLO", client.send("EHLO client.test")):
            return client
    except BaseException:
        client.close()
        raise
    client.close()
    return None


def visit(port, messages, deadline):
    """Sessions until each message has been tried once, or the time is over.  Who is hung up on comes again; where
    nobody answers the door (a program that cannot start), we do not wait for ever."""
    left = list(messages)
    while left and time.monotonic() < deadline:
        try:
            client = greet(port, left[0])
        except (AssertionError, ValueError) as why:
            raise Wrong(f"{left[0].ident}: no SMTP: {why}") from why
        except OSError:
            client = None
        if client is None:
            left.pop(0)
            continue
        with client:
            talk(client, left, deadline)


def talk(client, left, deadline):
    """As many as the session lets us."""
    while left and time.monotonic() < deadline:
        message = left.pop(0)
        try:
            give(client, message)
        except (AssertionError, ValueError) as why:
            raise Wrong(f"{message.ident}: no SMTP: {why}") from why
        except TimeoutError as why:
            raise Wrong(f"{message.ident}: no answer within {PATIENCE} s") from why
        except OSError:
            return
