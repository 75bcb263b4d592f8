"""Who vouches for a message, and what comes of it: SPF, DKIM and DMARC asked by the real server."""
import glob
import re

import dkim
import pytest

from harness import until
from signatures import Rsa

ME, YOU = "anna@sender.example", "recipient@example.com"
MAIL = "From: Anna <anna@sender.example>\r\nTo: recipient@example.com\r\nSubject: tea\r\n\r\nAt five.\r\n"
OURS = "mx.example.com;"
FORGED = f"Authentication-Results: {OURS} spf=pass smtp.mailfrom=forged.example\r\n"
OTHERS = "Authentication-Results: relay.elsewhere.test; spf=pass smtp.mailfrom=kept.example\r\n"


def unfolded(mail):
    return [re.sub(r"\s+", " ", str(v)) for v in mail.parsed.get_all("Authentication-Results", [])]


def ours(mail):
    """What our own field says; there is one."""
    field, = [f for f in unfolded(mail) if f.startswith(OURS)]
    return field


def txt(dns, name, text):
    dns.record(name, "TXT " + " ".join(f'"{text[i:i + 200]}"' for i in range(0, len(text), 200)))


def junk(server, address):
    user, domain = address.split("@")
    return glob.glob(f"{server.data}/mail/{domain}/{user}/Maildir/.Junk/new/*")


def again(server, text):
    server.stop()
    server.config(text)


@pytest.fixture(scope="module")
def key():
    return Rsa()


def signed(key, message=MAIL, domain=b"sender.example"):
    return (dkim.sign(message.encode(), b"s1", domain, key.for_python, include_headers=[b"from", b"to", b"subject"])
            + message.encode()).decode()


def test_what_was_found_stands_in_the_message_and_in_the_log(server, dns, key):
    txt(dns, "sender.example", "v=spf1 ip4:127.0.0.1 -all")
    txt(dns, "s1._domainkey.sender.example", key.record)
    txt(dns, "_dmarc.sender.example", "v=DMARC1; p=reject")
    with server.client() as c:
        assert c.deliver(ME, YOU, message=signed(key)).code == 250
    mail, = server.arrived(YOU)
    field = ours(mail)
    assert "spf=pass smtp.mailfrom=anna@sender.example" in field
    assert "dkim=pass header.d=sender.example" in field and "header.s=s1" in field
    assert "dmarc=pass header.from=sender.example" in field
    # The newest on top: it is trusted from there down to our own Received.
    assert mail.parsed.keys()[2:4] == ["Authentication-Results", "Received"]
    gate = server.log("smtp-25").verb("gate")
    assert any(re.match(r"sender, passed .*\bspf \d+", line) for line in gate)
    assert any(re.match(r"data, passed .*\bdmarc \d+", line) for line in gate)


def test_nobody_else_speaks_in_our_name(server):
    with server.client() as c:
        assert c.deliver(ME, YOU, message=FORGED + OTHERS + FORGED.upper() + MAIL).code == 250
    mail, = server.arrived(YOU)
    assert "forged" not in " ".join(unfolded(mail)).lower()
    assert "kept.example" in " ".join(unfolded(mail))
    assert "spf=none" in ours(mail)


def test_a_forged_field_hides_nowhere_in_a_long_header(server):
    long = "".join(f"X-Line-{i}: {'x' * 60}\r\n" for i in range(900))
    with server.client() as c:
        assert c.deliver(ME, YOU, message=long + FORGED + MAIL).code == 250
    mail, = server.arrived(YOU)
    assert "forged" not in " ".join(unfolded(mail)) and mail.subject == "tea"
    assert len(mail.parsed.keys()) > 900


