"""What our server must answer: RFC 5321 with our extensions, as a state machine of its own.

Nothing here is taken from the server but its words' numbers.  An *act* is a list of JSON values, so that a visit can be
printed, shrunk and said again:  ["mail", "plain", 3]  ["rcpt", "known", 0]  ["data", "dots", 17]  ["quit"].
Model.step(act) tells the replies that must come, and changes the state.
"""
import base64

HOST = "mx.example.com"
MESSAGE_SIZE = 40 * 1024
PER_MESSAGE = 5
INVALID_PER_SESSION = 8
ERRORS_MAX = 1000
PASSWORD = "correct horse"
RECIPIENT, SENDER = "recipient@example.com", "sender@example.com"

# Listeners: how a client meets us there.
PORTS = {
    "25": {"tls": "starttls", "submission": False},
    "465": {"tls": "implicit", "submission": True},
    "587": {"tls": "starttls", "submission": True},
}
LOGINS_MAX = 5  # failures that a connection may have


def b64(text):
    return base64.b64encode(text.encode()).decode()


class Reply:
    """A reply that must come: its number, perhaps its enhanced code (a prefix of what follows the number)."""

    def __init__(self, want, lines=None):
        self.want, self.lines = want, lines

    def fits(self, lines):
        if not all(line.startswith(self.want[:3]) for line in lines):
            return False
        if self.lines is not None and {line[4:] for line in lines[1:]} != self.lines:
            return False
        return lines[-1].replace("-", " ", 1).startswith(self.want)

    def __repr__(self):
        return self.want + (" " + repr(sorted(self.lines)) if self.lines else "")


OK = "ok"

