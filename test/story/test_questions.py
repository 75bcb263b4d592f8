"""The questions of a support desk: 1 to 5 on the provider's own lines, and their like on logs as this server writes them."""
import json
import os

import pytest

from questions import ME, PROVIDER, Logs, ask, in_order, run


# The provider's own lines


def test_1_what_happened_to_the_mail_on_tuesday():
    a = ask("What happened to the mail from correspondent@elsewhere.example.net to recipient@example.com on Tuesday?")
    assert a.status == 0
    assert a.headline.startswith("DELIVERED") and "2021-03-09 12:43:51 +02:00" in a.headline
    assert "23,533 bytes" in a.headline
    in_order(a.text, "DELIVERED", "\nTimeline", "\nWhy", "\nNext", "\nEvidence", "\nConfidence", "\nLimits")
    m = a.only
    assert m["verdict"] == "delivered" and m["time"] == "2021-03-09T12:43:51+02:00" and m["size"] == 23533
    assert m["ids"] == {"connection": 15280, "qp": 15309, "deliveries": [114878]}
    assert m["client"] == {"ip": "192.0.2.12", "rdns": "elsewhere.example.net", "auth": None, "encryption": None}
    assert a.stations() == ["gate", "smtp", "smtp", "delivery", "delivery"]
    assert m["confidence"] == "strong"
    assert [e["confidence"] for e in m["timeline"] if e["station"] == "gate"] == ["exact"]
    assert {e["confidence"] for e in m["timeline"] if e["station"] == "delivery"} == {"strong"}
    assert "198.51.100.25" in " ".join(m["warnings"])
    assert "on:Tuesday, which is 2021-03-09 (+02:00), counted from the newest line" in a.section("Limits")


def test_1_the_evidence_is_the_line_itself():
    for e in ask("from:correspondent@*").only["timeline"]:
        with open(e["evidence"]["file"], "rb") as f:
            raw = f.read()
        at, text = e["evidence"]["offset"], e["evidence"]["text"].encode()
        assert raw[at:at + len(text) + 1] == text + b"\n"
        assert raw[:at].count(b"\n") + 1 == e["evidence"]["line"]


def test_2_why_did_it_not_arrive():
    a = ask("Why did spam@mail.spam-source.net's message not arrive?")
    assert a.status == 0 and a.headline.startswith("REFUSED")
    assert "DENIED_RDNS_MISSING" in a.headline and "554" in a.headline
    r = a.recipient
    assert r["verdict"] == "refused" and r["advice"][0]["who"] == "sender"
    assert "reverse DNS" in r["explanation"] and "PTR" in r["advice"][0]["what"]
    assert "allow" in r["advice"][0]["what"] and "Nothing was stored" in r["explanation"]
    assert a.only["client"]["ip"] == "203.0.113.66" and a.only["time"] == "2021-03-09T11:10:37+02:00"


def test_3_did_it_on_the_10th():
    a = ask("My customer says sender@example.com sent to recipient@example.com on the 10th. Did it?")
    assert a.status == 0
    assert a.recipient["verdict"] == "delivered" and "logged in" in a.recipient["summary"]
    assert "never left this server" in a.headline and "620 bytes" in a.headline
    m = a.only
    assert m["time"] == "2021-03-10T14:17:33+02:00" and m["confidence"] == "strong"
    assert m["ids"] == {"connection": None, "qp": 5665, "deliveries": [90352]}
    assert any("2 days off" in w for w in m["warnings"]) and any("90352 is lower" in w for w in m["warnings"])


def test_4_by_the_gate_or_by_the_mailbox():
    a = ask("Was the mail from spam@... refused by the gate or by the mailbox?")
    assert a.status == 0
    assert "by the gate" in a.headline and "before the mailbox was asked" in a.headline
    files = {e["evidence"]["file"].split("/")[-1] for e in a.only["timeline"]}
    assert files == {"spamdyke.log", "smtp-25.log"}


def test_only_a_relative_day_is_counted_from_somewhere():
    for question, counted in (("on:2021-03-09", None), ("after:2021-03-09", None), ("port:25", None),
                              ("on:tuesday", "newest line"), ("on:12:43", "newest line")):
        a = ask(question)
        assert a.json["question"]["relative_to"] == counted, question
        assert ("counted from the newest line" in a.text) == (counted is not None), question


def test_a_port_that_no_log_can_have_is_no_question(tmp_path):
    for port in ("abc", "99999"):
        a = ask(f"port:{port}")
        assert a.status == 2 and f"port:{port} is neither a port's number" in a.stderr
    assert ask("port:465").status == 1
    logs = Logs(tmp_path)
    logs.accept(7, 11)
    os.rename(logs.folder / "smtp-25.log", logs.folder / "smtp-abc.log")
    assert ask("port:abc", logs.folder).json["found"] == 1


