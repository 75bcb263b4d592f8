"""Login: who may, how it is asked, what is told about it and what is not."""
import base64
import os
import select
import signal
import smtplib
import subprocess
import time

import pytest

from harness import PATIENCE, until

ME, YOU, FAR = "sender@example.com", "recipient@example.com", "friend@elsewhere.test"
PASSWORD = "correct horse"
MESSAGE = "Subject: hello\r\n\r\nHello.\r\n"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def plain(user=ME, password=PASSWORD, other=""):
    return b64(f"{other}\0{user}\0{password}")


def secured(server, port="587"):
    """A client that has said EHLO under TLS."""
    c = server.client(port=port)
    c.starttls(server.tls())
    return c


def failures(server, label="587"):
    return server.log(f"smtp-{label}").verb("auth-failed")


# -- clients of all kinds

def by_smtplib(server):
    with smtplib.SMTP("127.0.0.1", server.ports["587"], "client.test", timeout=PATIENCE) as c:
        c.starttls(context=server.tls(check_hostname=False))
        c.login(ME, PASSWORD)
        c.sendmail(ME, [YOU], MESSAGE)


def by_smtplib_over_ssl(server):
    with smtplib.SMTP_SSL("localhost", server.ports["465"], "client.test", timeout=PATIENCE, context=server.tls()) as c:
        c.user, c.password = ME, PASSWORD
        c.ehlo()
        assert c.auth("LOGIN", c.auth_login)[0] == 235
        c.sendmail(ME, [YOU], MESSAGE)


def curl(server, url, *args):
    subprocess.run(["curl", "-sS", "--ssl-reqd", "--cacert", os.path.join(server.data, "tls", "cert.pem"), url,
                    "--user", f"{ME}:{PASSWORD}", "--mail-from", ME, "--mail-rcpt", YOU, "-T", "-", *args],
                   input=MESSAGE.encode(), check=True, timeout=60, capture_output=True)


def by_curl(server):
    curl(server, f"smtp://localhost:{server.ports['587']}/client.test")


def by_curl_over_ssl(server):
    curl(server, f"smtps://localhost:{server.ports['465']}/client.test", "--login-options", "AUTH=LOGIN")


def by_swaks(server):
    subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(server.ports["587"]), "--tls", "--helo",
                    "client.test", "--auth", "LOGIN", "--auth-user", ME, "--auth-password", PASSWORD, "--from", ME,
                    "--to", YOU, "--data", MESSAGE.replace("\r\n", "\n")], check=True, timeout=60, capture_output=True)


@pytest.mark.parametrize("send, label, method", [
    pytest.param(by_smtplib, "587", "PLAIN", marks=pytest.mark.smoke), (by_smtplib_over_ssl, "465", "LOGIN"),
    (by_curl, "587", "PLAIN"), (by_curl_over_ssl, "465", "LOGIN"), (by_swaks, "587", "LOGIN")])
def test_who_logs_in_may_send_and_all_logs_tell_it(server, send, label, method):
    server.start()
    send(server)
    mail, = server.arrived(YOU)
    assert b"with ESMTPSA\n\t(TLSv1.3 " in mail.raw.replace(b"\r\n", b"\n")
    group = server.log(f"smtp-{label}").groups[-1]
    assert [r.verb for r in group][:5] == ["session", "helo", "tls", "auth", "from"]
    assert group[3].rest == f"{method} {ME}"
    assert any("smtp_auth/did_1+0+0/" in r for r in server.log("delivery").verb("result"))
    story = server.trace(f"to:{YOU}")
    assert story.only["client"]["auth"] == ME and story.only["client"]["encryption"].startswith("TLSv1.3 ")
    assert PASSWORD not in server.log(f"smtp-{label}").text + server.said()


