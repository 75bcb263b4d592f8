"""Questions 9 to 28 of the support desk, on logs as this server writes them and as the old ones did.

Each test is named by its question; what it says of the answer holds for the text and for the JSON.
"""
import json
import time

import pytest

from questions import ME, PROVIDER, ask, in_order

NO_RDNS = "554 Refused. You have no reverse DNS entry. Contact postmaster@example.com for details."
NO_MAILBOX = "550 5.1.1 sorry, no mailbox here by that name (chkuser)"
FULL = "552 5.2.2 sorry, recipient mailbox is full (chkuser)"
GRAY = "421 Your address has been graylisted. Try again later."
DAY, HOUR = 86400, 3600


def flat(text):
    """Without line breaks: a sentence may be wrapped anywhere."""
    return " ".join(text.split())


# 9: several recipients


def test_9_three_people_and_one_did_not_get_it(logs):
    logs.session(7, "from, a@b.example", "resp, 250 ok", f"to, <{ME}>", "resp, 250 ok", "to, <sender@example.com>",
                 "resp, 250 ok", "to, <nobody@example.com>",
                 "check, rejected rcpt, x:192.0.2.12, nobody@example.com, not existing recipient",
                 "resp, " + NO_MAILBOX, "size, 5", f"resp, 250 ok {logs.epoch} qp 11")
    logs.attempt(21, 11, 1, "success, did_1+0+0/")
    logs.attempt(22, 11, 1, "success, did_1+0+0/", to="sender@example.com")
    a = ask("Mail from a@b.example to three people, one did not get it", logs.folder)
    assert a.status == 0 and a.headline.startswith("MIXED")
    assert [(r["address"], r["verdict"]) for r in a.only["recipients"]] == [
        (ME, "delivered"), ("sender@example.com", "delivered"), ("nobody@example.com", "refused")]
    for r in a.only["recipients"]:
        assert f"  {r['address']}: {r['summary']}" in a.headline
    assert "no mailbox or alias with this address on this server" in flat(a.section("Why"))
    assert "succeeded" not in a.section("Why") and a.only["ids"]["qp"] == 11


# 10: "it says delivered but she does not have it"


def test_10_delivered_but_she_does_not_have_it(logs):
    logs.accept(7, 11)
    logs.attempt(21, 11, 1, "success, did_1+0+0/")
    a = ask(f"It says delivered but she does not have it: from a@b.example to {ME}", logs.folder)
    assert a.status == 0 and a.recipient["verdict"] == "delivered"
    assert "written to the mailbox" in a.headline and "10:00:00 +01:00" in a.headline
    assert "what happens in the mailbox afterwards is not in these logs" in flat(a.section("Why"))
    assert "junk" in a.section("Next") and "rules" in a.section("Next")


def test_10_forwarded_or_filed_by_a_program(logs):
    logs.accept(7, 11)
    logs.attempt(21, 11, 1, "success, did_0+0+1/")
    a = ask("qp 11", logs.folder)
    assert "a delivery program on this server took it" in a.headline and "filter rules" in flat(a.section("Next"))
    logs.accept(8, 12, to="info@example.com")
    logs.attempt(22, 12, 1, "success, did_0+1+0/qp_13/", to="info@example.com")
    a = ask("qp 12", logs.folder)
    assert a.recipient["verdict"] == "forwarded" and "trace qp 13" in a.section("Next")


# 11: did it leave?


def test_11_handed_to_a_remote_server(logs):
    logs.submit(7, 11, "a@big.example")
    logs.attempt(21, 11, 1, "success, 203.0.113.25_accepted_message./Remote_host_said:_250_2.0.0_Ok:_queued_as_4DsZWm29b7zh6cp/",
                 sender="sender@example.com", to="a@big.example", channel="remote")
    a = ask("We sent to a@big.example this morning and no reply; did it leave?", logs.folder)
    assert a.status == 0 and a.headline.startswith("RELAYED")
    assert "203.0.113.25 took the message over and said: 250 2.0.0 Ok: queued as 4DsZWm29b7zh6cp" in a.headline
    assert "does not say whether the way there was encrypted" in flat(a.section("Why"))
    assert "ask the postmaster of 203.0.113.25 for their number 4DsZWm29b7zh6cp" in flat(a.section("Next"))
    assert "2026-11-23 10:00:00 +01:00" in a.section("Timeline") and a.only["confidence"] == "exact"
    assert ask("queue id 4DsZWm29b7zh6cp", logs.folder).only["ids"]["qp"] == 11


