"""Each filter of the gate: what the client is told, what the logs say, what the trace says; and who overrides whom."""
import os
import time

import pytest

HERE = "127.0.0.1"     # has the name localhost
OTHER = "127.0.0.7"    # has the name mail.b.example, if the story says so


def list_file(server, name, *lines):
    path = os.path.join(server.folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in lines)
    return path


def rcpt(client, address, sender="a@b.example", helo=True):
    """The reply to RCPT in a transaction of its own."""
    if helo:
        assert client.send("EHLO x").code == 250
    assert client.send(f"MAIL FROM:<{sender}>").code == 250
    return client.send(f"RCPT TO:<{address}>")


def gate_lines(server):
    return [r.rest for r in server.log("smtp-25").records if r.verb == "gate"]


def spamdyke(server):
    """The lines of the spamdyke log behind their stamps, notes and verdicts."""
    with open(os.path.join(server.data, "logs", "spamdyke.log"), encoding="utf-8") as f:
        return [line.split("]: ", 1)[1].rstrip("\n") for line in f]


def notes(server):
    return [line for line in spamdyke(server) if line.startswith("FILTER_")]


# name in gate lines, configuration ({file}: a list file whose third line is the entry, {entry}), entry, RCPT, reply, code,
# words of the trace
FILTERS = [
    ("ip-blacklist", "gate {{ ip-blacklist-entry = \"{entry}\" }}", "127.0.0.", "recipient@example.com",
     "554 5.7.1 Refused. Your IP address is blacklisted.", "DENIED_BLACKLIST_IP",
     "list of addresses to refuse"),
    ("ip-blacklist", "gate {{ ip-blacklist-file = \"{file}\" }}", "127.0.0.4-9", "recipient@example.com",
     "554 5.7.1 Refused. Your IP address is blacklisted.", "DENIED_BLACKLIST_IP",
     "list of addresses to refuse"),
    ("rdns-blacklist", "gate {{ rdns-blacklist-entry = \"{entry}\" }}", ".b.example", "recipient@example.com",
     "554 5.7.1 Refused. Your domain name is blacklisted.", "DENIED_BLACKLIST_NAME",
     "list of names to refuse"),
    ("rdns-blacklist", "gate {{ rdns-blacklist-file = \"{file}\" }}", "mail.b.example", "recipient@example.com",
     "554 5.7.1 Refused. Your domain name is blacklisted.", "DENIED_BLACKLIST_NAME",
     "list of names to refuse"),
    ("rdns-resolve", "gate {{ reject-unresolvable-rdns = true }}", None, "recipient@example.com",
     "421 4.7.25 Refused. Your reverse DNS entry does not resolve.", "DENIED_RDNS_RESOLVE",
     "leads to no address"),
    ("sender-blacklist", "gate {{ sender-blacklist-entry = \"{entry}\" }}", "@example", "recipient@example.com",
     "554 5.7.1 Refused. Your sender address has been blacklisted.", "DENIED_SENDER_BLACKLISTED",
     "list of senders to refuse"),
    ("sender-blacklist", "gate {{ sender-blacklist-file = \"{file}\" }}", "A@B.example", "recipient@example.com",
     "554 5.7.1 Refused. Your sender address has been blacklisted.", "DENIED_SENDER_BLACKLISTED",
     "list of senders to refuse"),
    ("recipient-blacklist", "gate {{ recipient-blacklist-entry = \"{entry}\" }}", "recipient@example.com",
     "recipient@example.com", "554 5.2.1 Refused. Mail is not being accepted at this address.",
     "DENIED_RECIPIENT_BLACKLISTED", "addresses that take no mail"),
    ("recipient-blacklist", "gate {{ recipient-blacklist-file = \"{file}\" }}", "@com",
     "recipient@example.com", "554 5.2.1 Refused. Mail is not being accepted at this address.",
     "DENIED_RECIPIENT_BLACKLISTED", "addresses that take no mail"),
    ("identical-sender-recipient", "gate {{ reject-recipient = same-as-sender }}", None, "A@b.example",
     "554 5.7.1 Refused. Identical sender and recipient addresses are not allowed.",
     "DENIED_IDENTICAL_SENDER_RECIPIENT", "same address"),
    ("unqualified-recipient", "", None, "recipient",
     "554 5.1.3 Improper recipient address. Try supplying a domain name.", "DENIED_UNQUALIFIED_RECIPIENT",
     "has no domain"),
    ("relaying", "", None, "x@other.test",
     "554 5.7.1 Refused. Sending to remote addresses (relaying) is not allowed.", "DENIED_RELAYING",
     "not hosted on this server"),
]


