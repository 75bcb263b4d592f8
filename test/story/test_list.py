"""A mailing list: who may write, one message for however many, bounces to the owner, no circles."""
import email

from harness import until
from remote import Script, leads_to

OWNER, MEMBER, LIST, ME = "recipient@example.com", "sender@example.com", "team@example.com", "anna@far.test"


def make(server, *members, who="members"):
    server.command("list", "add", LIST, "--owner", OWNER, "--who-may-post", who)
    server.command("list", "member", "add", LIST, "--text-stdin", text="\n".join(members) + "\n")


def send(server, sender=ME, to=LIST, message="Subject: hello\r\n\r\nHello.\r\n"):
    with server.client() as c:
        return c.deliver(sender, to, message=message)


def rcpt(server, sender, to=LIST):
    with server.client() as c:
        c.send("EHLO x")
        c.send(f"MAIL FROM:<{sender}>")
        reply = c.send(f"RCPT TO:<{to}>")
        c.send("RSET")
        return reply


def test_two_thousand_members_are_one_message(server):
    with Script() as far:
        leads_to(server, far.port)
        members = [f"m{n}@far.test" for n in range(1999)]
        make(server, MEMBER, ME, *members, "M0@far.test", "gone@example.com")
        server.command("queue", "pause", "far.test")
        assert send(server).code == 250
        until(lambda: len(server.maildir(MEMBER)) == 1, "it comes to the member here")
        waiting, = server.queue()
        first = server.log("delivery").verb("result")[0]
        assert int(first.split("qp_")[1].rstrip("/")) == waiting["qp"]
        mail = email.message_from_bytes(server.maildir(MEMBER)[0].raw)
        assert mail["Return-Path"] == "<team-bounces@example.com>" and mail["List-Id"] == "<team.example.com>"
        assert mail["List-Post"] == "<mailto:team@example.com>" and mail["Precedence"] == "list"
        assert LIST in mail.get_all("Delivered-To")
        assert "success, 2001_members/did_0+1+0/qp_" in first, first
        assert server.log("delivery").verb("mailbox")[-1].split(", ")[1:3] == ["example.com/sender/Maildir", "list; mailbox"]


def test_who_may_write(server):
    make(server, MEMBER)
    closed = rcpt(server, ME)
    assert closed.code == 550 and closed.text == "5.7.1 sorry, you may not write to this list", closed.text
    assert server.log("smtp-25").verb("check")[-1].endswith("sender may not write to this list")
    assert [rcpt(server, s).code for s in (MEMBER, OWNER, "")] == [250, 250, 550]
    tried = [server.tell("gate", "try", "--ip", "127.0.0.1", "--from", s, "--to", LIST).returncode for s in (MEMBER, ME)]
    assert tried == [0, 1], "gate try says what a session says"
    server.command("list", "set", LIST, "--who-may-post", "owner")
    assert [rcpt(server, s).code for s in (MEMBER, OWNER)] == [550, 250]
    server.command("list", "set", LIST, "--who-may-post", "anyone")
    assert [rcpt(server, s).code for s in (ME, "")] == [250, 550]
    assert "mailing list" in server.command("route", LIST)
    for words in (["alias", "add", LIST, ME], ["list", "add", OWNER, "--owner", ME], ["list", "add", "x@example.com"]):
        assert server.tell(*words).returncode == 1, words


def test_a_bounce_goes_to_the_owner_and_a_circle_ends(server):
    with Script(RCPT="550 5.1.1 nobody") as far:
        leads_to(server, far.port)
        make(server, "dead@far.test", "other@example.com", who="anyone")
        server.command("list", "add", "other@example.com", "--owner", OWNER, "--who-may-post", "anyone")
        server.command("list", "member", "add", "other@example.com", LIST, MEMBER)
        assert send(server).code == 250
        until(lambda: len(server.maildir(OWNER)) >= 2 and server.spool.empty, "the owner hears of the dead member, and of the circle")
        assert len(server.maildir(MEMBER)) == 1
        bounces = [m.raw.decode() for m in server.maildir(OWNER)]
        assert any("dead@far.test" in b for b in bounces) and any("looping" in b for b in bounces)
        assert {h.split(" ")[1] for h in far.heard if h.startswith("MAIL ")} == {"FROM:<team-bounces@example.com>"}
