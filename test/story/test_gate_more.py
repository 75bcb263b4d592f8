"""What the gate does beside its codes: whom it lets past, what it says in the postmaster's words, how long it waits."""
import base64
import os

import pytest

OTHER = "127.0.0.7"
ME = "recipient@example.com"


def answer(client, to=ME, sender="a@b.example"):
    client.send("EHLO x")
    client.send(f"MAIL FROM:<{sender}>")
    return client.send(f"RCPT TO:<{to}>")


def gate(server):
    return server.log("smtp-25").verb("gate")


# ---- who is let past (everything else would refuse this client)

BLACK = 'ip-blacklist-entry = "127.0.0.7" sender-blacklist-entry = "@b.example" dns-blacklist-entry = "black.test"'
PAST = [
    ("dns-whitelist", 'dns-whitelist-entry = "white.test"', "7.0.0.127.white.test", "FILTER_RWL_MATCH ip: 127.0.0.7 "
     "rwl: white.test", "127.0.0.7 is listed at white.test (127.0.0.2)"),
    ("rhs-whitelist", 'rhs-whitelist-entry = "white.test"', "1-0.static.isp.example.white.test",
     "FILTER_RHSWL_MATCH domain: 1-0.static.isp.example rhswl: white.test",
     "1-0.static.isp.example is listed at white.test (127.0.0.2)"),
    ("rhs-whitelist", 'rhs-whitelist-entry = "white.test"', "b.example.white.test",
     "FILTER_RHSWL_MATCH domain: b.example rhswl: white.test", "b.example is listed at white.test (127.0.0.2)"),
    ("ip-in-rdns-whitelist", 'ip-in-rdns-keyword-whitelist-file = "{file}"', "127-0-0-7",
     "FILTER_IP_IN_RDNS_WHITELIST ip: 127.0.0.7 rdns: 127-0-0-7.static.isp.example keyword: static file: {file}(1)",
     '127-0-0-7.static.isp.example holds 127.0.0.7 and "static" ({file}:1)'),
    ("allow-all", "filter-level = allow-all", "", "FILTER_ALLOW_ALL", "filter-level allow-all"),
]


@pytest.mark.parametrize("name, option, record, note, line", PAST, ids=[f"{p[0]}-{i}" for i, p in enumerate(PAST)])
def test_who_is_let_past(server, dns, name, option, record, note, line):
    path = os.path.join(server.folder, "words")
    with open(path, "w", encoding="utf-8") as f:
        f.write("static\n")
    server.config("logs { level = verbose }")
    server.config(f"gate {{ {BLACK} {option.format(file=path)} }}")
    dns.ptr(OTHER, "127-0-0-7.static.isp.example" if record == "127-0-0-7" else "1-0.static.isp.example")
    dns.record("7.0.0.127.black.test", "A 127.0.0.2")
    if record.endswith(".test"):
        dns.record(record, "A 127.0.0.2")
    with server.client(source=OTHER) as c:
        assert c.deliver("a@b.example", ME).code == 250
        assert answer(c, "x@other.test").code == 554, "no whitelist lets anybody relay"
    with open(os.path.join(server.data, "logs", "spamdyke.log"), encoding="utf-8") as f:
        assert note.format(file=path) in [row.split("]: ", 1)[1].rstrip("\n") for row in f]
    assert any(g.startswith(f"allowed {name}, ") and f", {line.format(file=path)}, " in g for g in gate(server))
    if name != "rhs-whitelist":
        skipped = "filter-level_allow-all" if name == "allow-all" else f"whitelisted_by_{name}_"
        assert any(" skipped " in g and skipped in g for g in gate(server)), gate(server)
    server.arrived(ME)


def test_reverse_names_that_lead_back_may_relay(server, dns):
    server.config('logs { level = verbose } gate { rdns-relay-entry = ".b.example" }')
    dns.ptr(OTHER, "mail.b.example")
    dns.ptr("127.0.0.8", "liar.b.example")
    dns.record("mail.b.example", "A 192.0.2.1")
    dns.record("mail.b.example", f"A {OTHER}")
    dns.record("liar.b.example", "A 192.0.2.1")
    with server.client(source=OTHER) as c:
        assert answer(c, "x@other.test").code == 250
    with server.client(source="127.0.0.8") as c:
        assert answer(c, "x@other.test").code == 554
    with open(os.path.join(server.data, "logs", "spamdyke.log"), encoding="utf-8") as f:
        text = f.read()
    assert "FILTER_RDNS_NAME ip: 127.0.0.7 rdns: mail.b.example entry: .b.example\n" in text
    assert text.count("FILTER_RDNS_NAME") == 1


