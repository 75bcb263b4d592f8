"""The accounts: by the command, with and without a running telltale-lookup, and the questions it answers."""
import json, os, socket, sqlite3, stat, subprocess, threading, time
import pytest
from byhand import BUILD, RESOLVED, Program

MAILBOX, ALIAS, CATCHALL, NO_MAILBOX, NOT_OURS, LOOP, _, TEMPORARY = range(8)


class Accounts:
    def __init__(self, folder):
        self.folder, self.server = str(folder), None
        self.conf = f'hostname = "mx.example.com"\ndata-dir = "{folder}"\n'
        (folder / "telltale.conf").write_text(self.conf)
        self.file = os.path.join(self.folder, "accounts.db")

    def start(self):
        self.server = Program("telltale-lookup", self.conf, self.folder, {"service": "lookup.sock", "control": "lookup.ctl"})
        return self.server

    def stop(self):
        code, said = self.server.stop()
        self.server = None
        assert code == 0 and "Sanitizer" not in said, said
        return said

    def run(self, *words, password=None):
        p = subprocess.run([os.path.join(BUILD, "telltale"), *words, "-c", os.path.join(self.folder, "telltale.conf")],
                           input=password or "", capture_output=True, text=True, timeout=30)
        assert "Sanitizer" not in p.stderr, p.stderr
        return p

    def ok(self, *words, password=None):
        p = self.run(*words, password=password)
        assert p.returncode == 0, p.stderr
        return p.stdout

    def ask(self, address, channel=None):
        c = channel or self.server.channel("lookup.sock")
        c.send(1, 5, address)
        number, ident, (result, targets, channels, *_) = c.receive(RESOLVED)
        assert (number, ident) == (2, 5)
        return result, dict(zip(targets.decode().split("\n"), channels.decode())) if channels else {}


    def settings(self, address):
        c = self.server.channel("lookup.sock")
        c.send(1, 5, address)
        return c.receive(RESOLVED)[2][3]


@pytest.fixture(params=["server", "file"])
def either(request, tmp_path):
    """The same commands through a running server and on the bare file."""
    a = Accounts(tmp_path)
    if request.param == "server":
        a.start()
    yield a
    if a.server:
        a.stop()


@pytest.fixture
def served(tmp_path):
    a = Accounts(tmp_path)
    a.start()
    yield a
    if a.server:
        a.stop()


def test_the_life_of_a_domain(either):
    a = either
    a.ok("domain", "add", "Example.COM")
    assert stat.S_IMODE(os.stat(a.file).st_mode) == 0o600
    a.ok("account", "add", "Bob@example.com", "--password-stdin", "--quota", "100M", password="secret\n")
    a.ok("account", "add", "ann@example.com", "--password-stdin", password="geheim")
    a.ok("alias", "add", "team@example.com", "bob@example.com", "ann@example.com", "x@elsewhere.example")
    a.ok("alias", "add", "@example.com", "bob@example.com")
    assert json.loads(a.ok("domain", "list", "--json")) == [{"domain": "example.com", "accounts": 2, "aliases": 2}]
    assert json.loads(a.ok("domain", "show", "example.com", "--json"))["catch-all"] == ["bob@example.com"]
    assert json.loads(a.ok("account", "list", "--json")) == [
        {"account": "ann@example.com", "quota": 0}, {"account": "bob@example.com", "quota": 104857600}]
    assert a.ok("account", "list") == "account          quota\nann@example.com  none\nbob@example.com  100M\n"
    assert json.loads(a.ok("alias", "list", "team@example.com", "--json")) == [
        {"alias": "team@example.com", "targets": ["bob@example.com", "ann@example.com", "x@elsewhere.example"]}]
    p = a.run("domain", "remove", "example.com")
    assert p.returncode == 1 and "still has 2 accounts" in p.stderr and p.stdout == ""
    a.ok("account", "set", "bob@example.com", "--quota=2G")
    a.ok("alias", "remove", "team@example.com", "x@elsewhere.example")
    a.ok("alias", "remove", "team@example.com")
    a.ok("account", "remove", "bob@example.com")
    a.ok("account", "remove", "ann@example.com")
    a.ok("domain", "remove", "example.com")
    assert json.loads(a.ok("domain", "list", "--json")) == []