@pytest.mark.parametrize("reply,number", [
    ("250_OK_id=1rTgY2-0005dC-2x", "1rTgY2-0005dC-2x"),
    ("250_ok_1615286631_qp_15309", "15309"),
    ("250_2.6.0_<x@y>_[InternalId=1234567,_Hostname=h.example]_9_bytes_in_0.1,_0_KB/sec_Queued_mail_for_delivery", "1234567"),
])
def test_11_their_number_is_found_in_their_words(logs, reply, number):
    logs.submit(7, 11, "a@big.example")
    logs.attempt(21, 11, 1, f"success, 203.0.113.25_accepted_message./Remote_host_said:_{reply}/"
                 "STARTTLS_proto=TLSv1.3;_cipher=TLS_AES_256_GCM_SHA384;_subject=x;_issuer=y;/",
                 sender="sender@example.com", to="a@big.example", channel="remote")
    a = ask("qp 11", logs.folder)
    assert f"for their number {number} of that time" in flat(a.section("Next"))
    assert "encrypted (TLSv1.3)" in flat(a.section("Why"))
    assert "STARTTLS" not in a.headline


# 12: stuck, and when next


def test_12_stuck_and_when_it_is_tried_again(logs):
    logs.submit(7, 11, "a@big.example")
    for n, later in ((1, 100), (2, 300), (3, 900)):
        logs.attempt(20 + n, 11, n, "deferral, Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/",
                     f"next, {20 + n}, 2026-11-23 10:{(later // 60):02}:40", sender="sender@example.com",
                     to="a@big.example", channel="remote")
        logs.epoch += later
    a = ask("It is stuck, when is it tried again? to a@big.example", logs.folder)
    assert a.status == 0 and a.recipient["verdict"] == "waiting"
    assert "after 3 attempts" in a.headline and "tried again at 2026-11-23 10:15:40 +01:00" in a.headline
    assert "None of the mail servers of the recipient's domain could be reached" in a.recipient["explanation"]
    assert "how long that is these logs do not say (queue.lifetime of that server)" in flat(a.section("Why"))
    assert a.recipient["advice"][0]["who"] == "nobody"


def test_12_of_an_old_log_the_time_is_an_estimate(logs):
    logs.comma("smtp-25", "from, s@example.com", "resp, 250 ok", "to, <a@big.example>", "resp, 250 ok", "size, 9",
               f"resp, 250 ok {logs.epoch} qp 4711", "")
    logs.comma("delivery", "init, <s@example.com>", "try, 21, remote, a@big.example",
               "result, 21, deferral, CNAME_lookup_failed_temporarily._(#4.4.3)/")
    a = ask("to:a@big.example", logs.folder)
    assert a.recipient["verdict"] == "waiting"
    assert "tried again at about 2026-11-23 10:06:40 +01:00 (an estimate" in a.headline


# 13: 421, 451, 4.7.0 from the other server


@pytest.mark.parametrize("reply,words", [
    ("451_4.7.1_Greylisting_in_action,_please_come_back_later", "puts strangers off on purpose"),
    ("421_4.7.0_Our_system_has_detected_an_unusual_rate_of_mail", "came in a short time"),
    ("451_4.4.0_DNS_temporary_failure", "DNS"),
])
def test_13_put_off_by_the_other_server(logs, reply, words):
    logs.submit(7, 11, "a@big.example")
    logs.attempt(21, 11, 1, f"deferral, 203.0.113.25_does_not_like_recipient./Remote_host_said:_{reply}/Giving_up_on_203.0.113.25./",
                 "next, 21, 2026-11-23 10:06:40", sender="sender@example.com", to="a@big.example", channel="remote")
    a = ask(f"The remote said {reply.split('_')[0]} to a@big.example", logs.folder)
    assert a.recipient["verdict"] == "waiting" and a.json["question"]["reason"] == reply.split("_", maxsplit=1)[0]
    assert "203.0.113.25 said: " + reply.replace("_", " ") in a.headline
    assert words in a.recipient["explanation"] and "mail server (203.0.113.25) that said this, not ours" in a.recipient["explanation"]
    assert a.recipient["advice"][0]["who"] == "nobody" and "Nothing at first" in a.recipient["advice"][0]["what"]
    assert "did not take the recipient's address" in a.recipient["explanation"]


