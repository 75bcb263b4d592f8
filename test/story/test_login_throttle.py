"""telltale-lookup and passwords: who may come in, how long the others wait, and what it does when all come at once."""
import os, resource, signal, sqlite3, subprocess, time
import pytest
from byhand import RESOLVED
from test_accounts import MAILBOX, TEMPORARY, Accounts

YES, NO, LATER = range(3)
PASSWORD = "correct horse"


@pytest.fixture(name="accounts")
def fixture_accounts(tmp_path):
    a = Accounts(tmp_path)
    a.start()
    a.ok("domain", "add", "example.com")
    a.ok("account", "add", "bob@example.com", "--password-stdin", password=PASSWORD + "\n")
    yield a
    if a.server:
        a.stop()


def login(channel, user, password=PASSWORD, ip="192.0.2.1"):
    """(result, account, wait in ms)"""
    channel.send(5, 7, user, password, ip)
    number, ident, (result, account, wait) = channel.receive("nsn")
    assert (number, ident) == (6, 7)
    return result, account.decode(), wait


def test_who_may_come_in(accounts):
    c = accounts.server.channel("lookup.sock")
    assert login(c, "bob@example.com") == (YES, "bob@example.com", 0)
    assert login(c, "Bob@EXAMPLE.com") == (YES, "bob@example.com", 0)
    for i, user in enumerate(["bob", "ann@example.com", "bob@elsewhere.example", "@", "bob+x@example.com",
                              "' OR 1=1 --@example.com", "b%@example.com", b"bob@example.com\0"]):
        assert login(c, user, ip=f"198.51.100.{i}") == (NO, "", 0)
    assert login(c, "bob@example.com", "wrong") == (NO, "bob@example.com", 0)
    assert login(c, "bob@example.com", "") == (NO, "bob@example.com", 0)


def test_a_ready_hash_is_taken(accounts):
    crypted = subprocess.run(["/usr/bin/openssl", "passwd", "-6", "Geheim"], capture_output=True, text=True,
                             check=True).stdout
    accounts.ok("account", "add", "ann@example.com", "--hash-stdin", password=crypted)
    c = accounts.server.channel("lookup.sock")
    assert login(c, "ann@example.com", "Geheim") == (YES, "ann@example.com", 0)
    assert login(c, "ann@example.com", crypted.strip()) == (NO, "ann@example.com", 0)
    p = accounts.run("account", "passwd", "ann@example.com", "--hash-stdin", password="Geheim\n")
    assert p.returncode == 1 and "crypt(3)" in p.stderr
    assert "Geheim" not in p.stderr


def test_guessing_gets_slower_and_then_is_not_heard(accounts):
    c = accounts.server.channel("lookup.sock")
    waits = [login(c, "bob@example.com", f"guess {i}")[::2] for i in range(6)]
    assert [w for _, w in waits[:4]] == [0, 0, 0, 1000]
    assert all(result == NO for result, _ in waits)
    while waits[-1][0] == NO:
        waits.append(login(c, "bob@example.com", "guess")[::2])
        assert len(waits) < 12 and waits[-1][1] <= 30000
    assert waits[-1] == (LATER, 5000)
    assert login(c, "bob@example.com") == (LATER, "", 5000), "nor is the right one, from there"
    assert login(c, "bob@example.com", ip="192.0.2.2") == (YES, "bob@example.com", 5000), "its owner waits a little"
    assert login(c, "bob@example.com", ip="192.0.2.2") == (YES, "bob@example.com", 0)


def test_unknown_names_are_slowed_down_like_known_ones(accounts):
    c = accounts.server.channel("lookup.sock")
    known = [login(c, "bob@example.com", "guess", f"192.0.2.{i}")[2] for i in range(8)]
    unknown = [login(c, "ghost@example.com", "guess", f"198.51.100.{i}")[2] for i in range(8)]
    assert known == unknown == [0, 0, 0, 1000, 2000, 4000, 5000, 5000]


def test_a_thousand_logins_at_once_and_nobody_else_waits(accounts):
    a = accounts
    crowd, other = a.server.channel("lookup.sock"), a.server.channel("lookup.sock")
    crowd.s.settimeout(60)
    for i in range(1000):
        crowd.send(5, i, "bob@example.com", PASSWORD, f"10.1.{i // 250}.{i % 250}")
    for _ in range(50):
        begin = time.monotonic()
        assert a.ask("bob@example.com", other)[0] == MAILBOX
        assert time.monotonic() - begin < 1
    a.ok("account", "set", "bob@example.com", "--quota", "1G")
    answers = {}
    while len(answers) < 1000:
        _, ident, (result, _, _) = crowd.receive("nsn")
        answers[ident] = result
    counts = [list(answers.values()).count(result) for result in (YES, NO, LATER)]
    assert counts[YES] >= 10 and counts[NO] == 0 and counts[LATER] >= 600, counts
    assert login(other, "bob@example.com", ip="192.0.2.77")[0] == YES