def test_no_time_at_all_is_said():
    a = ask("after:2021-03-10 before:2021-03-09")
    assert a.status == 1 and "No time is after the one and before the other" in a.text
    assert "which is no time at all" in a.text


def test_5_everything_last_week():
    a = ask("Show everything for recipient@example.com last week")
    assert a.status == 0 and a.json["found"] == 3
    assert "3 messages: 2 delivered, 1 refused." in a.headline
    assert [m["time"] for m in a.json["messages"]] == sorted((m["time"] for m in a.json["messages"]), reverse=True)
    rows = [line for line in a.text.splitlines() if line.startswith("  2021-")]
    assert len(rows) == 3 and "DENIED_RDNS_MISSING" in rows[2] and "23,533" in rows[1]
    assert a.json["question"]["since"] == "2021-03-04T00:00:00+02:00"
    assert a.json["question"]["relative_to"] == "newest line"


@pytest.mark.parametrize("number", ["15309", "114878", "15280"])
def test_any_number_of_a_message_finds_it(number):
    assert ask("id:" + number).only["ids"]["qp"] == 15309


def test_another_zone_is_shown():
    a = ask("id:15309", PROVIDER, "--tz", "America/New_York")
    assert a.only["time"] == "2021-03-09T05:43:51-05:00" and "zone of the logs: +02:00" in a.text
    assert ask("from correspondent@elsewhere.example.net at 2021-03-09 05:43 EST").json["found"] == 1


def test_an_owner_sees_his_own_rows_and_others_masked():
    a = ask("to:recipient@example.com", PROVIDER, "--domain", "example.com")
    whole = a.text + json.dumps(a.json["messages"])
    assert a.json["found"] == 3 and "correspondent@" not in whole and "c***t@elsewhere.example.net" in whole
    one = ask("id:15309", PROVIDER, "--domain", "example.com")
    assert "correspondent@" not in one.text and "addresses of others are masked" in one.text
    assert ask("any:*", PROVIDER, "--domain", "elsewhere.example.net").json["found"] == 1
    assert ask("any:*", PROVIDER, "--mailbox", "sender@example.com").json["found"] == 1
    assert ask("any:*", PROVIDER, "--domain", "other.example").status == 1


def test_the_limit_is_said():
    a = ask("any:*", PROVIDER, "--limit", "2")
    assert a.json["found"] == 3 and len(a.json["messages"]) == 2 and "2 of 3 messages are shown" in a.text


def test_not_found_is_an_honest_no():
    a = ask("recipent@example.com")
    assert a.status == 1 and a.json["found"] == 0 and a.json["messages"] == []
    assert a.json["nearest"] == [ME] and ME in a.text
    assert a.json["searched"]["lines"] == 27 and a.json["searched"]["unreadable"] == 0
    assert a.json["searched"]["from"] == "2021-03-09T11:10:37+02:00" and len(a.json["searched"]["files"]) == 4
    assert "never reached this server" in a.text
    assert "outside the logs" in ask("to:recipient@example.com on:2020-01-01").text


@pytest.mark.parametrize("question", ["", "xyzzy", "from:", "on:someday", "colour:red", "ip:none"])
def test_what_is_not_understood_is_said(question):
    a = ask(question)
    assert a.status == 2 and a.text == "" and a.stderr.startswith("telltale: trace: ")


def test_every_answer_has_every_key():
    for question in ("any:*", "from:nobody@nowhere.example"):
        answer = ask(question).json
        assert set(answer) == {"question", "found", "messages", "searched", "nearest", "connections", "reasons", "let_in_before"}
        for m in answer["messages"]:
            assert set(m) == {"verdict", "from", "time", "size", "ids", "client", "recipients", "timeline",
                              "confidence", "parent", "warnings", "chain", "hops"}
            for r in m["recipients"]:
                assert set(r) - {"passes", "lifts"} == {"address", "verdict", "summary", "explanation", "advice"} and r["advice"]
            for e in m["timeline"]:
                assert set(e) == {"time", "station", "recipient", "what", "evidence", "confidence"}
                assert set(e["evidence"]) == {"file", "line", "offset", "text"}
            times = [e["time"] for e in m["timeline"]]
            assert times == sorted(times)


# Logs as this server writes them


