"""The decision ledger: every check in the log, as steps of the trace, and what would have let a refusal through."""
import pytest

ME = "recipient@example.com"


def steps(trace):
    return [e for e in trace.only["timeline"] if e["station"] == "gate"]


def say(server, sender, source="127.0.0.9"):
    with server.client(source=source) as c:
        c.send("EHLO x"), c.send(f"MAIL FROM:<{sender}>")
        reply = c.send(f"RCPT TO:<{ME}>")
        return c.data("From: a@b.example\r\nSubject: x\r\n\r\nx\r\n") if reply.code == 250 else reply


@pytest.mark.parametrize("checks", ["some", "all"])
def test_each_check_is_a_step_with_what_it_took_or_why_it_was_not_asked(server, dns, checks):
    server.config('gate { ip-blacklist-entry = "127.0.0.9" dns-blacklist-entry = "zen.test" reject-sender = no-mx }')
    if checks == "all":
        server.config("logs { checks = all }")
    dns.ptr("127.0.0.9", "mail.b.example")
    assert say(server, "a@b.example").code == 554
    trace = server.trace("from:a@b.example")
    found = {c["name"]: (c["outcome"], c["why"]) for e in steps(trace) for c in e.get("checks", [])}
    assert found["rdns-missing"] == ("passed", None)
    assert found["rbl-match"] == ("skipped", "already refused by ip-blacklist")
    assert found["spf"] == ("skipped", "already refused by ip-blacklist")
    assert any(e["what"].startswith("refused by ip-blacklist: 127.0.0.9 matches 127.0.0.9") for e in steps(trace))
    assert "(already refused by ip-blacklist)" in trace.text and "What would have let it through: " in trace.text
    assert "that entry of the blacklist" in trace.only["recipients"][0]["passes"]


def test_who_vouches_for_a_message_is_told_whatever_was_made_of_it(server, dns):
    server.config("gate { dmarc = quarantine }")
    dns.ptr("127.0.0.9", "mail.b.example")
    dns.record("b.example", 'TXT "v=spf1 ~all"')
    dns.record("_dmarc.b.example", 'TXT "v=DMARC1; p=quarantine"')
    assert say(server, "a@b.example").code == 250
    words = [e["what"] for e in steps(server.trace("from:a@b.example"))]
    assert any(w.startswith("spf: softfail for b.example, ~all") for w in words), words
    assert any(w.startswith("dmarc: into Junk: fail for b.example, policy quarantine") for w in words), words


def test_graylisting_says_when_it_will_pass_and_then_why_it_passed(server, dns):
    server.config("gate { graylist-level = always-create-dir graylist-min-secs = 0 }")
    dns.ptr("127.0.0.9", "mail.b.example")
    assert say(server, "a@b.example").code == 421
    first = server.trace("from:a@b.example")
    assert any("refused by graylisted: first seen" in e["what"] and "passes from" in e["what"] for e in steps(first))
    assert "after graylist-min-secs" in first.only["recipients"][0]["passes"]
    assert say(server, "a@b.example").code == 250
    words = [e["what"] for e in steps(server.trace("from:a@b.example"))]
    assert any(w.startswith("graylisted: came again, first seen") for w in words), words


def test_one_message_under_several_settings_has_each_of_its_ledgers(server, dns):
    dns.ptr("127.0.0.9", None)
    server.start()
    server.command("account", "set", "sender@example.com", "ip-whitelist-entry=127.0.0.9")
    with server.client(source="127.0.0.9") as c:
        c.send("EHLO x"), c.send("MAIL FROM:<a@b.example>")
        assert c.send(f"RCPT TO:<{ME}>").code == 554
        assert c.send("RCPT TO:<sender@example.com>").code == 250
    connects = [e for e in steps(server.trace("from:a@b.example")) if e.get("stage") == "connect"]
    assert [e["recipient"] for e in connects] == [ME, "sender@example.com"]
    assert [{c["name"]: c["outcome"] for c in e["checks"]}.get("ip-whitelist") for e in connects] == [None, "allowed"]


@pytest.mark.parametrize("text,words", [
    ("554 Refused. You have no reverse DNS entry. Contact a@example.com for details.", "PTR record"),
    ("Nov 28 18:53:41 mx spamdyke[1]: DENIED_GRAYLISTED from: a@b.example to: r@example.com origin_ip: 192.0.2.7 "
     "origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: (empty)", "after graylist-min-secs"),
    ("gate, refused rbl-match, mail.b.example:192.0.2.7, r@example.com, 192.0.2.7 is listed at zen.test (127.0.0.2), 1 ms",
     "without the list in dns-blacklist-entry"),
    ("DENIED_RELAYING", "No whitelist helps"),
])
def test_a_refusal_is_explained_with_what_would_have_let_it_through(server, text, words):
    server.write_files()
    done = server.tell("explain", "--json", text)
    assert done.returncode == 0 and words in done.stdout, done.stdout
    assert '"passes"' not in server.tell("explain", "--json", "250 ok").stdout
