"""The same questions to the logs of other servers: Postfix, qmail-send, Exim, chkuser and spamdyke in a syslog, and
several hosts' logs together (question 30 of the support desk)."""
import gzip
import json
import os

import pytest

import indexed

HERE = os.path.dirname(os.path.realpath(__file__))
BUILD = os.environ.get("TELLTALE_BUILD", os.path.join(HERE, "..", "..", "build-test"))
FOREIGN = os.path.join(HERE, "..", "golden", "foreign")
EACH = {"postfix.log": "Postfix", "qmail-send.log": "qmail", "exim.log": "Exim"}


class Answer:
    def __init__(self, text, answer):
        assert text.returncode == answer.returncode, text.stderr
        self.status = text.returncode
        self.text = text.stdout
        self.headline = text.stdout.split("\n\n")[0]
        self.json = json.loads(answer.stdout)

    @property
    def only(self):
        assert self.json["found"] == 1, self.text
        return self.json["messages"][0]

    def recipient(self, address):
        return next(r for r in self.only["recipients"] if r["address"] == address)

    def what(self):
        return " | ".join(e["what"] for e in self.only["timeline"])


def run(*args):
    return indexed.run([os.path.join(BUILD, "telltale"), *args], capture_output=True, text=True, timeout=60,
                       env={**os.environ, "TZ": "Europe/Sofia"})


def ask(question, name, *options):
    logs = os.path.join(FOREIGN, name)
    return Answer(run("trace", question, "--logs", logs, *options),
                  run("trace", question, "--logs", logs, "--json", *options))


@pytest.mark.parametrize("name", EACH)
def test_a_delivered_message_is_found_in_each_format_and_the_answer_names_it(name):
    a = ask("what happened to the mail from alice@example.net to bob@example.com at 12:43", name)
    assert a.status == 0 and a.only["verdict"] == "delivered", a.text
    assert a.only["confidence"] == "exact" and a.only["size"] == 23533
    assert a.only["ids"]["server"] == EACH[name] and a.only["ids"]["queue"] in a.headline
    assert f"of {EACH[name]}" in a.headline and f"read as a log of {EACH[name]}" in a.text
    assert "delivery: exact, by " in a.text and "all understood" in a.text
    assert a.json["searched"]["unreadable"] == 0


@pytest.mark.parametrize("name", EACH)
def test_a_message_for_three_is_told_one_by_one_with_its_bounce(name):
    a = ask("from:bob@example.com to:eve@gone.example", name)
    assert a.only["verdict"] == "mixed", a.text
    assert a.recipient("dan@big.example")["verdict"] == "relayed"
    assert "queued as 7F3A91C0DE" in a.recipient("dan@big.example")["summary"]
    assert "7F3A91C0DE" in a.recipient("dan@big.example")["advice"][0]["what"]
    eve = a.recipient("eve@gone.example")
    assert eve["verdict"] == "returned" and "550 5.1.1" in eve["summary"]
    assert "mail server" in eve["explanation"] and "no such mailbox" in eve["explanation"]
    assert eve["advice"][0]["who"] == "sender"
    assert "the sender is told: bounce as message" in a.what()
    assert "(the bounce) to bob@example.com: Delivered" in a.headline


@pytest.mark.parametrize("name,words", [("postfix.log", "after 2 attempts"), ("qmail-send.log", "an estimate"),
                                        ("exim.log", "Connection timed out")])
def test_a_waiting_message_tells_its_last_reason(name, words):
    a = ask("to:fred@slow.example", name)
    fred = a.recipient("fred@slow.example")
    assert fred["verdict"] == "waiting" and words in fred["summary"], a.text
    assert "safe in the queue" in fred["explanation"]


@pytest.mark.parametrize("name,address,words", [
    ("postfix.log", "spam@mail.spam-source.example", "Refused at RCPT: 554 5.7.1"),
    ("postfix.log", "promo@bulk.example", "blocked using bl.example.org"),
    ("exim.log", "spam@mail.spam-source.example", "listed at bl.example.org"),
    ("qmail-syslog.log", "spam@mail.spam-source.example", "DENIED_RDNS_MISSING"),
])
def test_refused_mail_without_a_queue_id_is_found_like_delivered_mail(name, address, words):
    a = ask(f"from:{address}", name)
    assert a.only["verdict"].startswith("refused") and words in a.headline, a.text
    assert a.only["confidence"] == "exact"
    assert a.only["recipients"][0]["explanation"] and a.only["recipients"][0]["advice"]


