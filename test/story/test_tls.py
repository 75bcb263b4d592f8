"""Encryption: who gets it and how, and what cannot be smuggled past it."""
import random
import re
import smtplib
import socket
import ssl
import subprocess
import time

import pytest

from harness import PATIENCE, certificate, until
from tls_client import Wire

ME, YOU = "sender@example.com", "recipient@example.com"
MESSAGE = "Subject: hello\r\n\r\nHello.\r\n"


def s_client(server, port, *args, text="QUIT\n"):
    """openssl s_client; its output."""
    server.start()
    starttls = [] if port == "465" else ["-starttls", "smtp"]
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.ports[port]}", "-crlf", *starttls,
                           *args], input=text.encode(), capture_output=True, timeout=60, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


def ends(server, label="25"):
    return server.log(f"smtp-{label}").verb("end")


# -- clients of all kinds

@pytest.mark.smoke
def test_smtplib_says_starttls_and_the_mail_arrives_with_the_cipher_in_its_received_line(server):
    server.start()
    with smtplib.SMTP("127.0.0.1", server.ports["25"], "client.test", timeout=PATIENCE) as c:
        c.starttls(context=server.tls(check_hostname=False))
        c.sendmail(ME, [YOU], MESSAGE)
    mail, = server.arrived(YOU)
    assert re.search(rb"with ESMTPS\r?\n\t\(TLSv1\.3 TLS_AES_256_GCM_SHA384\) id \d+", mail.raw)
    group = server.log("smtp-25").groups[-1]
    assert [r.verb for r in group][:4] == ["session", "helo", "tls", "from"]
    assert group[2].rest == "TLSv1.3 TLS_AES_256_GCM_SHA384"
    assert server.log("spamdyke").last.encryption == "TLS"
    assert server.trace(f"to:{YOU}").only["client"]["encryption"] == "TLSv1.3 TLS_AES_256_GCM_SHA384"
    assert "encrypted: TLSv1.3" in server.trace(f"to:{YOU}").text


def test_curl_and_swaks_deliver_encrypted(server):
    server.start()
    cert = f"{server.data}/tls/cert.pem"
    subprocess.run(["curl", "-sS", "--ssl-reqd", "--cacert", cert, f"smtp://localhost:{server.ports['25']}",
                    "--mail-from", ME, "--mail-rcpt", YOU, "-T", "-"], input=MESSAGE.encode(), check=True, timeout=60,
                   capture_output=True)
    subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(server.ports["25"]), "--tls", "--from", ME, "--to",
                    YOU, "--data", MESSAGE.replace("\r\n", "\n")], check=True, timeout=60, capture_output=True)
    for mail in server.arrived(YOU, 2):
        assert b"with ESMTPS" in mail.raw


def test_on_port_465_all_is_encrypted_from_the_first_byte_on(server):
    with server.client(port="465") as c:
        reply = c.send("EHLO client.test")
        assert "STARTTLS" not in reply.text and "AUTH PLAIN LOGIN" in reply.text
        assert c.send("STARTTLS").code == 503
        assert c.send(f"MAIL FROM:<{ME}>").code == 530
        assert c.send("QUIT").code == 221
    assert server.log("smtp-465").verb("tls") == ["TLSv1.3 TLS_AES_256_GCM_SHA384"]


