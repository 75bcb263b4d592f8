"""Never an open relay: who may send to domains that are not ours, however the configuration is written.

Only a login and the list ip-relay let a client relay.  No whitelist does, no empty list does, and a
configuration or a list that is broken lets nobody in at all: the server does not start.
"""
import os
import signal
import ssl
import subprocess

import pytest

from harness import AS_USERS, certificate, until

NOBODY = "127.0.0.1"
RELAY = "127.0.0.9"     # on the list ip-relay, where there is one
WHITE_IP = "127.0.0.7"
WHITE_NAME = "127.0.0.8"

WHITELISTS = {"ip-whitelist": WHITE_IP, "rdns-whitelist": ".b.example", "sender-whitelist": "white@c.example",
              "recipient-whitelist": "@white.test"}

# Who asks: address, sender, recipient.
CLIENTS = {
    "nobody": (NOBODY, "a@a.example", "x@other.test"),
    "nobody, as one of ours": (NOBODY, "recipient@example.com", "x@other.test"),
    "nobody, as nobody": (NOBODY, "", "x@other.test"),
    "whitelisted address": (WHITE_IP, "a@a.example", "x@other.test"),
    "whitelisted name": (WHITE_NAME, "a@a.example", "x@other.test"),
    "whitelisted sender": (NOBODY, "white@c.example", "x@other.test"),
    "whitelisted recipient": (NOBODY, "a@a.example", "x@white.test"),
    "neighbour of the relay list": ("127.0.0.90", "a@a.example", "x@other.test"),
}


