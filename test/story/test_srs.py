"""Mail that an alias sends on to another server: under whose name it leaves, and what comes back."""
import json
import re

import dkim
import spf

from harness import Dns, until
from remote import BOB, Script, leads_to
from signatures import Rsa

ALIAS, ANN = "team@example.com", "ann@elsewhere.test"
SRS = re.compile(r"SRS0=[A-Za-z0-9+/]{4}=[A-Z2-7]{2}=elsewhere\.test=ann@example\.com")
HERE, THERE = "127.0.0.2", "127.0.0.3"  # the servers of far.test and elsewhere.test


def begin(server, far):
    """far.test, where the alias leads, is at HERE, and elsewhere.test, whence the mail comes, at THERE."""
    leads_to(server, far.port, HERE)
    for name, row in [("elsewhere.test", "MX 10 mx.elsewhere.test"), ("mx.elsewhere.test", f"A {THERE}")]:
        Dns(server).record(name, row)
    server.start()
    server.command("alias", "add", ALIAS, BOB)


def comes_in(server, sender=ANN, rcpt=ALIAS, message="Subject: go\r\n\r\nHello.\r\n"):
    with server.client() as c:
        reply = c.deliver(sender, rcpt, message=message)
        assert reply.code == 250, reply
        return int(reply.text.split()[-1])


def heard(script, verb, n=1):
    """The addresses of the first n commands of that kind."""
    def found():
        return [re.search(r"<(.*?)>", line).group(1) for line in script.heard if line.upper().startswith(verb)]
    until(lambda: len(found()) >= n and len(script.messages) >= n, f"{n} {verb} there")
    return found()


def rcpt(server, address, sender=""):
    with server.client() as c:
        c.send("EHLO client.test")
        c.send(f"MAIL FROM:<{sender}>")
        return c.send(f"RCPT TO:<{address}>")


def signed(rest):
    """A message with the signature of its sender's domain, every space of it counted; its key."""
    key = Rsa(1024)
    return dkim.sign(rest, b"sel", b"elsewhere.test", key.pem, canonicalize=(b"simple", b"simple")) + rest, key


def test_a_forward_leaves_as_ours_spf_passes_and_its_bounce_finds_the_sender(server):
    with Script(HERE) as far, Script(THERE, far.port) as home:
        begin(server, far)
        qp = comes_in(server)
        sender, = heard(far, "MAIL")
        assert SRS.fullmatch(sender), sender
        assert heard(far, "RCPT") == [BOB]
        # What the server of far.test finds out about us: the domain is ours, and says so.
        records = [("example.com", "TXT", "v=spf1 ip4:192.0.2.25 -all"), ("elsewhere.test", "TXT", "v=spf1 -all")]
        spf.DNSLookup = lambda name, kind, *_, **__: [((n, k), (d.encode(),)) for n, k, d in records
                                                      if n == name.rstrip(".").lower() and k == kind]
        for who, result in (sender, "pass"), (ANN, "fail"):
            assert spf.query(i="192.0.2.25", s=who, h="mx.example.com", receiver="x").check()[0] == result
        # It bounces there, by and by; letters have lost their case on the way.
        back = comes_in(server, "", sender.lower(), "From: <>\r\nSubject: failed\r\n\r\nSorry.\r\n")
        assert heard(home, "RCPT") == [ANN] and heard(home, "MAIL") == [""]
        assert b"Subject: failed\r\n" in home.messages[0]
        until(lambda: server.spool.empty, "the queue is empty")
        assert server.trace(f"id:{qp}").only["verdict"] == "forwarded"
        assert server.trace(f"id:{back}").only["verdict"] == "forwarded"
        shown = json.loads(server.command("srs", "show", sender, "--json"))
        assert shown["stands-for"] == ANN


def test_what_the_other_server_refuses_comes_back_through_us_and_is_one_tree(server):
    with Script(HERE, RCPT="550 5.1.1 no such user") as far, Script(THERE, far.port) as home:
        begin(server, far)
        qp = comes_in(server)
        assert heard(home, "RCPT") == [ANN]
        assert b"5.1.1 no such user" in home.messages[0]
        until(lambda: server.spool.empty, "the queue is empty")
        told = server.trace(f"id:{qp}")
        assert "550 5.1.1 no such user" in told.text.replace("_", " "), told.text
        assert "returned" in told.text, told.text
        # The sender's own address finds what left under the other one.
        found = {m["ids"]["qp"]: m for m in server.trace(f"from:{ANN}").messages}
        forward, = [m for m in found.values() if m["ids"]["qp"] != qp]
        assert qp in found and forward["from"].startswith("srs0=")
        assert f"stands for {ANN}" in " ".join(forward["warnings"])


def test_what_was_not_signed_here_or_is_too_old_or_no_bounce_is_nobody(server):
    server.later(0)
    with Script(HERE) as far:
        begin(server, far)
        server.command("alias", "add", "@example.com", "recipient@example.com")
        comes_in(server)
        sender, = heard(far, "MAIL")
        forged = sender.replace("=ann@", "=eve@")
        assert rcpt(server, sender).code == 250
        assert rcpt(server, sender, "eve@elsewhere.test").code == 550
        assert rcpt(server, forged).code == 550
        server.command("srs", "rotate")
        assert rcpt(server, sender).code == 250, "the former secret is believed"
        comes_in(server)
        assert heard(far, "MAIL", 2)[1] != sender, "the new one signs"
        server.later(20 * 86400)
        assert rcpt(server, sender).code == 250
        server.later(2 * 86400)
        reply = rcpt(server, sender)
        assert str(reply) == "550 5.1.1 sorry, no mailbox here by that name (chkuser)"
        assert server.tell("srs", "show", sender).returncode == 1
        checks = [row for row in server.log("smtp-25").verb("check") if "rewritten sender" in row]
        assert [re.search(r"rewritten sender \w+", row).group(0).split()[2] for row in checks] == ["takes", "forged", "expired"]
        line = [r.line for r in server.log("smtp-25").records if r.verb == "check"][-1]
        assert "a forwarded message (SRS), but more than 21 days ago" in " ".join(server.command("explain", line).split())


def test_a_forward_keeps_its_signatures_and_our_own_senders_their_names(server):
    rest = b"From: Ann <ann@elsewhere.test>\r\nTo: team@example.com\r\nSubject:  two  spaces\r\n\r\nHello,  \r\n\r\n\r\n"
    message, key = signed(rest)
    with Script(HERE) as far:
        begin(server, far)
        comes_in(server, message=message)
        heard(far, "MAIL")
        assert far.messages[0].endswith(message), "not a byte was changed"
        assert dkim.verify(far.messages[0], dnsfunc=lambda *_, **__: key.record.encode())
        with server.client(port="465") as c:
            c.send("EHLO client.test")
            c.login()
            assert c.deliver("sender@example.com", ALIAS).code == 250
        assert heard(far, "MAIL", 2)[1] == "sender@example.com"
        comes_in(server, "SRS0=opaque@first.test")
        assert re.fullmatch(r"SRS1=....=first\.test==opaque@example\.com", heard(far, "MAIL", 3)[2])


def test_with_srs_off_mail_leaves_in_its_senders_name(server):
    server.config("forward { srs = false }")
    with Script(HERE) as far:
        begin(server, far)
        comes_in(server)
        assert heard(far, "MAIL") == [ANN]