def test_ours_delivered_is_exact(logs):
    logs.accept(7, 11)
    logs.accept(8, 12)
    logs.attempt(21, 12, 1, "success, did_1+0+0/")
    logs.attempt(22, 11, 1, "failure, This_message_is_looping:_it_already_has_my_Delivered-To_line._(#5.4.6)/")
    a = ask("id:12", logs.folder)
    assert a.status == 0 and a.only["verdict"] == "delivered" and a.only["confidence"] == "exact"
    assert a.only["ids"] == {"connection": 8, "qp": 12, "deliveries": [21]}
    assert a.only["warnings"] == [] and "written to the mailbox" in a.headline
    assert a.only["time"] == "2026-11-23T10:00:00+01:00" and "said by the logs" in a.text
    both = ask(f"from a@b.example to {ME} on 2026-11-23", logs.folder)
    assert both.status == 3 and both.json["found"] == 2 and both.headline.startswith("AMBIGUOUS")


def test_ours_refused_by_the_gate(logs):
    logs.session(9, "from, spam@b.example", "resp, 250 ok", f"to, <{ME}>",
                 f"gate, refused rdns-missing, unknown:192.0.2.12, {ME}, no name, 3 ms",
                 "resp, 554 Refused. You have no reverse DNS entry. Contact postmaster@example.com for details.")
    logs.gate(9, "DENIED_RDNS_MISSING", "spam@b.example", ME, "(empty)")
    a = ask("Why was the mail from spam@b.example refused?", logs.folder)
    assert a.status == 0 and a.only["verdict"] == "refused" and a.only["confidence"] == "exact"
    assert "by the gate" in a.recipient["summary"] and a.recipient["advice"][0]["who"] == "sender"
    assert any("rdns-missing" in e["what"] for e in a.only["timeline"])
    assert "no reverse DNS" in a.headline


def test_ours_refused_by_the_recipient_check(logs):
    reply = "550 5.1.1 sorry, no mailbox here by that name (chkuser)"
    logs.session(9, "from, a@b.example", "resp, 250 ok", "to, <nobody@example.com>",
                 "check, rejected rcpt, out.b.example:192.0.2.12, nobody@example.com, not existing recipient",
                 "resp, " + reply)
    logs.gate(9, "DENIED_OTHER", "a@b.example", "nobody@example.com", reply.replace(" ", "_"))
    a = ask("to:nobody@example.com", logs.folder)
    assert a.status == 0 and a.only["verdict"] == "refused" and a.only["confidence"] == "exact"
    assert "recipient check" in a.headline and "not existing recipient" in a.headline


def test_ours_an_odd_address_is_one_address_in_all_logs(logs):
    reply = "550 5.1.1 sorry, no mailbox here by that name (chkuser)"
    logs.session(9, "from, a@b.example", "resp, 250 ok", 'to, <"x, y"@example.com>',
                 'check, rejected rcpt, out.b.example:192.0.2.12, "x\\x2c y"@example.com, not existing recipient',
                 "resp, " + reply)
    logs.gate(9, "DENIED_OTHER", "a@b.example", '"x\\x2c y"@example.com', reply.replace(" ", "_"))
    a = ask("connection 9", logs.folder)
    assert a.status == 0 and a.only["confidence"] == "exact"
    assert [r["address"] for r in a.only["recipients"]] == ['"x, y"@example.com']
    assert {e["station"] for e in a.only["timeline"]} == {"gate", "smtp"}


def test_a_reply_of_strange_words_is_explained_once(logs):
    logs.session(9, "from, a@b.example", "resp, 250 ok", f"to, <{ME}>", "resp, 550 no")
    a = ask("connection 9", logs.folder)
    assert a.recipient["explanation"].count("means no, finally") == 1


def test_ours_waiting_says_when_it_is_tried_again(logs):
    logs.accept(7, 11)
    logs.attempt(21, 11, 1, "deferral, Unable_to_chdir_to_maildir._(#4.2.1)/", "next, 21, 2026-11-23 10:01:40")
    a = ask("to:" + ME, logs.folder)
    assert a.status == 0 and a.only["verdict"] == "waiting" and a.only["confidence"] == "exact"
    assert "tried again at 2026-11-23 10:01:40 +01:00" in a.headline and "Unable to chdir to maildir" in a.headline
    logs.epoch += 100
    logs.attempt(25, 11, 2, "success, did_1+0+0/")
    later = ask("to:" + ME, logs.folder)
    assert later.only["verdict"] == "delivered" and later.only["ids"]["deliveries"] == [21, 25]