# 14: is it us or them?


def test_14_user_unknown_said_by_them(logs):
    logs.submit(7, 11, "lost@big.example")
    logs.attempt(21, 11, 1, "failure, 203.0.113.25_does_not_like_recipient./Remote_host_said:_550_5.1.1_user_unknown/"
                 "Giving_up_on_203.0.113.25./", "bounce, 11, qp 12", sender="sender@example.com", to="lost@big.example",
                 channel="remote")
    a = ask('We got "550 5.1.1 user unknown" for lost@big.example, is it us or them?', logs.folder)
    assert a.status == 0 and a.recipient["verdict"] == "returned"
    assert "203.0.113.25 said: 550 5.1.1 user unknown" in a.headline
    assert "It was the recipient's mail server (203.0.113.25) that said this, not ours" in flat(a.section("Why"))
    assert a.recipient["advice"][0]["who"] == "sender"


def test_14_user_unknown_said_by_us_and_the_address_that_exists(logs):
    logs.accept(6, 10)
    logs.check(7, "rejected rcpt", "not existing recipient", NO_MAILBOX, to="recipent@example.com")
    a = ask('We got "550 5.1.1 user unknown" from a@b.example to recipent@example.com, is it us or them?', logs.folder)
    assert a.status == 0 and "by the recipient check" in a.headline
    assert "on this server" in flat(a.section("Why"))
    assert a.json["nearest"] == [ME] and f"{ME}: 1 message" in a.section("Similar addresses that do occur")


# 15: over quota


def test_15_over_quota_since_when_and_how_many(logs):
    logs.accept(5, 10)
    logs.attempt(20, 10, 1, "success, did_1+0+0/")
    for n in range(3):
        logs.epoch += HOUR
        logs.check(7 + n, "mbx overquota", "rcpt mailbox is overquota", FULL, to=ME)
    a = ask(f'"552 over quota" to {ME}', logs.folder)
    assert a.status == 0 and a.json["found"] == 3
    assert "Refused or returned, by reason" in a.text
    row = [line for line in a.text.splitlines() if "overquota" in line][0].split()
    assert row[0] == "3" and row[1:3] == ["2026-11-23", "11:00:00"] and row[4:6] == ["2026-11-23", "13:00:00"]
    one = ask("connection 9", logs.folder)
    assert ("full since 2026-11-23 11:00:00 +01:00 at the latest; 3 messages were turned away since then."
            in flat(one.section("Why")))
    assert one.recipient["advice"][0]["who"] == "recipient" and "deletes or moves messages" in one.section("Next")


# 16: graylisting


def test_16_fifteen_minutes_late(logs):
    logs.refuse(7, "DENIED_GRAYLISTED", GRAY, sender="x@gmx.example")
    logs.epoch += 15 * 60
    logs.accept(8, 11, sender="x@gmx.example")
    logs.attempt(21, 11, 1, "success, did_1+0+0/", sender="x@gmx.example")
    a = ask("Why do mails from gmx arrive 15 minutes late?", logs.folder)
    assert a.status == 0 and "DENIED_GRAYLISTED" in a.text
    assert "2026-11-23 10:00:00" in a.text and "2026-11-23 10:15:00" in a.text
    assert a.only["verdict"] == "delivered" and "15 min after its first try, which was refused for now (DENIED_GRAYLISTED)" in a.headline
    assert "exempts it from graylisting" in flat(a.section("Next")) and "put off" in a.section("Why")


# 17: all mail of a partner is refused since Monday


def partner(logs):
    logs.accept(5, 10, sender="x@partner.example", ip="198.51.100.1", name="mail.partner.example")
    logs.attempt(20, 10, 1, "success, did_1+0+0/", sender="x@partner.example")
    for n in range(4):
        logs.epoch += DAY // 2
        logs.refuse(30 + n, "DENIED_RDNS_MISSING", NO_RDNS, sender=f"u{n}@partner.example", ip=f"203.0.113.{60 + n // 2}",
                    name="unknown")
    logs.epoch += 60
    logs.refuse(40, "DENIED_RBL_MATCH", "554 Refused. Your IP address is listed in the RBL at bl.example", sender="u@partner.example",
                ip="203.0.113.60", reason="bl.example")