def test_settings_of_the_gate(either):
    a = either
    a.ok("domain", "add", "example.com")
    a.ok("account", "add", "bob@example.com", "--password-stdin", password="secret\n")
    a.ok("account", "add", "ann@example.com", "--password-stdin", password="secret\n")
    a.ok("domain", "set", "example.com", "graylist-level=always", "sender-blacklist-entry=@a.example",
         "sender-blacklist-entry=b@b.example", "rejection-text-graylist=Come again, please.")
    a.ok("account", "set", "bob@example.com", "filter-level=allow-all")
    shown = json.loads(a.ok("domain", "show", "example.com", "--json"))
    assert shown["settings"] == {"graylist-level": "always", "rejection-text-graylist": "Come again, please.",
                                 "sender-blacklist-entry": ["@a.example", "b@b.example"]}
    assert "settings   graylist-level=always, rejection-text-graylist=Come again, please., " \
        "sender-blacklist-entry=@a.example, sender-blacklist-entry=b@b.example\n" in a.ok("domain", "show", "example.com")
    assert json.loads(a.ok("account", "show", "bob@example.com", "--json"))["settings"] == {"filter-level": "allow-all"}
    assert a.ok("account", "list") == "account          quota  settings\nann@example.com  none   \n" \
        "bob@example.com  none   filter-level=allow-all\n"
    for words in (["graylist-level=sometimes"], ["sender-blacklist-entry=x"], ["policy-url=http://x"], ["filter-level=normal",
                  "ip-blacklist-entry=1.2.3.400"], ["tls-level=none"], []):
        p = a.run("domain", "set", "example.com", *words)
        assert p.returncode == (1 if words else 2) and p.stdout == "", p
    assert json.loads(a.ok("domain", "show", "example.com", "--json")) == shown
    a.ok("domain", "set", "example.com", "graylist-level=", "sender-blacklist-entry=!@a.example", "rejection-text-graylist=")
    assert json.loads(a.ok("domain", "show", "example.com", "--json"))["settings"] == {"sender-blacklist-entry": ["b@b.example"]}
    if a.server:  # it counts at once
        assert a.settings("bob@example.com") == b"sender-blacklist-entry=b@b.example\nfilter-level=allow-all\n"
        assert a.settings("ann@example.com") == b"sender-blacklist-entry=b@b.example\n"


def test_passwords_are_kept_as_yescrypt_and_never_as_text(either):
    a = either
    a.ok("domain", "add", "example.com")
    a.ok("account", "add", "bob@example.com", "--password-stdin", password="first secret\n")
    a.ok("account", "passwd", "bob@example.com", "--password-stdin", password="second secret\n")
    hashes = [h for h, in sqlite3.connect(a.file).execute("SELECT hash FROM account")]
    assert len(hashes) == 1 and hashes[0].startswith("$y$")
    check = subprocess.run(["/usr/bin/perl", "-e", "print crypt($ARGV[0], $ARGV[1])", "second secret", hashes[0]],
                           capture_output=True, text=True)
    assert check.stdout == hashes[0]


