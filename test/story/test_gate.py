"""Should this client be heard?"""
import socket
import time


def test_a_client_without_a_name_is_refused_and_the_trace_says_why(server, dns):
    dns.ptr("127.0.0.7", None)
    with server.client(source="127.0.0.7") as c:
        c.send("EHLO x")
        assert c.send("MAIL FROM:<a@b.example>").code == 250
        reply = c.send("RCPT TO:<recipient@example.com>")
        assert reply.code == 554
        assert reply.text.endswith("Refused. You have no reverse DNS entry. Contact abuse@example.com for details.")
    entry = server.log("spamdyke").last
    assert entry.code == "DENIED_RDNS_MISSING"
    assert (entry.ip, entry.rdns, entry.reason) == ("127.0.0.7", "(unknown)", "(empty)")
    group = server.log("smtp-25").groups[-1]
    assert "554 Refused. You have no reverse DNS entry. Contact abuse@example.com for details." in \
        [r.rest for r in group if r.verb == "resp"]
    assert any(r.verb == "gate" and r.rest.startswith("refused rdns-missing, unknown:127.0.0.7") for r in group)
    trace = server.trace("from:a@b.example")
    assert "no reverse DNS" in trace.headline
    assert trace.only["verdict"] == "refused"
    assert server.spool.empty


def test_the_same_client_with_a_name_is_heard(server, dns):
    dns.ptr("127.0.0.7", "mail.b.example")
    with server.client(source="127.0.0.7") as c:
        assert c.deliver("a@b.example", "recipient@example.com").code == 250
    assert server.log("spamdyke").last.rdns == "mail.b.example"
    server.arrived("recipient@example.com")


def test_the_postmaster_can_let_nameless_clients_in(server):
    server.config("gate { reject-empty-rdns = false }")
    with server.client(source="127.0.0.7") as c:
        assert c.deliver("a@b.example", "recipient@example.com").code == 250
    server.arrived("recipient@example.com")


def test_the_refusal_has_the_number_that_the_postmaster_chose(server):
    server.config("gate { rejection-code-empty-rdns = 421 }")
    with server.client(source="127.0.0.7") as c:
        c.send("EHLO x")
        c.send("MAIL FROM:<a@b.example>")
        assert c.send("RCPT TO:<recipient@example.com>").code == 421
    assert server.trace("from:a@b.example").only["verdict"] == "refused-temporarily"


def test_mail_for_others_is_not_relayed(server):
    with server.client() as c:
        c.send("EHLO x")
        c.send("MAIL FROM:<recipient@example.com>")
        for rcpt in ("a@other.test", "a%other.test@other.test", "@example.com:a@other.test", '"a@other.test"@b.test'):
            assert c.send(f"RCPT TO:<{rcpt}>").code // 100 == 5, rcpt
        assert c.send("DATA").code == 554
    first = server.log("spamdyke").records[0]
    assert (first.code, first.to) == ("DENIED_RELAYING", "a@other.test")
    assert server.trace("to:a@other.test").messages[0]["recipients"][0]["verdict"] == "refused"
    assert server.spool.empty


def test_a_silent_dns_server_never_holds_a_session_beyond_the_deadline(server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server.config(f'dns {{ server = {{"127.0.0.1@{silent.getsockname()[1]}"}} deadline = 2s }}')
        del server.records["127.in-addr.arpa"]
        with server.client(source="127.0.0.9") as c:
            start = time.monotonic()
            c.send("EHLO x")
            c.send("MAIL FROM:<a@b.example>")
            # Nobody knows whether there is a name, so nobody says that there is none.
            assert c.send("RCPT TO:<recipient@example.com>").code == 250
            assert time.monotonic() - start < 4
            assert c.data().code == 250
    assert any("rdns" in r and r.startswith("error ") for r in server.log("smtp-25").verb("gate"))
    server.arrived("recipient@example.com")


def test_the_submission_port_has_no_gate(server):
    with server.client(source="127.0.0.7", port="587") as c:
        assert c.greeting.code == 220
        c.send("EHLO x")
        reply = c.send("MAIL FROM:<a@b.example>")
        if reply.code == 250:
            reply = c.send("RCPT TO:<recipient@example.com>")
        assert reply.code == 530, "a login is required"
    assert server.log("spamdyke").records == []
