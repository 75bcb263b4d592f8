"""Asking the gate without sending mail: `telltale gate try`."""
import json

import pytest

ME = "recipient@example.com"


def ask(server, *words, status=None, text=None):
    """What it says as JSON, after a look that people get an answer too."""
    people = server.tell("gate", "try", *words, text=text)
    done = server.tell("gate", "try", *words, "--json", text=text)
    assert people.returncode == done.returncode, (people.stderr, done.stderr)
    if status is not None:
        assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout), people.stdout


def checks(stages):
    return {c["name"]: c for s in stages for c in s["checks"]}


def test_would_this_customer_s_server_be_heard_and_if_not_what_would_help(server, dns):
    """A ticket: their new server at 127.0.0.7 gets no mail through to us."""
    dns.ptr("127.0.0.7", None)
    said, text = ask(server.start(), "--ip", "127.0.0.7", "--from", "a@b.example", "--to", ME, status=1)
    rcpt = said["recipients"][0]
    assert (rcpt["reply"]["code"], rcpt["reply"]["enhanced"]) == (554, "5.7.25")
    assert rcpt["code"] == "DENIED_RDNS_MISSING" and "PTR record" in rcpt["passes"]
    assert checks(said["stages"])["rdns-missing"]["seen"] == "no reverse name for 127.0.0.7"
    assert "refused: 554 5.7.25 Refused. You have no reverse DNS entry." in text and "what would help" in text
    # What it says is what a client gets.
    with server.client(source="127.0.0.7") as c:
        c.send("EHLO x"), c.send("MAIL FROM:<a@b.example>")
        reply = c.send(f"RCPT TO:<{ME}>")
        assert reply.text == f"{rcpt['reply']['enhanced']} {rcpt['reply']['text']}"
    # With a name, or a login, it is heard.
    assert ask(server, "--ip", "127.0.0.7", "--from", "a@b.example", "--to", ME, "--auth", "sender@example.com",
               "--tls", status=0)[0]["accepted"]
    assert ask(server, "--ip", "127.0.0.1", "--from", "a@b.example", "--to", ME, status=0)[0]["accepted"]


def test_nothing_is_written_and_the_graylist_learns_nothing(server, dns):
    server.config("gate { graylist-level = always-create-dir graylist-min-secs = 0 }")
    dns.ptr("127.0.0.9", "mail.b.example")
    words = ("--ip", "127.0.0.9", "--from", "a@b.example", "--to", ME)
    for _ in range(2):
        said, _ = ask(server.start(), *words, status=1)
        assert said["recipients"][0]["code"] == "DENIED_GRAYLISTED", "the first question taught it nothing"
        assert said["recipients"][0]["reply"]["code"] == 421
    assert server.log("spamdyke").records == [] and server.log("smtp-25").verb("session") == []
    with server.client(source="127.0.0.9") as c:
        c.send("EHLO x"), c.send("MAIL FROM:<a@b.example>")
        assert c.send(f"RCPT TO:<{ME}>").code == 421
    said, _ = ask(server, *words, status=0)
    assert checks(said["recipients"][0]["stages"])["graylisted"]["seen"].startswith("came again, first seen")


@pytest.mark.parametrize("limit,gate,recipients,stages", [
    ("per-message = 1", "", (ME, "nodomain", "sender@example.com"), [True, True, False]),
    ("invalid-per-session = 1", "", ("no1@example.com", "no2@example.com", ME), [True, False, False]),
    ("invalid-per-session = 1", "reject-recipient = invalid", ("no1@example.com", "no2@example.com", ME), [True, False, False]),
], ids=["recipients", "guesses", "guesses that the gate refuses"])
def test_beyond_the_limit_it_says_what_the_session_says(server, dns, limit, gate, recipients, stages):
    server.config(f"recipients {{ {limit} }} gate {{ {gate} }}")
    dns.ptr("127.0.0.9", "mail.b.example")
    to = [word for name in recipients for word in ("--to", name)]
    said, _ = ask(server.start(), "--ip", "127.0.0.9", "--from", "a@b.example", *to, status=1)
    with server.client(source="127.0.0.9") as c:
        c.send("EHLO x"), c.send("MAIL FROM:<a@b.example>")
        for rcpt, name in zip(said["recipients"], recipients):
            assert c.send(f"RCPT TO:<{name}>").text == f"{rcpt['reply']['enhanced']} {rcpt['reply']['text']}".strip()
    assert ["stages" in r and r["stages"] != [] for r in said["recipients"]] == stages


def test_each_recipient_has_its_own_answer(server, dns):
    dns.ptr("127.0.0.9", "mail.b.example")
    server.start()
    server.command("domain", "set", "example.com", "recipient-blacklist-entry=sender@example.com")
    said, text = ask(server, "--ip", "127.0.0.9", "--from", "<>", "--to", ME, "--to", "nobody@example.com",
                     "--to", "x@elsewhere.test", "--to", "sender@example.com", status=1)
    assert [(r["accepted"], r["code"], r["own_settings"]) for r in said["recipients"]] == [
        (True, None, True), (False, "DENIED_OTHER", True), (False, "DENIED_RELAYING", False),
        (False, "DENIED_RECIPIENT_BLACKLISTED", True)]
    assert "recipient check  rejected rcpt: not existing recipient" in text and "with settings of its own" in text


def test_a_message_is_judged_too(server, dns):
    server.config('gate { header-blacklist-entry = "Subject: *casino*" dmarc = quarantine }')
    dns.ptr("127.0.0.9", "mail.b.example")
    dns.record("_dmarc.b.example", 'TXT "v=DMARC1; p=reject"')
    words = ("--ip", "127.0.0.9", "--from", "a@b.example", "--to", ME, "--message", "-")
    said, _ = ask(server.start(), *words, status=1, text="From: a@b.example\nSubject: A casino\n\nhello\n")
    assert said["recipients"][0]["code"] == "DENIED_HEADER_BLACKLISTED"
    said, text = ask(server, *words, status=0, text="From: a@b.example\nSubject: hello\n\nhello\n")
    assert said["recipients"][0]["junk"] and "taken, into the Junk folder" in text
    assert checks(said["recipients"][0]["stages"])["dmarc"]["seen"].startswith("into Junk: fail for b.example")
    assert server.queue() == []


def test_listeners_and_what_is_no_question(server, dns):
    dns.ptr("127.0.0.7", None)
    server.start()
    words = ("--ip", "127.0.0.7", "--from", "sender@example.com", "--to", ME)
    said, text = ask(server, *words, "--listener", "587", status=1)
    assert not said["gate"] and said["recipients"][0]["reply"]["code"] == 530 and said["recipients"][0]["code"] is None
    assert "The gate does not run on this listener" in text
    ask(server, *words, "--listener", "587", "--auth", "sender@example.com", "--tls", status=0)
    for wrong in ((), ("--ip", "1.2.3", "--from", "", "--to", ME), (*words, "--listener", "26"), (*words, "--what"),
                  (*words, "--auth", "sender@example.com"), ("--ip", "::1", "--from", "a b@c", "--to", ME), (*words, "--to")):
        done = server.tell("gate", "try", *wrong)
        assert done.returncode == 2 and done.stderr, wrong
    assert "usage: telltale gate try" in server.tell("gate", "try", "--help").stdout
    server.stop()
    done = server.tell("gate", "try", *words)
    assert done.returncode == 1 and "no server is running" in done.stderr