@pytest.mark.parametrize("words, password, code, text", [
    (["account", "add", "eve@example.com", "--password-stdin"], "", 1, "password is empty"),
    (["account", "add", "eve@example.com", "--password-stdin"], "\n", 1, "password is empty"),
    (["account", "add", "eve@example.com"], "x\n", 2, "usage"),
    (["account", "add", "../eve@example.com", "--password-stdin"], "x\n", 1, "cannot be a name"),
    (["account", "add", ".eve@example.com", "--password-stdin"], "x\n", 1, "cannot be a name"),
    (["account", "add", "e/ve@example.com", "--password-stdin"], "x\n", 1, "cannot be a name"),
    (["account", "add", "e\nve@example.com", "--password-stdin"], "x\n", 1, "cannot be a name"),
    (["account", "add", "e" * 65 + "@example.com", "--password-stdin"], "x\n", 1, "cannot be a name"),
    (["account", "add", "@example.com", "--password-stdin"], "x\n", 1, "cannot be a name"),
    (["account", "add", "eve@other.example", "--password-stdin"], "x\n", 1, "telltale domain add other.example"),
    (["account", "add", "eve", "--password-stdin"], "x\n", 1, "NAME@DOMAIN"),
    (["account", "add", "bob@example.com", "--password-stdin"], "x\n", 1, "already here"),
    (["account", "add", "info@example.com", "--password-stdin"], "x\n", 1, "is an alias"),
    (["account", "set", "bob@example.com", "--quota", "lots"], None, 2, "--quota wants a size"),
    (["account", "remove", "nobody@example.com"], None, 1, "no account"),
    (["account", "list", "other.example"], None, 1, "not here"),
    (["alias", "add", "bob@example.com", "x@y.example"], None, 1, "is an account"),
    (["alias", "add", "new@example.com", "not an address"], None, 1, "not an address"),
    (["alias", "add", "new@example.com", "new@example.com"], None, 1, "end in itself"),
    (["alias", "add", "new@example.com"], None, 2, "usage"),
    (["alias", "remove", "info@example.com", "other@example.com"], None, 1, "no target"),
    (["domain", "add", "exa mple.com"], None, 1, "not a domain name"),
    (["domain", "add", "[127.0.0.1]"], None, 1, "not a domain name"),
    (["domain", "add", "../x"], None, 1, "not a domain name"),
    (["domain", "add", "example.com"], None, 1, "already here"),
    (["domain", "add", "'; DROP TABLE domain; --"], None, 1, "not a domain name"),
    (["domain", "frobnicate"], None, 2, "unknown request"),
    (["domain"], None, 2, "usage"),
    (["domain", "add", "x.example", "--force"], None, 2, "unknown option"),
])
def test_refusals_say_why_and_change_nothing(either, words, password, code, text):
    a = either
    a.ok("domain", "add", "example.com")
    a.ok("account", "add", "bob@example.com", "--password-stdin", password="x\n")
    a.ok("alias", "add", "info@example.com", "bob@example.com")
    before = list(sqlite3.connect(a.file).iterdump())
    p = a.run(*words, password=password)
    assert p.returncode == code and text in p.stderr, p.stderr
    assert list(sqlite3.connect(a.file).iterdump()) == before


def test_what_is_asked_over_the_wire(served):
    a = served
    a.ok("domain", "add", "example.com")
    a.ok("account", "add", "bob@example.com", "--password-stdin", password="x\n")
    a.ok("alias", "add", "team@example.com", "bob@example.com", "Someone@Elsewhere.example")
    assert a.ask("BOB@Example.com") == (MAILBOX, {"bob@example.com": "l"})
    assert a.ask("bob+news@example.com") == (MAILBOX, {"bob@example.com": "l"})
    assert a.ask("team@example.com") == (ALIAS, {"bob@example.com": "l", "Someone@elsewhere.example": "r"})
    assert a.ask("nobody@example.com") == (NO_MAILBOX, {})
    assert a.ask("bob@elsewhere.example") == (NOT_OURS, {})
    a.ok("alias", "add", "@example.com", "bob@example.com")
    assert a.ask("nobody@example.com") == (CATCHALL, {"bob@example.com": "l"})
    for hostile in ["' OR 1=1 --@example.com", "bob\0x@example.com", "%@example.com", "", "@", "bob", "@@@", "x" * 900]:
        assert a.ask(hostile)[0] in (CATCHALL, NOT_OURS)


def test_a_loop_that_came_from_elsewhere_is_seen(served):
    a = served
    a.ok("domain", "add", "example.com")
    db = sqlite3.connect(a.file)
    with db:
        db.execute("INSERT INTO alias (domain, name, target) VALUES (1, 'a', 'b@example.com'), (1, 'b', 'a@example.com')")
        for i in range(20):
            db.execute("INSERT INTO alias (domain, name, target) VALUES (1, ?, ?)", (f"c{i}", f"c{i + 1}@example.com"))
        for i in range(9):
            for k in range(9):
                for m in range(9):
                    db.execute("INSERT INTO alias (domain, name, target) VALUES (1, ?, ?)", (f"d{i}.{k}", f"d{i + 1}.{m}@example.com"))
    assert a.ask("a@example.com")[0] == LOOP
    assert a.ask("c0@example.com")[0] == LOOP
    begin = time.monotonic()
    assert a.ask("d0.0@example.com")[0] == LOOP
    assert time.monotonic() - begin < 2


