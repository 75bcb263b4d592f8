"""Who asks to be told (RFC 3461) is told what he asked for: parsed as a mail program parses it, and traced."""
import email
import email.policy
import json
import os
import signal

from harness import until
from remote import BOB, Script, leads_to

ME, YOU, MAIL = "sender@example.com", "recipient@example.com", "Message-ID: <1@x.test>\r\nSubject: hello\r\n\r\nHello.\r\n"
LOOP = f"Delivered-To: {YOU}\r\n" + MAIL  # fails at once


def send(server, *rcpts, mail="", message=MAIL, sender=ME, **client):
    """Recipients as "ADDRESS PARAMETERS"; the number of the message."""
    with server.client(**client) as c:
        assert "DSN" in c.send("EHLO client.test").text.split()
        if client:
            assert c.login().code == 235
        assert c.send(f"MAIL FROM:<{sender}> {mail}").code == 250
        for r in rcpts:
            address, _, parameters = r.partition(" ")
            assert c.send(f"RCPT TO:<{address}> {parameters}").code == 250, r
        reply = c.data(message)
        assert reply.code == 250, reply
        return int(reply.text.split()[-1])


def fields(mail):
    """Of a notice: the fields about the message, and those about each recipient; its third part."""
    assert mail.parsed.get_content_type() == "multipart/report" and mail.parsed.get_param("report-type") == "delivery-status"
    words, status, returned = mail.parsed.get_payload()
    assert words.get_content_type() == "text/plain" and status.get_content_type() == "message/delivery-status"
    assert not any(p.defects for p in email.message_from_bytes(mail.raw, policy=email.policy.default).walk())
    assert all(len(line) <= 998 for line in mail.raw.split(b"\n"))
    whole, *rcpts = status.get_payload()
    return whole, rcpts, returned


def one_notice(server, subject, count=1):
    mails = until(lambda: len(server.maildir(ME)) >= count and server.maildir(ME), f"{count} notices")
    mail, = [m for m in mails if m.subject.startswith(subject)]
    return mail


def test_success_and_failure_as_asked(server):
    """One recipient gets it, the other has it already: the sender hears of both, each in its own notice."""
    server.start()
    server.command("account", "add", "third@example.com", "--password-stdin", text="correct horse\n")
    qp = send(server, f"{YOU} NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Old+2Bname@else.test",
              "third@example.com NOTIFY=SUCCESS,DELAY", mail="ENVID=QQ+2031+3D4 RET=HDRS", message=LOOP)
    bounce = one_notice(server, "failure notice", 2)
    whole, (rcpt,), returned = fields(bounce)
    assert (whole["Original-Envelope-Id"], whole["Reporting-MTA"]) == ("QQ 31=4", "dns; mx.example.com")
    assert (rcpt["Original-Recipient"], rcpt["Final-Recipient"]) == ("rfc822; Old+name@else.test", f"rfc822; {YOU}")
    assert (rcpt["Action"], rcpt["Status"]) == ("failed", "5.4.6") and rcpt["Last-Attempt-Date"]
    assert returned.get_content_type() == "text/rfc822-headers"
    assert bounce.parsed["References"] == "<1@x.test>" and bounce.parsed["Auto-Submitted"] == "auto-replied"
    assert bounce.parsed["Return-Path"] == "<>"
    notice = one_notice(server, "delivered:", 2)
    whole, (rcpt,), returned = fields(notice)
    assert (whole["Original-Envelope-Id"], rcpt["Original-Recipient"]) == ("QQ 31=4", None)
    assert (rcpt["Final-Recipient"], rcpt["Action"], rcpt["Status"]) == ("rfc822; third@example.com", "delivered", "2.0.0")
    assert "You asked to be told" in notice.parsed.get_payload()[0].get_payload()
    line, = server.log("delivery").verb("success-notice")
    parent, child = map(int, line.split(", qp "))
    assert parent == qp and server.spool.empty
    told = server.trace(f"id:{qp}")
    assert f"the sender is told that it arrived: notice as message {child}" in told.text
    assert {r["verdict"] for r in told.only["recipients"]} == {"delivered", "returned"}
    assert server.trace(f"id:{child}").only["verdict"] == "delivered"
    said = json.loads(server.command("explain", "--json", text=notice.raw.decode()))
    assert said["kind"] == "success-notice" and said["recipients"][0]["address"] == "third@example.com"
    tos = [r for r in server.log("smtp-25").verb("to")]
    assert tos == [f"<{YOU}>", "<third@example.com>"]


