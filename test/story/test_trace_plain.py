"""What a support person reads: the reply that was really given, values named once, words that can be copied."""
from questions import ME, Logs, ask, run

import pytest

LINK = "https://www.example.com/refused#DENIED_HEADER_BLACKLISTED"
CASINO = f"554 Refused. Your message has been blocked due to its content. See: {LINK}"


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


def refuse_whole(logs, number, to=ME):
    logs.session(number, "from, a@b.example", "resp, 250 ok", f"to, <{to}>",
                 f"check, accepted rcpt, out.b.example:192.0.2.12, {to}, found existing recipient", "resp, 250 ok", "size, 207",
                 f'gate, refused header-blacklist, out.b.example:192.0.2.12, {to}, "Subject: Casino" matches Subject: *casino*, 0 ms',
                 f"resp, {CASINO}")
    logs.gate(number, "DENIED_HEADER_BLACKLISTED", "a@b.example", to, "Subject:_*casino*")


def test_a_refusal_of_the_whole_message_is_told_with_its_own_reply(logs):
    refuse_whole(logs, 7)
    a = ask("from:a@b.example", logs.folder)
    assert f"Refused by the gate (DENIED_HEADER_BLACKLISTED): {CASINO}\n" in a.headline + "\n", a.text
    assert "250 ok" not in a.headline


def test_a_link_is_not_followed_by_a_full_stop(logs):
    logs.refuse(7, "DENIED_RDNS_RESOLVE", f"421 Refused. See: {LINK}")
    a = ask("from:a@b.example", logs.folder)
    assert LINK in a.text and LINK + "." not in a.text


@pytest.mark.parametrize("question", ["id:connection 7", 'id:"connection 7"', "connection 7", "id: connection 7"])
def test_an_id_is_understood_as_it_stands_in_the_table(logs, question):
    refuse_whole(logs, 7)
    assert ask(question, logs.folder).headline.startswith("REFUSED")


def test_what_tells_messages_apart_names_each_value_once(logs):
    for number, qp, ip in ((1, 11, "192.0.2.12"), (2, 12, "192.0.2.12"), (3, 13, "192.0.2.13")):
        logs.accept(number, qp, ip=ip)
        logs.epoch += 60
    a = ask(f"from a@b.example to {ME} on 2026-11-23", logs.folder)
    assert "the client's address (192.0.2.13 or 192.0.2.12)" in a.text, a.text


def test_a_retry_within_a_minute_is_told_in_seconds(logs):
    logs.refuse(1, "DENIED_GRAYLISTED", "421 Your address has been graylisted. Try again later.")
    logs.epoch += 20
    logs.accept(2, 12)
    a = ask("from:a@b.example", logs.folder)
    assert "20 s after its first try" in a.text and "accepted 20 s later" in a.text, a.text


def test_the_gate_line_is_told_in_words(logs):
    reply = "451 Your message cannot be accepted now. Try again later."
    logs.refuse(7, "DENIED_RSPAMD_LATER", reply, reason=reply.replace(" ", "_"))
    assert f"DENIED_RSPAMD_LATER: {reply}\n" in ask("from:a@b.example", logs.folder).section("Timeline")


def test_a_reply_as_a_question_leads_to_what_answers_it(logs):
    logs.accept(1, 11)
    done = run("--logs", str(logs.folder), "554 Refused. You have no reverse DNS entry")
    assert done.returncode == 2 and 'text:"WORDS"' in done.stderr and "telltale explain" in done.stderr


def test_a_from_line_that_is_not_the_envelope_is_thought_of(logs):
    logs.accept(1, 11)
    assert "A sender is found here by the envelope" in ask("from:news@shop.example", logs.folder).text
    assert "envelope" not in ask("to:nobody@shop.example", logs.folder).text


@pytest.mark.parametrize("question", ["mails in junk", "what was junked?", "which mails went to the junk folder"])
def test_what_lies_in_junk_is_asked_for_in_plain_words(logs, question):
    for number, result in ((11, "success, did_1+0+0/"), (12, "success, junk/did_1+0+0/")):
        logs.accept(number, number)
        logs.attempt(number, number, 1, result)
    a = ask(question, logs.folder)
    assert a.json["found"] == 1 and "put into the mailbox's Junk folder" in a.headline, a.text