def test_a_hash_or_a_lock_does_not_hold_the_questions(served):
    a = served
    a.ok("domain", "add", "example.com")
    a.ok("account", "add", "bob@example.com", "--password-stdin", password="x\n")
    locked = sqlite3.connect(a.file, isolation_level=None)
    locked.execute("BEGIN IMMEDIATE")
    jobs = [a.server.channel("lookup.ctl") for _ in range(20)]
    for c in jobs:
        c.send(3, 9, b"account\0passwd\0bob@example.com\0--password-stdin", "new")
    c = a.server.channel("lookup.sock")
    for _ in range(50):
        begin = time.monotonic()
        assert a.ask("bob@example.com", c)[0] == MAILBOX
        assert time.monotonic() - begin < 0.5
    locked.execute("ROLLBACK")
    assert all(c.receive("nss")[2][0] == 0 for c in jobs)


def test_a_broken_file_is_said_once_and_mended_without_a_restart(served):
    a = served
    a.ok("domain", "add", "example.com")
    a.ok("account", "add", "bob@example.com", "--password-stdin", password="x\n")
    assert a.ask("bob@example.com")[0] == MAILBOX
    good = a.file + ".good"
    sqlite3.connect(a.file).execute("VACUUM INTO ?", (good,))
    with open(a.file + ".bad", "wb") as f:
        f.write(os.urandom(8192))
    for suffix in ("-wal", "-shm"):
        if os.path.exists(a.file + suffix):
            os.unlink(a.file + suffix)
    os.rename(a.file + ".bad", a.file)
    time.sleep(1.1)
    for _ in range(3):
        assert a.ask("bob@example.com")[0] == TEMPORARY
    os.rename(good, a.file)
    time.sleep(1.1)
    assert a.ask("bob@example.com")[0] == MAILBOX
    said = a.stop()
    assert said.count("cannot be asked") == 1 and "answer again" in said, said


def test_the_service_socket_takes_no_orders(served):
    a = served
    c = a.server.channel("lookup.sock")
    c.send(3, 1, b"domain\0add\0evil.example", b"")
    assert c.receive(RESOLVED) is None
    assert json.loads(a.ok("domain", "list", "--json")) == []
    for garbage in (b"\xff" * 64, b"\x0c\0\0\0\x07\0\0\0" + bytes(8), b"\x11\0\0\0\x01\0\0\0" + bytes(8) + b"\xff\xff\xff\xff\0"):
        c = a.server.channel("lookup.ctl")
        c.raw(garbage)
        assert c.receive(RESOLVED) is None
    a.ok("domain", "add", "example.com")


def test_what_the_page_asks_for_owners_is_their_lists_and_letters_only(served):
    a = served
    c = a.server.channel("lookup.sock")
    c.send(52, 1, b"allow\0list\0bob@example.com")
    assert c.receive("nss")[2][0] == 1 and not os.path.exists(a.file), "an owner makes no accounts"
    a.ok("domain", "add", "example.com")
    a.ok("account", "add", "bob@example.com", "--password-stdin", password="x\n")
    c.send(52, 2, b"allow\0add\0bob@example.com\0ann@far.example")
    assert c.receive("nss")[2][0] == 0
    c.send(52, 3, b"allow\0add\0bob@example.com\0@gmail.com")
    status, output, message = c.receive("nss")[2]
    assert status == 3 and output == b"" and b"anybody" in message
    for words in (b"account\0remove\0bob@example.com", b"account\0set\0bob@example.com\0filter-level=allow-all", b"domain\0list",
                  b"allow", b"", b"\0", b"--sure\0allow\0list\0bob@example.com", b"digest\0reset\0bob@example.com", b"allow\0" * 1000):
        c = a.server.channel("lookup.sock")
        c.send(52, 4, words)
        assert c.receive("nss") is None, words
    assert json.loads(a.ok("account", "list", "--json")) == [
        {"account": "bob@example.com", "quota": 0, "settings": {"sender-whitelist-entry": ["ann@far.example"]}}]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_gives_no_orders_even_if_the_socket_lets_him(served):
    a = served
    there = socket.socket(socket.AF_UNIX)
    pid = os.fork()
    if pid == 0:
        folder = os.open(os.path.join(a.folder, "run"), os.O_PATH)
        os.chmod(f"/proc/self/fd/{folder}/lookup.ctl", 0o777)
        os.setresuid(65534, 65534, 65534)
        there.connect(f"/proc/self/fd/{folder}/lookup.ctl")
        there.settimeout(10)
        try:
            os._exit(0 if there.recv(1) == b"" else 1)
        except OSError:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    a.ok("domain", "add", "example.com")
    assert "refused (another user)" in a.stop()