def test_an_address_in_a_refusal_is_nobodys_reason():
    a = ask("from:spam@mail.spam-source.example", "postfix.log")
    assert "for spam" not in a.only["recipients"][0]["explanation"]


def test_postscreen_stands_at_the_gate():
    a = ask("from:promo@bulk.example", "postfix.log")
    assert {e["station"] for e in a.only["timeline"]} == {"gate"}
    assert "before it was greeted" in a.what() and "their weight is 3" in a.what()


def test_who_was_refused_and_who_was_not_in_one_transaction():
    a = ask("to:nobody@example.com", "postfix.log")
    assert a.recipient("nobody@example.com")["verdict"] == "refused"
    assert a.recipient("carol@example.com")["verdict"] == "delivered"
    assert a.recipient("sales@example.com")["verdict"] == "delivered", "named as the sender wrote it"
    assert "sales@example.com stands for dora@example.com" in a.headline


def test_a_short_queue_id_that_came_again_is_two_messages():
    a = ask("id:8A1B2C3D4E", "postfix.log")
    assert a.status == 3 and a.json["found"] == 2
    assert {m["from"] for m in a.json["messages"]} == {"alice@example.net", "grace@example.org"}


@pytest.mark.parametrize("question", ["id:4DsZWm29b7zh6cp", "id:<20210309114350.1@example.net>",
                                      "id:20210309114350.1@example.net"])
def test_queue_id_and_message_id_find_the_message(question):
    a = ask(question, "postfix.log")
    assert a.status == 0 and a.only["ids"]["queue"] == "4DsZWm29b7zh6cp"
    assert a.only["ids"]["message_id"] == "20210309114350.1@example.net" and a.only["ids"]["host"] == "mx1"


def test_a_login_that_failed_and_a_client_that_was_lost():
    a = ask("ip:203.0.113.99", "postfix.log")
    assert a.only["verdict"] == "abandoned" and "a login failed (LOGIN)" in a.what()
    a = ask("ip:203.0.113.99", "exim.log")
    assert a.only["verdict"] == "abandoned" and "535 Incorrect authentication data" in a.headline
    a = ask("id:4Dsbmj2Y8kz9vBk", "postfix.log")
    assert a.only["verdict"] == "abandoned" and "timeout after DATA" in a.headline


def test_lines_of_other_programs_are_counted_apart():
    a = ask("id:4DsZWm29b7zh6cp", "postfix.log")
    assert a.json["searched"]["strangers"] == 3 and a.json["searched"]["unreadable"] == 0
    assert "3 lines of programs that are no mail server" in a.text


def test_gate_and_qmail_in_one_syslog_are_joined_by_epoch_and_qp():
    a = ask("from:correspondent@elsewhere.example.net", "qmail-syslog.log")
    assert a.only["verdict"] == "delivered" and a.only["confidence"] == "exact"
    assert [e["station"] for e in a.only["timeline"]][0] == "gate"
    assert "gate line: exact, by epoch and qp" in a.text and a.only["ids"]["connection"] == 29207
    assert a.only["time"].startswith("2021-03-09"), "the year is proven by the reply"


@pytest.mark.parametrize("address,words", [("nobody@example.com", "not existing recipient"),
                                           ("full@example.com", "rcpt mailbox is overquota")])
def test_what_chkuser_refused_is_found(address, words):
    a = ask(f"to:{address}", "qmail-syslog.log")
    assert a.only["verdict"] == "refused" and words in a.headline
    assert a.only["client"]["ip"] == "192.0.2.25"


def test_exim_behind_syslog_has_two_stamps_and_the_inner_one_knows_the_year():
    a = ask("from:alice@example.net", "exim-syslog.log")
    assert a.only["verdict"] == "delivered" and a.only["time"].startswith("2021-03-09T12:43:51")
    assert a.only["ids"]["host"] == "mx2"


