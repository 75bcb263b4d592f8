"""A full mailbox: what telltale-lookup makes of what telltale-local says."""
import signal, time
import pytest
from byhand import RESOLVED
from test_accounts import ALIAS, MAILBOX, Accounts

OVER_QUOTA = 6


@pytest.fixture(name="accounts")
def fixture_accounts(tmp_path):
    a = Accounts(tmp_path)
    a.conf += "recipients { quota-percent = 90 }\n"
    a.start()
    a.ok("domain", "add", "example.com")
    for user in ("bob", "ann"):
        a.ok("account", "add", f"{user}@example.com", "--password-stdin", "--quota", "1000K", password="x\n")
    a.ok("account", "add", "free@example.com", "--password-stdin", password="x\n")
    yield a
    if a.server:
        a.stop()


class Local:
    """A telltale-local that says what the test wants."""

    def __init__(self, accounts):
        """It is known when this returns: what one channel says is heard in its order."""
        self.channel = accounts.server.channel("lookup.sock")
        self.channel.send(7, 0, 1)
        assert quota(self.channel, "nobody@example.com") == (1, 0)

    def asked(self):
        """What it is asked next: (id, address)."""
        number, ident, (address,) = self.channel.receive("s")
        assert number == 8
        return ident, address.decode()

    def tell(self, ident, size, known=1):
        self.channel.send(9, ident, known, size)


def quota(channel, address):
    channel.send(10, 3, address)
    number, ident, fields = channel.receive("nn")
    assert (number, ident) == (11, 3)
    return tuple(fields)


def resolved(channel):
    number, _, (result, targets, *_) = channel.receive(RESOLVED)
    assert number == 2
    return result, targets.decode()


def test_how_much_a_mailbox_may_hold(accounts):
    c = accounts.server.channel("lookup.sock")
    assert quota(c, "BOB@example.com") == (1, 1000 * 1024)
    assert quota(c, "free@example.com") == (1, 0)
    assert quota(c, "nobody@example.com") == (1, 0)
    assert quota(c, "") == (1, 0)


@pytest.mark.parametrize("size, result", [(0, MAILBOX), (1000 * 1024 * 9 // 10 - 1, MAILBOX),
                                          (1000 * 1024 * 9 // 10, OVER_QUOTA), (2 ** 64 - 1, OVER_QUOTA)])
def test_full_at_its_share_of_the_quota(accounts, size, result):
    local, c = Local(accounts), accounts.server.channel("lookup.sock")
    c.send(1, 5, "Bob+tag@example.com")
    ident, address = local.asked()
    assert address == "bob@example.com"
    local.tell(ident, size)
    assert resolved(c) == (result, "" if result == OVER_QUOTA else "bob@example.com")
    assert accounts.ask("bob@example.com", c)[0] == result, "good for some seconds"


def test_an_alias_is_full_when_all_behind_it_are(accounts):
    a = accounts
    a.ok("alias", "add", "both@example.com", "bob@example.com", "ann@example.com")
    a.ok("alias", "add", "three@example.com", "bob@example.com", "free@example.com")
    a.ok("alias", "add", "away@example.com", "bob@example.com", "x@elsewhere.example")
    local, c = Local(a), a.server.channel("lookup.sock")
    assert a.ask("three@example.com", c)[0] == ALIAS
    assert a.ask("away@example.com", c)[0] == ALIAS
    c.send(1, 5, "both@example.com")
    asked = [local.asked(), local.asked()]
    assert [address for _, address in asked] == ["bob@example.com", "ann@example.com"]
    local.tell(asked[1][0], 2 ** 30)
    local.tell(asked[0][0], 2 ** 30)
    assert resolved(c) == (OVER_QUOTA, "")


def test_nobody_waits_long_for_a_silent_telltale_local(accounts):
    local, c = Local(accounts), accounts.server.channel("lookup.sock")
    begin = time.monotonic()
    assert accounts.ask("bob@example.com", c)[0] == MAILBOX
    assert 0.9 < time.monotonic() - begin < 3
    local.channel.close()
    time.sleep(0.1)
    begin = time.monotonic()
    assert accounts.ask("ann@example.com", c)[0] == MAILBOX
    assert time.monotonic() - begin < 0.5


def test_one_that_goes_away_while_it_is_asked(accounts):
    local, c = Local(accounts), accounts.server.channel("lookup.sock")
    c.send(1, 5, "bob@example.com")
    local.asked()
    local.channel.close()
    assert resolved(c) == (MAILBOX, "bob@example.com")
    again = Local(accounts)
    c.send(1, 5, "bob@example.com")
    ident, _ = again.asked()
    again.tell(ident, 2 ** 30)
    assert resolved(c) == (OVER_QUOTA, "")


def test_the_one_before_still_answers_what_it_was_asked(accounts):
    before, c = Local(accounts), accounts.server.channel("lookup.sock")
    c.send(1, 5, "bob@example.com")
    ident, _ = before.asked()
    after = Local(accounts)
    before.tell(ident, 2 ** 30)
    assert resolved(c) == (OVER_QUOTA, "")
    after.channel.close()


def test_an_asker_that_goes_away_while_telltale_local_is_asked(accounts):
    local, c = Local(accounts), accounts.server.channel("lookup.sock")
    c.send(1, 5, "bob@example.com")
    ident, _ = local.asked()
    c.close()
    time.sleep(0.1)
    local.tell(ident, 2 ** 30)
    time.sleep(0.1)
    assert accounts.ask("bob@example.com")[0] == OVER_QUOTA


def test_telltale_local_is_sent_to_the_successor(accounts):
    local, c = Local(accounts), accounts.server.channel("lookup.sock")
    accounts.server.process.send_signal(signal.SIGHUP)
    assert local.channel.receive("s") is None
    assert accounts.ask("bob@example.com", c)[0] == MAILBOX
    c.close()
    assert accounts.server.process.wait(10) == 0
