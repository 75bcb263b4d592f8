"""Whoever waits too long for a delivery is told so, once, in plain words; who wants it sets queue { delay-notice }."""
import os
import signal

import pytest
from harness import until
from test_retry import block

HOUR, ME, YOU = 3600, "sender@example.com", "recipient@example.com"


@pytest.fixture(name="late")
def fixture_late(server):
    """A server with notices after four hours, whose clock can be moved, and a mailbox that cannot be written."""
    server.config("queue { delay-notice = 4h }")
    server.later(0)
    server.start()
    block(server, "recipient")
    return server


def send(server, sender, to=YOU):
    before = len(server.log("delivery").verb("next"))
    with server.client() as c:
        reply = c.deliver(sender, to)
        assert reply.code == 250, reply
    until(lambda: len(server.log("delivery").verb("next")) > before, "the first deferral")
    return int(reply.text.split()[-1])


def attempts(server, hours):
    """So much time passes, and what is due is tried."""
    n = len(server.log("delivery").verb("result"))
    server.later(hours * HOUR)
    until(lambda: len(server.log("delivery").verb("result")) > n, "another attempt")


def notices(server):
    return server.log("delivery").verb("delay-notice")


def test_after_four_hours_the_sender_is_told_once(late):
    qp = send(late, ME)
    attempts(late, 3)
    assert notices(late) == []
    attempts(late, 2)
    mail, = until(lambda: late.maildir(ME), "the notice")
    assert mail.subject.startswith("delayed:") and mail.parsed["Return-Path"] == "<>"
    words, status, headers = mail.parsed.get_payload()
    text = " ".join(words.get_payload().split())
    assert "Your message is late" in text and "I go on trying" in text and "I give up, and you get it back" in text
    assert f"<{YOU}>:" in text and "The mailbox's folder is missing or cannot be entered" in text and f"qp {qp}." in text
    whole, rcpt = status.get_payload()
    assert whole["Reporting-MTA"] == "dns; mx.example.com"
    assert (rcpt["Action"], rcpt["Status"], rcpt["Final-Recipient"]) == ("delayed", "4.2.1", f"rfc822; {YOU}")
    assert rcpt["Will-Retry-Until"] and "Subject: hello" in headers.get_payload()
    attempts(late, 5)
    assert late.restart() and len(notices(late)) == 1 and len(late.maildir(ME)) == 1
    attempts(late, 5)
    line, = notices(late)
    child = int(line.split(", qp ")[1])
    told = late.trace(f"id:{qp}")
    assert told.only["verdict"] == "waiting" and f"late: notice as message {child}" in told.text
    assert late.trace(f"id:{child}").only["verdict"] == "delivered"
    said = late.command("explain", text=mail.raw.decode())
    assert "late" in said
    attempts(late, 40)
    bounce, = until(lambda: [m for m in late.maildir(ME) if m.subject == "failure notice"], "then it comes back")
    assert bounce.parsed.get_payload()[1].get_payload()[1]["Action"] == "failed"
    assert late.trace(f"id:{qp}").only["verdict"] == "returned" and len(notices(late)) == 1


def test_a_message_without_a_sender_and_a_sender_who_is_nobody_of_ours_get_none(late):
    send(late, "")
    send(late, "nobody-here@example.com")
    attempts(late, 5)
    until(lambda: len(late.log("delivery").verb("result")) >= 4, "both were tried again")
    attempts(late, 2)
    until(lambda: len(late.log("delivery").verb("result")) >= 6, "and once more")
    assert notices(late) == []


def test_without_the_option_nobody_is_told(server):
    server.later(0)
    server.start()
    block(server, "recipient")
    send(server, ME)
    attempts(server, 5)
    attempts(server, 5)
    assert notices(server) == [] and server.maildir(ME) == []


def test_kills_neither_lose_a_notice_nor_make_two(late):
    late.unclean = True
    for _ in range(10):
        send(late, ME)
    late.later(5 * HOUR)
    for _ in range(4):
        n = len(notices(late))
        for pid in late.pids("telltale-queue"):
            os.kill(pid, signal.SIGKILL)
        until(lambda: late.pids("telltale-queue"), "telltale-queue is back")
        until(lambda k=n: len(notices(late)) > k or len(late.maildir(ME)) == 10, "a notice more")
    until(lambda: len(late.maildir(ME)) >= 10, "ten notices")
    attempts(late, 5)
    mails = late.maildir(ME)
    assert len(mails) == 10 and len({m.body for m in mails}) == 10
    assert len(set(notices(late))) == len(notices(late)) == 10


def test_a_mailbox_or_its_domain_says_when_it_is_told(server):
    """The server tells nobody, the domain asks for it, one mailbox does not want it; NOTIFY without DELAY neither."""
    server.later(0)
    server.start()
    server.command("account", "add", "third@example.com", "--password-stdin", text="correct horse\n")
    server.command("domain", "set", "example.com", "delay-notice=4h")
    server.command("account", "set", "third@example.com", "delay-notice=off")
    assert "at least 15m" in server.tell("account", "set", ME, "delay-notice=1m").stderr
    block(server, "recipient")
    qp = send(server, ME)
    send(server, "third@example.com")
    with server.client() as c:
        c.send("EHLO client.test")
        c.send(f"MAIL FROM:<{ME}>")
        c.send(f"RCPT TO:<{YOU}> NOTIFY=FAILURE")
        assert c.data().code == 250
    until(lambda: len(server.log("delivery").verb("next")) == 3, "all three wait")
    for n, hours in enumerate((3, 2, 2)):
        server.later(hours * HOUR)
        until(lambda k=n: len(server.log("delivery").verb("next")) == 3 * k + 6, "all three were tried again")
        if hours == 3:
            assert notices(server) == []
    until(lambda: notices(server), "the notice")
    assert [int(line.split(",")[0]) for line in notices(server)] == [qp]
    until(lambda: server.maildir(ME), "it is delivered")
    assert len(server.maildir(ME)) == 1 and server.maildir("third@example.com") == []
