"""The questions on what the server itself writes: mail that never came to be is found like mail that did."""
from test_login import ME, PASSWORD, YOU, plain, secured

STRANGER = "stranger@elsewhere.test"


def whole(server, *question):
    return " ".join(server.trace(*question).text.split())


def test_2_refused_at_the_gate(server, dns):
    dns.ptr("127.0.0.7", None)
    with server.client(source="127.0.0.7") as c:
        c.send("EHLO x.test")
        c.send(f"MAIL FROM:<{STRANGER}>")
        assert c.send(f"RCPT TO:<{YOU}>").code == 554
        c.send("QUIT")
    for question in ("ip:127.0.0.7", "ip:127.0.0.0/29", "from:" + STRANGER, "to:" + YOU, "verdict:refused", "reason:rdns",
                     "text:reverse", "mails refused today", f"What happened to the mail from {STRANGER} to {YOU} today?"):
        a = server.trace(question)
        assert a.only["verdict"] == "refused" and a.only["confidence"] == "exact", question
        assert "Refused by the gate (DENIED_RDNS_MISSING), before the mailbox was asked" in a.headline
    a = server.trace(f"from nobody@elsewhere.test to {YOU}")
    assert a.status == 1 and [c["rdns"] or c["ip"] for c in a.json["connections"]] == ["127.0.0.7"]


def test_18_a_connection_that_said_nothing(server):
    with server.client() as c:
        c.send("EHLO quiet.test")
        c.send("QUIT")
    for question in ("ip:127.0.0.1", "text:quiet.test", "reason:quit", "verdict:abandoned"):
        a = server.trace(question)
        assert a.only["recipients"] == [] and "No recipient was named by the client 127.0.0.1: quit" in a.headline, question
    assert "said goodbye (QUIT) without having sent a message" in whole(server, "ip:127.0.0.1")
    assert server.trace("ip:127.0.0.1", "--domain", "example.com").status == 1


def test_18_a_timeout(server):
    server.config("limits { command-timeout = 1s }")
    with server.client() as c:
        c.send("EHLO slow.test")
        c.send(f"MAIL FROM:<{STRANGER}>")
        c.send(f"RCPT TO:<{YOU}>")
        while not c.closed():
            pass
    a = server.trace("from:" + STRANGER)
    assert a.only["verdict"] == "abandoned" and a.only["recipients"][0]["address"] == YOU
    assert "timeout" in a.headline and "stayed silent" in a.text
    assert server.trace("reason:timeout").only["ids"] == a.only["ids"]


def test_27_failed_logins(server):
    with secured(server) as c:
        for _ in range(2):
            c.send("AUTH PLAIN " + plain(ME, "wrong"))
        c.send("QUIT")
    a = server.trace("any:" + ME)
    assert a.only["verdict"] == "abandoned" and f"The login as {ME} failed, as did 1 before it" in a.headline
    assert "somebody guessing passwords" in whole(server, "any:" + ME)
    assert server.trace("any:" + ME, "--mailbox", ME).json["found"] == 1
    assert server.trace("any:" + ME, "--mailbox", YOU).status == 1


def test_14_and_15_by_the_recipient_check(server):
    with server.client() as c:
        c.send("EHLO x.test")
        c.send(f"MAIL FROM:<{STRANGER}>")
        assert c.send("RCPT TO:<recipent@example.com>").code == 550
        c.send("QUIT")
    a = server.trace("to:recipent@example.com")
    assert "Refused by the recipient check (not existing recipient)" in a.headline and a.json["nearest"] == []
    assert "on this server" in a.only["recipients"][0]["explanation"]
    with server.client() as c:
        assert c.deliver(STRANGER, YOU).code == 250
    server.arrived(YOU)
    assert f"{YOU}: 1 message, 1 delivered" in server.trace("to:recipent@example.com").text
    assert server.trace("to:recipent@example.com").json["nearest"] == [YOU]


def test_29_of_two_tenants_each_sees_his_own(server):
    server.command("domain", "add", "other.test")
    server.command("account", "add", "johanna@other.test", "--password-stdin", text=PASSWORD + "\n")
    with server.client() as c:
        c.send("EHLO x.test")
        c.send(f"MAIL FROM:<{STRANGER}>")
        assert c.send(f"RCPT TO:<{YOU}>").code == 250
        assert c.send("RCPT TO:<johanna@other.test>").code == 250
        assert c.send("RCPT TO:<johannes@other.test>").code == 550
        assert c.data().code == 250
    server.arrived(YOU)
    server.arrived("johanna@other.test")
    ours, theirs = server.trace("any:*", "--domain", "example.com"), server.trace("any:*", "--domain", "other.test")
    assert [r["address"] for r in ours.only["recipients"]] == [YOU] and ours.only["verdict"] == "delivered"
    assert "johann" not in ours.text and "other.test" not in ours.text and "johann" not in str(ours.json)
    assert [r["address"] for r in theirs.only["recipients"]] == ["johanna@other.test", "johannes@other.test"]
    assert YOU not in theirs.text and theirs.only["verdict"] == "mixed"
