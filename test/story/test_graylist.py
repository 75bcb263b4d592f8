"""Graylisting as spamdyke does it: who is put off, who passes and when, what is remembered, and by whom."""
import json
import os
import re
import signal
import sqlite3
import time

import pytest
from byhand import Program
from harness import until

GRAY = "421 4.7.1 Your address has been graylisted. Try again later."
HERE, OTHER = "127.0.0.1", "127.0.1.7"
CONFIG = "gate {{ graylist-level = {level} graylist-min-secs = 300 graylist-max-secs = 3600 {more} }}"


def graylist(server, level="always-create-dir", more=""):
    server.config(CONFIG.format(level=level, more=more))
    server.config("logs { time = utc level = verbose }")
    server.later(0)


def attempt(server, sender, *rcpts, source=HERE):
    """The replies to RCPT; the message is sent when anybody takes it."""
    with server.client(source=source) as c:
        assert c.send("EHLO client.test").code == 250
        assert c.send(f"MAIL FROM:<{sender}>").code == 250
        replies = [repr(c.send(f"RCPT TO:<{r}>")) for r in rcpts]
        if any(r.startswith("250") for r in replies):
            assert c.data().code == 250
        return replies if len(replies) > 1 else replies[0]


def passes(server, sender, rcpt="recipient@example.com", source=HERE):
    reply = attempt(server, sender, rcpt, source=source)
    assert reply == GRAY or reply.startswith("250 "), reply
    return reply != GRAY


def gate_lines(server):
    return [r.rest for r in server.log("smtp-25").records if r.verb == "gate"]


def spamdyke(server):
    with open(os.path.join(server.data, "logs", "spamdyke.log"), encoding="utf-8") as f:
        return [line.split("]: ", 1)[1].rstrip("\n") for line in f]


def rows(server, kind="g"):
    """What is in the file."""
    path = os.path.join(server.data, "graylist.db")
    if not os.path.exists(path):
        return []
    db = sqlite3.connect(path, timeout=20)
    try:
        return db.execute("SELECT rcpt, sender, network, first, passed, until FROM seen WHERE kind = ?", kind).fetchall()
    except sqlite3.OperationalError:  # just made
        return []
    finally:
        db.close()


def seconds(clock):
    h, m, s = map(int, clock.split(":"))
    return h * 3600 + m * 60 + s


@pytest.mark.smoke
def test_the_first_try_is_put_off_and_the_retry_passes(server):
    graylist(server)
    assert attempt(server, "A@b.example", "Recipient@example.com") == GRAY
    assert spamdyke(server) == [
        "FILTER_GRAYLISTED sender: a@b.example recipient: recipient@example.com path: graylist.db",
        f"DENIED_GRAYLISTED from: a@b.example to: recipient@example.com origin_ip: {HERE} origin_rdns: localhost "
        "auth: (unknown) encryption: (none) reason: (empty)",
    ]
    server.later(200)
    assert attempt(server, "a@b.example", "recipient@example.com") == GRAY  # too early
    lines = [line for line in gate_lines(server) if line.startswith("refused graylisted")]
    told = [re.fullmatch(r"refused graylisted, localhost:127\.0\.0\.1, \w+@example\.com, first seen (?:\S+ )?(\S+), "
                         r"passes from (?:\S+ )?(\S+), \d+ ms", line) for line in lines]
    assert len(told) == 2 and told[0].groups() == told[1].groups(), lines
    assert (seconds(told[0][2]) - seconds(told[0][1])) % 86400 == 300
    server.later(100)
    assert passes(server, "a@b.example")
    server.arrived("recipient@example.com")
    # One story: the tries and the message.
    trace = server.trace("from:a@b.example")
    assert trace.only["verdict"] == "delivered" and "first try" in trace.headline
    assert f"passes from {told[0][2]}" in " ".join(trace.text.split())
    # From then on it passes at once.
    assert passes(server, "a@b.example")
    # Nothing was known of other pairs.
    assert attempt(server, "a@b.example", "sender@example.com") == GRAY
    assert attempt(server, "b@b.example", "recipient@example.com") == GRAY


def test_a_pair_in_use_never_grows_too_old(server):
    graylist(server)
    assert not passes(server, "a@b.example")
    server.later(300)
    for _ in range(3):
        assert passes(server, "a@b.example")
        server.later(3500)
    assert passes(server, "a@b.example")
    server.later(3700)
    # Nobody wrote for longer than graylist-max-secs: it begins anew.
    assert not passes(server, "a@b.example")
    server.later(200)
    assert not passes(server, "a@b.example")
    server.later(100)
    assert passes(server, "a@b.example")