def test_ours_an_alias_with_two_targets_tells_of_both(logs):
    logs.accept(7, 11, to="info@example.com")
    logs.comma("delivery", "init, <a@b.example>", f"info, 21, qp 11, attempt 1, bytes 9, {logs.epoch}.100",
               "alias, 21, info@example.com", "try, 21, local, " + ME, "result, 21, success, did_1+0+0/", "done, 21, 3",
               "init, <a@b.example>", f"info, 22, qp 11, attempt 1, bytes 9, {logs.epoch}.101",
               "alias, 22, info@example.com", "try, 22, remote, out@away.example",
               "result, 22, deferral, remote_delivery_is_not_configured/", "done, 22, 0", "next, 22, 2026-11-23 10:06:40")
    a = ask("to:info@example.com", logs.folder)
    assert a.recipient["verdict"] == "waiting" and a.only["ids"]["deliveries"] == [21, 22]
    assert "after 1 attempt: remote delivery is not configured (info@example.com stands for out@away.example)" in a.headline
    assert f"; {ME}: delivered." in a.headline


def test_ours_a_failure_without_a_bounce_is_still_in_the_queue(logs):
    logs.accept(7, 11)
    logs.attempt(21, 11, 1, "failure, This_message_is_looping:_it_already_has_my_Delivered-To_line._(#5.4.6)/")
    a = ask("to:" + ME, logs.folder)
    assert a.recipient["verdict"] == "waiting" and "Failed, and kept in the queue, after 1 attempt" in a.headline
    logs.comma("delivery", "bounce, 11, qp 12")
    assert ask("to:" + ME, logs.folder).recipient["verdict"] == "returned"


def test_ours_abandoned(logs):
    logs.session(7, "from, a@b.example", "resp, 250 ok", f"to, <{ME}>", "resp, 250 ok", "end, connection lost")
    logs.session(8, "end, timeout")
    a = ask("from:a@b.example", logs.folder)
    assert a.status == 0 and a.only["verdict"] == "abandoned" and "connection lost" in a.headline
    assert ask("ip:192.0.2.0/24", logs.folder).json["found"] == 2
    lost = ask("id:8", logs.folder)
    assert lost.only["verdict"] == "abandoned" and lost.only["recipients"] == [] and "timeout" in lost.headline
    assert "left" not in lost.headline


def test_three_recipients_and_only_the_failing_one_expanded(logs):
    logs.session(7, "from, a@b.example", "resp, 250 ok", f"to, <{ME}>", "resp, 250 ok", "to, <sender@example.com>",
                 "resp, 250 ok", "to, <nobody@example.com>",
                 "check, rejected rcpt, x:192.0.2.12, nobody@example.com, not existing recipient",
                 "resp, 550 5.1.1 sorry, no mailbox here by that name (chkuser)", "size, 5",
                 f"resp, 250 ok {logs.epoch} qp 11")
    logs.attempt(21, 11, 1, "success, did_1+0+0/")
    logs.attempt(22, 11, 1, "success, did_1+0+0/", to="sender@example.com")
    a = ask("from:a@b.example", logs.folder)
    assert a.only["verdict"] == "mixed"
    assert [r["verdict"] for r in a.only["recipients"]] == ["delivered", "delivered", "refused"]
    assert "succeeded" not in a.section("Why") and a.section("Why").count(".") >= 1
    scoped = ask("from:a@b.example", logs.folder, "--mailbox", ME)
    assert [r["address"] for r in scoped.only["recipients"]] == [ME]
    assert "nobody" not in scoped.text and "sender@" not in scoped.text and "not shown" in scoped.text


def test_unreadable_lines_are_counted_and_hostile_bytes_escaped(logs):
    logs.accept(7, 11, sender="a\x1b[31m@b.example")
    with open(logs.folder / "smtp-25.log", "ab") as f:
        f.write(b"rubbish\n" + b"\0" * 50 + b"\n" + b"x" * 200000 + b"\n" + b"2026-11-23 10:00:00, from, torn@b.exa")
    a = ask("to:" + ME, logs.folder)
    assert a.json["searched"]["unreadable"] == 4 and "4 lines not understood" in a.text
    assert "\x1b" not in a.text and "\\x1b[31m" in a.text
    assert "\x1b" in a.only["from"] or "\\x1b" in a.only["from"]
    assert ask("from:torn@*", logs.folder).status == 1


def test_files_that_are_no_logs_are_named(logs):
    (logs.folder / "server.log").write_text("2026-11-23 10:00:00 telltale-queue[1] info: hello\n")
    (logs.folder / "delivery.log.2026-11-22.bz2").write_bytes(b"BZh91AY&SY")
    logs.accept(7, 11)
    a = ask("id:11", logs.folder)
    assert "delivery.log.2026-11-22.bz2 (compressed, not read)" in a.text and len(a.json["searched"]["files"]) == 3
    assert run("id:11", "--logs", str(logs.folder / "server.log")).returncode == 2
    assert run("id:11", "--logs", str(logs.folder / "nothing")).returncode == 2