def test_spf_fail_is_marked_and_where_that_is_asked_for_refused(server, dns):
    txt(dns, "sender.example", "v=spf1 ip4:192.0.2.1 -all")
    with server.client() as c:
        assert c.deliver(ME, YOU, message=MAIL).code == 250
    mail, = server.arrived(YOU)
    assert "spf=fail smtp.mailfrom=anna@sender.example" in ours(mail)
    again(server, 'gate { spf = "reject" }')
    with server.client() as c:
        c.envelope(ME)
        reply = c.send(f"RCPT TO:<{YOU}>")
        assert (reply.code, reply.text.split(" ")[0]) == (550, "5.7.23")
        assert reply.text.endswith("Refused. Your server may not send mail for the domain of your sender address (SPF).")
    assert server.log("spamdyke").last.code == "DENIED_SPF"
    line, = [g for g in server.log("smtp-25").verb("gate") if g.startswith("refused spf")]
    assert "fail for sender.example, -all" in line
    story = server.trace("from:anna@sender.example verdict:refused")
    assert story.only["verdict"] == "refused" and "SPF" in story.text


def test_dmarc_reject_puts_it_where_the_option_says(server, dns):
    txt(dns, "_dmarc.sender.example", "v=DMARC1; p=reject")
    with server.client() as c:
        assert c.deliver(ME, YOU, message=MAIL).code == 250
    mail, = server.arrived(YOU)
    assert "dmarc=fail" in ours(mail)
    again(server, 'gate { dmarc = "quarantine" }')
    with server.client() as c:
        assert c.deliver(ME, YOU, message=MAIL).code == 250
    until(lambda: junk(server, YOU), "it lies in the Junk folder")
    assert len(junk(server, YOU)) == 1
    line, = [g for g in server.log("smtp-25").verb("gate") if g.startswith("passed dmarc") and "into Junk" in g]
    assert "into Junk: fail for sender.example, policy reject" in line
    story = server.trace("from:anna@sender.example").messages[0]
    assert "Junk folder" in story["recipients"][0]["summary"]
    again(server, 'gate { dmarc = "reject" }')
    with server.client() as c:
        c.envelope(ME, YOU)
        reply = c.data(MAIL)
        assert (reply.code, reply.text.split(" ")[0]) == (550, "5.7.26")
    assert server.log("spamdyke").last.code == "DENIED_DMARC"


def test_a_body_that_was_changed_on_the_way_is_no_longer_signed(server, dns, key):
    txt(dns, "s1._domainkey.sender.example", key.record)
    with server.client() as c:
        assert c.deliver(ME, YOU, message=signed(key).replace("five", "six")).code == 250
    mail, = server.arrived(YOU)
    assert re.search(r"dkim=fail reason=\"[^\"]*body", ours(mail)), ours(mail)


def test_who_logged_in_is_not_asked_about(server, dns):
    txt(dns, "example.com", "v=spf1 -all")
    with server.client(port="587") as c:
        c.starttls(server.tls())
        c.login()
        assert c.deliver("sender@example.com", YOU, message=MAIL).code == 250
    mail, = server.arrived(YOU)
    assert "auth=pass smtp.auth=sender@example.com" in ours(mail) and "spf=" not in ours(mail)


HIDDEN = {
    "a line that is no field": "Subject: one\r\nhello there\r\n",
    "a fold of nothing": " folded\r\n",
    "a line of a mailbox file": "From anna@sender.example Mon Jan  1 00:00:00 2024\r\n",
    "a name with other letters": "Subj\u00e9ct: one\r\n",
}


@pytest.mark.parametrize("what", HIDDEN)
def test_what_stands_behind_the_end_of_the_header_is_no_header_for_any_reader(server, what):
    """A lenient reader goes on after such a line: it would find a From that was not checked, and results that are not ours."""
    with server.client() as c:
        assert c.deliver(ME, YOU, message=HIDDEN[what] + FORGED + MAIL).code == 250
    mail, = server.arrived(YOU)
    head, body = re.split(rb"\r?\n\r?\n", mail.raw, maxsplit=1)
    assert b"forged" not in head and b"anna" not in head.split(b"\nReceived: ")[1]
    assert body.replace(b"\r\n", b"\n").startswith(HIDDEN[what].split("\r\n")[-2].encode())


def test_a_header_of_too_many_fields_hides_no_author(server, dns):
    server.config('gate { dmarc = "reject" }')
    txt(dns, "_dmarc.sender.example", "v=DMARC1; p=reject")
    with server.client() as c:
        c.envelope("somebody@else.example", YOU)
        reply = c.data("X:\r\n" * 4200 + MAIL)
        assert (reply.code, reply.text.split(" ")[0]) == (550, "5.7.26")