def test_17_all_mail_of_a_partner_is_refused(logs):
    partner(logs)
    a = ask("All mail from partner.example is refused since 2026-11-23 11:00", logs.folder)
    assert a.status == 0 and a.json["found"] == 5
    causes = a.section("Refused or returned, by reason")
    assert "the address of the sending server has no reverse DNS name." in causes
    first = causes.splitlines()[1].split()
    assert first[0] == "4" and first[1:3] == ["2026-11-23", "22:00:00"]
    assert "gate: DENIED_RDNS_MISSING  from 203.0.113.60, 203.0.113.61" in causes or "gate: DENIED_RDNS_MISSING  from 203.0.113.61, 203.0.113.60" in causes
    assert "gate: DENIED_RBL_MATCH" in causes
    assert "this sender was let in, last at 2026-11-23 10:00:00 +01:00 from 198.51.100.1, another address" in causes
    reasons = a.json["reasons"]
    assert [(r["reason"], r["count"]) for r in reasons] == [("gate: DENIED_RDNS_MISSING", 4), ("gate: DENIED_RBL_MATCH", 1)]
    assert sorted(reasons[0]["ips"]) == ["203.0.113.60", "203.0.113.61"] and reasons[0]["first"] == "2026-11-23T22:00:00+01:00"
    for r in reasons:
        assert ask(f"from:*@partner.example reason:\"{r['ask']}\"", logs.folder).json["found"] == r["count"]


def test_17_refused_on_a_day_means_the_verdict(logs):
    partner(logs)
    for question in ("Which mails were refused on 2026-11-24?", "mails refused on 2026-11-24", "all rejected messages on 2026-11-24"):
        a = ask(question, logs.folder)
        assert a.json["question"]["verdict"] == "refused" and a.json["found"] == 2, question
    assert ask("Was the mail from x@partner.example refused?", logs.folder).only["verdict"] == "delivered"
    assert ask("All mail from partner.example is refused", logs.folder).json["found"] == 6


# 18: what came from an address


def test_18_from_an_address_or_a_network(logs):
    logs.session(7, "end, timeout", ip="203.0.113.66")
    logs.refuse(8, "DENIED_RDNS_MISSING", NO_RDNS, ip="203.0.113.99", name="unknown")
    logs.accept(9, 11, ip="2001:db8::25")
    assert ask("Did anything come from 203.0.113.66 today?", logs.folder).only["verdict"] == "abandoned"
    net = ask("Did anything come from 203.0.113.0/24 today?", logs.folder)
    assert net.json["found"] == 2 and net.json["question"]["ip"] == "203.0.113.0/24"
    assert ask("ip:2001:db8::/32", logs.folder).only["ids"]["qp"] == 11
    assert ask("ip:2001:DB8:0:0:0:0:0:25", logs.folder).json["found"] == 1
    assert ask("ip:203.0.113.66/32", logs.folder).json["found"] == 1
    assert ask("Did anything come from 198.51.100.0/24?", logs.folder).status == 1


def test_18_a_session_without_a_recipient_says_what_it_was(logs):
    logs.session(7, "end, timeout", ip="203.0.113.66")
    logs.session(8, "auth-failed, PLAIN recipient@example.com wrong password",
                 "auth-failed, PLAIN recipient@example.com wrong password", "end, too many failed logins", ip="203.0.113.66")
    logs.comma("smtp-25", f"session, 9, 203.0.113.66, 4242, {logs.epoch}.007",
               "gate, refused rbl-match, unknown:203.0.113.66, -, bl.example, 3 ms",
               "resp, 554 Refused. Your IP address is listed in the RBL at bl.example", "")
    late = ask("connection 7", logs.folder)
    assert "No recipient was named by the client 203.0.113.66: timeout" in late.headline and "stayed silent" in late.text
    login = ask("connection 8", logs.folder)
    assert "The login as recipient@example.com failed, as did 1 before it (wrong password)" in login.headline
    assert ask("any:recipient@example.com", logs.folder).only["ids"]["connection"] == 8
    assert ask("reason:password", logs.folder).only["ids"]["connection"] == 8
    assert ask("text:timeout", logs.folder).only["ids"]["connection"] == 7
    assert ask("reason:timeout", logs.folder).only["ids"]["connection"] == 7
    assert ask("verdict:abandoned", logs.folder).json["found"] == 2
    door = ask("connection 9", logs.folder)
    assert door.only["verdict"] == "refused" and "at the door" in door.headline and "public list" in door.text