def test_a_login_opens_the_way_to_other_domains(server):
    with secured(server) as c:
        assert c.send(f"MAIL FROM:<{ME}>").code == 530
        assert c.login().code == 235
        assert c.deliver(ME, FAR).code == 250
    until(lambda: server.log("delivery").verb("result"), "a first attempt")
    waiting = server.queue()
    assert len(waiting) == 1 and FAR in str(waiting)
    assert "deferral" in server.log("delivery").verb("result")[0]
    answer = server.trace(f"to:{FAR}").only
    assert answer["verdict"] == "waiting" and answer["client"]["auth"] == ME


def test_without_a_login_nobody_relays(server):
    with secured(server, "25") as c:
        c.send(f"MAIL FROM:<{ME}>")
        assert c.send(f"RCPT TO:<{FAR}>").code == 554
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        assert c.send(f"MAIL FROM:<{ME}>").code == 530


def test_a_login_on_port_25_is_believed_by_the_gate_and_told_by_spamdyke(server):
    """Even after the same client was refused: what was thought of a stranger is thought anew."""
    with server.client(source="127.0.0.7") as c:
        c.starttls(server.tls())
        c.send(f"MAIL FROM:<{ME}>")
        assert c.send(f"RCPT TO:<{YOU}>").code == 554
        c.send("RSET")
        assert c.login().code == 235
        assert c.deliver(ME, YOU, FAR).code == 250
    entry = server.log("spamdyke").last
    assert (entry.code, entry.auth, entry.encryption) == ("ALLOWED", ME, "TLS")


# -- before TLS

def test_before_tls_no_password_is_asked_for(server):
    with server.client(port="587") as c:
        reply = c.send("EHLO client.test")
        assert "STARTTLS" in reply.text and "AUTH" not in reply.text
        for line in (f"AUTH PLAIN {plain()}", "AUTH LOGIN", "AUTH PLAIN"):
            assert c.send(line).code == 538
        assert c.send(f"MAIL FROM:<{ME}> AUTH=<>").code == 555
    assert failures(server) == []


def test_a_postmaster_may_allow_login_without_tls_and_starttls_forgets_it(server):
    server.config("tls { auth-without-tls = true }")
    with server.client(port="587") as c:
        assert "AUTH PLAIN LOGIN" in c.send("EHLO client.test").text
        assert c.login().code == 235
        assert c.send(f"MAIL FROM:<{ME}>").code == 250
        assert c.send("STARTTLS").code == 220
        c.encrypt(server.tls())
        c.send("EHLO client.test")
        assert c.send(f"MAIL FROM:<{ME}>").code == 530
        assert c.login().code == 235
        assert c.deliver(ME, YOU).code == 250
    groups = server.log("smtp-587").groups
    assert [r.verb for r in groups[1]][:4] == ["session", "helo", "auth", "from"]
    assert [r.verb for r in groups[2]][:4] == ["session", "helo", "tls", "from"]
    assert "auth" not in [r.verb for r in groups[2]]
    assert b"ESMTPSA" in server.arrived(YOU)[0].raw


# -- what may be said, and when

def test_the_ways_to_say_it(server):
    for lines in ([f"AUTH PLAIN {plain()}"], ["AUTH PLAIN", plain()], [f"auth plain {plain(other=ME)}"],
                  [f"AUTH PLAIN {plain(user=ME.upper())}"],
                  ["AUTH LOGIN", b64(ME), b64(PASSWORD)], [f"AUTH LOGIN {b64(ME)}", b64(PASSWORD)]):
        with secured(server) as c:
            codes = [c.send(line).code for line in lines]
            assert codes == [334] * (len(lines) - 1) + [235], lines
            assert c.deliver(ME, YOU).code == 250
    assert set(server.log("smtp-587").verb("auth")) == {f"PLAIN {ME}", f"LOGIN {ME}"}


