"""A model of RFC 5321's states says the class of every reply; random commands must not find a difference.

Every path that ends a transaction must forget it: DATA is never taken without MAIL and RCPT (SECURITY T08, T09).
"""
import os
import random

YOU = "recipient@example.com"
STEPS = int(os.environ.get("WALK_STEPS", "3000"))


class Model:
    """What may be said now, and what comes of it."""

    def __init__(self):
        self.greeted, self.mail, self.rcpts = False, False, 0

    def forget(self):
        self.mail, self.rcpts = False, 0

    def helo(self):
        self.greeted = True
        self.forget()
        return 2

    def sender(self):
        if not self.greeted or self.mail:
            return 5
        self.mail = True
        return 2

    def good(self):
        if not self.mail:
            return 5
        self.rcpts += 1
        return 2

    def data(self):
        return 3 if self.mail and self.rcpts else 5


def never(_):
    return 5


def fine(_):
    return 2


COMMANDS = [
    (6, "EHLO x", Model.helo),
    (2, "HELO x", Model.helo),
    (20, "MAIL FROM:<a@b.example>", Model.sender),
    (4, "MAIL FROM:<> SIZE=10 BODY=8BITMIME", Model.sender),
    (20, f"RCPT TO:<{YOU}>", Model.good),
    (2, "RCPT TO:<x@far.example.net>", never),
    (2, "RCPT TO:<>", never),
    (2, "RCPT TO:<recipient>", never),
    (2, "MAIL FROM:<a@b.example> SIZE=99999999999999999999", never),
    (1, "MAIL FROM:<a@b.example> RET=ALL", never),
    (1, "MAIL FROM a@b.example", never),
    (4, "RSET", lambda m: m.forget() or 2),
    (2, "NOOP", fine),
    (2, "VRFY x", fine),
    (2, "HELP", fine),
    (2, "EXPN x", never),
    (2, "XYZZY", never),
    (2, "STARTTLS now", never),
    (2, "BDAT 10 LAST", never),
    (2, "EHLO", never),
    (1, "NOOP a\nb", never),
    (20, "DATA", Model.data),
]
BODIES = [(b"Subject: x\r\n\r\nx\r\n.\r\n", 2), (b"bare\nlf\r\n.\r\n", 5), (b"Received: x\r\n" * 101 + b"\r\n.\r\n", 5)]


def walk(client, rng, steps):
    model, accepted = Model(), 0
    weights = [w for w, _, _ in COMMANDS]
    for _ in range(steps):
        _, line, step = rng.choices(COMMANDS, weights)[0]
        want = step(model)
        reply = client.send(line)
        assert reply.code // 100 == want, (line, reply, vars(model))
        if reply.code == 354:
            body, want = rng.choice(BODIES)
            client.raw(body)
            reply = client.reply()
            assert reply.code // 100 == want, (body, reply)
            accepted += reply.code == 250
            model.forget()
            assert client.send("DATA").code == 503
    return accepted


def test_no_random_walk_finds_a_reply_that_the_model_does_not_expect(server):
    server.config("recipients { invalid-per-session = 0 }")
    server.start()
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)
    rng, accepted = random.Random(seed), 0
    for _ in range(10):
        with server.client() as c:
            accepted += walk(c, rng, STEPS // 10)
            c.send("QUIT")
    server.arrived(YOU, accepted)