# 19: any id


def test_19_the_same_message_whichever_id_is_given(logs):
    logs.accept(7, 11)
    logs.attempt(21, 11, 1, "success, did_1+0+0/")
    for question in ("qp 11", "Find connection 7", "delivery 21", "id:11", "id:qp:11", "id:connection:7"):
        assert ask(question, logs.folder).only["ids"] == {"connection": 7, "qp": 11, "deliveries": [21]}, question


def test_19_a_number_used_again_lists_both(logs):
    for day in range(2):
        logs.comma("smtp-25", f"from, a{day}@b.example", "resp, 250 ok", f"to, <{ME}>", "resp, 250 ok", "size, 9",
                   f"resp, 250 ok {logs.epoch} qp 4711", "")
        logs.comma("delivery", f"init, <a{day}@b.example>", f"try, 99, local, {ME}", "result, 99, success, did_1+0+0/")
        logs.epoch += 3 * DAY
    for question in ("qp 4711", "delivery 99"):
        a = ask(question, logs.folder)
        assert a.status == 3 and a.json["found"] == 2 and a.headline.startswith("AMBIGUOUS"), question
        assert {m["from"] for m in a.json["messages"]} == {"a0@b.example", "a1@b.example"}
        assert "use them again" in flat(a.text) and "the sender (a1@b.example or a0@b.example)" in flat(a.text)


def test_19_a_message_id_or_a_remote_queue_id(logs):
    logs.submit(7, 11, "a@big.example")
    logs.attempt(21, 11, 1, "success, 203.0.113.25_accepted_message./Remote_host_said:_250_2.6.0_<abc.123@mail.example>_Queued/",
                 sender="sender@example.com", to="a@big.example", channel="remote")
    assert ask("Find Message-ID <abc.123@mail.example>", logs.folder).only["ids"]["qp"] == 11


# 20: wildcards, no day


def test_20_wildcards_and_no_day(logs):
    logs.accept(7, 11, sender="jane@acme.example", to="invoices@example.com")
    logs.accept(8, 12, sender="jane@acme.example")
    logs.accept(9, 13, sender="john@other.example", to="invoices@example.com")
    a = ask("Somebody from *@acme.* about invoices@..., do not know the day", logs.folder)
    assert a.only["ids"]["qp"] == 11
    limits = a.section("Limits")
    assert "3 files, " in limits and "2026-11-23 10:00:00 +01:00 to 2026-11-23 10:00:00 +01:00" in limits
    assert ask("from:*@acme.*", logs.folder).json["found"] == 2


# 21: near misses


def test_21_he_mistyped(logs):
    logs.accept(6, 10)
    logs.attempt(20, 10, 1, "success, did_1+0+0/")
    a = ask("He mistyped: recipent@example.com", logs.folder)
    assert a.status == 1 and a.json["nearest"] == [ME]
    assert f"{ME}: 1 message, 1 delivered; the latest at 2026-11-23 10:00:00 +01:00" in a.section("Similar addresses that do occur")
    logs.check(7, "rejected rcpt", "not existing recipient", NO_MAILBOX, to="recipent@example.com")
    wrong = ask("He mistyped: recipent@example.com", logs.folder)
    assert wrong.status == 0 and wrong.only["verdict"] == "refused" and wrong.json["nearest"] == [ME]
    right = ask(f"from somebody@else.example to {ME}", logs.folder)
    assert right.status == 1 and right.json["nearest"] == ["recipent@example.com"]
    assert "recipent@example.com: 1 message, 1 refused" in right.text


# 22: no trace at all