def test_who_wants_to_hear_nothing_hears_nothing(server):
    qp = send(server, f"{YOU} NOTIFY=NEVER", message=LOOP)
    also = send(server, f"{YOU} NOTIFY=SUCCESS", message=LOOP)
    until(lambda: server.spool.empty and len(server.log("delivery").verb("result")) == 2, "both failed")
    assert server.maildir(ME) == [] and server.log("delivery").verb("bounce") == []
    for n in (qp, also):
        told = server.trace(f"id:{n}")
        assert told.only["verdict"] == "discarded" and "had asked not to be told" in told.headline


def test_the_whole_message_comes_back_only_where_it_was_asked_for(server):
    send(server, YOU, mail="RET=FULL", message=LOOP)
    _, _, returned = fields(one_notice(server, "failure"))
    assert returned.get_content_type() == "message/rfc822"
    inner, = returned.get_payload()
    assert inner.get_payload().strip() == "Hello." and inner["Subject"] == "hello"
    send(server, YOU, mail="RET=FULL", message=LOOP + 300_000 * "x\r\n")
    mails = until(lambda: len(server.maildir(ME)) == 2 and server.maildir(ME), "the second")
    big, = [m for m in mails if "too long to be returned whole" in m.parsed.get_payload()[0].get_payload()]
    _, _, returned = fields(big)
    assert returned.get_content_type() == "text/rfc822-headers" and len(big.raw) < 10_000


def test_an_alias_of_several_is_told_by_its_name_alone(server):
    server.start()
    server.command("alias", "add", "both@example.com", YOU, ME)
    send(server, "both@example.com NOTIFY=SUCCESS,FAILURE", sender="anna@elsewhere.test")
    line, = until(lambda: server.log("delivery").verb("success-notice"), "the notice")
    raw = server.command("queue", "export", line.split(", qp ")[1])
    rcpt = email.message_from_string(raw).get_payload()[1].get_payload()[1]
    assert (rcpt["Final-Recipient"], rcpt["Action"]) == ("rfc822; both@example.com", "expanded")
    assert YOU not in raw
    server.command("account", "set", YOU, f"forward={ME}")
    send(server, f"{YOU} NOTIFY=SUCCESS", sender="anna@elsewhere.test")
    line = until(lambda: server.log("delivery").verb("success-notice")[1:], "a mailbox with a forward tells of itself")[0]
    raw = server.command("queue", "export", line.split(", qp ")[1])
    rcpt, = email.message_from_string(raw).get_payload()[1].get_payload()[1:]
    assert (rcpt["Final-Recipient"], rcpt["Action"]) == (f"rfc822; {YOU}", "delivered")


def test_a_list_that_took_it_is_told_once_and_its_members_are_nobodys_business(server):
    server.start()
    server.command("list", "add", "team@example.com", "--owner", ME, "--who-may-post", "anyone")
    server.command("list", "member", "add", "team@example.com", "--text-stdin", text=f"{YOU}\n{ME}\n")
    qp = send(server, "team@example.com NOTIFY=SUCCESS", sender="anna@elsewhere.test")
    line, = until(lambda: server.log("delivery").verb("success-notice"), "the notice")
    parent, child = line.split(", qp ")
    raw = server.command("queue", "export", child)
    rcpt, = email.message_from_string(raw).get_payload()[1].get_payload()[1:]
    assert (rcpt["Final-Recipient"], rcpt["Action"]) == ("rfc822; team@example.com", "expanded")
    assert int(parent) == qp and YOU not in raw
    until(lambda: len(server.maildir(YOU)) == len(server.maildir(ME)) == 1, "all members have it")


def test_what_another_server_takes_without_dsn_is_told_as_relayed(server):
    with Script() as far:
        leads_to(server, far.port)
        send(server, f"{BOB} NOTIFY=SUCCESS", port="465")
        whole, (rcpt,), _ = fields(one_notice(server, "passed on:"))
    assert (rcpt["Action"], rcpt["Remote-MTA"]) == ("relayed", "dns; mx0.far.test")
    assert rcpt["Diagnostic-Code"] == "smtp; 250 ok queued as 4XYZ"
    assert "does not promise" in server.maildir(ME)[0].parsed.get_payload()[0].get_payload()


