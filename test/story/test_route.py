"""`telltale route ADDRESS`: where would it go, and why."""
import json

import pytest

ROWS = [
    ("recipient@example.com", 0, "mailbox", ["recipient@example.com"]),
    ("RECIPIENT@Example.COM", 0, "mailbox", ["recipient@example.com"]),
    ("recipient+news@example.com", 0, "subaddress", ["recipient@example.com"]),
    ("both@example.com", 0, "alias", ["recipient@example.com", "friend@elsewhere.test"]),
    ("anything@all.example", 0, "catch-all", ["sender@example.com"]),
    ("nobody@example.com", 1, "unknown", []),
    ("someone@elsewhere.test", 1, "remote", []),
]


@pytest.fixture(name="house")
def fixture_house(server):
    server.start()
    server.command("domain", "add", "all.example")
    server.command("alias", "add", "both@example.com", "recipient@example.com", "friend@elsewhere.test")
    server.command("alias", "add", "@all.example", "sender@example.com")
    return server


def test_each_kind_of_address(house):
    for address, code, result, targets in ROWS:
        done = house.tell("route", "--json", address)
        said = json.loads(done.stdout)
        assert (done.returncode, said["result"]) == (code, result), address
        assert said["accepted"] == (code == 0) and sorted(t["address"] for t in said["targets"]) == sorted(targets)
        with house.client() as c:
            c.send("EHLO x")
            c.send("MAIL FROM:<anna@elsewhere.test>")
            assert (c.send(f"RCPT TO:<{address}>").code == 250) == (code == 0), address


def test_people_see_the_mailbox_and_what_would_wait(house):
    text = house.command("route", "both@example.com")
    assert "it is an alias here" in text and "/mail/example.com/recipient/Maildir" in text
    assert "-> friend@elsewhere.test  remote delivery is not configured: it would wait in the queue" in text
    done = house.tell("route", "someone@elsewhere.test")
    assert done.returncode == 1 and "not ours" in done.stdout and "it would be refused" in done.stdout


def test_what_is_no_question(server):
    server.write_files()
    assert server.tell("route").returncode == 2
    assert server.tell("route", "bob").returncode == 2
    assert server.tell("route", "bob@").returncode == 2
    done = server.tell("route", "bob@example.com")
    assert done.returncode == 1 and "no server is running" in done.stderr
