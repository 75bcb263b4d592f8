"""What a visit leaves in the SMTP log and in the spamdyke log."""
import collections
import re
import time

from harness import until

ME = "sender@example.com"
YOU = "recipient@example.com"


def verbs(group):
    return [r.verb for r in group]


def test_a_group_tells_the_conversation_in_order(server):
    with server.client() as c:
        c.envelope(ME, YOU)
        assert c.send("RCPT TO:<nobody@example.com>").code == 550
        assert c.data().code == 250
        c.send("QUIT")
    group = server.log("smtp-25").groups[-1]
    assert verbs(group) == ["session", "helo", "from", "resp",
                            "to", "gate", "gate", "gate", "check", "resp",
                            "to", "gate", "check", "resp", "size", "gate", "resp"]
    assert group[-1].rest == re.search(r"250 ok \d+ qp \d+$", group[-1].line)[0]
    assert group[5].rest.startswith("connect, passed rdns-missing ")
    assert group[6].rest.startswith("sender, passed spf ")
    assert group[7].rest.startswith("recipient, passed unqualified-recipient 0 relaying ")


def test_each_transaction_of_a_connection_has_its_group_under_the_same_number(server):
    with server.client() as c:
        c.deliver(ME, YOU)
        c.send(f"MAIL FROM:<{ME}>")
        c.send(f"RCPT TO:<{YOU}>")
        c.send("RSET")
        c.send("QUIT")
    one, two = server.log("smtp-25").groups[-2:]
    assert one[0].line.split(", ")[2:4] == two[0].line.split(", ")[2:4]
    assert two[-1].verb == "end"


def test_a_connection_without_a_message_leaves_a_group(server):
    with server.client() as c:
        c.send("EHLO looker.test")
        c.send("QUIT")
    group = server.log("smtp-25").groups[-1]
    assert verbs(group) == ["session", "helo", "end"]
    assert group[1].rest == "looker.test" and group[2].rest == "quit"


def test_a_client_that_leaves_inside_the_message_is_told_of(server):
    with server.client() as c:
        c.envelope(ME, YOU)
        c.send("DATA")
        c.raw(b"Subject: never\r\n\r\n.\r")
    group = server.log("smtp-25").groups[-1]
    assert group[-1].verb == "end" and "left" in group[-1].rest
    assert server.log("spamdyke").records == []
    assert server.spool.empty and server.maildir(YOU) == []


def test_every_check_has_a_line_where_that_is_asked_for(server):
    server.config('logs { checks = "all" }\ngate { reject-empty-rdns = false }')
    with server.client(source="127.0.0.7") as c:
        c.envelope(ME, YOU)
        c.send("QUIT")
    gate = server.log("smtp-25").verb("gate")
    assert f"skipped rdns-missing, unknown:127.0.0.7, {YOU}, off" in gate
    assert any(re.match(f"passed relaying, unknown:127.0.0.7, {YOU}, .*ms$", line) for line in gate)
    assert [line.split(",")[0] for line in gate if line.startswith("passed ")] == \
        ["passed spf", "passed unqualified-recipient", "passed relaying"]
    # Some are asked twice: of the reverse name and of the sender's domain, at the door and for the recipient.
    assert max(collections.Counter(line.split(",")[0] for line in gate).values()) <= 2


def test_a_refusal_names_the_link_of_the_postmaster(server):
    server.config('gate { policy-url = "https://example.com/refused" }')
    with server.client(source="127.0.0.7") as c:
        c.send("EHLO x")
        c.send("MAIL FROM:<a@b.example>")
        reply = c.send(f"RCPT TO:<{YOU}>")
        c.send("QUIT")
    assert reply.text == ("5.7.25 Refused. You have no reverse DNS entry. Contact abuse@example.com for details. "
                          "See: https://example.com/refused#DENIED_RDNS_MISSING")
    assert "See: https://example.com/refused#DENIED_RDNS_MISSING" in server.log("smtp-25").verb("resp")[-1]


def test_a_client_that_falls_asleep_is_a_timeout_in_the_spamdyke_log(server):
    server.config("limits { command-timeout = 1s }")
    with server.client() as c:
        c.envelope(ME, YOU)
        assert c.reply().code == 451
        assert c.closed()
    entry = until(lambda: server.log("spamdyke").records, "a line in the spamdyke log")[-1]
    assert entry.code == "TIMEOUT" and entry.to == YOU
    assert server.log("smtp-25").groups[-1][-1].rest == "timeout"


def test_a_submission_listener_asks_for_a_login_and_writes_no_spamdyke_line(server):
    with server.client(port="587") as c:
        c.send("EHLO x")
        assert c.send(f"MAIL FROM:<{ME}>").lines == ["530 5.7.0 Authentication required (chkuser)"]
        assert c.send(f"RCPT TO:<{YOU}>").code == 503
        c.send("QUIT")
    assert server.log("smtp-587").verb("check")[0].startswith("must auth, unknown:127.0.0.1, ")
    assert server.log("spamdyke").records == []


def test_who_does_not_speak_smtp_is_sent_away_at_once(server):
    server.start()
    for opening in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00", b"CONNECT a:25 HTTP/1.0\r\n\r\n"):
        start = time.monotonic()
        with server.client() as c:
            c.raw(opening)
            assert c.reply().code == 502
            assert c.closed()
        assert time.monotonic() - start < 2


def test_a_thousand_refusals_end_the_session(server):
    with server.client() as c:
        c.send("EHLO x")
        c.send(f"MAIL FROM:<{ME}>")
        c.raw(b"RCPT TO:<x@far.example.net>\r\n" * 1000)
        codes = [c.reply().code for _ in range(1001)]
        assert codes == [554] * 1000 + [421]
        assert c.closed()
    assert len(server.log("smtp-25").verb("to")) == 1000