def test_each_recipient_has_its_own(server):
    graylist(server)
    assert not passes(server, "a@b.example")
    assert not passes(server, "")  # the null sender is one too
    server.later(300)
    assert passes(server, "")
    assert attempt(server, "a@b.example", "recipient@example.com", "sender@example.com") == ["250 2.1.5 ok", GRAY]
    server.arrived("recipient@example.com", 2)
    assert server.maildir("sender@example.com") == []


@pytest.mark.parametrize("level", ["always-create-dir", "only-create-dir"])
def test_exceptions(server, dns, level):
    graylist(server, level, '''graylist-exception-ip-entry = "127.0.1.0/24" graylist-exception-rdns-entry = ".c.example"
        graylist-exception-sender-entry = "@white.example"''')
    dns.ptr(OTHER, "mail.b.example")
    dns.ptr("127.0.0.9", "mail.c.example")
    put_off = level.startswith("only")
    assert passes(server, "a@b.example") == put_off
    assert passes(server, "a@white.example") != put_off
    assert passes(server, "b@b.example", source=OTHER) != put_off
    assert passes(server, "c@b.example", source="127.0.0.9") != put_off
    assert f"graylisted {'no-' if put_off else ''}exception" in " ".join(gate_lines(server))


def test_whoever_is_refused_or_let_through_anyway_leaves_no_trace_in_it(server):
    graylist(server, more='sender-whitelist-entry = "@white.example" recipient-blacklist-entry = "sender@example.com"')
    assert passes(server, "a@white.example")
    assert attempt(server, "a@b.example", "sender@example.com").startswith("554 ")
    assert attempt(server, "a@b.example", "nobody@example.com").startswith("550 ")
    assert attempt(server, "a@b.example", "x@far.test").startswith("554 ")
    with server.client(port="587") as c:
        c.starttls(server.tls())
        assert c.login().code == 235
        assert c.deliver("sender@example.com", "recipient@example.com").code == 250
    server.command("domain", "list")
    time.sleep(1.2)  # what it collects for
    assert rows(server) == []


def test_a_domain_and_a_mailbox_set_it_for_themselves(server):
    graylist(server, "always")
    server.command("alias", "add", "info@example.com", "recipient@example.com")
    assert passes(server, "a@b.example")  # nobody has it turned on
    server.command("domain", "set", "example.com", "graylist-level=always", "graylist-min-secs=60",
                   "rejection-text-graylist=Come again.")
    assert attempt(server, "a@b.example", "recipient@example.com") == "421 4.7.1 Come again."  # at once
    server.command("account", "set", "sender@example.com", "graylist-level=none")
    assert passes(server, "a@b.example", "sender@example.com")
    # An alias is asked about by its own name: its domain's settings count, not those of where it leads.
    server.command("account", "set", "recipient@example.com", "graylist-level=none")
    assert passes(server, "b@b.example")
    assert attempt(server, "b@b.example", "info@example.com").startswith("421 ")
    server.command("account", "set", "recipient@example.com", "graylist-level=")
    server.later(60)
    assert passes(server, "a@b.example")
    assert passes(server, "b@b.example", "info@example.com")
    server.command("domain", "set", "example.com", "graylist-level=")
    assert passes(server, "c@b.example")


def test_the_clients_network_may_count_too(server, dns):
    graylist(server, more="graylist-network = true")
    dns.ptr(OTHER, "mail.c.example")
    dns.ptr("127.0.0.9", "mail.b.example")
    assert not passes(server, "a@b.example")
    server.later(300)
    assert not passes(server, "a@b.example", source=OTHER)
    assert passes(server, "a@b.example", source="127.0.0.9")


def test_whom_one_of_us_wrote_to_may_answer(server, dns):
    graylist(server, more=f'ip-relay-entry = "{OTHER}"')
    dns.ptr(OTHER, "app.example.com")
    with server.client(port="587") as c:
        c.starttls(server.tls())
        assert c.login().code == 235
        assert c.deliver("Sender@example.com", "friend@far.test", "recipient@example.com").code == 250
    with server.client(source=OTHER) as c:
        assert c.send("EHLO app").code == 250 and c.send("MAIL FROM:<recipient@example.com>").code == 250
        assert c.send("RCPT TO:<customer@far.test>").code == 250 and c.data().code == 250
    assert passes(server, "Friend@far.test", "sender@example.com")
    assert passes(server, "customer@far.test")
    assert not passes(server, "friend@far.test", "recipient@example.com")
    assert not passes(server, "enemy@far.test", "sender@example.com")
    assert [(r[0], r[1]) for r in until(lambda: rows(server, "w")[1:] and rows(server, "w"), "it is written")] == [
        ("recipient@example.com", "customer@far.test"), ("sender@example.com", "friend@far.test")]