def test_22_no_trace_at_all(logs):
    logs.accept(6, 10, sender="else@b.example")
    logs.session(7, "end, timeout", ip="192.0.2.77", name="mx2.b.example")
    logs.epoch += DAY
    logs.accept(8, 12, sender="c@d.example", name="d.example")
    a = ask(f"There is no trace at all: from a@b.example to {ME} on 2026-11-23", logs.folder)
    assert a.status == 1 and a.json["found"] == 0 and a.headline.startswith("NOT FOUND")
    assert "never reached this server" in flat(a.text)
    assert "The logs searched begin at 2026-11-23 10:00:00 +01:00 and end at 2026-11-24 10:00:00 +01:00." in a.text
    parts = a.section("Each part of the question by itself")
    assert "from:a@b.example: nothing" in parts and f"to:{ME}: 2 messages" in parts and "the time asked for: 2 messages" in parts
    calls = a.section("Connections from the sender's side in that time")
    assert "connection 6" in calls and "connection 7" in calls and "connection 8" not in calls
    assert [c["connection"] for c in a.json["connections"]] == [6, 7] or [c["connection"] for c in a.json["connections"]] == [7, 6]
    assert "Message-ID" in a.section("Next") and "time with its zone" in flat(a.section("Next"))
    nobody = ask("from:a@quiet.example", logs.folder)
    assert "None: no server that is called quiet.example" in nobody.text and nobody.json["connections"] == []


# 23: ambiguity


def test_23_two_in_one_minute(logs):
    logs.accept(7, 11, size=620)
    logs.epoch += 20
    logs.accept(8, 12, size=23533, ip="192.0.2.99")
    a = ask(f"from a@b.example to {ME} on 2026-11-23", logs.folder)
    assert a.status == 3 and a.json["found"] == 2 and a.headline.startswith("AMBIGUOUS")
    assert "the time, the size (23,533 or 620), the client's address (192.0.2.99 or 192.0.2.12), the ID (qp 12 or qp 11)" in a.headline
    assert ask(f"from a@b.example to {ME} on 2026-11-23 10:00:20", logs.folder).status == 3
    assert ask("qp 12", logs.folder).only["size"] == 23533


# 24: their time


def test_24_their_time(logs):
    logs.epoch += 11 * HOUR  # 21:00 here, 15:00 in New York
    logs.accept(7, 11)
    a = ask("from a@b.example at 15:00 EST", logs.folder)
    assert a.status == 0 and a.only["time"] == "2026-11-23T21:00:00+01:00" and "21:00:00 +01:00" in a.headline
    there = ask("from a@b.example at 3 pm on 2026-11-23", logs.folder, "--tz", "America/New_York")
    assert there.only["time"] == "2026-11-23T15:00:00-05:00"
    assert "zone of the logs: +01:00" in there.text and "times are shown in America/New_York" in there.text
    assert ask("from a@b.example at 15:00", logs.folder).status == 1
    logs.epoch += 12 * HOUR  # 9:00 of the next day: the latest 21:00 is the day before
    logs.accept(8, 12)
    assert ask("from a@b.example at 21:00", logs.folder).only["ids"]["qp"] == 11


def test_24_across_the_repeated_hour(tmp_path):
    epoch = 1603585800  # 2020-10-25 02:30 CEST, an hour later it is 02:30 again
    lines = [f"2020-10-25 00:30:00, zone, +02:00, {epoch - 7200}", "2020-10-25 02:30:00, session, 1, 192.0.2.1, 42, %d.000" % epoch,
             "2020-10-25 02:30:00, from, first@b.example", "2020-10-25 02:30:00, resp, 250 ok", f"2020-10-25 02:30:00, to, <{ME}>",
             "2020-10-25 02:30:00, resp, 250 ok", "2020-10-25 02:30:00, size, 1", f"2020-10-25 02:30:00, resp, 250 ok {epoch} qp 1", "",
             f"2020-10-25 02:00:00, zone, +01:00, {epoch + 1800}", "2020-10-25 02:30:00, session, 2, 192.0.2.1, 42, %d.000" % (epoch + 3600),
             "2020-10-25 02:30:00, from, second@b.example", "2020-10-25 02:30:00, resp, 250 ok", f"2020-10-25 02:30:00, to, <{ME}>",
             "2020-10-25 02:30:00, resp, 250 ok", "2020-10-25 02:30:00, size, 1", f"2020-10-25 02:30:00, resp, 250 ok {epoch + 3600} qp 2", ""]
    (tmp_path / "smtp-25.log").write_text("\n".join(lines) + "\n")
    a = ask(f"to:{ME}", tmp_path, "--tz", "UTC")
    assert [m["from"] for m in a.json["messages"]] == ["second@b.example", "first@b.example"]


