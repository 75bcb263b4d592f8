"""The page in a real browser: every view and role, on logs that the server has just written."""
import os
import time

import pytest

from page import Page, node

YOU = "recipient@example.com"
UNNAMED = "127.0.0.7"  # an address without a reverse name
BOUNCE = """From: MAILER-DAEMON@far.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: text/plain

<nobody@far.example>: 550 5.1.1 no such user here

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; far.example

Final-Recipient: rfc822; nobody@far.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user here

--x--
"""


def refuse(server, sender, to):
    """Its reply."""
    with server.client(source=UNNAMED) as c:
        c.send("EHLO client.test")
        c.send(f"MAIL FROM:<{sender}>")
        reply = c.send(f"RCPT TO:<{to}>")
        assert reply.code == 554
        c.send("QUIT")
    return reply


@pytest.fixture(name="sent")
def fixture_sent(server, dns):
    """Some mail of every kind; what the script has to know of it."""
    dns.ptr(UNNAMED, None)
    page = Page(server)
    with server.client() as c:
        c.deliver("anna@partner.example", YOU)
        c.deliver("anna@partner.example", YOU, "sender@example.com")
        c.send("RSET")
    with server.client() as c:
        c.send("EHLO client.test")
        c.send("MAIL FROM:<mixed@partner.example>")
        assert c.send(f"RCPT TO:<{YOU}>").code == 250
        assert c.send("RCPT TO:<nosuch@example.com>").code == 550
        assert c.data().code == 250
    server.arrived(YOU, 3)
    refuse(server, "refused@shop.example", YOU)
    refuse(server, "other@shop.example", YOU)
    refuse(server, "lost@shop.example", "somebody@elsewhere.example")
    server.command("queue", "pause", "local", "--why", "a test")
    with server.client() as c:
        c.deliver("patient@partner.example", YOU)
    return page, {"you": YOU, "refused": "refused@shop.example", "mixed": "mixed@partner.example", "mistyped": "recipent@example.com",
                  "waiting": "patient@partner.example", "bounce": BOUNCE}


def test_an_administrator_finds_every_message_and_knows_what_to_do(sent):
    page, world = sent
    page.run("admin.mjs", part="acts", enter=page.enter(), **world)


GATE = ("2021-03-08T10:00:0{0}+00:00 mx spamdyke[{0}1]: DENIED_RDNS_MISSING from: a{0}@b.example to: recipient@example.com "
        "origin_ip: 192.0.2.1 origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: (empty)\n")
POSTFIX = ("{0} mx postfix/smtpd[7]: {1}: client=out.partner.example[192.0.2.9]\n{0} mx postfix/qmgr[8]: {1}: from=<{2}>, size=900, nrcpt=1 (queue active)\n"
           "{0} mx postfix/smtp[9]: {1}: to=<{3}>, relay=mx.far.example[203.0.113.6]:25, delay=1, delays=0.1/0/0.2/0.7, dsn={4})\n"
           "{0} mx postfix/qmgr[8]: {1}: removed\n")
SENT, FULL = "2.0.0, status=sent (250 ok", "5.2.2, status=bounced (host mx.far.example[203.0.113.6] said: 552 5.2.2 Mailbox full (in reply to RCPT TO command)"
DAILY, BOUNCES, BURST = 5, 4, 60


def a_month(now):
    """Each day some mail to another server; in the last days one of them comes back, and one night somebody sends much."""
    lines, n = [], 0
    for day in range(30, 0, -1):
        at = now - day * 86400
        fates = [(f"a{i}@partner.example", f"b{i}@far.example", FULL if i == 0 and day <= BOUNCES else SENT) for i in range(DAILY)]
        if day == 3:
            fates += [("burst@partner.example", f"c{i}@far.example", SENT) for i in range(BURST)]
        for sender, to, fate in fates:
            n += 1
            lines.append(POSTFIX.format(time.strftime("%b %e %H:%M:%S", time.localtime(at + n % 40)), f"4F{n:06X}", sender, to, fate))
    return "".join(lines)


