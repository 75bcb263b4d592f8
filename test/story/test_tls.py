"""Encryption: who gets it and how, and what cannot be smuggled past it."""
import re
import smtplib
import socket
import ssl
import subprocess
import time

import pytest

from harness import PATIENCE, until

ME, YOU = "sender@example.com", "recipient@example.com"
MESSAGE = "Subject: hello\r\n\r\nHello.\r\n"


def openssl(server, port, *args, text=""):
    """openssl s_client, which hangs up at the end of text; its output."""
    server.start()
    starttls = [] if port == "465" else ["-starttls", "smtp"]
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.ports[port]}", *starttls, *args],
                          input=text.encode(), capture_output=True, timeout=60, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


# -- clients of all kinds

@pytest.mark.smoke
def test_smtplib_says_starttls_and_a_mail_arrives_with_the_cipher_in_its_received_line(server):
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


def test_implicit_tls_on_465(server):
    with server.client(port="465") as c:
        reply = c.send("EHLO client.test")
        assert "STARTTLS" not in reply.text and "AUTH PLAIN LOGIN" in reply.text
        assert c.send("STARTTLS").code == 503
        assert c.send(f"MAIL FROM:<{ME}>").code == 530
        assert c.send("QUIT").code == 221
    assert server.log("smtp-465").verb("tls") == ["TLSv1.3 TLS_AES_256_GCM_SHA384"]
