"""An owner hears whom the gate refused: `telltale allow`, which the page uses too."""
import json

import pytest

OTHER = "127.0.0.7"
YOU, ME = "recipient@example.com", "sender@example.com"


def rcpt(server, *recipients, sender="ann@far.example"):
    with server.client(source=OTHER) as c:
        c.send("EHLO x")
        assert c.send(f"MAIL FROM:<{sender}>").code == 250
        codes = [c.send(f"RCPT TO:<{to}>").code for to in recipients]
        c.send("QUIT")
    return codes


def test_refused_then_allowed_then_delivered_and_the_trace_says_why(server, dns):
    dns.ptr(OTHER, None)
    assert rcpt(server, YOU) == [554]
    server.command("allow", "add", YOU, "ann@far.example")
    assert rcpt(server, YOU, sender="carl@far.example") == [554], "somebody else of that domain"
    with server.client(source=OTHER) as c:
        assert c.deliver("ann@far.example", YOU).code == 250, "in the very next session, without a reload"
    assert server.arrived(YOU)[0].subject == "hello"
    allowed = [line for line in server.log("smtp-25").verb("gate") if line.startswith("allowed ")]
    assert allowed and allowed[0].startswith("allowed sender-whitelist, ") and "ann@far.example" in allowed[0]
    story = server.trace("from:ann@far.example", "verdict:delivered").only
    assert any("let past by sender-whitelist" in e["what"] for e in story["timeline"])
    server.command("allow", "remove", YOU, "ann@far.example")
    assert rcpt(server, YOU) == [554]


def test_it_holds_for_that_mailbox_alone_or_for_its_domain(server, dns):
    dns.ptr(OTHER, None)
    server.command("allow", "add", YOU, "@far.example")
    assert rcpt(server, YOU, ME) == [250, 554]
    server.command("allow", "remove", YOU, "@far.example")
    server.command("allow", "add", "example.com", "ann@far.example")
    assert rcpt(server, YOU, ME) == [250, 250]
    assert json.loads(server.command("allow", "list", "example.com", "--json")) == [{"sender": "ann@far.example"}]


def test_it_opens_nothing_else(server, dns):
    dns.ptr(OTHER, None)
    server.command("allow", "add", "example.com", "@far.example")
    assert rcpt(server, "somebody@elsewhere.example") == [554], "no relaying"
    assert rcpt(server, "nobody@example.com") == [550], "and no mailbox that is not there"


def test_it_ends_the_graylist_for_him(server, dns):
    server.config('gate { graylist-level = "always-create-dir"  graylist-min-secs = 300 }')
    dns.ptr(OTHER, "mail.far.example")
    assert rcpt(server, YOU) == [421]
    server.command("allow", "add", YOU, "ann@far.example")
    assert rcpt(server, YOU) == [250]


@pytest.mark.parametrize("sender", ["*", "@com", "com", "@co.uk", "@", "<>"])
def test_nobody_allows_everybody(server, sender):
    server.start()
    done = server.tell("allow", "add", YOU, sender, "--sure")
    assert done.returncode == 1, done
    assert json.loads(server.command("allow", "list", YOU, "--json")) == []


@pytest.mark.parametrize("sender, words", [("gmail.com", "anybody gets an address there"), ("example.com", "that domain is ours")])
def test_what_one_should_think_of_twice_is_asked(server, sender, words):
    server.start()
    done = server.tell("allow", "add", YOU, sender)
    assert done.returncode == 1 and words in done.stderr and "--sure" in done.stderr
    server.command("allow", "add", YOU, sender, "--sure")
    assert json.loads(server.command("allow", "list", YOU, "--json")) == [{"sender": "@" + sender}]
