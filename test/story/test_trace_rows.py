"""One mail is one row: over two servers, over many tries, over two files; and what the logs do not say is said."""
import json
import os

import pytest

from questions import ME, Logs, ask, run

FOREIGN = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "golden", "foreign"))
HOPS = os.path.join(FOREIGN, "hops")
GRAY = "421 Your address has been graylisted. Try again later."


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


def flat(text):
    return " ".join(text.split())


# one mail over two servers


def test_a_list_has_one_row_for_a_mail_that_two_servers_tell_of():
    a = ask("from:alice@example.net", HOPS)
    assert a.json["found"] == 3 and a.text.startswith("3 messages: 2 delivered, 1 returned.\n"), a.text
    assert "3 of them went through more than one of the servers searched; each counts once" in a.text
    row = next(line for line in a.text.splitlines() if "id:4Dsbmj2Y8kz9vBk" in line)
    assert " returned " in row and "said: 552 5.2.2" in row
    assert "id:9C3D1A20F7" not in a.text
    bounced = next(m for m in a.json["messages"] if m["verdict"] == "returned")
    assert [(h["host"], h["queue"], h["verdict"], h["confidence"]) for h in bounced["hops"]] == [
        ("store", "AB12CD34EF", "returned", "strong")]
    assert next(m for m in a.json["messages"] if m["ids"]["queue"] == "4DsZfx1Nq8z9vBg")["hops"][0]["by"] == \
        "the queue id that the other server answered with"


@pytest.mark.parametrize("question,n", [("verdict:delivered", 2), ("from:alice@example.net verdict:relayed", 0), ("from:alice@example.net verdict:returned", 1),
                                        ("ip:192.0.2.10", 3), ("text:Quota", 1), ("id:<hop-1@example.net>", 1)])
def test_each_filter_counts_mails_whichever_server_tells_of_it(question, n):
    a = ask(question, HOPS)
    assert a.json["found"] == n and a.status == (0 if n > 0 else 1), a.text


@pytest.mark.parametrize("question", ["id:4DsZWm29b7zh6cp", "id:9C3D1A20F7", "id:<hop-1@example.net>",
                                      "from alice@example.net to bob@example.com on 2021-03-09 12:30"])
def test_the_same_mail_whichever_id_is_given_with_the_lines_of_both_servers(question):
    a = ask(question, HOPS)
    assert a.status == 0 and a.headline.startswith("DELIVERED"), a.text
    assert "message 9C3D1A20F7 on store (the next server) to bob@example.com: Delivered" in a.headline
    evidence = a.section("Evidence")
    assert "gateway.log:3: " in evidence and "store.log:6: " in evidence and "Saved" in evidence
    assert a.only["hops"][0]["host"] == "store" and a.only["confidence"] == "exact"


def test_the_evidence_of_each_server_stands_by_time():
    lines = ask("id:4DsZWm29b7zh6cp", HOPS).section("Evidence").splitlines()
    numbers = [(line.split(":")[0].rsplit("/", 1)[-1], int(line.split(":")[1])) for line in lines]
    assert numbers == [(log, n) for log in ("gateway.log", "store.log") for n in (1, 2, 3, 4, 6, 7)]


def test_an_owner_sees_one_row_too(tmp_path):
    a = ask("from:*", HOPS, "--domain", "example.com")
    assert a.json["found"] == 3, a.text


# words that are ids


@pytest.mark.parametrize("question,key,value", [
    ("<20210309114350.1@example.net>", "id", "<20210309114350.1@example.net>"),
    ("what happened to <20210309114350.1@example.net>?", "id", "<20210309114350.1@example.net>"),
    ("20210309114350.1@example.net", "id", "20210309114350.1@example.net"),
    ("4DsZWm29b7zh6cp", "id", "4DsZWm29b7zh6cp"),
    ("what happened to 4DsZWm29b7zh6cp", "id", "4DsZWm29b7zh6cp"),
])
def test_a_pasted_id_finds_its_message(question, key, value):
    a = ask(question, os.path.join(FOREIGN, "postfix.log"))
    assert a.status == 0 and a.only["ids"]["queue"] == "4DsZWm29b7zh6cp", a.text
    assert a.json["question"][key] == value and f"{value} is understood as " in a.text


