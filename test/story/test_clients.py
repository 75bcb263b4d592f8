"""The clients of the world hand us a mail, and it lies in the mailbox, with three logs and one trace."""
import smtplib
import subprocess

import pytest

ME, YOU = "anna@elsewhere.test", "recipient@example.com"
MAIL = f"From: {ME}\r\nTo: {YOU}\r\nSubject: from a client\r\nMessage-ID: <1@elsewhere.test>\r\n\r\nHello.\r\n.dot\r\n"


def run(*argv, text=None):
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{argv[0]}: {done.stdout}{done.stderr}"


def by_curl(port):
    run("curl", "-sS", "--crlf", f"smtp://127.0.0.1:{port}/client.test", "--mail-from", ME, "--mail-rcpt", YOU, "-T", "-",
        text=MAIL.replace("\r\n", "\n"))


def by_swaks(port):
    run("swaks", "--server", "127.0.0.1", "--port", str(port), "--helo", "client.test", "--from", ME, "--to", YOU,
        "--data", MAIL.replace("\r\n", "\n"))


def by_smtplib(port):
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.test", timeout=20) as smtp:
        assert smtp.sendmail(ME, [YOU], MAIL) == {}


def by_smtp_source(port):
    run("/usr/sbin/smtp-source", "-c", "-m", "1", "-M", "client.test", "-f", ME, "-t", YOU, "-S", "from a client",
        f"inet:127.0.0.1:{port}")


@pytest.mark.parametrize("send", [by_curl, pytest.param(by_swaks, marks=pytest.mark.smoke), by_smtplib,
                                  by_smtp_source])
def test_a_mail_goes_from_port_25_into_the_mailbox(server, send):
    server.start()
    send(server.ports["25"])

    mail, = server.arrived(YOU)
    assert mail.subject == "from a client"
    assert b"\nReceived: " in b"\n" + mail.raw and b"mx.example.com" in mail.raw

    group = server.log("smtp-25").groups[-1]
    verbs = [r.verb for r in group]
    assert [v for v in verbs if v in ("from", "to", "check", "size", "resp")] == \
        ["from", "resp", "to", "check", "resp", "size", "resp"]
    said = {r.verb: r.rest for r in group}
    assert said["from"] == ME and said["to"] == f"<{YOU}>"
    assert said["check"] == f"accepted rcpt, localhost:127.0.0.1, {YOU}, found existing recipient"
    assert said["resp"].startswith("250 ok ") and " qp " in said["resp"]
    qp = said["resp"].split()[-1]

    entry = server.log("spamdyke").last
    assert (entry.code, entry.sender, entry.to) == ("ALLOWED", ME, YOU)
    assert (entry.ip, entry.rdns, entry.auth, entry.encryption) == ("127.0.0.1", "localhost", "(unknown)", "(none)")
    assert entry.reason == said["resp"].replace(" ", "_")
    assert said["session"].split(", ")[0] == entry.connection

    delivery = server.log("delivery")
    assert delivery.verb("init") == [f"<{ME}>"]
    number = delivery.verb("try")[0].split(", ")[0]
    assert delivery.verb("try") == [f"{number}, local, {YOU}"]
    assert delivery.verb("result") == [f"{number}, success, did_1+0+0/"]
    assert f"qp {qp}, attempt 1" in delivery.verb("info")[0]

    trace = server.trace("from:" + ME)
    assert trace.status == 0 and trace.only["verdict"] == "delivered" and trace.only["confidence"] == "exact"
    assert trace.only["recipients"][0]["address"] == YOU
    assert str(trace.only["ids"]["qp"]) == qp


def test_the_body_arrives_byte_for_byte(server):
    body = "".join(f"{c:c}{c:c}\r\n" for c in range(32, 127)) + ".\r\n..\r\n.x\r\n\u00e4\u00f6\u00fc\r\n" + "x" * 990 + "\r\n"
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: bytes\r\n\r\n" + body).code == 250
    mail, = server.arrived(YOU)
    assert mail.raw.replace(b"\r\n", b"\n").endswith(b"\n\n" + body.replace("\r\n", "\n").encode())


def test_a_message_of_many_megabytes_arrives_whole(server):
    body = ("y" * 76 + "\r\n") * 80000
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: big\r\n\r\n" + body).code == 250
    mail, = server.arrived(YOU)
    assert mail.raw.replace(b"\r\n", b"\n").count(b"y" * 76 + b"\n") == 80000


def test_several_messages_of_one_session_are_several(server):
    with server.client() as c:
        for n in range(5):
            assert c.deliver(ME, YOU, message=f"Subject: number {n}\r\n\r\nx\r\n").code == 250
    mails = server.arrived(YOU, 5)
    assert sorted(m.subject for m in mails) == [f"number {n}" for n in range(5)]
    qps = [r.split()[-1] for r in server.log("smtp-25").verb("resp") if " qp " in r]
    assert len(set(qps)) == 5


def test_a_pipelining_client_gets_its_replies_in_order(server):
    with server.client() as c:
        assert "PIPELINING" in c.send("EHLO client.test").text
        c.raw(f"MAIL FROM:<{ME}>\r\nRCPT TO:<{YOU}>\r\nRCPT TO:<nobody@example.com>\r\nDATA\r\n".encode())
        assert [c.reply().code for _ in range(4)] == [250, 250, 550, 354]
        c.raw(b"Subject: piped\r\n\r\nx\r\n.\r\nQUIT\r\n")
        assert [c.reply().code for _ in range(2)] == [250, 221]
        assert c.closed()
    mail, = server.arrived(YOU)
    assert mail.subject == "piped"