def test_two_servers_are_one_chain_and_the_clocks_are_compared():
    a = ask("from alice@example.net to carol@example.com on 2021-03-09", "hops")
    assert a.status == 0 and a.headline.startswith("DELIVERED"), a.text
    assert "queue id 4DsZfx1Nq8z9vBg of Postfix on gateway" in a.headline
    assert "message 1lJZ9x-0000XA-Kq on lists (the next server)" in a.headline
    a = ask("id:4DsZWm29b7zh6cp", "hops")
    assert a.only["verdict"] == "delivered" and a.only["confidence"] == "exact"
    assert "on store: sent, by store[private/dovecot-lmtp]" in a.what()
    assert any("clock of store is 7 s ahead of that of gateway" in w for w in a.only["warnings"])


def test_a_hop_without_an_id_is_joined_by_message_id_and_graded_strong():
    a = ask("id:4Dsbmj2Y8kz9vBk", "hops")
    assert a.only["verdict"] == "returned" and a.only["confidence"] == "strong"
    assert "strong, by Message-ID and recipient" in a.text
    assert "mailbox is full" in a.only["recipients"][0]["explanation"]


def test_a_domains_owner_sees_his_recipients_only():
    a = ask("id:4DsZfx1Nq8z9vBg", "postfix.log", "--domain", "big.example")
    assert [r["address"] for r in a.only["recipients"]] == ["dan@big.example"]
    assert "eve@gone.example" not in a.text and "bob@example.com" not in a.text


def test_a_login_of_others_is_masked_wherever_it_stands_in_the_line(tmp_path):
    (tmp_path / "mainlog").write_text("2021-03-09 12:52:00 H=r.example.org [192.0.2.40]:4 A=plain:secretbob "
                                      "F=<grace@example.org> rejected RCPT <x@example.com>: no\n")
    a = ask("to:x@example.com", str(tmp_path), "--domain", "example.com")
    assert a.only["verdict"] == "refused" and "secretbob" not in a.text + json.dumps(a.json)


def test_packed_cut_and_strange_lines_are_told(tmp_path):
    with open(os.path.join(FOREIGN, "postfix.log"), "rb") as log:
        text = log.read()
    strange = b"Mar  9 13:55:00 mx1 postfix/smtpd[1]: what nobody knows\r\nMar  9 13:55:01 mx1 postfix/sm"
    (tmp_path / "mail.log.1.gz").write_bytes(gzip.compress(text + strange))
    a = ask("id:4DsZWm29b7zh6cp", str(tmp_path))
    assert a.only["verdict"] == "delivered" and a.json["searched"]["unreadable"] == 2
    listed = run("trace", "--unreadable", "--logs", str(tmp_path)).stdout
    assert "what nobody knows" in listed and "dovecot" not in listed and "removed" not in listed


@pytest.mark.parametrize("line,kind,words", [
    ("Mar  9 12:45:01 mx1 postfix/smtpd[2002]: NOQUEUE: reject: RCPT from unknown[203.0.113.66]: 450 4.7.1 Greylisted; "
     "from=<a@b.example> to=<c@example.com> proto=ESMTP helo=<x>", "postfix-log-line", "not now"),
    ("2021-03-09 12:43:51 1lJZ3r-0000XA-Kq Completed", "exim-log-line", "Nothing is left to be done"),
    ("@400000006047517107270e00 delivery 1: success: did_1+0+0/", "qmail-log-line", "1 mailbox written"),
])
def test_explain_knows_the_lines(line, kind, words):
    answer = run("explain", "--json", line)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["kind"] == kind and words in json.loads(answer.stdout)["meaning"]


@pytest.mark.parametrize("question,name", [("from:grace@example.org to:bob@example.com", "postfix.log"),
                                           ("from:grace@example.org verdict:refused", "exim.log"),
                                           ("to:carol@example.com", "exim.log")])
def test_what_this_server_refused_is_not_called_another_servers_doing(question, name):
    told = ask(question, name).only["recipients"]
    assert all("other server" not in r["explanation"] for r in told) and "The receiving server" in ask(question, name).text


@pytest.mark.parametrize("name", ["postfix.log", "exim.log", "qmail-syslog.log"])
def test_all_senders_are_not_one_sender(name):
    a = ask("from:*", name)
    assert a.json["let_in_before"] is None and "this sender was let in" not in a.text


def test_a_queue_id_that_came_again_is_not_called_one_that_no_other_message_has():
    a = ask("from:grace@example.org to:bob@example.com", "postfix.log")
    assert "by its queue id" in a.text and "no other message" not in a.text


