"""An owner sees on the page what was refused for him, hears a sender from then on, and asks for the weekly letter."""
import json

import pytest
from harness import until

from visitor import Visitor, with_page

OTHER = "127.0.0.7"
YOU, ME = "recipient@example.com", "sender@example.com"
ANN = "ann@far.example"


@pytest.fixture(name="server")
def fixture_server(server, dns):
    dns.ptr(OTHER, None)
    return with_page(server)


@pytest.fixture(name="owner")
def fixture_owner(server):
    """The owner of a mailbox, logged in."""
    v = Visitor(server)
    assert v.login(YOU).code == 200
    return v


def write(server, *recipients, sender=ANN):
    with server.client(source=OTHER) as c:
        c.send("EHLO x")
        c.send(f"MAIL FROM:<{sender}>")
        codes = [c.send(f"RCPT TO:<{to}>").code for to in recipients]
        c.send("QUIT")
    return codes


def rows(visitor, **values):
    answer = visitor.get("/api/refused", **values)
    assert answer.code == 200, answer
    return answer.json["rows"]


def allowed(answer):
    assert answer.code == 200, answer
    return [row["sender"] for row in answer.json["rows"]]


def test_refused_seen_allowed_sent_again_delivered_and_the_log_says_why(server, owner):
    assert write(server, YOU) == [554]
    row, = rows(owner)
    assert (row["from"], row["recipient"], row["client"], row["name"]) == (ANN, YOU, OTHER, None)
    assert (row["verdict"], row["reason"], row["allow"]) == ("refused", "DENIED_RDNS_MISSING", "mailbox")
    assert row["reply"].startswith("554 Refused.") and "no reverse DNS name" in row["sentence"]
    assert row["id"] == int(server.log("spamdyke").last.connection) and row["time"]
    assert allowed(owner.post("/api/allow", sender=row["from"])) == [ANN]
    with server.client(source=OTHER) as c:
        assert c.deliver(ANN, YOU).code == 250
    server.arrived(YOU)
    assert any(line.startswith("allowed sender-whitelist") for line in server.log("smtp-25").verb("gate"))
    answer = owner.get("/api/trace", q="verdict:delivered").json
    assert any("let past by sender-whitelist" in e["what"] for e in answer["messages"][0]["timeline"])
    assert allowed(owner.get("/api/allow")) == [ANN]
    assert allowed(owner.post("/api/allow", sender=ANN, remove=True)) == []
    assert write(server, YOU) == [554]
    assert owner.post("/api/allow", sender=ANN, remove=True).code == 400


def test_only_what_is_his_newest_first(server, owner):
    write(server, ME)
    for sender in ("one@far.example", "two@far.example"):
        write(server, YOU, ME, sender=sender)
    with server.client() as c:  # the recipient check's, and one that was taken
        c.deliver("three@far.example", YOU)
        c.send("MAIL FROM:<four@far.example>")
        c.send("RCPT TO:<ghost@example.com>")
    assert [row["from"] for row in rows(owner)] == ["two@far.example", "one@far.example"]
    assert ME not in owner.get("/api/refused").text
    assert len(rows(owner, limit=1)) == 1 and owner.get("/api/refused", limit=1).json["limited"] is True
    assert owner.get("/api/refused").json["limited"] is False
    assert owner.get("/api/refused", scope=ME).code == 403
    for wrong in ({"days": 0}, {"days": "x"}, {"limit": 5000}):
        assert owner.get("/api/refused", **wrong).code == 400, wrong