def test_only_telltale_smtpd_asks_and_only_sensible_things(accounts):
    a = accounts
    for fields in [("", PASSWORD, "192.0.2.1"), ("x" * 256, PASSWORD, "192.0.2.1"), ("bob@example.com", "x" * 4097, "")]:
        c = a.server.channel("lookup.sock")
        c.send(5, 1, *fields)
        assert c.receive("nsn") is None
    c = a.server.channel("lookup.ctl")
    c.send(5, 1, "bob@example.com", PASSWORD, "192.0.2.1")
    assert c.receive("nsn") is None


def test_accounts_that_are_gone_locked_or_broken_refuse_nobody(accounts):
    a = accounts
    c = a.server.channel("lookup.sock")
    assert a.ask("bob@example.com", c)[0] == MAILBOX
    hidden = a.file + ".hidden"
    os.rename(a.file, hidden)
    time.sleep(1.1)
    assert a.ask("bob@example.com", c)[0] == TEMPORARY
    assert a.ask("bob@elsewhere.example", c)[0] == TEMPORARY
    assert login(c, "bob@example.com")[0] == LATER
    assert not os.path.exists(a.file), "an empty one would make every domain foreign"
    os.rename(hidden, a.file)
    time.sleep(1.1)
    assert a.ask("bob@example.com", c)[0] == MAILBOX
    assert login(c, "bob@example.com")[0] == YES
    assert "cannot be asked" in a.stop()


def test_locked_accounts_refuse_nobody(accounts):
    a = accounts
    c = a.server.channel("lookup.sock")
    copy = a.file + ".copy"
    sqlite3.connect(a.file).execute("VACUUM INTO ?", (copy,))
    locked = sqlite3.connect(copy, isolation_level=None)
    locked.execute("BEGIN EXCLUSIVE")
    os.rename(copy, a.file)
    for suffix in ("-wal", "-shm"):
        if os.path.exists(a.file + suffix):
            os.unlink(a.file + suffix)
    time.sleep(1.1)
    assert a.ask("bob@example.com", c)[0] == TEMPORARY
    assert login(c, "bob@example.com")[0] == LATER
    locked.close()
    time.sleep(1.1)
    assert a.ask("bob@example.com", c)[0] == MAILBOX
    assert login(c, "bob@example.com")[0] == YES


def test_without_accounts_mail_is_put_off_until_there_are_some(tmp_path):
    a = Accounts(tmp_path)
    a.start()
    assert a.ask("bob@example.com")[0] == TEMPORARY
    a.ok("domain", "add", "example.com")
    a.ok("account", "add", "bob@example.com", "--password-stdin", password="x\n")
    assert a.ask("bob@example.com")[0] == MAILBOX
    said = a.stop()
    assert "no accounts yet" in said and "cannot be asked" not in said


def test_a_hangup_lets_nobody_in_and_serves_those_who_are_there(accounts):
    a = accounts
    c = a.server.channel("lookup.sock")
    assert a.ask("bob@example.com", c)[0] == MAILBOX
    a.server.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    late = a.server.channel("lookup.sock")
    late.send(1, 5, "bob@example.com")
    late.s.settimeout(0.5)
    with pytest.raises(TimeoutError):
        late.receive(RESOLVED)
    assert a.ask("bob@example.com", c)[0] == MAILBOX
    assert login(c, "bob@example.com")[0] == YES
    c.close()
    assert a.server.process.wait(10) == 0
    late.close()
    server, a.server = a.server, None
    code, said = server.stop()
    assert code == 0 and "Sanitizer" not in said, said


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def nobody_spins(program):
    before = cpu_seconds(program.process.pid)
    time.sleep(1)
    assert cpu_seconds(program.process.pid) - before < 0.5


def test_a_full_house_lets_the_next_one_in_when_somebody_leaves(accounts):
    a = accounts
    crowd = []
    for _ in range(512):
        crowd.append(a.server.channel("lookup.sock"))
        assert a.ask("bob@example.com", crowd[-1])[0] == MAILBOX
    late = a.server.channel("lookup.sock")
    late.send(1, 5, "bob@example.com")
    nobody_spins(a.server)
    a.ok("domain", "add", "second.test")  # administrators have seats of their own
    late.s.settimeout(0.2)
    with pytest.raises(TimeoutError):
        late.receive(RESOLVED)
    late.s.settimeout(20)
    crowd.pop().close()
    assert late.receive(RESOLVED)[2][0] == MAILBOX


def test_without_descriptors_it_waits_and_does_not_spin(accounts):
    a = accounts
    c = a.server.channel("lookup.sock")
    assert a.ask("bob@example.com", c)[0] == MAILBOX
    pid = a.server.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")), hard))
    late = a.server.channel("lookup.sock")
    late.send(1, 5, "bob@example.com")
    nobody_spins(a.server)
    assert a.ask("bob@example.com", c)[0] == MAILBOX
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert late.receive(RESOLVED)[2][0] == MAILBOX