@pytest.mark.parametrize("name, config, entry, to, reply, code, words", FILTERS,
                         ids=[f"{row[0]}{'-file' if '{file}' in row[1] else ''}" for row in FILTERS])
def test_a_refusal_is_told_logged_and_explained(server, dns, name, config, entry, to, reply, code, words):
    path = list_file(server, "my_list", "# ours", "", entry or "")
    server.config(config.format(file=path, entry=entry))
    server.config("logs { level = verbose }")
    dns.ptr(OTHER, "mail.b.example")
    if name != "rdns-resolve":
        dns.record("mail.b.example", "A 192.0.2.7")
    dns.record("b.example", "static")
    with server.client(source=OTHER) as c:
        assert repr(rcpt(c, to)) == reply
        assert c.send("DATA").code == 554
        # The session goes on: it is a verdict on this recipient, not the end.
        assert c.send("RSET").code == 250
    reason = "(empty)" if entry is None else path + ":3" if "{file}" in config else entry
    assert spamdyke(server)[-1] == f"{code} from: a@b.example to: {to.lower()} origin_ip: {OTHER} " \
        f"origin_rdns: mail.b.example auth: (unknown) encryption: (none) reason: {reason}"
    lines = [line for line in gate_lines(server) if line.startswith(f"refused {name}, mail.b.example:{OTHER}, {to}, ")]
    assert len(lines) == 1 and lines[0].endswith(" ms"), gate_lines(server)
    if entry is not None:
        assert entry in lines[0]
    assert len(notes(server)) == 1, notes(server)
    trace = server.trace("from:a@b.example")
    assert trace.only["verdict"] == ("refused-temporarily" if reply.startswith("4") else "refused")
    assert words in " ".join(trace.text.split())
    what = [event["what"] for event in trace.only["timeline"]]
    assert entry is None or any(w.endswith(f"{code}: {reason}") for w in what), what
    assert server.spool.empty


def test_the_notes_of_spamdyke(server, dns):
    path = list_file(server, "list", "127.0.0.7")
    server.config(f"""
        logs {{ level = verbose }}
        gate {{
            ip-whitelist-file = "{path}"
            recipient-blacklist-entry = "a@example.com"
            sender-blacklist-entry = "@b.example"
            max-recipients = 1
        }}
        gate {{ ip-relay-entry = "127.0.0.9" }}
    """)
    for ip in (OTHER, "127.0.0.9"):
        dns.ptr(ip, "mail.b.example")
    with server.client(source=OTHER) as c:
        rcpt(c, "nobody@example.com")
    with server.client(source="127.0.0.9") as c:
        rcpt(c, "x@other.test")
    with server.client() as c:
        assert rcpt(c, "a@example.com", sender="c@c.example").code == 554
        assert c.send("RCPT TO:<recipient@example.com>").code == 250
        assert c.send("RCPT TO:<sender@example.com>").code == 421
    other = "550 5.1.1 sorry, no mailbox here by that name (chkuser)"
    assert notes(server) == [
        f"FILTER_WHITELIST_IP ip: 127.0.0.7 file: {path}(1)",
        f'FILTER_OTHER response: "{other}"',
        "FILTER_RELAY_IP ip: 127.0.0.9 entry: 127.0.0.9",
        "FILTER_SENDER_BLACKLIST sender: a@b.example entry: @b.example",
        "FILTER_RECIPIENT_BLACKLIST recipient: a@example.com entry: a@example.com",
        "FILTER_TOO_MANY_RECIPIENTS maximum: 1",
    ]
    # Each is understood by whoever reads the log.
    for note in notes(server):
        assert server.tell("explain", note).returncode == 0