# MAIL: what follows the verb, and the reply in the right order of commands (OK: accepted).
MAIL = {
    "plain": ("FROM:<{}>", OK),
    "space": ("FROM: <{}>", OK),
    "lower": ("from:<{}>", OK),
    "size": ("FROM:<{}> SIZE=1000", OK),
    "size-at-limit": ("FROM:<{}> SIZE=" + str(MESSAGE_SIZE), OK),
    "body7": ("FROM:<{}> BODY=7BIT", OK),
    "body8": ("FROM:<{}> size=0 body=8bitmime", OK),
    "route": ("FROM:<@a.test,@b.test:{}>", OK),
    "null": ("FROM:<>", OK),
    "over-limit": ("FROM:<{}> SIZE=" + str(MESSAGE_SIZE + 1), "552 5.3.4"),
    "over-64-bits": ("FROM:<{}> SIZE=18446744073709551616", "552 5.3.4"),
    "size-negative": ("FROM:<{}> SIZE=-1", "501 5.5.4"),
    "size-empty": ("FROM:<{}> SIZE", "501 5.5.4"),
    "size-twice": ("FROM:<{}> SIZE=1 SIZE=2", "501 5.5.4"),
    "body-odd": ("FROM:<{}> BODY=9BIT", "501 5.5.4"),
    "unknown": ("FROM:<{}> COLOUR=red", "555 5.5.4"),
    "auth": ("FROM:<{}> AUTH=<>", OK),
    "auth-xtext": ("FROM:<{}> AUTH=a+40b.test", OK),
    "auth-odd": ("FROM:<{}> AUTH=a+4", "501 5.5.4"),
    "auth-twice": ("FROM:<{}> AUTH=<> AUTH=<>", "501 5.5.4"),
    "ret": ("FROM:<{}> RET=HDRS ENVID=a+20b", OK),
    "ret-odd": ("FROM:<{}> RET=ALL", "501 5.5.4"),
    "envid-long": ("FROM:<{}> ENVID=" + 101 * "x", "501 5.5.4"),
    "notify": ("FROM:<{}> NOTIFY=NEVER", "555 5.5.4"),
    "no-from": ("<{}>", "555 5.5.4"),
    "no-argument": ("", "555 5.5.4"),
    "no-brackets": ("FROM:{}", "501 5.1.7"),
    "no-end": ("FROM:<{}", "501 5.1.7"),
    "two-ats": ("FROM:<a@@{}>", "501 5.1.7"),
    "glued": ("FROM:<{}>SIZE=1", "501 5.1.7"),
    "eight-bit": ("FROM:<\u00e4{}>", "553 5.6.7"),
    "control": ("FROM:<\x01{}>", "501"),
}
RCPT = {
    "plain": ("TO:<{}>", OK),
    "space": ("TO: <{}>", OK),
    "lower": ("to:<{}>", OK),
    "route": ("TO:<@a.test:{}>", OK),
    "notify": ("TO:<{}> NOTIFY=NEVER ORCPT=rfc822;a+40b.test", OK),
    "notify-odd": ("TO:<{}> NOTIFY=NEVER,DELAY", "501 5.5.4"),
    "parameter": ("TO:<{}> RRVS=2014-04-03T23:01:00Z", "555 5.5.4"),
    "no-to": ("<{}>", "555 5.5.4"),
    "no-argument": ("", "555 5.5.4"),
    "null": ("TO:<>", "501 5.1.3"),
    "no-brackets": ("TO:{}", "501 5.1.3"),
    "two-ats": ("TO:<a@@{}>", "501 5.1.3"),
    "control": ("TO:<\x02{}>", "501"),
}
# Whom a RCPT names: the address, and where it is delivered; None: refused.
TARGETS = {
    "recipient": (RECIPIENT, [RECIPIENT]),
    "sender": (SENDER, [SENDER]),
    "upper": ("RECIPIENT@Example.COM", [RECIPIENT]),
    "quoted": ('"recipient"@example.com', [RECIPIENT]),
    "alias": ("both@example.com", [RECIPIENT, SENDER]),
    "catchall": ("whoever@catchall.example", [SENDER]),
    "postmaster": ("Postmaster", [RECIPIENT]),
    "nobody": ("nobody@example.com", None),
    "nobody-else": ("nobody-else@example.com", None),
    "unqualified": ("recipient", None),
    "elsewhere": ("someone@elsewhere.test", None),
    "percent": ("someone%elsewhere.test@example.com", None),
}
INVALID = {"nobody", "nobody-else", "percent"}
# Lines of other verbs: octets, reply; the state does not matter to them and they do not matter to it.
# The third value: is it a mistake that counts?
PLAIN = {
    "noop": (b"NOOP", "250 2.0.0", False),
    "noop-words": (b"noop what ever", "250 2.0.0", False),
    "vrfy": (b"VRFY recipient", "252 2.0.0", False),
    "vrfy-bare": (b"VRFY", "501", True),
    "expn": (b"EXPN list", "502", False),
    "help": (b"HELP", "214", False),
    "help-word": (b"HELP MAIL", "214", False),
    "rset-word": (b"RSET now", "501", True),
    "quit-word": (b"QUIT now", "501", True),
    "data-word": (b"DATA now", "501", True),
    "ehlo-bare": (b"EHLO", "501", True),
    "ehlo-control": (b"EHLO a\x07b", "501", True),
    "unknown": (b"XYZZY", "502", True),
    "bdat": (b"BDAT 10 LAST", "502", True),
    "turn": (b"ETRN example.com", "502", True),
    "empty": (b"", "502", True),
    "nul": (b"NOOP\0", "501", True),
    "long": (b"NOOP " + b"x" * 3000, "500 5.5.2", True),
    "long-mail": (b"MAIL FROM:<" + b"x" * 2040 + b"@b.test>", "500 5.5.2", True),
    "auth-bare": (b"AUTH", "501", True),
    "starttls-word": (b"STARTTLS now", "501", True),
    "bare-lf": (b"NOOP\nNOOP", "500 5.5.2", True),
    "bare-cr": (b"NOOP\rNOOP", "500 5.5.2", True),
    "bare-mail": (b"MAIL FROM:<a@b.test>\nRCPT TO:<recipient@example.com>", "500 5.5.2", True),
}
# What ends the visit: not SMTP.
FOREIGN = {
    "http": (b"GET / HTTP/1.1", "502"),
    "connect": (b"CONNECT example.com:25 HTTP/1.0", "502"),
    "space": (b" NOOP", "502"),
    "tls": (b"\x16\x03\x01\x02\x00", "502"),
}
# AUTH: what stands behind the verb, the answers to the challenges, and what comes of it.
GOOD, ASIDE = f"{SENDER}", "somebody-else@example.com"
LOGIN = {
    "plain": ("PLAIN " + b64(f"\0{GOOD}\0{PASSWORD}"), [], OK),
    "plain-asked": ("PLAIN", [b64(f"\0{GOOD}\0{PASSWORD}")], OK),
    "plain-as-oneself": ("plain " + b64(f"{GOOD}\0{GOOD}\0{PASSWORD}"), [], OK),
    "login": ("LOGIN", [b64(GOOD), b64(PASSWORD)], OK),
    "login-initial": ("Login " + b64(GOOD), [b64(PASSWORD)], OK),
    "cancelled": ("PLAIN", ["*"], "501 5.7.0"),
    "cancelled-late": ("LOGIN", [b64(GOOD), "*"], "501 5.7.0"),
    "no-base64": ("PLAIN !!!!", [], "501 5.5.2"),
    "no-base64-later": ("LOGIN", ["%%%"], "501 5.5.2"),
    "cut-base64": ("PLAIN " + b64(f"\0{GOOD}\0{PASSWORD}")[:-1], [], "501 5.5.2"),
    "empty": ("PLAIN =", [], "501 5.5.2"),
    "empty-later": ("LOGIN", [""], "501 5.5.2"),
    "no-nul": ("PLAIN " + b64(GOOD), [], "501 5.5.2"),
    "more-nul": ("PLAIN " + b64(f"\0{GOOD}\0{PASSWORD}\0"), [], "501 5.5.2"),
    "nul-in-name": ("LOGIN", [b64(GOOD + "\0")], "501 5.5.2"),
    "command": ("LOGIN", ["MAIL FROM:<a@b.test>"], "501 5.5.2"),
    "quit": ("PLAIN", ["QUIT now please"], "501 5.5.2"),
    "bare-lf": ("PLAIN", ["QUIT\nQUIT"], "501 5.5.2"),
    "long": ("PLAIN", ["A" * 13000], "500 5.5.2"),
    "unknown": ("CRAM-MD5", [], "504 5.5.4"),
}
# These slow down who comes from the same address: only strangers say them.
WRONG = {
    "wrong": ("PLAIN " + b64(f"\0{SENDER}\0wrong"), [], "535 5.7.8"),
    "nobody": ("LOGIN", [b64("guess-{}@example.com"), b64(PASSWORD)], "535 5.7.8"),
    "plain-as-another": ("PLAIN " + b64(f"{ASIDE}\0{GOOD}\0{PASSWORD}"), [], "535 5.7.8"),
}
LOGIN |= WRONG
STARTTLS = ("plain", "early", "garbage", "drop")
DROPS = ("idle", "half", "reset", "unread")


