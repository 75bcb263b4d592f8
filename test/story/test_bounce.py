"""What cannot be delivered goes back to its sender, once, and the trace tells both ends of it."""
import email
import os
import re
import signal

from harness import until

LOOP = "Delivered-To: recipient@example.com\r\nSubject: the one that loops\r\n\r\nSecret body.\r\n"


def fails(server, sender, *recipients, message=LOOP):
    """A message that the mailboxes refuse; its number."""
    with server.client() as c:
        reply = c.deliver(sender, *recipients, message=message)
        assert reply.code == 250, reply
        return int(reply.text.split()[-1])


def bounces(server):
    return [r.split(", qp ") for r in server.log("delivery").verb("bounce")]


def test_a_failed_message_comes_back_to_a_mailbox_of_ours(server):
    qp = fails(server, "Sender@example.com", "recipient@example.com")
    mail, = server.arrived("sender@example.com")
    assert mail.subject == "failure notice"
    assert mail.parsed["From"] == "MAILER-DAEMON@mx.example.com"
    assert mail.parsed["To"] == "<Sender@example.com>"
    assert mail.parsed["Auto-Submitted"] == "auto-replied"
    assert mail.parsed.get_content_type() == "multipart/report"
    words, status, headers = mail.parsed.get_payload()
    assert "<recipient@example.com>:" in words.get_payload()
    assert "a forward leads back to it" in " ".join(words.get_payload().split())
    assert f"qp {qp}." in words.get_payload() and "abuse@example.com" in words.get_payload()
    assert status.get_content_type() == "message/delivery-status"
    whole, rcpt = status.get_payload()
    assert whole["Reporting-MTA"] == "dns; mx.example.com"
    assert rcpt["Final-Recipient"] == "rfc822; recipient@example.com"
    assert rcpt["Action"] == "failed" and rcpt["Status"] == "5.4.6"
    assert headers.get_content_type() == "text/rfc822-headers"
    assert email.message_from_string(headers.get_payload())["Subject"] == "the one that loops"
    assert b"Secret body" not in mail.raw
    (parent, child), = bounces(server)
    assert int(parent) == qp
    assert server.spool.empty
    told = server.trace(f"id:{qp}").only
    assert told["verdict"] == "returned"
    assert f"bounce as message {child}" in server.trace(f"id:{qp}").text
    assert server.trace(f"id:{child}").only["verdict"] == "delivered"


def test_one_bounce_for_all_that_failed(server):
    users = [f"user{i}@example.com" for i in range(30)]
    server.start()
    for u in users:
        server.command("account", "add", u, "--password-stdin", text="correct horse\n")
    lines = "".join(f"Delivered-To: {u}\r\n" for u in users)
    fails(server, "sender@example.com", "recipient@example.com", *users, message=lines + "Subject: x\r\n\r\nx\r\n")
    mail, = server.arrived("sender@example.com")
    assert len(server.maildir("recipient@example.com")) == 1
    assert len(bounces(server)) == 1
    assert len(mail.parsed.get_payload()[1].get_payload()) == 1 + 30


def test_a_bounce_to_a_stranger_of_ours_fails_and_ends_there(server):
    qp = fails(server, "nobody-here@example.com", "recipient@example.com")
    until(lambda: bounces(server), "a bounce")
    until(lambda: server.spool.empty, "the queue is empty")
    (_, child), = bounces(server)
    assert server.maildir("nobody-here@example.com") == []
    assert not os.path.exists(os.path.join(server.data, "mail", "example.com", "nobody-here"))
    assert server.trace(f"id:{qp}").only["verdict"] == "returned"
    assert server.trace(f"id:{child}").only["verdict"] == "discarded"


def test_a_message_without_a_sender_is_not_returned(server):
    qp = fails(server, "", "recipient@example.com")
    until(lambda: server.spool.empty and server.log("delivery").verb("result"), "the queue is empty")
    assert bounces(server) == []
    told = server.trace(f"id:{qp}")
    assert told.only["verdict"] == "discarded"
    assert "no sender" in told.headline


def test_a_bounce_to_the_world_waits_like_any_mail(server):
    qp = fails(server, "anna@elsewhere.test", "recipient@example.com")
    until(lambda: bounces(server), "a bounce")
    item, = until(lambda: [i for i in server.queue() if i["qp"] != qp], "the bounce waits")
    assert item["sender"] == "" and item["recipients"][0]["address"] == "anna@elsewhere.test"
    assert server.trace(f"id:{qp}").only["verdict"] == "returned"


def test_an_alias_that_leads_elsewhere_makes_a_message_of_its_own(server):
    server.command("alias", "add", "away@example.com", "bob@other.test")
    qp = fails(server, "anna@elsewhere.test", "away@example.com", message="Subject: go\r\n\r\nx\r\n")
    done = until(lambda: server.log("delivery").verb("result"), "the forward")[0]
    child = int(re.search(r"success, did_0\+1\+0/qp_(\d+)/$", done).group(1))
    assert server.trace(f"id:{qp}").only["verdict"] == "forwarded"
    until(lambda: len(server.log("delivery").verb("result")) > 1, "the copy was tried")
    assert server.trace(f"id:{child}").only["verdict"] == "waiting"
    raw = server.command("queue", "export", str(child))
    assert raw.startswith("Delivered-To: away@example.com\nAuthentication-Results: mx.example.com;")
    again = fails(server, "anna@elsewhere.test", "away@example.com", message=raw.replace("\n", "\r\n"))
    until(lambda: [b for b in bounces(server) if int(b[0]) == again], "the loop is found and returned")
    assert "looping" in server.trace(f"id:{again}").headline


def test_a_kill_at_any_moment_neither_loses_a_bounce_nor_makes_two(server):
    """telltale-queue is killed while thirty bounces are on their way."""
    server.unclean = True
    server.start()
    qps = []
    with server.client() as c:
        for i in range(30):
            reply = c.deliver("sender@example.com", "recipient@example.com", message=f"X-N: {i}\r\n" + LOOP)
            assert reply.code == 250
            qps.append(int(reply.text.split()[-1]))
            if i % 7 == 3:
                for pid in server.pids("telltale-queue"):
                    os.kill(pid, signal.SIGKILL)
                until(lambda: server.pids("telltale-queue"), "telltale-queue is back")
    mails = until(lambda: len(server.maildir("sender@example.com")) >= 30 and server.maildir("sender@example.com"),
                  "thirty bounces")
    until(lambda: server.spool.empty, "the queue is empty")
    mails = server.maildir("sender@example.com")
    told = [int(re.search(r"qp (\d+)\.", m.parsed.get_payload()[0].get_payload()).group(1)) for m in mails]
    assert sorted(told) == sorted(qps)