def test_whatever_the_overview_counts_leads_to_what_was_counted(server):
    page = Page(server)
    now = time.time() // 86400 * 86400 + 43200  # no bar of an hour ends in the middle of it
    os.makedirs(os.path.join(server.data, "logs"))
    with open(os.path.join(server.data, "logs", "mail.log"), "w", encoding="utf-8") as f:
        f.write(a_month(now))
    page.run("overview.mjs", enter=page.enter(), full=BOUNCES, burst=BURST, daily=DAILY,
             day=time.strftime("%Y-%m-%d", time.localtime(now - 10 * 86400)))


def test_every_view_is_for_everyone(sent):
    """On a desk and on a phone, by day and by night: nothing that axe-core knows is wrong, nothing jumps, nothing is too wide."""
    page, world = sent
    page.run("admin.mjs", part="looks", enter=page.enter(), **world)


def test_owners_see_what_is_theirs_and_allow_a_sender(server, dns):
    dns.ptr(UNNAMED, None)
    page = Page(server, prefix="/mail/")  # behind a web server that has other pages too
    server.config('gate { policy-url = "https://mx.example.com/mail/why/%ref" }')
    server.start()
    server.command("domain", "add", "other.example")
    server.command("account", "add", "someone@other.example", "--password-stdin", text="correct horse\n")
    for domain in ("example.com", "other.example"):
        server.command("domain", "owner", "add", domain, "sender@example.com")
    with server.client() as c:
        c.deliver("anna@partner.example", YOU)
        c.deliver("stranger@partner.example", "sender@example.com")
        c.deliver("anna@partner.example", "someone@other.example")
    server.arrived(YOU)
    ref = refuse(server, "refused@shop.example", YOU).text.split("/mail/why/")[1]
    page.run("owners.mjs", you=YOU, owner="sender@example.com", password="correct horse", stranger="stranger@partner.example",
             unnamed=UNNAMED, why=f"{page.base}why/{ref}")


HOSTILE = (b"%s mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from evil.example[203.0.113.9]: 554 5.7.1 <img src=x onerror=hit=1>%s; "
           b"from=<a%d@evil.example> to=<recipient@example.com> proto=ESMTP helo=<%s>\n")


def hostile_log():
    """Lines of another server, which did not make them harmless: markup, marks that turn text, bytes that are no text, a megabyte."""
    now = time.strftime("%b %e %H:%M:%S").encode()
    return b"".join(HOSTILE % (now, reply, n, helo) for n, (reply, helo) in enumerate([
        (b"</pre><script>hit=1</script>", b"<script>hit=1</script>"),
        ("\u202egnp.exe\u2066<b>x</b>".encode(), "\u200f\u202e&lt;b&gt;".encode()),
        (b"\xff\xfe\xc3(<b>", b"\xed\xa0\x80\x9b31m"),
        (b"<b>A" * 250_000, b"\"'><svg onload=hit=1>")]))


def test_what_strangers_write_into_the_logs_is_never_markup(server):
    page = Page(server)
    os.makedirs(os.path.join(server.data, "logs"))
    with open(os.path.join(server.data, "logs", "mail.log"), "wb") as f:
        f.write(hostile_log())
    with server.client() as c:
        for line in (b"EHLO <script>hit=1</script>", b"EHLO x\xff<b>", b'MAIL FROM:<"<img src=x onerror=hit=2>"@evil.example>'):
            assert c.send(line).code == 250
        assert c.send(f"RCPT TO:<{YOU}>").code == 250
        assert c.send(b'RCPT TO:<"</pre><script>hit=3</script>"@example.com>').code == 553
        assert c.send(b"RCPT TO:<\xff\xfe@example.com>").code == 553
        assert c.data().code == 250
    server.arrived(YOU)
    page.run("hostile.mjs", you=YOU, domain="example.com", enter=page.enter(), enter2=page.enter(), enter3=page.enter())


def test_the_latest_mail_is_there_at_once_however_long_ago_it_came(server):
    page = Page(server)
    os.makedirs(os.path.join(server.data, "logs"))
    with open(os.path.join(server.data, "logs", "spamdyke.log.2021-03-08"), "w", encoding="ascii") as f:
        f.writelines(GATE.format(n) for n in range(3))
    page.run("latest.mjs", enter=page.enter(), latest="a2@b.example")