def bodies(name, ident):
    """The octets of a message before dots are doubled (without the last one), and the reply to it."""
    head = f"Subject: {ident}\r\n\r\n".encode()
    line = b"0123456789" * 7 + b"\r\n"
    table = {
        "plain": (head + b"hello\r\n", OK),
        "empty": (b"", OK),
        "dots": (head + b".\r\n..\r\n...\r\n.x\r\n", OK),
        "commands": (head + b"RSET\r\nMAIL FROM:<evil@b.test>\r\nRCPT TO:<recipient@example.com>\r\nDATA\r\n", OK),
        "eight-bit": (head + bytes(range(128, 256)) + b"\0\r\n", OK),
        "long-line": (head + b"x" * 5000 + b"\r\n", OK),
        "big": (head + line * 300, OK),
        "full": ((head + line * 600)[:MESSAGE_SIZE - 2] + b"\r\n", OK),
        "bare-lf": (head + b"a\nb\r\n", "550 5.5.2"),
        "bare-cr": (head + b"a\rb\r\n", "550 5.5.2"),
        "smuggled": (head + b"\n.\nRSET\r\n\n.\r\nMAIL FROM:<evil@b.test>\r\n", "550 5.5.2"),
        "over": (head + line * 600, "552 5.3.4"),
        "over-and-bare": (head + b"\n" + line * 600, "550 5.5.2"),
        "loop": (b"Received: by a\r\n" * 101 + head + b"x\r\n", "554 5.4.6"),
    }
    return table[name]


