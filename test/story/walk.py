"""Says the visits of model.py to the real server, many at once, and holds every reply against the model's."""
import collections
import json
import random
import re
import socket
import ssl
import threading

from model import Model, answers, bodies, octets

PATIENCE = 60


# A message that the server took: from whom, whom the client named, where it goes, what it says.
Accepted = collections.namedtuple("Accepted", "qp sender named targets body")


class Mismatch(Exception):
    """The server answered otherwise than the model."""


class Wire:
    """A client's end of a connection."""

    def __init__(self, port, source):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE, source_address=(source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def line(self):
        while b"\r\n" not in self.buffer:
            try:
                more = self.sock.recv(65536)
            except (ConnectionResetError, ssl.SSLEOFError):
                more = b""
            if not more:
                raise Mismatch(f"closed, after {self.buffer!r}")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("utf-8", "backslashreplace")

    def reply(self):
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return lines

    def send(self, data):
        self.sock.sendall(data)

    def encrypt(self, context):
        if self.buffer:
            raise Mismatch(f"in the clear before the handshake: {self.buffer!r}")
        self.sock = context.wrap_socket(self.sock, server_hostname="mx.example.com")

    def ended(self):
        """Nothing more comes but the end."""
        if self.buffer:
            return False
        try:
            return self.sock.recv(1) == b""
        except (ConnectionResetError, ssl.SSLEOFError):
            return True

    def hang_up(self):
        """And hear the server out: an alert of TLS may come, but no word in the clear."""
        said = self.buffer
        try:
            self.sock.shutdown(socket.SHUT_WR)
            while more := self.sock.recv(4096):
                said += more
        except OSError:
            pass
        if b"\r\n" in said:
            raise Mismatch(f"in the clear after a handshake that failed: {said!r}")

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()


class Talk:
    """One visit.  mode: how commands are put into packets: "one" waits for each reply, "batch" pipelines,
    "bytes" cuts where no line ends."""

    def __init__(self, visit, ports, context, mode):
        self.visit, self.context, self.mode = visit, context, mode
        self.model = Model(visit["port"], visit["source"])
        self.dice = random.Random(json.dumps(visit["acts"]))
        self.wire = Wire(ports[visit["port"]], visit["source"])
        self.accepted = []
        self.commands = 0
        self.waiting = []  # (act, replies that must come) of what was sent together
        self.unsent = b""
        self.said = []  # all of it, for a human

    def expect(self, want, act):
        got = self.wire.reply()
        self.said.append(f"S: {' | '.join(got)}")
        if not want.fits(got):
            raise Mismatch(f"{act}: {got} instead of {want}")
        return got

    def put(self, data):
        self.said.append(f"C: {data[:200]!r}")
        if self.mode == "bytes" and len(data) < 200:
            for i in range(len(data)):
                self.wire.send(data[i:i + 1])
        elif len(data) > 2 and self.dice.random() < 0.1:
            cut = self.dice.randrange(1, len(data))
            self.wire.send(data[:cut])
            self.wire.send(data[cut:])
        elif data:
            self.wire.send(data)

    def settle(self):
        """Send what waits and hear all replies to it."""
        self.put(self.unsent)
        self.unsent = b""
        for act, replies in self.waiting:
            for want in replies:
                self.expect(want, act)
        self.waiting = []

    def run(self):
        try:
            if self.model.tls:
                self.wire.encrypt(self.context)
            self.expect(self.model.greeting()[0], "greeting")
            for act in self.visit["acts"]:
                self.act(act)
                if self.model.over:
                    break
            if not self.model.over:
                self.settle()
                self.act(["quit"])
            self.farewell()
        except (OSError, Mismatch) as why:
            raise Mismatch(f"{why}\n" + "\n".join(self.said[-12:])) from None
        finally:
            self.wire.sock.close()

    def act(self, act):
        model = self.model
        mail = Accepted(0, model.mail, model.named, model.targets, b"") if model.may_send() else None
        tls, login = model.tls, model.may_login()
        replies = model.step(act)
        self.commands += 1
        if act[0] == "drop":
            return self.drop(act[1])
        self.unsent += octets(act)
        if act[0] == "data" and mail is not None:
            return self.message(act, replies, mail)
        if act[0] == "starttls" and not tls:
            return self.starttls(act, replies)
        if act[0] == "auth" and login:
            return self.login(act, replies)
        self.waiting.append((act, replies))
        if self.mode == "one" or self.model.over or self.dice.random() < 0.15:
            self.settle()
        return None

    def message(self, act, replies, mail):
        """DATA that must be answered with 354, and the message."""
        self.waiting.append((act, replies[:1]))
        self.settle()
        body = bodies("plain" if act[1] == "cut" else act[1], act[2])[0]
        stuffed = re.sub(rb"(^|\r\n)\.", rb"\1..", body)
        if act[1] == "cut":
            return self.put(stuffed[:self.dice.randrange(len(stuffed))])
        self.put(stuffed + b".\r\n")
        got = self.expect(replies[1], act)
        if replies[1].want.startswith("250"):
            self.accepted.append(mail._replace(qp=int(got[0].split()[-1]), body=body))
        return None

    def starttls(self, act, replies):
        self.waiting.append((act, replies))
        if act[1] == "early":  # in one packet, or the server has answered before it sees the rest
            self.said.append("C: ... STARTTLS, NOOP at once")
            self.wire.send(self.unsent + b"NOOP\r\n")
            self.unsent = b""
        self.settle()
        if act[1] == "plain":
            self.wire.encrypt(self.context)
        elif act[1] == "garbage":
            self.put(b"EHLO client.test\r\nNOOP\r\n")
            self.wire.hang_up()

    def login(self, act, replies):
        """AUTH that is heard, and the answers to its challenges."""
        self.waiting.append((act, replies[:1]))
        self.settle()
        if act[1] == "drop":
            return
        for answer, want in zip(answers(act), replies[1:]):
            self.put(answer.encode() + b"\r\n")
            self.expect(want, act)
        for want in replies[1 + len(answers(act)):]:
            self.expect(want, act)

    def drop(self, how):
        """The client leaves without a word."""
        if how == "unread":
            self.put(self.unsent + b"NOOP\r\nRSET\r\n")
            return
        self.settle()
        if how == "half":
            self.put(b"MAIL FROM:<a@b.te")

    def farewell(self):
        """The server closes when it must; or we do."""
        last = self.visit["acts"][-1] if self.visit["acts"] else ["quit"]
        if last == ["drop", "reset"]:
            self.wire.reset()
        elif last[0] == "drop" or last[1:2] in (["cut"], ["drop"], ["garbage"]):
            self.wire.sock.close()
        elif not self.wire.ended():
            raise Mismatch(f"{last}: the server does not close")


class Crowd:
    """Threads that take visits from a list and collect what came of them."""

    def __init__(self, ports, context, threads=8):
        self.ports, self.context, self.count = ports, context, threads
        self.lock = threading.Lock()
        self.accepted, self.wrong, self.commands = [], [], 0

    def run(self, visits, enough=lambda commands: False):
        """Until the visits are at their end, or enough(commands said so far); at the first mistake too."""
        self.visits, self.enough = iter(visits), enough
        threads = [threading.Thread(target=self.work) for _ in range(self.count)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def next(self):
        with self.lock:
            return None if self.wrong or self.enough(self.commands) else next(self.visits, None)

    def work(self):
        while True:
            visit = self.next()
            if visit is None:
                return
            mode = random.Random(visit["number"]).choices(("one", "batch", "bytes"), (20, 78, 2))[0]
            talk = Talk(visit, self.ports, self.context, mode)
            try:
                talk.run()
            except Mismatch as why:
                with self.lock:
                    self.wrong.append((visit, mode, str(why)))
            with self.lock:
                self.accepted += talk.accepted
                self.commands += talk.commands


def goes_wrong(acts, visit, mode, where):
    """Does this shorter list of acts still show it?"""
    try:
        Talk(dict(visit, acts=acts), *where, mode).run()
        return False
    except Mismatch:
        return True


def shrink(visit, mode, where, tries=300):
    """The shortest list of acts that we find for which the server answers otherwise than the model, and the mode."""
    if goes_wrong(visit["acts"], visit, "one", where):
        mode = "one"
    acts, size = visit["acts"], max(1, len(visit["acts"]) // 2)
    while tries > 0:
        at, before = 0, len(acts)
        while at < len(acts) and tries > 0:
            less = acts[:at] + acts[at + size:]
            tries -= 1
            if goes_wrong(less, visit, mode, where):
                acts = less
            else:
                at += size
        if size == 1 and len(acts) == before:
            break
        size = max(1, size // 2)
    return dict(visit, acts=acts), mode


def told(visit, mode, why, *where):
    """What a human needs to say it again."""
    short, mode = shrink(visit, mode, where)
    again = "it did not happen again"
    try:
        Talk(short, *where, mode).run()
    except Mismatch as last:
        again = str(last)
    return (f"{why}\n\nShrunk:\nMODEL_REPLAY='{json.dumps({'mode': mode, **short})}'\n{again}")