# 25: New Year's night


def test_25_new_years_night(tmp_path):
    before, after = 1609455599, 1609455601  # 2020-12-31 23:59:59 and 2021-01-01 00:00:01 +01:00
    line = ("{} mx spamdyke[{}]: ALLOWED from: a@b.example to: recipient@example.com origin_ip: 192.0.2.1 origin_rdns: b.example "
            "auth: (unknown) encryption: (none) reason: 250_ok_{}_qp_{}\n")
    (tmp_path / "spamdyke.log").write_text(line.format("Dec 31 23:59:59", 1, before, 11) + line.format("Jan  1 00:00:01", 2, after, 12))
    a = ask("from:a@b.example", tmp_path)
    assert [m["time"] for m in a.json["messages"]] == ["2021-01-01T00:00:01+01:00", "2020-12-31T23:59:59+01:00"]
    assert "the year that syslog leaves out is proven by the lines themselves" in a.text


# 26: forwarded, and bounced there


def forwarded(logs):
    logs.accept(7, 11, to="info@example.com")
    logs.attempt(21, 11, 1, "success, did_0+1+0/qp_12/", to="info@example.com")
    logs.attempt(22, 12, 1, "failure, 203.0.113.25_does_not_like_recipient./Remote_host_said:_550_5.7.1_SPF_check_failed/"
                 "Giving_up_on_203.0.113.25./", "bounce, 12, qp 13", to="out@gmail.example", channel="remote")
    logs.attempt(23, 13, 1, "success, 192.0.2.12_accepted_message./Remote_host_said:_250_ok_1_qp_2/", sender="", to="a@b.example",
                 channel="remote")


def test_26_forwarded_and_bounced_there_is_one_tree(logs):
    forwarded(logs)
    there = ask("The mail from a@b.example was forwarded to gmail and bounced there", logs.folder)
    assert there.only["ids"]["qp"] == 12 and there.only["verdict"] == "returned" and "message 11 to info@" in there.headline
    a = ask("qp 11", logs.folder)
    assert a.status == 0 and a.only["verdict"] == "forwarded"
    chain = [line.strip() for line in a.headline.splitlines() if line.strip().startswith("message ")]
    assert chain[0] == "message 11 to info@example.com: forwarded (this one)"
    assert chain[1].startswith("message 12 (the forward) to out@gmail.example: Not delivered, returned to the sender ")
    assert "203.0.113.25 said: 550 5.7.1 SPF check failed" in chain[1]
    assert chain[2].startswith("message 13 (the bounce) to a@b.example: Passed on at ")
    assert [(c["qp"], c["relation"], c["verdict"]) for c in a.only["chain"]] == [
        (11, None, "forwarded"), (12, "forward", "returned"), (13, "bounce", "relayed")]
    assert ask("qp 13", logs.folder).headline.count("message 1") >= 3


def test_26_one_chain_is_one_message(logs):
    forwarded(logs)
    logs.attempt(24, 12, 2, "deferral, server_restarted/", to="info@example.com")
    a = ask("from a@b.example to info@example.com on 2026-11-23", logs.folder)
    assert a.status == 0 and a.json["found"] == 2 and a.headline.startswith("FORWARDED")
    assert "message 12 (the forward)" in a.headline


# 30: our delivery goes on in the log of the server that took it


TAKEN = "success, 203.0.113.25_accepted_message./Remote_host_said:_250_2.0.0_Ok:_queued_as_4F1A2B/Asked_server_mx.big.example./"


def their_log(logs, *messages):
    """Postfix's: (seconds from ours, sender, recipient, how it ended) of messages that all have that id."""
    path = logs.folder.parent / "their.log"
    with open(path, "w", encoding="utf-8") as f:
        for after, sender, to, status in messages:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(logs.epoch + after))
            for line in ("smtpd[7]: 4F1A2B: client=mx.example.com[192.0.2.1]", f"qmgr[8]: 4F1A2B: from=<{sender}>, size=900, nrcpt=1 (queue active)",
                         f"virtual[9]: 4F1A2B: to=<{to}>, relay=virtual, delay=1, delays=0/0/0/1, dsn=2.0.0, status={status}",
                         "qmgr[8]: 4F1A2B: removed"):
                f.write(f"{stamp} mx postfix/{line}\n")
    return path


