"""What an alias sends on is sealed: python3-dkim believes our seal, and so do we; a chain that came broken stays broken."""
import logging
import os
import signal

import dkim
import pytest

from harness import Dns
from remote import Script
from signatures import Rsa, txt
from test_dkim_sign import publish, records
from test_srs import ALIAS, HERE, THERE, begin, comes_in, heard

logging.disable(logging.CRITICAL)
MAIL = b"From: Ann <ann@elsewhere.test>\r\nTo: team@example.com\r\nSubject:  two  spaces\r\n\r\nHello,  \r\n\r\n\r\n"


@pytest.fixture(name="far")
def fixture_far(server):
    """The server of far.test; ours has the keys of example.com."""
    with Script(HERE) as far:
        for name in "com", "elsewhere.test", "hop.test":
            server.records.setdefault(name, ["static"])
        begin(server, far)
        done = server.tell("dkim", "add", "example.com", "--bits", "1024", "--now")
        assert done.returncode == 0, done
        far.keys = records(done.stdout)
        publish(Dns(server), {name: [row] for name, row in far.keys.items()})
        yield far


def known(far, **more):
    """The TXT records that python3-dkim asks for."""
    rows = {name: "".join(part for part in row.split('"')[1::2]) for name, row in far.keys.items()}
    return txt({**rows, **more})


def chain(message, dns):
    verdict, results, why = dkim.ARC(message).verify(dnsfunc=dns)
    return verdict.decode(), len(results), why


def test_a_forward_is_sealed_and_not_a_byte_of_it_is_changed(server, far):
    comes_in(server, message=MAIL)
    heard(far, "MAIL")
    sealed, = far.messages
    assert sealed.endswith(MAIL)
    assert chain(sealed, known(far))[:2] == ("pass", 1), chain(sealed, known(far))
    parts = sealed.split(b"\r\nARC-")
    assert [p.split(b":")[0] for p in parts[1:]] == [b"Seal", b"Message-Signature", b"Authentication-Results"]
    assert b"i=1; mx.example.com;" in parts[3] and b"spf=" in parts[3] and b"dmarc=" in parts[3]
    assert b"cv=none; d=example.com;" in parts[1]
    assert chain(sealed.replace(b"Hello", b"Hallo"), known(far))[0] == "fail"
    # It comes back to another alias: one chain, two hops, and we believe ourselves.
    server.command("alias", "add", "more@example.com", "carol@far.test")
    comes_in(server, rcpt="more@example.com", message=sealed)
    heard(far, "MAIL", 2)
    again = far.messages[1]
    assert chain(again, known(far))[:2] == ("pass", 2), again
    assert b"arc=pass header.oldest-pass=0" in again.split(b"\r\nARC-")[3]
    # Broken on the way: sealed as broken, and nobody goes on with it.
    server.command("alias", "add", "third@example.com", "dave@far.test")
    comes_in(server, rcpt="third@example.com", message=sealed.replace(b"Hello", b"Hallo"))
    heard(far, "MAIL", 3)
    assert b"cv=fail" in far.messages[2].split(b"\r\nARC-")[1]
    server.command("alias", "add", "fourth@example.com", "erin@far.test")
    comes_in(server, rcpt="fourth@example.com", message=far.messages[2])
    heard(far, "MAIL", 4)
    assert far.messages[3].count(b"\r\nARC-Seal:") == 2


def test_a_chain_of_others_goes_on_and_mail_that_stays_is_not_sealed(server, far):
    hop = Rsa(1024)
    publish(Dns(server), {"s._domainkey.hop.test": [f'TXT "{hop.record[:200]}" "{hop.record[200:]}"']})
    seen = b"Authentication-Results: hop.test; spf=pass\r\n"
    fields = dkim.ARC(seen + MAIL).sign(b"s", b"hop.test", hop.pem, b"hop.test", include_headers=[b"from", b"to", b"subject"])
    message = b"".join(fields) + seen + MAIL
    comes_in(server, message=message)
    heard(far, "MAIL")
    sealed, = far.messages
    assert sealed.endswith(message)
    assert chain(sealed, known(far, **{"s._domainkey.hop.test": hop.record}))[:2] == ("pass", 2)
    comes_in(server, rcpt="recipient@example.com", message=MAIL)
    mail, = server.arrived("recipient@example.com")
    assert b"ARC-Seal" not in mail.raw
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        c.login()
        assert c.deliver("sender@example.com", ALIAS, message=MAIL.replace(b"ann@elsewhere.test", b"sender@example.com")).code == 250
    heard(far, "MAIL", 2)
    assert b"ARC-Seal" not in far.messages[1] and b"DKIM-Signature" in far.messages[1]


def test_what_we_write_ourselves_leaves_signed(server, far):
    with Script(THERE, far.port) as home:
        comes_in(server, rcpt="recipient@example.com", message=b"Delivered-To: recipient@example.com\r\n" + MAIL)
        heard(home, "RCPT")
        bounce, = home.messages
        assert b"\r\nFrom: MAILER-DAEMON@mx.example.com\r\n" in bounce
        assert bounce.count(b"DKIM-Signature: ") == 2 and b"d=example.com;" in bounce
        assert dkim.verify(bounce, dnsfunc=known(far))
        assert not dkim.verify(bounce.replace(b"From: MAILER", b"From: mailer"), dnsfunc=known(far))
        # Nobody to sign it: it leaves all the same.
        server.unclean = True
        signer, = server.pids("telltale-signer")
        os.kill(signer, signal.SIGSTOP)
        comes_in(server, rcpt="recipient@example.com", message=b"Delivered-To: recipient@example.com\r\n" + MAIL)
        heard(home, "RCPT", 2)
        os.kill(signer, signal.SIGCONT)
        assert b"DKIM-Signature: " not in home.messages[1]
        assert "a message of our own goes unsigned" in server.said()