@pytest.mark.parametrize("line,final,words", [
    ("2021-03-09 12:46:33 [2105] 1lJZ5w-0000XB-2a == fred@slow.example R=dnslookup T=remote_smtp defer (110): Connection timed out",
     False, "could not be reached"),
    ("2021-03-09 12:46:33 [2105] 1lJZ5w-0000XB-2a ** fred@gone.example R=dnslookup: Unrouteable address", True, "in DNS"),
])
def test_exims_own_words_without_a_reply_are_explained(line, final, words):
    told = json.loads(run("explain", "--json", line).stdout)
    assert told["final"] is final and words in told["meaning"]


@pytest.mark.parametrize("name", EACH)
def test_the_parent_of_a_bounce_is_told_by_what_failed(name):
    a = ask("from:<> to:bob@example.com", name)
    parent = next(line for line in a.headline.splitlines() if "to dan@big.example and" in line)
    assert ": mixed; eve@gone.example: Not delivered" in parent


def tai(epoch):
    return f"@{(1 << 62) + 10 + epoch:016x}00000000"


@pytest.mark.parametrize("epoch,shown", [(1635640200, "03:30:00+03:00"), (1635643800, "03:30:00+02:00")])
def test_a_stamp_that_names_its_moment_is_shown_as_it_in_the_repeated_hour_too(tmp_path, epoch, shown):
    (tmp_path / "current").write_text("".join(f"{tai(epoch)} {line}\n" for line in (
        "new msg 5", "info msg 5: bytes 1 from <a@b.example> qp 7 uid 0", "starting delivery 1: msg 5 to local c@d.example",
        "delivery 1: success: did_1+0+0/", "end msg 5")))
    a = ask("from:a@b.example", str(tmp_path / "current"))
    assert a.only["time"] == f"2021-10-31T{shown}", a.text
    assert {e["time"] for e in a.only["timeline"]} == {f"2021-10-31T{shown}"}


def test_the_client_of_a_refusal_by_exim_is_named_in_the_story():
    a = ask("from:spam@mail.spam-source.example", "exim.log")
    assert "refused 203.0.113.66" in a.what() and " 550 " not in a.headline, a.text
    assert "not its number" in a.only["recipients"][0]["explanation"]


def test_a_recipient_that_exim_has_not_tried_yet_is_waiting(tmp_path):
    with open(os.path.join(FOREIGN, "exim.log"), encoding="utf-8") as log:
        (tmp_path / "mainlog").write_text("".join(line for line in log if "fred@slow.example R=" not in line))
    a = ask("to:fred@slow.example", str(tmp_path / "mainlog"))
    assert a.recipient("fred@slow.example")["verdict"] == "waiting"


def test_the_number_of_a_bounce_is_that_message_of_its_time(tmp_path):
    """A process's number comes again: what it leads to is near, and not the latest message that has it."""
    begin = 1635640200
    (tmp_path / "current").write_text("".join(f"{tai(begin + at)} {line}\n" for at, line in (
        (0, "new msg 5"), (0, "info msg 5: bytes 1 from <a@b.example> qp 7 uid 0"),
        (1, "starting delivery 1: msg 5 to remote c@d.example"), (2, "delivery 1: failure: no/"),
        (2, "starting delivery 2: msg 5 to local b.example-e@b.example"), (3, "delivery 2: success: did_0+1+0/qp_100/"),
        (3, "new msg 8"), (3, "info msg 8: bytes 1 from <a@b.example> qp 100 uid 0"),
        (3, "bounce msg 5 qp 99"), (3, "end msg 5"), (4, "new msg 6"), (4, "info msg 6: bytes 9 from <> qp 99 uid 0"),
        (5000, "new msg 9"), (5000, "info msg 9: bytes 1 from <x@y.example> qp 99 uid 0"),
        (5000, "new msg 10"), (5000, "info msg 10: bytes 1 from <x@y.example> qp 100 uid 0"))))
    a = ask("id:7", str(tmp_path / "current"))
    assert [x["queue"] for x in a.only["chain"]] == ["5", "6", "8"], a.text
    assert [m["parent"] for m in ask("from:x@y.example", str(tmp_path / "current")).json["messages"]] == [None, None]