@pytest.mark.parametrize("version, works", [(ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False),
                                            (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_1_2_and_1_3_work_and_nothing_older(server, version, works):
    server.start()
    context = server.tls(minimum_version=version, maximum_version=version)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with server.client() as c:
        if works:
            assert "STARTTLS" not in c.starttls(context).text
            assert c.deliver(ME, YOU).code == 250
        else:
            with pytest.raises(ssl.SSLError):
                c.starttls(context)
    if not works:
        assert until(lambda: ends(server), "the log tells") == ["the TLS handshake failed: unsupported protocol"]
        assert server.tell("explain", server.log("smtp-25").groups[-1][-1].line).returncode == 0


def test_old_ciphers_compression_and_renegotiation_are_not_to_be_had(server):
    for cipher in ("AES256-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-SHA", "NULL", "aNULL"):
        said = s_client(server, "25", "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
        assert "handshake failure" in said or "no ciphers available" in said, said
    said = s_client(server, "465", "-tls1_2")
    assert "Compression: NONE" in said and "Secure Renegotiation IS supported" in said
    with subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{server.ports['465']}", "-tls1_2"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        seen = b""
        while b"220 mx.example.com" not in seen:
            seen += client.stdout.read1()
        client.stdin.write(b"R\n")
        client.stdin.flush()
        assert b"no renegotiation" in client.stdout.read()
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250


def test_a_client_that_does_not_trust_the_certificate_leaves_and_the_server_goes_on(server):
    with server.client() as c:
        with pytest.raises(ssl.SSLCertVerificationError):
            c.starttls(ssl.create_default_context())
    until(lambda: ends(server), "the log tells")
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250


def test_garbage_instead_of_a_handshake_harms_nobody(server):
    server.start()
    dice = random.Random(465)
    for n in range(60):
        garbage = dice.randbytes(dice.randrange(1, 600))
        if n % 3 > 0:  # a record of a handshake; of the rest, a ClientHello
            garbage = b"\x16\x03\x01" + len(garbage).to_bytes(2, "big") + (b"\x01\x00" if n % 3 == 2 else b"") + garbage
        with Wire(server.ports["465"]) as c:
            c.raw(garbage)
            c.sock.shutdown(socket.SHUT_WR)
            assert b"220" not in c.rest()
    until(lambda: len(ends(server, "465")) == 60, "each has its group")
    for end in sorted(set(ends(server, "465"))):
        assert end.startswith(("the TLS handshake failed: ", "the client left in the TLS handshake")), end
    with server.client(port="465") as c:
        assert c.send("NOOP").code == 250


# -- what was said in the clear is forgotten

def test_starttls_forgets_all_that_was_said_before(server):
    with server.client() as c:
        c.envelope(ME, YOU)
        assert c.send("STARTTLS").code == 220
        c.encrypt(server.tls())
        assert c.send("DATA").code == 503
        assert c.send(f"RCPT TO:<{YOU}>").code == 503
        assert c.send(f"MAIL FROM:<{ME}>").code == 503  # no EHLO yet
        assert c.send("STARTTLS").code == 503
        assert "STARTTLS" not in c.send("EHLO again.test").text
        assert c.deliver(ME, YOU).code == 250
    first, second = server.log("smtp-25").groups[-2:]
    assert first[-1].line.endswith("end, the client started over") and "tls" not in [r.verb for r in first]
    assert [r.verb for r in second][:4] == ["session", "helo", "tls", "from"]


def test_starttls_takes_no_argument_and_is_not_everywhere(server):
    server.ports["26"] = server.ports["587"] + 1
    server.config(f'listener "26" {{ bind = {{"127.0.0.1:{server.ports["26"]}"}} }}')
    with server.client() as c:
        assert c.send("STARTTLS now").code == 501
        assert "AUTH" not in c.send("EHLO x").text
    with server.client(port="26") as c:
        assert "STARTTLS" not in c.send("EHLO x").text
        assert c.send("STARTTLS").code == 502


INJECTED = ["EHLO evil.test", f"MAIL FROM:<evil@evil.test>\r\nRCPT TO:<{YOU}>", "AUTH PLAIN AGV2aWwAZXZpbA==", "RSET",
            "NOOP", "QUIT", ""]


@pytest.mark.parametrize("injected", INJECTED)
def test_plaintext_behind_starttls_ends_the_session_unread(server, injected):
    with server.client() as c:
        c.send("EHLO client.test")
        c.raw(b"STARTTLS\r\n" + injected.encode() + b"\r\n")
        assert c.reply().code == 554
        assert c.closed()
    group = until(lambda: server.log("smtp-25").groups, "the log tells")[-1]
    assert [r.verb for r in group] == ["session", "helo", "end"]
    assert group[-1].rest == "the client sent more behind STARTTLS" and "evil" not in server.log("smtp-25").text


@pytest.mark.parametrize("injected", INJECTED)
def test_plaintext_before_the_handshake_ends_the_session_unread(server, injected):
    """It comes in a segment of its own, so the server sees it where the handshake should begin."""
    server.start()
    with Wire(server.ports["25"]) as c:
        c.reply()
        assert c.send("EHLO client.test").code == 250
        assert c.send("STARTTLS").code == 220
        c.raw(injected.encode() + b"\r\n")
        try:
            c.encrypt(server.tls())
        except (ConnectionError, ssl.SSLError):
            pass
        else:
            raise AssertionError("a handshake behind plaintext")
    group = until(lambda: server.log("smtp-25").groups, "the log tells")[-1]
    assert [r.verb for r in group] == ["session", "helo", "end"], group
    assert group[-1].rest.startswith(("the TLS handshake failed: ", "the client left in the TLS handshake"))
    assert "evil" not in server.log("smtp-25").text


def test_plaintext_in_the_middle_of_encryption_ends_the_session(server):
    server.start()
    with Wire(server.ports["465"]) as c:
        c.encrypt(server.tls())
        c.reply()
        assert c.send("EHLO client.test").code == 250
        c.raw(b"NOOP\r\n")
        assert b"250" not in c.rest()
    assert until(lambda: ends(server, "465"), "the log tells") == ["the connection broke"]


# -- the end of encryption is the end

BODY = b"Subject: cut\r\n\r\nHello.\r\n.\r\n"


@pytest.mark.parametrize("together", [True, False])
def test_close_notify_inside_a_body_ends_the_session_and_nothing_is_queued(server, together):
    server.start()
    for offset in range(0, len(BODY), 1 if together else 5):
        with Wire(server.ports["25"]) as c:
            c.reply()
            for line in ("EHLO client.test", "STARTTLS"):
                assert c.send(line).code in (220, 250)
            c.encrypt(server.tls())
            for line in ("EHLO client.test", f"MAIL FROM:<{ME}>", f"RCPT TO:<{YOU}>", "DATA"):
                assert c.send(line).code in (250, 354)
            if offset > 0:
                c.say(BODY[:offset])
            goodbye = c.goodbye()
            if together:
                c.raw(goodbye + BODY[offset:])
            else:
                c.raw(goodbye)
                time.sleep(0.02)
                c.raw(BODY[offset:])
            assert b"250" not in c.rest()
    sessions = len(range(0, len(BODY), 1 if together else 5))
    until(lambda: len(ends(server)) == sessions, "all sessions ended")
    assert set(ends(server)) == {"the client left inside the message"}
    assert server.spool.empty and server.maildir(YOU) == []
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250


def test_after_close_notify_no_command_is_heard_in_the_clear(server):
    server.start()
    with Wire(server.ports["587"]) as c:
        c.reply()
        c.send("EHLO client.test")
        assert c.send("STARTTLS").code == 220
        c.encrypt(server.tls())
        c.send("EHLO client.test")
        c.raw(c.goodbye() + b"EHLO evil.test\r\nNOOP\r\n")
        assert b"250" not in c.rest()
    until(lambda: ends(server, "587"), "the log tells")
    assert "evil" not in server.log("smtp-587").text


def test_an_end_without_close_notify_is_an_end_too(server):
    server.start()
    with Wire(server.ports["465"]) as c:
        c.encrypt(server.tls())
        c.reply()
        c.say(b"EHLO client.test\r\nNOO")
        assert c.reply().code == 250
        c.sock.shutdown(socket.SHUT_WR)
        c.rest()
    assert until(lambda: ends(server, "465"), "the log tells") == ["the client left"]


# -- other protocols, other services

def test_a_client_that_offers_other_protocols_than_ours_is_turned_away(server):
    server.start()
    for offered, chosen in ((["smtp"], "smtp"), (["h2", "smtp"], "smtp"), (["http/1.1"], None), (["smtps", "smt"], None)):
        context = server.tls()
        context.set_alpn_protocols(offered)
        with socket.create_connection(("127.0.0.1", server.ports["465"]), timeout=PATIENCE) as sock:
            if chosen is None:
                with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
                    context.wrap_socket(sock, server_hostname="mx.example.com")
            else:
                with context.wrap_socket(sock, server_hostname="mx.example.com") as c:
                    assert c.selected_alpn_protocol() == chosen
    until(lambda: sum("protocol" in e for e in ends(server, "465")) == 2, "the log tells why")


def test_http_inside_tls_is_cut_off_after_its_first_line(server):
    with server.client(port="465") as c:
        c.raw(b"POST / HTTP/1.1\r\nHost: reflect-me\r\nContent-Length: 30\r\n\r\nEHLO evil.test\r\nNOOP\r\n")
        reply = c.reply()
        assert reply.code == 502 and "reflect" not in reply.text
        assert c.file.read() == b""
    assert ends(server, "465") == ["the client does not speak SMTP"]


def session_of(server, port, context, old=None):
    """One visit; the session that the server gives out, and whether `old` was taken."""
    with socket.create_connection(("127.0.0.1", server.ports[port]), timeout=PATIENCE) as plain:
        if port != "465":
            plain.recv(1000)
            plain.sendall(b"EHLO client.test\r\n")
            plain.recv(1000)
            plain.sendall(b"STARTTLS\r\n")
            assert plain.recv(1000).startswith(b"220")
        with context.wrap_socket(plain, server_hostname="mx.example.com", session=old) as c:
            c.sendall(b"NOOP\r\n")
            c.recv(1000)
            return c.session, c.session_reused


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_ticket_of_one_service_is_worth_nothing_at_another(server, version):
    server.config("limits { workers = 1 }")
    server.start()
    context = server.tls(minimum_version=version, maximum_version=version)
    ticket, _ = session_of(server, "465", context)
    assert session_of(server, "465", context, ticket)[1]  # so tickets work
    for other in ("25", "587"):
        assert not session_of(server, other, context, ticket)[1]
    ticket, _ = session_of(server, "25", context)
    assert not session_of(server, "587", context, ticket)[1]
    assert not session_of(server, "465", context, ticket)[1]
    assert session_of(server, "25", context, ticket)[1]


# -- certificates

def test_a_key_that_does_not_fit_ends_the_start(server):
    server.write_files()
    other = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], check=True,
                           capture_output=True, timeout=60).stdout
    server.write_certificate((certificate()[0], other))
    done = server.tell("serve", "-c", server.conf)
    assert done.returncode != 0 and "key" in done.stderr, done.stderr


def test_a_chain_of_an_rsa_key_is_sent_whole(server, tmp_path):
    """A certificate authority, its certificate for us, both in the file: a client that trusts the authority comes in."""
    server.write_files()
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    ca, ca_key = tmp_path / "ca.pem", tmp_path / "ca.key"
    inter, inter_key = tmp_path / "inter.pem", tmp_path / "inter.key"
    leaf, leaf_key = tmp_path / "leaf.pem", tmp_path / "leaf.key"
    for cmd in ([*openssl, "-subj", "/CN=Root", "-keyout", ca_key, "-out", ca],
                [*openssl, "-subj", "/CN=Between", "-CA", ca, "-CAkey", ca_key, "-addext", "basicConstraints=CA:TRUE",
                 "-keyout", inter_key, "-out", inter],
                [*openssl, "-subj", "/CN=mx.example.com", "-CA", inter, "-CAkey", inter_key, "-addext",
                 "subjectAltName=DNS:mx.example.com", "-addext", "basicConstraints=CA:FALSE", "-keyout", leaf_key,
                 "-out", leaf]):
        subprocess.run([str(c) for c in cmd], check=True, capture_output=True, timeout=60)
    server.write_certificate((leaf.read_bytes() + inter.read_bytes(), leaf_key.read_bytes()))
    server.start()
    context = ssl.create_default_context(cafile=ca)
    with server.client() as c:
        assert c.starttls(context).code == 250
        assert c.sock.cipher()[0] == "TLS_AES_256_GCM_SHA384"