def write(server, name, text):
    path = os.path.join(server.folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def whitelists(server, way):
    """All whitelists at once, written as entries or as files."""
    lines = [f'{option}-entry = "{entry}"' if way == "entry" else
             f'{option}-file = "{write(server, option, entry + chr(10))}"' for option, entry in WHITELISTS.items()]
    return "gate { " + " ".join(lines) + " }"


def names(dns):
    for ip in (RELAY, WHITE_IP, "127.0.0.90"):
        dns.ptr(ip, "mail.a.example")
    dns.ptr(WHITE_NAME, "mail.b.example")


def reply(server, client, port="25"):
    source, sender, to = client
    with server.client(source=source, port=port) as c:
        c.send("EHLO x")
        answer = c.send(f"MAIL FROM:<{sender}>")
        return answer if answer.code != 250 else c.send(f"RCPT TO:<{to}>")


def only_a_login_relays(server):
    """From an address that is on no list, on every port: before, after a wrong and after the right password."""
    for port in ("25", "465", "587"):
        with server.client(port=port) as c:
            if port != "465":
                # Without encryption there is no login, and what is said of one counts for nothing.
                assert "AUTH" not in c.send("EHLO x").text
                assert c.login().code // 100 == 5
                assert c.send("MAIL FROM:<sender@example.com> AUTH=<sender@example.com>").code // 100 == 5
                c.starttls(server.tls())
            else:
                c.send("EHLO x")
            for right in (False, True):
                assert c.login(password="correct horse" if right else "wrong").code == (235 if right else 535)
                answer = c.send("MAIL FROM:<sender@example.com>")
                if answer.code == 250:
                    answer = c.send("RCPT TO:<x@other.test>")
                assert answer.code == (250 if right else 554 if port == "25" else 530), (port, right, answer)
                c.send("RSET")
    assert server.spool.empty


# What the section relay says.
NOBODY_RELAYS = {
    "no section": lambda server: "",
    "empty section": lambda server: "relay { }",
    "empty entry list": lambda server: "gate { ip-relay-entry = {} }",
    "empty file list": lambda server: "gate { ip-relay-file = {} }",
    "empty file": lambda server: f'gate {{ ip-relay-file = "{write(server, "relay", "")}" }}',
    "file of comments": lambda server: f'gate {{ ip-relay-file = "{write(server, "relay", "# 0.0.0.0/1" + chr(10))}" }}',
}
ONE_RELAYS = {
    "entry": lambda server: f'gate {{ ip-relay-entry = "{RELAY}" }}',
    "file": lambda server: f'gate {{ ip-relay-file = "{write(server, "relay", RELAY + chr(10))}" }}',
    "both, after an empty one": lambda server: 'gate { ip-relay-entry = {} } gate { ip-relay-file = '
                                               f'"{write(server, "relay", RELAY + "/32" + chr(10))}" }}',
}


@pytest.mark.parametrize("relay, white", list(zip(NOBODY_RELAYS, ["entry", "file"] * 3)))
def test_without_a_relay_list_nobody_relays(server, dns, relay, white):
    names(dns)
    server.config(NOBODY_RELAYS[relay](server))
    server.config(whitelists(server, white))
    for name, client in {**CLIENTS, "would-be relay": (RELAY, "a@a.example", "x@other.test")}.items():
        answer = reply(server, client)
        assert answer.code == 554 and "relaying" in answer.text, (name, answer)
    assert {r.code for r in server.log("spamdyke").records} == {"DENIED_RELAYING"}
    only_a_login_relays(server)


@pytest.mark.parametrize("relay, white", list(zip(ONE_RELAYS, ["entry", "file", "entry"])))
def test_only_who_is_on_the_relay_list_relays(server, dns, relay, white):
    names(dns)
    server.config(ONE_RELAYS[relay](server))
    server.config(whitelists(server, white))
    for name, client in CLIENTS.items():
        answer = reply(server, client)
        assert answer.code == 554 and "relaying" in answer.text, (name, answer)
    assert reply(server, (RELAY, "a@a.example", "x@other.test")).code == 250
    # The list speaks for port 25; where a login is required it opens nothing.
    assert reply(server, (RELAY, "a@a.example", "x@other.test"), port="587").code == 530
    checks = server.log("smtp-25").verb("check")
    assert checks == [f"relaying rcpt, mail.a.example:{RELAY}, x@other.test, client allowed to relay"]
    only_a_login_relays(server)


def test_who_may_relay_passes_no_other_check_by_that(server, dns):
    names(dns)
    server.config(f'gate {{ ip-relay-entry = "{RELAY}" }} gate {{ ip-blacklist-entry = "{RELAY}" }}')
    assert reply(server, (RELAY, "a@a.example", "x@other.test")).code == 554
    assert server.log("spamdyke").last.code == "DENIED_BLACKLIST_IP"


BROKEN = {
    "everybody": (lambda server: 'gate { ip-relay-entry = "0.0.0.0/0" }', "would let everybody relay"),
    "everybody, as a mask": (lambda server: 'gate { ip-relay-entry = "1.2.3.4/0.0.0.0" }', "would let everybody"),
    "everybody, as a range": (lambda server: 'gate { ip-relay-entry = "0-255" }', "would let everybody relay"),
    "everybody, by IPv6": (lambda server: 'gate { ip-relay-entry = "::/0" }', "would let everybody relay"),
    "everybody, in a file": (lambda server: f'gate {{ ip-relay-file = "{write(server, "l", "0.0.0.0/0" + chr(10))}" }}',
                             "/l:1: this would let everybody relay"),
    "empty entry": (lambda server: 'gate { ip-relay-entry = "" }', "must have values of 1"),
    "empty file name": (lambda server: 'gate { ip-relay-file = "" }', "must not have an empty value"),
    "a name": (lambda server: 'gate { ip-relay-entry = "mail.b.example" }', "an octet is 0 to 255"),
    "wrong section": (lambda server: f'relay {{ ip-relay-entry = "{RELAY}" }}', "no such option 'ip-relay-entry'"),
    "wrong option": (lambda server: f'gate {{ ip-relay-entries = "{RELAY}" }}', "no such option 'ip-relay-entries'"),
    "missing file": (lambda server: 'gate { ip-relay-file = "/nonexistent/l" }', "open /nonexistent/l: No such file"),
    "a folder": (lambda server: f'gate {{ ip-relay-file = "{server.folder}" }}', "is not a file"),
    "a device": (lambda server: 'gate { ip-relay-file = "/dev/null" }', "is not a file"),
    # "127.0.0.90" or "127.0.0.9/32", cut: what is left would be another, larger list.
    "file cut in an entry": (lambda server: f'gate {{ ip-relay-file = "{write(server, "l", "127.0.0.9")}" }}',
                             "/l:1: the last line has no newline"),
    "file cut to a prefix": (lambda server: f'gate {{ ip-relay-file = "{write(server, "l", "127.0.0.1" + chr(10) + "12")}" }}',
                             "/l:2: the last line has no newline"),
    "file of garbage": (lambda server: f'gate {{ ip-relay-file = "{write(server, "l", chr(1) * 40 + chr(10))}" }}',
                        "/l:1: control bytes"),
    "configuration cut in a list": (lambda server: 'gate { ip-relay-entry = { "127.0.0.9",', "is not closed"),
    "configuration cut in a string": (lambda server: 'gate { ip-relay-entry = "127', "is not closed"),
    "configuration cut in a section": (lambda server: 'gate { ip-relay-entry = "127.0.0.9"', "is not closed"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_relay_list_lets_nobody_in(server, broken):
    text, says = BROKEN[broken]
    server.config(text(server))
    server.write_files()
    for command in ("check", "serve"):
        done = server.tell(command)
        assert done.returncode == 1 and says in done.stderr, done.stderr
        assert "ready" not in done.stderr


@pytest.mark.skipif(AS_USERS, reason="without its rights root cannot start users apart, nor look into their folders")
def test_a_file_that_may_not_be_read_lets_nobody_in(server):
    path = write(server, "l", RELAY + "\n")
    os.chmod(path, 0)
    server.config(f'gate {{ ip-relay-file = "{path}" }}')
    server.write_files()
    # Root reads everything, unless it gives that up.
    humble = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    for command in ("check", "serve"):
        done = subprocess.run([*humble, os.path.join(server.build, "telltale"), command, "-c", server.conf],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1 and f"open {path}: Permission denied" in done.stderr, done.stderr


def test_a_list_that_broke_since_is_no_reason_to_forget_it(server, dns):
    """A reload with a broken list is refused, and the list that was read before still counts."""
    names(dns)
    path = write(server, "l", RELAY + "\n")
    server.config(f'gate {{ ip-relay-file = "{path}" }}')
    server.start()
    write(server, "l", "127.0.0.9\n127")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: f"{path}:2: the last line has no newline" in server.said(), "the reload is refused")
    assert reply(server, (RELAY, "a@a.example", "x@other.test")).code == 250
    assert reply(server, CLIENTS["nobody"]).code == 554
    # Mended, and somebody else's now.
    write(server, "l", "127.0.0.7\n")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: reply(server, (WHITE_IP, "a@a.example", "x@other.test")).code == 250, "the new list counts")
    until(lambda: reply(server, (RELAY, "a@a.example", "x@other.test")).code == 554, "the old one does not")


def test_a_broken_list_does_not_keep_an_old_certificate_in_use(server, dns):
    names(dns)
    path = write(server, "l", RELAY + "\n")
    server.config(f'gate {{ ip-relay-file = "{path}" }}')
    with server.client() as c:
        c.starttls(server.tls())
        first = c.sock.getpeercert(binary_form=True)
    write(server, "l", "127")
    server.write_certificate(certificate.__wrapped__())

    def renewed():
        with server.client() as c:
            try:
                return c.starttls(server.tls()).code == 250 and c.sock.getpeercert(binary_form=True) != first
            except ssl.SSLError:
                return False
    until(renewed, "the new certificate")
    assert reply(server, (RELAY, "a@a.example", "x@other.test")).code == 250
    assert reply(server, ("127.0.0.90", "a@a.example", "x@other.test")).code == 554


# The sixteen ways of nmap's smtp-open-relay to name somebody elsewhere, and a few of its elders.
FORMS = [
    ("", "x@other.test"),
    ("a@other.test", "x@other.test"),
    ("a@[127.0.0.1]", "x@other.test"),
    ("a@{host}", "x@other.test"),
    ("a@[127.0.0.1]", "x%other.test@[127.0.0.1]"),
    ("a@{host}", "x%other.test@{host}"),
    ("a@{host}", '"x@other.test"'),
    ("a@{host}", '"x%other.test"'),
    ("a@{host}", "x@other.test@[127.0.0.1]"),
    ("a@{host}", '"x@other.test"@[127.0.0.1]'),
    ("a@{host}", "x@other.test@{host}"),
    ("a@{host}", "@[127.0.0.1]:x@other.test"),
    ("a@{host}", "@{host}:x@other.test"),
    ("a@{host}", "other.test!x"),
    ("a@{host}", "other.test!x@[127.0.0.1]"),
    ("a@{host}", "other.test!x@{host}"),
    ("a@{host}", '"x@other.test"@{host}'),
    ("a@{host}", "x%other.test%{host}@{host}"),
    ("a@{host}", "@a.test,@{host}:x@other.test"),
    ("a@{host}", "x@[192.0.2.1]"),
    ("a@{host}", "x@[IPv6:2001:db8::1]"),
    ("a@{host}", "x@other.test."),
    ("a@{host}", "x@OTHER.test@example.com@other.test"),
    ("a@{host}", "postmaster@other.test"),
]


@pytest.mark.parametrize("catchall", [False, True])
def test_no_way_to_write_an_address_leads_elsewhere(server, catchall):
    if catchall:
        server.command("alias", "add", "@example.com", "recipient@example.com")
    taken = 0
    with server.client() as c:
        c.send("EHLO x")
        for host in ("example.com", "mx.example.com"):
            for sender, to in FORMS:
                assert c.send(f"MAIL FROM:<{sender.format(host=host)}>").code == 250
                answer = c.send(f"RCPT TO:<{to.format(host=host)}>")
                if answer.code == 250:
                    # Odd, but a name in our own domain: it goes into the mailbox that takes them all.
                    assert catchall and host == "example.com", (to, answer)
                    assert c.data().code == 250
                    taken += 1
                else:
                    assert answer.code // 100 == 5, (to, answer)
                    assert c.send("DATA").code == 554
                    c.send("RSET")
    if taken:
        server.arrived("recipient@example.com", taken)
    assert (taken > 0) == catchall
    assert server.spool.empty, "nothing waits to go elsewhere"
    assert all(", local, recipient@example.com" in line for line in
               ("try, " + rest for rest in server.log("delivery").verb("try")))