def test_nobody_opens_the_relay_for_everybody(server):
    server.config("gate { relay-level = allow-all }")
    server.write_files()
    for command in ("check", "serve"):
        done = server.tell(command)
        assert done.returncode == 1 and "relay-level = allow-all would let everybody relay" in done.stderr


def test_senders_of_ours_need_no_mail_exchanger(server, dns):
    server.config("gate { reject-sender = {no-mx, not-local} }")
    dns.ptr(OTHER, "mail.b.example")
    dns.record("example.com", "static")
    with server.client(source=OTHER) as c:
        assert answer(c, sender="sender@example.com").code == 250
    with server.client(source=OTHER) as c:
        assert answer(c, sender="").code == 250, "a bounce has no domain"


# ---- in the postmaster's words

def test_the_postmasters_own_words(server, dns):
    server.config("""
        gate {
            rejection-text-auth-failure = "Wrong, sorry."
            rejection-text-auth-unknown = "PLAIN or LOGIN."
            rejection-text-tls-failure = "It is on already."
            rejection-text-zero-recipients = "And to whom?"
            rejection-text-dns-blacklist = "Go away. Listed by"
            policy-url = "https://example.com/why/%ref"
            dns-blacklist-entry = "black.test"
        }
    """)
    dns.ptr(OTHER, "mail.b.example")
    dns.record("7.0.0.127.black.test", "A 127.0.0.2")
    with server.client(source=OTHER) as c:
        c.starttls(server.tls())
        assert repr(c.send("STARTTLS")) == "503 5.5.1 It is on already."
        assert repr(c.send("AUTH CRAM-MD5")) == "504 5.5.4 PLAIN or LOGIN."
        assert repr(c.login(password="wrong")) == "535 5.7.8 Wrong, sorry."
        words, link = repr(answer(c)).split(" See: ")
        assert words == "554 5.7.1 Go away. Listed by black.test"
        assert link.startswith("https://example.com/why/AQ"), "see test_why.py"
        assert repr(c.send("DATA")) == f"554 5.5.1 And to whom? See: {link}"


def test_data_for_nobody(server):
    with server.client() as c:
        assert answer(c, "nobody@example.com").code == 550
        assert repr(c.send("DATA")) == "554 5.5.1 Refused. You must specify at least one valid recipient."
        c.send("RSET")
        c.send("MAIL FROM:<a@b.example>")
        assert c.send("DATA").code == 503, "nobody was named at all"


# ---- how long it waits

@pytest.mark.parametrize("option", ["idle", "connection"])
def test_a_client_that_is_too_slow(server, option):
    server.config(f"gate {{ {option}-timeout-secs = 3 }}")
    server.config('gate { rejection-text-timeout = "Sleep elsewhere." }' if option == "idle" else "")
    text = "Sleep elsewhere." if option == "idle" else "Timeout. Talk faster next time."
    with server.client() as c:
        assert answer(c).code == 250
        reply = c.reply()
        assert repr(reply) == f"421 4.4.2 {text}"
        assert c.closed()
    last = server.log("spamdyke").last
    assert (last.code, last.sender, last.to, last.reason) == \
        ("TIMEOUT", "a@b.example", ME, "421_" + text.replace(" ", "_"))


def test_who_logged_in_may_take_his_time(server):
    server.config("gate { connection-timeout-secs = 2 }")
    with server.client() as c:
        c.starttls(server.tls())
        assert c.login().code == 235
        c.sock.settimeout(3)
        with pytest.raises(TimeoutError):
            c.sock.recv(1)
        c.sock.settimeout(20)
        c.file = c.sock.makefile("rb")
        assert c.send("NOOP").code == 250


def test_a_name_in_the_silence_of_a_login(server):
    """The limit holds inside AUTH too."""
    server.config("gate { idle-timeout-secs = 1 }")
    with server.client() as c:
        c.starttls(server.tls())
        assert c.send("AUTH LOGIN").code == 334
        assert c.send(base64.b64encode(b"sender@example.com")).code == 334
        assert c.reply().code == 421