@pytest.mark.parametrize("word,found", [("8A1B2C3D4E", 2), ("<alice@example.net>", 0)])
def test_what_is_no_id_of_one_message_is_not_made_one(word, found):
    a = ask(word, os.path.join(FOREIGN, "postfix.log"))
    assert a.json["found"] == found or found == 0 and a.json["question"]["any"] == "alice@example.net", a.text
    assert ("is understood as" in a.text) == (found > 0)


def test_an_exim_id_and_a_number_of_ours_are_ids(logs):
    assert ask("1lJZ9x-0000XA-Kq", HOPS).only["hops"][0]["queue"] == "1lJZ9x-0000XA-Kq"
    logs.accept(70001, 15309)
    logs.attempt(114878, 15309, 1, "success, did_1+0+0/")
    logs.accept(70002, 7)
    assert ask("what happened to 7", logs.folder).only["ids"]["qp"] == 7
    for word in ("15309", "70001", "114878", "what happened to 15309"):
        a = ask(word, logs.folder)
        assert a.only["ids"]["qp"] == 15309 and "the number of a message, a connection or a delivery" in a.text, a.text


def test_an_address_that_occurs_wins_and_one_that_does_not_is_told_so(logs):
    logs.accept(7, 11)
    assert "is understood" not in ask("<a@b.example>", logs.folder).text
    a = ask("<nobody.knows@b.example>", logs.folder)
    assert a.status == 1 and a.json["question"]["any"] == "nobody.knows@b.example"
    assert "is understood as an address; no message bears it as an id either" in a.text


# the gate's log alone


def gate_alone(logs, code):
    logs.gate(7, code, "a@b.example", ME, "(empty)", name="(unknown)")
    for name in ("smtp-25", "delivery"):
        (logs.folder / (name + ".log")).unlink()
    return ask("from:a@b.example", logs.folder)


@pytest.mark.parametrize("code,verdict,words", [
    ("DENIED_RDNS_MISSING", "refused", "they do not say whether this was final: stock spamdyke answers 421"),
    ("DENIED_GRAYLISTED", "refused-temporarily", "the stock one is 421, after which the sender's server tries again"),
    ("DENIED_RBL_MATCH", "refused", "the stock one is 554, which is final"),
    ("DENIED_TOMORROWS", "refused", "by the gate (DENIED_TOMORROWS): the reply is not in these logs"),
])
def test_a_refusal_without_its_reply_says_so(logs, code, verdict, words):
    a = gate_alone(logs, code)
    assert a.recipient["verdict"] == verdict and "the reply is not in these logs" in a.headline, a.text
    assert words in flat(a.text) and "The answer was" not in a.text
    assert "It is final when" not in flat(a.section("Why") if code != "DENIED_TOMORROWS" else "")


@pytest.mark.parametrize("reply,verdict", [("554 Refused. You have no reverse DNS entry.", "refused"),
                                           ("421 Refused. You have no reverse DNS entry.", "refused-temporarily")])
def test_a_reply_that_is_known_decides_alone(logs, reply, verdict):
    logs.refuse(7, "DENIED_RDNS_MISSING", reply, name="unknown")
    a = ask("from:a@b.example", logs.folder)
    other = "421" if reply[0] == "5" else "554"
    assert a.recipient["verdict"] == verdict and f"The answer was {reply[:3]}." in flat(a.section("Why"))
    assert other not in a.section("Why") and "Nothing was stored here" in flat(a.section("Why"))


# refused for now again and again


def test_tries_that_were_all_refused_are_one_story(logs):
    for i, minutes in enumerate((0, 15, 30, 90)):
        logs.epoch += minutes * 60
        logs.refuse(7 + i, "DENIED_GRAYLISTED", GRAY, ip=f"192.0.2.{12 + i}")
    a = ask(f"from a@b.example to {ME} on 2026-11-23", logs.folder)
    assert a.status == 0 and a.only["confidence"] == "strong" and a.only["time"] == "2026-11-23T10:00:00+01:00", a.text
    assert a.recipient["verdict"] == "refused-temporarily"
    assert "tried 4 times, from 2026-11-23 10:00:00 +01:00 to 2026-11-23 12:15:00 +01:00, and refused each time" in a.headline
    assert a.section("Timeline").count("connection ") == 4 and a.section("Evidence").count("graylisted") == 4
    assert "first try: strong, by sender, recipient and the same refusal" in a.text
    assert "whether its tries fall between graylist-min-secs and graylist-max-secs" in flat(a.section("Next"))
    assert ask("connection 8", logs.folder).only["recipients"][0]["verdict"] == "refused-temporarily"
    assert ask("verdict:refused-temporarily", logs.folder).json["found"] == 1