def test_who_writes_in_the_name_of_another_domain_makes_nobody_its_correspondent(server):
    graylist(server)
    server.start()
    server.command("domain", "add", "b.example")
    server.command("account", "add", "eve@b.example", "--password-stdin", text="correct horse\n")
    with server.client(port="587") as c:
        c.starttls(server.tls())
        assert c.login(user="eve@b.example").code == 235
        assert c.deliver("recipient@example.com", "spam@c.test").code == 250
        assert c.deliver("eve@b.example", "spam@c.test").code == 250
    assert not passes(server, "spam@c.test")
    assert passes(server, "spam@c.test", "eve@b.example")


def test_that_somebody_wrote_is_not_kept_where_nobody_graylists(server):
    server.later(0)
    with server.client(port="587") as c:
        c.starttls(server.tls())
        assert c.login().code == 235
        assert c.deliver("sender@example.com", "friend@far.test").code == 250
    time.sleep(1.2)
    assert not os.path.exists(os.path.join(server.data, "graylist.db"))


@pytest.mark.parametrize("how", ["the program is killed", "the server is started anew"])
def test_what_was_put_off_is_known_after_an_end(server, how):
    server.unclean = True
    graylist(server)
    assert not passes(server, "a@b.example")
    if how == "the program is killed":
        until(lambda: rows(server), "it is written")
        old = server.pids("telltale-lookup")
        os.kill(old[0], signal.SIGKILL)
        until(lambda: server.pids("telltale-lookup") not in ([], old), "another one is started")
    else:
        server.restart()  # at once: what was not written yet is written at the end
    server.later(300)
    # A telltale-smtpd that hears only now of the end puts this one off, for another reason.
    replies = until(lambda: [r for r in [attempt(server, "a@b.example", "recipient@example.com")] if r[:3] != "451"], "")
    assert replies[0].startswith("250 ")


def test_a_graylist_that_cannot_be_asked_puts_nobody_off(server):
    graylist(server)
    os.makedirs(server.data)
    with open(os.path.join(server.data, "graylist.db"), "w", encoding="utf-8") as f:
        f.write("x" * 8192)
    assert passes(server, "a@b.example")
    line, = [line for line in gate_lines(server) if line.startswith("error graylisted")]
    assert "the graylist cannot be asked now" in line
    assert passes(server, "b@b.example")
    assert server.said().count("the graylist cannot be asked, it puts nobody off") == 1


# ---- import

def tree(folder, files):
    """spamdyke's folders: {path: (age in seconds, content)}."""
    for path, (age, content) in files.items():
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content)
        os.utime(path, (time.time() - age,) * 2)


@pytest.mark.parametrize("running", [True, False])
def test_a_spamdyke_graylist_is_brought_here(server, tmp_path, running):
    graylist(server, "always")
    tree(tmp_path, {
        "example.com/recipient/b.example/a": (1000, "192.0.2.1 mx.b.example\n"),
        "example.com/recipient/b.example/new": (5, ""),
        "example.com/recipient/b.example/old": (4000, "192.0.2.1\n"),
        "example.com/recipient/b.example/odd_name": (1000, "192.0.2.1\n"),
        "example.com/recipient/_none/_none": (1000, "192.0.2.1\n"),
        "example.com/recipient/c@c.example": (1000, "192.0.2.1\n"),
        "far.example/x/b.example/a": (1000, ""),
        "stray": (0, ""),
    })
    os.symlink("/etc", tmp_path / "linked")
    server.start()
    assert passes(server, "before@b.example")  # it is not turned on
    if not running:
        assert server.stop() == 0
    done = server.tell("gate", "import", "--graylist", str(tmp_path), "--json")
    assert done.returncode == 3, done
    assert json.loads(done.stdout) == {"entries": 6, "domains": 2, "old": 1, "unreadable": 2}
    assert "6 entries of 2 domains are in the graylist; 1 were too old, 2 could not be read" in done.stderr
    assert all(f"not read: {tmp_path}/{name}\n" in done.stderr for name in ("stray", "linked"))
    server.start()
    for sender in ("a@b.example", "", "c@c.example", "odd+name@b.example"):
        assert passes(server, sender), sender
    for sender in ("new@b.example", "old@b.example", "other@b.example"):
        assert not passes(server, sender), sender
    server.later(296)
    assert passes(server, "new@b.example")
    done = server.tell("gate", "import", "--graylist", str(tmp_path / "nowhere"))
    assert done.returncode == 1 and "nowhere" in done.stderr
    assert server.tell("gate", "import").returncode == 2
    # Again: nothing is lost by it.
    assert server.tell("gate", "import", "--graylist", str(tmp_path)).returncode == 3
    assert passes(server, "new@b.example")