def test_what_is_asked_goes_on_to_a_server_that_knows_dsn(server):
    """It tells the sender, we do not; but that an alias of several was reached we tell, and it is not asked to."""
    with Script(EHLO="250-far\r\n250-PIPELINING\r\n250 DSN") as far:
        leads_to(server, far.port)
        server.start()
        server.command("alias", "add", "both@example.com", BOB, YOU)
        send(server, f"{BOB} NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bob@x.test", mail="ENVID=a+20b RET=HDRS", port="465")
        until(lambda: server.spool.empty and len(far.messages) == 1, "it left")
        assert f"MAIL FROM:<{ME}> RET=HDRS ENVID=a+20b" in far.heard
        assert f"RCPT TO:<{BOB}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bob@x.test" in far.heard
        assert server.log("delivery").verb("success-notice") == []
        send(server, "both@example.com NOTIFY=SUCCESS", port="465")
        _, (rcpt,), _ = fields(one_notice(server, "delivered:"))
        assert (rcpt["Final-Recipient"], rcpt["Action"]) == ("rfc822; both@example.com", "expanded")
        assert f"RCPT TO:<{BOB}> NOTIFY=NEVER ORCPT=rfc822;both@example.com" in far.heard
        assert BOB not in server.maildir(ME)[0].raw.decode()


def test_a_forward_that_another_server_refuses_comes_back_in_one_tree(server):
    """Question 26: in, forward, out, 550, bounce; the sender knows the address that he wrote to, and what was said."""
    reply = "550-5.7.1 Your message was refused,\r\n550 5.7.1 see http://far.test/why"
    with Script(RCPT=reply) as far:
        leads_to(server, far.port)
        server.start()
        server.command("alias", "add", "away@example.com", BOB)
        qp = send(server, "away@example.com", port="465")
        mail = one_notice(server, "failure")
    _, (rcpt,), _ = fields(mail)
    assert (rcpt["Status"], rcpt["Remote-MTA"]) == ("5.7.1", "dns; mx0.far.test")
    assert (rcpt["Original-Recipient"], rcpt["Final-Recipient"]) == ("rfc822; away@example.com", f"rfc822; {BOB}")
    assert rcpt["Diagnostic-Code"].startswith("smtp; 550-5.7.1 Your message was refused,")
    assert "http://far.test/why" in rcpt["Diagnostic-Code"].replace("\n ", "")
    words = " ".join(mail.parsed.get_payload()[0].get_payload().split())
    assert f"<{BOB}> (you wrote to <away@example.com>):" in words
    assert "Tried: once, on " in words and "Subject: hello" in words and " qp " in words
    report = next(r for r in server.log("delivery").verb("result") if "failure" in r)
    said = json.loads(server.command("explain", "--json", f"result, {report}"))
    advice = said["advice"].replace("The sender's ", "Your ")
    assert advice and advice in words, "the bounce and `telltale explain` say the same"
    forward, bounce = map(int, server.log("delivery").verb("bounce")[0].split(", qp "))
    for n in (qp, forward, bounce):
        tree = server.trace(f"id:{n}").text
        assert all(f"message {k} " in tree for k in (qp, forward, bounce)), (n, tree)


def test_what_cannot_be_read_is_refused_with_words(server):
    with server.client() as c:
        c.send("EHLO client.test")
        reply = c.send(f"MAIL FROM:<{ME}> ENVID=" + 101 * "x")
        assert reply.text.startswith("5.5.4 sorry, that parameter is not right: ENVID is longer than 100") and reply.code == 501
        c.send(f"MAIL FROM:<{ME}>")
        for odd in ("NOTIFY=NEVER,SUCCESS", "NOTIFY=SUCCESS NOTIFY=SUCCESS", "ORCPT=x", "ORCPT=rfc822;" + 500 * "x"):
            assert c.send(f"RCPT TO:<{YOU}> {odd}").code == 501, odd
        assert c.send(f"RCPT TO:<{YOU}> RRVS=2014-04-03T23:01:00Z").code == 555


def test_kills_neither_lose_a_success_nor_tell_it_twice(server):
    server.unclean = True
    server.start()
    qps = []
    for i in range(12):
        qps.append(send(server, f"{YOU} NOTIFY=SUCCESS"))
        if i % 4 == 1:
            for pid in server.pids("telltale-queue"):
                os.kill(pid, signal.SIGKILL)
            until(lambda: server.pids("telltale-queue"), "telltale-queue is back")
    until(lambda: len(server.maildir(ME)) >= len(qps), "all notices")
    until(lambda: server.spool.empty, "the queue is empty")
    told = [fields(m)[1][0]["Action"] for m in server.maildir(ME)]
    assert told == len(qps) * ["delivered"]
    parents = [int(n.split(", ")[0]) for n in server.log("delivery").verb("success-notice")]
    assert sorted(parents) == sorted(qps)