@pytest.mark.parametrize("messages, verdict, confidence, words", [
    ([(0, "sender@example.com", "x@big.example", "sent (delivered to maildir)")], "delivered", "exact", "There: Delivered"),
    ([(0, "sender@example.com", "x@big.example", "bounced (over quota)")], "returned", "exact", "over quota"),
    ([(-9 * DAY, "sender@example.com", "x@big.example", "bounced (no)"),
      (1, "sender@example.com", "x@big.example", "sent (delivered to maildir)")], "delivered", "exact", "There: Delivered"),
    ([(2 * HOUR, "sender@example.com", "x@big.example", "sent (delivered to maildir)")], "delivered", "strong", "ahead of that of this server"),
    ([(0, "sender@example.com", "other@big.example", "sent (delivered to maildir)")], "relayed", "strong", "(the next server) to other@big.example: Delivered"),
    ([(0, "stranger@other.example", "x@big.example", "sent (delivered to maildir)")], "relayed", "exact", "answers for the message"),
    ([(-9 * DAY, "sender@example.com", "x@big.example", "sent (delivered to maildir)")], "relayed", "exact", "answers for the message"),
], ids=["sent", "bounced there", "an id that came again", "another clock", "another name there", "another sender", "long ago"])
def test_30_the_log_of_the_server_that_took_it(logs, messages, verdict, confidence, words):
    logs.submit(7, 11, "x@big.example")
    logs.attempt(21, 11, 1, TAKEN, sender="sender@example.com", to="x@big.example", channel="remote")
    a = ask("qp 11", logs.folder, "--logs", str(their_log(logs, *messages)))
    assert a.only["verdict"] == verdict and a.only["confidence"] == confidence, a.text
    assert words in flat(a.text), a.text


# 27: a burst, 28: volumes


def test_27_who_sent_that_burst(logs):
    for n in range(30):
        logs.submit(100 + n, 200 + n, f"v{n}@big.example", user="info@example.com", ip="203.0.113.9")
        logs.epoch += 1
    a = ask("any:info@example.com after:2026-11-23 verdict:waiting", logs.folder, "--limit", "5")
    assert a.json["found"] == 30 and "30 messages: 30 waiting." in a.headline and "5 of 30 messages are shown" in a.text
    assert {(m["client"]["auth"], m["client"]["ip"]) for m in a.json["messages"]} == {("info@example.com", "203.0.113.9")}
    why = ask("Who sent that burst last night?", logs.folder)
    assert why.status == 2 and "asks about many messages at once" in why.stderr and "any:" in why.stderr


def test_28_how_much_do_we_refuse(logs):
    partner(logs)
    a = ask("How many mails were refused?", logs.folder)
    assert a.json["found"] == 5 and "5 messages: 5 refused." in a.headline
    assert sum(r["count"] for r in a.json["reasons"]) == 5
    assert ask("p95 delivery time", logs.folder).status == 2


# The form of every answer


QUESTIONS = ("any:*", "on:2021-03-09", "id:15309", "nobody@nowhere.example", "from:correspondent@*", "verdict:refused")


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_can_be_pasted(question):
    a = ask(question)
    assert "\t" not in a.text and not any(line != line.rstrip() for line in a.text.splitlines())
    assert "  ." not in a.text and ".." not in a.text.replace("...", "") and "(null)" not in a.text
    if a.json["found"] == 1:
        in_order(a.text, a.only["verdict"].upper(), "\nTimeline", "\nWhy", "\nNext", "\nEvidence", "\nConfidence", "\nLimits")
    assert json.dumps(a.json) and a.text.endswith("\n")


def test_every_answer_says_what_was_searched():
    for question in QUESTIONS:
        a = ask(question, PROVIDER)
        assert "4 files, 27 lines, all understood; from 2021-03-09 11:10:37 +02:00 to 2021-03-10 14:17:33 +02:00" in a.section("Limits")