def test_a_refusal_of_another_hour_is_another_message(logs):
    for number in (7, 8):
        logs.refuse(number, "DENIED_GRAYLISTED", GRAY)
        logs.epoch += 7 * 3600
    assert ask("from:a@b.example", logs.folder).json["found"] == 2


# how long a message may wait


def test_how_long_a_message_may_wait_is_what_is_known(logs, tmp_path):
    logs.submit(7, 11, "a@big.example")
    logs.attempt(21, 11, 1, "deferral, Connection_refused/", sender="sender@example.com", to="a@big.example", channel="remote")
    why = flat(ask("qp 11", logs.folder).section("Why"))
    assert "how long that is these logs do not say" in why and "two days" not in why
    conf = tmp_path / "telltale.conf"
    conf.write_text(f'hostname = "mx.example.com"\ncontact = "postmaster@example.com"\ndata-dir = "{tmp_path}"\n'
                    f'log-dir = "{logs.folder}"\nqueue {{ lifetime = 3d }}\n')
    text = run("qp", "11", "-c", str(conf)).stdout
    assert "at about 2026-11-26 10:00:00 +01:00, as queue.lifetime is configured here" in flat(text)


def test_how_long_another_servers_messages_may_wait():
    why = flat(ask("to:fred@slow.example", os.path.join(FOREIGN, "qmail-send.log")).section("Why"))
    assert "if messages may wait there for seven days, as with qmail" in why


def test_the_providers_messages_wait_two_days(logs):
    logs.comma("smtp-25", "from, s@example.com", "resp, 250 ok", "to, <a@big.example>", "resp, 250 ok", "size, 9",
               f"resp, 250 ok {logs.epoch} qp 4711", "")
    logs.comma("delivery", "init, <s@example.com>", "try, 21, remote, a@big.example",
               "result, 21, deferral, CNAME_lookup_failed_temporarily._(#4.4.3)/")
    why = flat(ask("to:a@big.example", logs.folder).section("Why"))
    assert "2026-11-25 10:00:00 +01:00, if messages may wait there for two days, as at the provider" in why


# usage, and what an owner may see


@pytest.mark.parametrize("option,value", [("--domain", "*"), ("--domain", "*.example.com"), ("--domain", "a@b.example"),
                                          ("--mailbox", "*@example.com"), ("--domain", "a.example,b.example")])
def test_a_scope_is_one_name_and_no_pattern(logs, option, value):
    a = run("to:" + ME, "--logs", str(logs.folder), option, value)
    assert a.returncode == 2 and "spelt in full" in a.stderr and a.stdout == ""


def test_an_empty_log_is_an_answer(tmp_path):
    empty = tmp_path / "maillog"
    empty.write_text("")
    a = ask("to:" + ME, empty)
    assert a.status == 1 and "The logs searched are empty, so they prove nothing" in flat(a.text)
    assert a.json["searched"]["files"] == [str(empty)] and a.json["searched"]["lines"] == 0
    empty.write_text("\x01\x02 no log\n")
    assert run("to:" + ME, "--logs", str(empty)).returncode == 2


def test_an_owner_does_not_learn_the_length_of_others_lines(logs):
    logs.write("smtp-25", "no known form, secret@other.example")
    logs.write("smtp-25", "no known form, secret@example.com")
    for options, known in (((), True), (("--domain", "example.com"), False)):
        said = json.loads(run("--unreadable", "--json", "--logs", str(logs.folder), *options).stdout)["unreadable_lines"]
        assert len(said) == 2 and all((x["offset"] is not None) == known and (x["bytes"] is not None) == known for x in said)