def test_the_recipient_check_refuses_too_and_no_list_lifts_that(server):
    server.command("domain", "owner", "add", "example.com", ME)
    server.command("list", "add", "club@example.com", "--owner", ME, "--who-may-post", "members")
    with server.client() as c:
        c.send("EHLO x")
        c.send(f"MAIL FROM:<{ANN}>")
        assert [c.send(f"RCPT TO:<{to}@example.com>").code for to in ("ghost", "club")] == [550, 550]
        c.send("QUIT")
    write(server, YOU)
    chief = Visitor(server)
    chief.login(ME)
    door, ghost, club = rows(chief)
    assert (door["allow"], door["advice"][0]["who"]) == ("domain", "sender")
    assert (ghost["recipient"], ghost["reason"]) == ("ghost@example.com", "recipient check: not existing recipient")
    assert (club["recipient"], club["reason"]) == ("club@example.com", "recipient check: sender may not write to this list")
    for row in (ghost, club):
        assert (row["from"], row["verdict"], row["allow"], row["why"]) == (ANN, "refused", None, None)
        assert row["reply"].startswith("550 ") and row["id"]
    assert "no mailbox or alias" in ghost["sentence"] and "checks the spelling" in ghost["advice"][0]["what"]
    assert [row["reason"] for row in rows(chief, allow="true")] == ["DENIED_RDNS_MISSING"]
    message, = chief.get("/api/trace", q="to:ghost@example.com").json["messages"]
    assert ["lifts" in r for r in message["recipients"]] == [False, False]


def test_a_full_mailbox_tells_its_owner_what_to_do(server, owner):
    server.command("account", "set", YOU, "--quota", "10K")
    with server.client() as c:
        assert c.deliver(ANN, YOU, message="Subject: x\r\n\r\n" + "0123456789\r\n" * 760).code == 250
    first, = server.arrived(YOU)
    with open(first.path.replace(",S=", ".more,S="), "wb") as f:
        f.write(first.raw)

    def refused_as_full():
        with server.client() as c:
            c.send("EHLO x")
            c.send(f"MAIL FROM:<{ANN}>")
            full = c.send(f"RCPT TO:<{YOU}>").code == 552
            c.send("QUIT")
        return full

    until(refused_as_full, "the mailbox is full")
    row = rows(owner)[0]
    assert (row["reason"], row["allow"]) == ("recipient check: rcpt mailbox is overquota", None)
    assert row["advice"][0]["who"] == "recipient" and "deletes or moves messages" in row["advice"][0]["what"]


def test_the_link_that_the_sender_got_stands_in_the_row(server):
    server.config('gate { policy-url = "http://mx.example.com/why/%ref" }')
    write(server, YOU)
    v = Visitor(server)
    v.login(YOU)
    row, = rows(v)
    assert row["why"].startswith("http://mx.example.com/why/") and row["reply"].endswith(row["why"])


def test_days_are_those_that_were_asked_for(server):
    server.later(0)
    write(server, YOU, sender="old@far.example")
    server.later(10 * 86400)
    write(server, YOU, sender="new@far.example")
    v = Visitor(server)
    v.login(YOU)
    assert [row["from"] for row in rows(v)] == ["new@far.example"]
    assert [row["from"] for row in rows(v, days=30)] == ["new@far.example", "old@far.example"]


def test_what_cannot_be_lifted_is_not_offered(server):
    server.config('gate { reject-empty-rdns = false  filter-level = "require-auth" }')
    write(server, YOU)
    v = Visitor(server)
    v.login(YOU)
    row, = rows(v)
    assert row["reason"] == "DENIED_AUTH_REQUIRED" and row["allow"] is None


def test_an_owner_writes_into_his_own_list_only(server, owner):
    assert write(server, YOU, ME) == [554, 554]
    for scope in (ME, "example.com", "@example.com", "other.example"):
        assert owner.post("/api/allow", scope=scope, sender=ANN).code in (400, 403), scope
        assert owner.get("/api/allow", scope=scope).code in (400, 403), scope
    assert write(server, YOU, ME) == [554, 554]
    server.command("domain", "owner", "add", "example.com", ME)
    chief = Visitor(server)
    assert chief.login(ME).json["role"] == "domain"
    assert {row["recipient"] for row in rows(chief)} == {YOU, ME}
    assert {row["allow"] for row in rows(chief)} == {"domain"}
    answer = chief.post("/api/allow", scope="example.com", sender=ANN)
    assert allowed(answer) == [ANN] and answer.json["scope"] == "example.com"
    assert write(server, YOU, ME) == [250, 250]
    assert chief.post("/api/allow", scope="third.example", sender=ANN).code == 403