def test_the_questions_are_those_of_qmail(server):
    with secured(server) as c:
        assert c.send("AUTH LOGIN").lines == ["334 VXNlcm5hbWU6"]
        assert c.send(b64(ME)).lines == ["334 UGFzc3dvcmQ6"]
        assert c.send(b64(PASSWORD)).lines == ["235 2.7.0 ok, go ahead (#2.0.0)"]
        assert c.send("AUTH LOGIN").lines == ["503 5.5.1 you're already authenticated (#5.5.0)"]
    with secured(server) as c:
        assert c.send("AUTH PLAIN").lines == ["334 "]
        assert c.send("*").lines == ["501 5.7.0 auth exchange canceled (#5.0.0)"]
        assert c.send("AUTH LOGIN").code == 334
        assert c.send("*").code == 501
        assert c.send("NOOP").code == 250


MALFORMED = ["=", "!", "AGEAYg", "AGEAYg=", "AGEA", "AABi", "YQ==", "AGEAYgBj", "AGEAYg==AGEAYg==", "AGEAYh==", "A GEAYg==",
             b64("\0" + "u" * 256 + "\0p"), b64("\0u\0" + "p" * 4097), "\u00e4\u00e4"]


@pytest.mark.parametrize("how", ["initial", "answer"])
def test_malformed_input_is_refused_and_the_session_goes_on(server, how):
    with secured(server) as c:
        for text in MALFORMED + [""] * (how == "answer"):
            if how == "answer":
                assert c.send("AUTH PLAIN").code == 334
                reply = c.send(text)
            else:
                reply = c.send(f"AUTH PLAIN {text}")
            assert reply.code == 501, (text, reply)
        for line in ("A" * 12000, "A" * 12288, "A" * 100000):
            assert c.send("AUTH PLAIN").code == 334
            assert c.send(line).code in (500, 501)
        assert c.send("AUTH PLAIN " + "A" * 20000).code == 500
        assert c.send("AUTH PLAIN", end="\n").code == 500  # a bare LF
        assert c.send("AUTH LOGIN").code == 334
        assert c.send("AA\rAA").code == 501
        assert c.send("AUTH").code == 501
        assert c.send("AUTH CRAM-MD5").code == 504
        assert c.login().code == 235
    assert failures(server) == []


def test_when_it_may_be_said(server):
    with server.client(port="465") as c:
        assert c.login().code == 503  # EHLO first
        c.send("HELO client.test")
        assert c.login().code == 503
        c.send("EHLO client.test")
        assert c.login().code == 235
        assert c.login().code == 503
        assert c.send(f"MAIL FROM:<{ME}>").code == 250
        assert c.login().code == 503
    with secured(server, "25") as c:
        c.send(f"MAIL FROM:<{ME}>")
        assert c.login().lines == ["503 5.5.1 no auth during mail transaction (#5.5.0)"]
        assert c.send(f"RCPT TO:<{YOU}>").code == 250  # the transaction goes on


def test_the_auth_parameter_of_mail_is_taken_and_believed_by_nobody(server):
    with secured(server) as c:
        assert c.login().code == 235
        for value, code in (("<>", 250), ("e+3Dmc2@example.com", 250), (YOU, 250), ("a+zz", 501), ("", 501)):
            assert c.send(f"MAIL FROM:<{ME}> AUTH={value}").code == code, value
            c.send("RSET")
    assert server.log("smtp-587").verb("auth")[-1] == f"PLAIN {ME}"


# -- who may not

def test_an_unknown_user_and_a_wrong_password_get_the_same_answer_and_the_log_knows_more(server):
    with secured(server) as c:
        wrong = c.login(ME, "wrong")
        nobody = c.login("nobody@example.com", PASSWORD)
        other = c.send(f"AUTH PLAIN {plain(other=YOU)}")
        assert wrong.lines == nobody.lines == other.lines == ["535 5.7.8 authentication failed (#5.7.1)"]
        assert c.send(f"MAIL FROM:<{ME}>").code == 530
        c.send("QUIT")
    assert failures(server) == [f"PLAIN {ME} the password is wrong", "PLAIN - no such account",
                                f"PLAIN {ME} it wanted to act as somebody else"]
    group = server.log("smtp-587").groups[-1]
    assert [r.verb for r in group][:6] == ["session", "helo", "tls", "auth-failed", "auth-failed", "auth-failed"]
    assert "nobody@" not in server.log("smtp-587").text and "wrong\n" in server.log("smtp-587").text
    for r in group:
        assert server.tell("explain", r.line).returncode == 0, r