def test_too_many_recipients_are_put_off_and_the_others_get_the_message(server):
    server.config("gate { max-recipients = 1 }")
    with server.client() as c:
        assert rcpt(c, "recipient@example.com").code == 250
        assert repr(c.send("RCPT TO:<sender@example.com>")) == \
            "421 4.5.3 Too many recipients. Try the remaining addresses again later."
        assert c.data().code == 250
        # The next message starts anew; who is in already is not one more.
        assert rcpt(c, "sender@example.com", helo=False, sender="c@c.example").code == 250
        assert c.send("RCPT TO:<sender@example.com>").code == 250
    codes = [r.code for r in server.log("spamdyke").records]
    assert codes == ["DENIED_TOO_MANY_RECIPIENTS", "ALLOWED"]
    server.arrived("recipient@example.com")
    found = {r["address"]: r["verdict"] for r in server.trace("from:a@b.example").only["recipients"]}
    assert found == {"recipient@example.com": "delivered", "sender@example.com": "refused-temporarily"}


# ---- early talkers

def test_a_client_that_talks_before_the_greeting_is_refused(server):
    server.config("gate { greeting-delay-secs = 2 }")
    with server.client(greeted=False) as c:
        c.raw(b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<recipient@example.com>\r\n")
        assert c.reply().code == 220
        assert c.reply().code == 250
        assert c.reply().code == 250
        assert repr(c.reply()) == "554 5.5.0 Refused. You are not following the SMTP protocol."
    assert server.log("spamdyke").last.code == "DENIED_EARLYTALKER"
    assert any(line.startswith("refused earlytalker, ") for line in gate_lines(server))
    assert "talked before the greeting" in server.trace("from:a@b.example").text


def test_a_client_that_waits_is_heard_after_the_delay(server):
    server.config("gate { greeting-delay-secs = 1 ip-whitelist-entry = \"127.0.0.7\" }")
    server.start()
    start = time.monotonic()
    with server.client() as c:
        assert time.monotonic() - start >= 1
        assert c.deliver("a@b.example", "recipient@example.com").code == 250
    # Nobody waits whom the postmaster's list lets past every check, nor where the gate does not run.
    for source, port in ((OTHER, "25"), (HERE, "587")):
        start = time.monotonic()
        with server.client(source=source, port=port) as c:
            assert c.greeting.code == 220 and time.monotonic() - start < 1
    server.arrived("recipient@example.com")


def test_who_hangs_up_before_the_greeting_said_nothing(server):
    server.config("gate { greeting-delay-secs = 1 }")
    with server.client(greeted=False):
        pass
    assert server.log("spamdyke").records == []


# ---- whitelists

WHITE = {
    "ip": "gate { ip-whitelist-entry = \"127.0.0.7\" }",
    "rdns": "gate { rdns-whitelist-entry = \".b.example\" }",
    "sender": "gate { sender-whitelist-entry = \"a@b.example\" }",
    "recipient": "gate { recipient-whitelist-entry = \"@example.com\" recipient-whitelist-entry = \"@other.test\" }",
}
BLACK = """gate {
    ip-blacklist-entry = "127.0.0.7"
    rdns-blacklist-entry = "mail.b.example"
    sender-blacklist-entry = "@b.example"
    recipient-blacklist-entry = "recipient@example.com"
    reject-unresolvable-rdns = true
    max-recipients = 1
}"""


@pytest.mark.parametrize("white", WHITE)
def test_a_whitelist_beats_every_blacklist(server, dns, white):
    server.config(BLACK)
    server.config(WHITE[white])
    dns.ptr(OTHER, "mail.b.example")
    dns.record("b.example", "static")
    with server.client(source=OTHER) as c:
        for to in ("recipient@example.com", "sender@example.com"):
            reply = rcpt(c, to) if to.startswith("recipient") else c.send(f"RCPT TO:<{to}>")
            assert reply.code == 250, reply
        # ... but lets nobody relay, invents no mailbox, and completes no address.
        assert c.send("RCPT TO:<x@other.test>").code == 554
        assert c.send("RCPT TO:<nobody@example.com>").code == 550
        assert c.send("RCPT TO:<recipient>").code // 100 == 5
        assert c.data().code == 250
    codes = [r.code for r in server.log("spamdyke").records]
    assert codes[0] == "DENIED_RELAYING" and codes[-2:] == ["ALLOWED", "ALLOWED"]
    assert any(line.startswith(f"allowed {white}-whitelist, ") for line in gate_lines(server))
    assert not any(line.startswith("error ") for line in gate_lines(server))
    server.arrived("recipient@example.com")


def test_a_login_cancels_what_was_thought_of_the_stranger(server, dns):
    server.config(BLACK)
    server.config("gate { reject-recipient = same-as-sender }")
    dns.ptr(OTHER, None)
    with server.client(source=OTHER) as c:
        assert rcpt(c, "sender@example.com", sender="a@b.example").code == 554
        c.send("RSET")
        c.starttls(server.tls())
        assert rcpt(c, "sender@example.com", sender="a@b.example").code == 554
        c.send("RSET")
        assert c.login().code == 235
        assert rcpt(c, "recipient@example.com", sender="recipient@example.com", helo=False).code == 250
        assert c.send("RCPT TO:<sender@example.com>").code == 250
        # The recipient check knows no logins.
        assert c.send("RCPT TO:<nobody@example.com>").code == 550
        assert c.send("RCPT TO:<nobody>").text.endswith("sorry, you must specify a domain (chkuser)")
        assert c.data().code == 250
    codes = [r.code for r in server.log("spamdyke").records]
    assert codes == ["DENIED_RDNS_MISSING"] * 2 + ["DENIED_OTHER"] * 2 + ["ALLOWED"] * 2
    assert server.log("spamdyke").last.auth == "sender@example.com"
    assert any(line.startswith("connect, skipped rdns-missing authenticated ") for line in gate_lines(server))
    server.arrived("recipient@example.com")


def test_a_recipient_whitelist_frees_that_recipient_only(server, dns):
    server.config('gate { ip-blacklist-entry = "127.0.0.7" recipient-whitelist-entry = "recipient@example.com" }')
    dns.ptr(OTHER, "mail.b.example")
    with server.client(source=OTHER) as c:
        assert rcpt(c, "sender@example.com").code == 554
        assert c.send("RCPT TO:<recipient@example.com>").code == 250
        assert c.send("RCPT TO:<sender@example.com>").code == 554
        assert c.data().code == 250
    codes = [r.code for r in server.log("spamdyke").records]
    assert codes == ["DENIED_BLACKLIST_IP", "DENIED_BLACKLIST_IP", "ALLOWED"]
    server.arrived("recipient@example.com")
    assert server.maildir("sender@example.com") == []


def test_the_first_refusal_in_order_is_the_one_that_is_logged(server, dns):
    server.config(BLACK)
    dns.ptr(OTHER, "mail.b.example")
    dns.record("b.example", "static")
    with server.client(source=OTHER) as c:
        assert rcpt(c, "recipient@example.com").code == 554
    assert server.log("spamdyke").last.code == "DENIED_BLACKLIST_NAME"
    summary = next(line for line in gate_lines(server) if line.startswith("connect, "))
    assert "refused rdns-blacklist " in summary and "ip-blacklist already_refused_by_rdns-blacklist" in summary


def test_a_silent_resolver_leaves_names_alone(server, dns):
    """Nobody knows where the name leads, so nobody says that it leads nowhere."""
    server.config('gate { reject-unresolvable-rdns = true } dns { server = {"127.0.0.1@9"} deadline = 1s }')
    dns.ptr(OTHER, "mail.b.example")
    del server.records["example"]
    with server.client(source=OTHER) as c:
        assert rcpt(c, "recipient@example.com").code == 250
    assert any(line.startswith("error rdns-resolve, ") for line in gate_lines(server))


def test_localhost_is_a_name_of_the_loopback_address_only(server, dns):
    server.config("gate { reject-unresolvable-rdns = true }")
    dns.ptr(OTHER, "localhost")
    with server.client() as c:
        assert rcpt(c, "recipient@example.com").code == 250
    with server.client(source=OTHER) as c:
        assert rcpt(c, "recipient@example.com").code == 421


# ---- lists that cannot be used

@pytest.mark.parametrize("option", ["ip-blacklist", "ip-whitelist", "rdns-blacklist", "rdns-whitelist",
                                    "sender-blacklist", "sender-whitelist", "recipient-blacklist",
                                    "recipient-whitelist"])
def test_a_list_that_cannot_be_used_is_refused_with_its_line(server, option):
    path = list_file(server, "list", "# fine", "not one at all!")
    server.config(f'gate {{ {option}-file = "{path}" }}')
    server.write_files()
    line = sum(1 for _ in open(server.conf, encoding="utf-8"))
    for command in ("check", "serve"):
        done = server.tell(command)
        assert done.returncode == 1 and f"{path}:2: " in done.stderr, done.stderr
    os.unlink(path)
    for command in ("check", "serve"):
        done = server.tell(command)
        assert done.returncode == 1
        assert f"{server.conf}:{line}: {option}-file: open {path}: No such file" in done.stderr, done.stderr