@pytest.mark.parametrize("sender", ["", "*", "@", "@com", "com", "<>", "--sure", "a b", "x\u0000--sure", "x\n@y.example",
                                    "a" * 600 + "@x.example", "[1.2.3.4]"])
def test_nobody_hears_everybody(owner, sender):
    answer = owner.post("/api/allow", sender=sender, sure=True)
    assert answer.code == 400 and answer.json["error"], answer
    assert allowed(owner.get("/api/allow")) == []


def test_all_of_a_free_mail_domain_is_asked_about_first(server, owner):
    answer = owner.post("/api/allow", sender="@gmail.com", sure=False)
    assert answer.code == 400 and answer.json["sure"] is True and "anybody gets an address" in answer.json["error"]
    assert "--sure" not in answer.text
    assert allowed(owner.post("/api/allow", sender="@gmail.com", sure=True)) == ["@gmail.com"]


def test_it_takes_a_login_and_its_token(server, owner):
    stranger = Visitor(server)
    for path in ("/api/refused", "/api/allow", "/api/digest"):
        assert stranger.get(path).code == 401, path
    owner.token = "x" * 40
    assert owner.post("/api/allow", sender=ANN).code == 403
    assert owner.post("/api/digest", on=True).code == 403
    assert json.loads(server.command("allow", "list", YOU, "--json")) == []


def test_the_administrator_says_for_whom(server):
    write(server, YOU)
    v = Visitor(server).enter()
    assert [row["allow"] for row in rows(v)] == ["domain"] and [row["allow"] for row in rows(v, scope=YOU)] == ["mailbox"]
    assert v.post("/api/allow", sender=ANN).code == 400
    lists = v.get("/api/allow", domains="elsewhere.example,example.com,*").json["lists"]
    assert [(x["scope"], x["rows"]) for x in lists] == [("example.com", [])]
    assert v.get("/api/allow", domains=",").json["lists"] == []
    assert allowed(v.post("/api/allow", scope=YOU, sender=ANN)) == [ANN]


def test_the_weekly_letter_is_turned_on_and_off(server, owner):
    assert owner.get("/api/digest").json == {"mailbox": YOU, "on": False}
    assert owner.post("/api/digest", on=True).json["on"] is True
    assert [row["mailbox"] for row in json.loads(server.command("digest", "list", "--json"))] == [YOU]
    assert owner.get("/api/digest").json["on"] is True
    assert owner.post("/api/digest", on=False).json["on"] is False
    assert owner.post("/api/digest", on="perhaps").code == 400
    assert Visitor(server).enter().post("/api/digest", on=True).code == 400


@pytest.mark.parametrize("name", ["a*b", "a?b"])
def test_signs_in_the_name_of_a_mailbox_are_letters(server, name):
    """Of a star nobody is to think that it stands for the others whom it would fit."""
    box = f"{name}@example.com"
    server.start()
    for account in (box, "axb@example.com"):
        server.command("account", "add", account, "--password-stdin", text="correct horse\n")
    server.command("queue", "pause", "local")
    write(server, box, "axb@example.com")
    with server.client() as c:
        c.deliver(ANN, box)
        c.deliver(ANN, "axb@example.com")
    v = Visitor(server)
    assert v.login(box).code == 200
    row, = rows(v)
    assert row["recipient"] == box
    for answer in (v.get("/api/queue"), v.get("/api/queue", scope=box)):
        assert [r["address"] for m in answer.json["messages"] for r in m["recipients"]] == [box]
    for answer in (v.get("/api/trace", q="after:2020-01-01"), v.get("/api/trace", q=f"to:{box}")):
        assert {r["address"] for m in answer.json["messages"] for r in m["recipients"]} == {box}, answer
    assert allowed(v.post("/api/allow", sender=ANN)) == [ANN]
    assert v.post("/api/digest", on=True).json == {"mailbox": box, "on": True}