def test_a_name_that_would_forge_a_line_of_the_log_does_not(server):
    with secured(server) as c:
        for user in ("a\r\n2026-01-01 00:00:00, from, evil@evil.test", "a, auth, PLAIN root", "%s%n"):
            assert c.login(user, "x").code == 535
    assert failures(server) == ["PLAIN - no such account"] * 3
    assert "evil" not in server.log("smtp-587").text


def test_who_guesses_waits_longer_and_is_sent_away(server):
    began = time.monotonic()
    with secured(server) as c:
        codes = [c.login(ME, f"guess {i}").code for i in range(5)]
        assert codes == [535, 535, 535, 535, 421]
        assert c.closed()
    assert time.monotonic() - began > 1
    group = server.log("smtp-587").groups[-1]
    assert group[-1].rest == "too many failed logins" and len(failures(server)) == 5


def test_who_guesses_waits_alone(server):
    """Another client of the same program is answered while a wrong password is held back."""
    server.config("limits { workers = 1 }")
    with secured(server) as guesser, secured(server) as other:
        for i in range(4):
            assert guesser.login(ME, f"guess {i}").code == 535
        began, answered = time.monotonic(), 0
        guesser.raw(f"AUTH PLAIN {plain(password='guess 4')}\r\n".encode())
        while not select.select([guesser.sock], [], [], 0.05)[0]:
            assert other.send("NOOP").code == 250
            answered += 1
        assert guesser.reply().code == 421
        assert time.monotonic() - began > 1.5 and answered > 3


def test_accounts_that_cannot_be_asked_put_the_login_off(server):
    server.unclean = True
    with secured(server) as c:
        for pid in server.pids("telltale-lookup"):
            os.kill(pid, signal.SIGSTOP)  # it stands still
        try:
            assert c.login().code == 454
            assert c.send(f"MAIL FROM:<{ME}>").code == 530
        finally:
            for pid in server.pids("telltale-lookup"):
                os.kill(pid, signal.SIGCONT)
        until(lambda: c.login().code in (235, 503), "logins work again")
    assert failures(server)[0] == "PLAIN - it could not be checked"
    assert "a login is put off" in server.said()


def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(server):
    for lines in (["AUTH PLAIN"], ["AUTH LOGIN", b64(ME)]):
        with secured(server) as c:
            for line in lines:
                assert c.send(line).code == 334
    assert server.log("smtp-587").verb("end") == ["the client left"] * 2
    with secured(server) as c:
        assert c.login().code == 235


# -- addresses beyond ASCII

def test_addresses_beyond_ascii_are_refused_clearly(server):
    with server.client() as c:
        assert "SMTPUTF8" not in c.send("EHLO client.test").text
        reply = c.send("MAIL FROM:<b\u00fcro@example.com>")
        assert reply.lines == ["553 5.6.7 sorry, addresses with letters beyond ASCII are not supported here"]
        assert c.send("MAIL FROM:<b\u00fcro@example.com> SMTPUTF8").code == 553
        assert c.send(f"MAIL FROM:<{ME}> SMTPUTF8").code == 555
        assert c.send(f"MAIL FROM:<{ME}> BODY=8BITMIME").code == 250
        assert c.send("RCPT TO:<b\u00fcro@example.com>").code == 553
        assert c.send("RCPT TO:<buero@b\u00fccher.example>").code == 553
        assert c.send(f"RCPT TO:<{YOU}>").code == 250
    assert server.tell("explain", reply.lines[0]).returncode == 0