# ---- the program alone

NEW, PASSED = 0, 2
GRAYLIST_NOTE, GRAYLIST_ASK, GRAYLIST_TOLD = 14, 12, 13


class Lookup:
    def __init__(self, folder):
        self.folder = str(folder)
        self.conf = f'hostname = "mx.example.com"\ndata-dir = "{folder}"\n'
        self.file = os.path.join(self.folder, "graylist.db")
        self.start()

    def start(self):
        self.program = Program("telltale-lookup", self.conf, self.folder,
                               {"service": "lookup.sock", "control": "lookup.ctl"})
        self.channel = self.program.channel("lookup.sock")

    def note(self, what, sender, at):
        self.channel.send(GRAYLIST_NOTE, 0, what, "bob@example.com", sender, "", at, at + 10**9)

    def ask(self, sender):
        self.channel.send(GRAYLIST_ASK, 7, "bob@example.com", sender, "")
        number, ident, told = self.channel.receive("nnnnn")
        assert (number, ident, told[0]) == (GRAYLIST_TOLD, 7, 1)
        return told[2], told[3]  # first, passed


def kept(lookup):
    """How many entries the file holds, all of it being in order."""
    if not os.path.exists(lookup.file):
        return 0
    db = sqlite3.connect(lookup.file)
    try:
        if db.execute("PRAGMA user_version").fetchone() == (0,):
            return 0  # just made
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        total, = db.execute("SELECT n FROM total").fetchone()
        assert db.execute("SELECT count(*) FROM seen").fetchone() == (total,)
        return total
    finally:
        db.close()


def test_a_crash_loses_seconds_at_most_and_breaks_nothing(tmp_path):
    lookup, n, before = Lookup(tmp_path), 0, 0
    for ending in (1.02, 1.1, 0.3, 1.3):
        end = time.monotonic() + ending
        while time.monotonic() < end:
            for _ in range(40):
                n += 1
                lookup.note(NEW, f"{n}@x.example", int(time.time() * 1000))
            assert lookup.ask(f"{n}@x.example")[0] > 0  # known at once
            time.sleep(0.01)
        os.kill(lookup.program.process.pid, signal.SIGKILL)
        _, said = lookup.program.stop()
        assert "Sanitizer" not in said, said
        now = kept(lookup)
        assert before <= now <= n
        before = now
        lookup.start()
    # What was told a while ago is in the file, and there it stays.
    lookup.note(NEW, "last@x.example", int(time.time() * 1000))
    until(lambda: kept(lookup) > before, "it is written")
    os.kill(lookup.program.process.pid, signal.SIGKILL)
    lookup.program.stop()
    lookup.start()
    assert lookup.ask("last@x.example")[0] > 0
    assert lookup.program.stop()[0] == 0


def test_who_asks_nonsense_is_sent_away(tmp_path):
    lookup = Lookup(tmp_path)
    for frame in [
        (12, "", "a@x", ""), (12, "bob@here", "a@x"), (14, 9, "bob@here", "a@x", "", 1, 1),
        (14, 0, "", "a@x", "", 1, 1), (14, 0, "bob@here", "a@x", "", 0, 1), (14, 0, "bob@here", "a@x", "", 2**63, 1),
        (15, "", "bob@here\ta@x\t1\t1\t1\n"),  # not over this socket
    ]:
        bad = lookup.program.channel("lookup.sock")
        bad.send(frame[0], 1, *frame[1:])
        assert bad.receive("n") is None, frame
    assert lookup.ask("a@x") == (0, 0)
    assert lookup.program.stop()[0] == 0