BODIES = ("plain", "empty", "dots", "commands", "eight-bit", "long-line", "big", "full", "bare-lf", "bare-cr",
          "smuggled", "over", "over-and-bare", "loop")


class Model:
    """One visit as the standard sees it."""

    def __init__(self, port, source):
        self.port, self.submission = PORTS[port], PORTS[port]["submission"]
        self.nameless = source != "127.0.0.1"  # no reverse name: the gate refuses at RCPT
        self.tls = self.port["tls"] == "implicit"
        self.errors = self.invalid = self.failed_logins = 0
        self.over = False  # the connection has ended
        self.forget()

    def forget(self):
        """STARTTLS, and the beginning: all that the client said of itself is gone (not what it did)."""
        self.helo = self.esmtp = False
        self.user = None
        self.reset()

    def reset(self):
        self.mail = None  # the sender
        self.asked = False  # there was a RCPT, perhaps in vain
        self.named, self.targets = [], []
        self.past = False  # more recipients were named than a message may have

    def greeting(self):
        return [Reply("220 " + HOST)]

    # -- one act

    def step(self, act):
        """The replies that must come."""
        return getattr(self, "do_" + act[0])(*act[1:])

    def mistake(self, want):
        """It counts, and one too many ends the visit."""
        self.errors += 1
        if self.errors < ERRORS_MAX:
            return [Reply(want)]
        self.over = True
        self.reset()
        return [Reply(want), Reply("421 4.7.0")]

    def do_plain(self, name):
        _, want, counts = PLAIN[name]
        return self.mistake(want) if counts else [Reply(want)]

    def do_foreign(self, name):
        self.over = True
        return [Reply(FOREIGN[name][1])]

    def do_drop(self, _):
        self.over = True
        return []

    def do_quit(self):
        self.over = True
        return [Reply("221 2.0.0 " + HOST)]

    def do_rset(self):
        self.reset()
        return [Reply("250 2.0.0")]

    def do_helo(self, _):
        self.reset()
        self.helo, self.esmtp = True, False
        return [Reply("250 " + HOST)]

    def extensions(self):
        said = {"PIPELINING", f"SIZE {MESSAGE_SIZE}", "8BITMIME", "DSN", "ENHANCEDSTATUSCODES"}
        return said | ({"AUTH PLAIN LOGIN", "REQUIRETLS"} if self.tls else {"STARTTLS"})

    def do_ehlo(self, _):
        self.reset()
        self.helo = self.esmtp = True
        return [Reply("250", self.extensions())]

    def do_mail(self, form, ident):
        want = MAIL[form][1]
        if form == "control":
            return self.mistake(want)
        if not self.helo or self.mail is not None:
            return [Reply("503 5.5.1")]
        if want != OK and not want.startswith("552"):
            return [Reply(want)]
        if form in ("auth", "auth-xtext") and not self.tls:
            return [Reply("555 5.5.4")]
        if self.submission and self.user is None:
            return [Reply("530 5.7.0")]
        if want != OK:
            return [Reply(want)]
        self.mail = "" if form == "null" else sender(ident)
        return [Reply("250 2.1.0")]

    def do_rcpt(self, form, name):
        want = RCPT[form][1]
        if form == "control":
            return self.mistake(want)
        if self.mail is None:
            return [Reply("503 5.5.1")]
        self.asked = True
        before = len(self.named)
        if want == OK:
            want = self.named_rcpt(name)
        return [Reply(want)] if len(self.named) > before else self.mistake(want)

    def named_rcpt(self, name):
        address, targets = TARGETS[name]
        key = address.lower().replace('"', "")
        gate = not self.submission and self.user is None
        if self.nameless and gate:
            return "554"
        if key in self.named:
            return "250 2.1.5"
        if name == "unqualified" and gate:  # refused before anything is counted or looked up
            return "554 5.1.3"
        if self.past or self.invalid >= INVALID_PER_SESSION:
            return "550 5.7.1"
        if len(self.named) >= PER_MESSAGE:
            self.past = True
            return "550 5.5.3"
        if name == "elsewhere" and self.user:
            targets = [address]
        if targets is None:
            self.invalid += name in INVALID
            return "550 5.1.1" if name in INVALID else "55"
        self.named.append(key)
        self.targets += targets
        return "250 2.1.5"

    def do_starttls(self, how):
        if self.tls:
            return [Reply("503 5.5.1")]
        if how == "early":
            self.over = True
            return [Reply("554 5.5.1")]
        self.over = how != "plain"
        self.tls = True
        self.forget()
        return [Reply("220 2.0.0")]

    def may_login(self):
        return self.tls and self.helo and self.esmtp and self.user is None and self.mail is None

    def do_auth(self, how, _):
        """The challenges and the last reply ("drop": the client leaves at the first challenge)."""
        if not self.tls:
            return [Reply("538 5.7.11")]
        if not self.may_login():
            return [Reply("503 5.5.1")]
        if how == "drop":
            self.over = True
            return [Reply("334")]
        _, answers, want = LOGIN[how]
        asked = [Reply("334")] * len(answers)
        if want == OK:
            self.user = SENDER
            return asked + [Reply("235 2.7.0")]
        if want.startswith("504"):
            return [Reply(want)]
        self.failed_logins += want.startswith("535")
        if self.failed_logins == LOGINS_MAX:
            self.over = True
            self.reset()
            return asked + [Reply("421")]
        return asked + self.mistake(want)

    def may_send(self):
        return self.mail is not None and bool(self.named)

    def do_data(self, body, ident):
        """The reply to DATA and, if that is 354, the one to the message ("cut": the client leaves in its midst)."""
        if not self.may_send():
            return [Reply("554 5.5.1" if self.asked and not self.submission else "503 5.5.1")]
        self.reset()
        if body == "cut":
            self.over = True
            return [Reply("354")]
        want = bodies(body, ident)[1]
        return [Reply("354"), Reply("250 2.0.0 ok " if want == OK else want)]


def sender(ident):
    return f"from-{ident}@elsewhere.test"


def answers(act):
    """What the client says to the challenges of AUTH."""
    if act[1] == "nobody":
        return [b64(f"guess-{act[2]}@example.com"), b64("x")]
    return LOGIN[act[1]][1]


def octets(act):
    """What an act says on the wire, all but what waits for an answer within it."""
    kind = act[0]
    if kind == "plain":
        line = PLAIN[act[1]][0]
    elif kind == "foreign":
        line = FOREIGN[act[1]][0]
    elif kind in ("ehlo", "helo"):
        line = f"{kind.upper()} {act[1]}".encode()
    elif kind == "mail":
        line = ("MAIL " + MAIL[act[1]][0].format(sender(act[2]))).encode()
    elif kind == "rcpt":
        line = ("RCPT " + RCPT[act[1]][0].format(TARGETS[act[2]][0])).encode()
    elif kind == "auth":
        line = ("AUTH " + ("LOGIN" if act[1] == "drop" else LOGIN[act[1]][0])).encode()
    else:
        line = kind.upper().encode()
    return line + b"\r\n"
