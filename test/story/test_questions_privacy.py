r"""Question 29: an owner sees his own mail, and nothing that he does or asks shows him another's address.

The logs hold one secret, other tenants' addresses, in every place and spelling that we could think of; whatever the
owner asks, neither form of the answer may hold it, nor tell a right guess from a wrong one.
"""
import json

import pytest

from questions import ME, ask, run

OWN = ["--domain", "example.com"]
SECRET = "johanna"  # the local part that must never be seen
HER = SECRET + "@other.example"
NO_MAILBOX = "550 5.1.1 sorry, no mailbox here by that name (chkuser)"


def shown(question, logs, *options):
    """Everything that the owner gets to see: text, JSON, messages; but for what he asked himself."""
    a = ask(question, logs.folder, *options)
    whole = dict(a.json or {})
    whole.pop("question", None)
    text = "\n".join(line for line in a.text.splitlines() if not line.startswith("  asked:") and question not in line)
    return text + json.dumps(whole, ensure_ascii=False)


# Where an address may hide in a line that an owner may see.


REPORTS = [
    f"<{HER}>:_Recipient_address_rejected",
    f"550_see_https://spf.example/Why?id={SECRET}%40other.example;ip=192.0.2.1",
    f"550_5.1.1_{SECRET}=40other.example_unknown",
    f"550_\\x3c{SECRET}\\x40other.example\\x3e_unknown",
    f"550_\\x5cx3c{SECRET}\\x5cx40other.example_unknown",
    f'550_"{SECRET}_doe"@other.example_unknown',
    f'550_"a\\x5c"{SECRET}"@other.example_unknown',
    f'550_"a\\"{SECRET}"@other.example_unknown',
    f"250_Message-ID_<2021.{SECRET}.7@other.example>_taken",
    f"550_prvs=1234abcd={HER}_unknown",
    f"550_<list-return-5-{SECRET}=other.example@example.com>_unknown",
    f"550_SRS0=Hh1=T2=other.example={SECRET}@example.com_unknown",
    f"550_{SECRET}%other.example@example.com_unknown",
    f"550_other.example!{SECRET}@example.com_unknown",
    f"550_{SECRET}@[192.0.2.1]_unknown",
    f"550_{SECRET}@OTHER.EXAMPLE.,{SECRET.upper()}@other.example_unknown",
    f"550_x@example.com,{HER}_unknown",
    f"550_{SECRET}&#64;other.example_unknown",
    f"550_{SECRET}%2540other.example_unknown",
    f"550_\uff1c{SECRET}\uff20other.example_unknown",
    f"550_{SECRET}@example.com.evil.example_unknown",
    f"550_{SECRET}@notexample.com_unknown",
]


@pytest.mark.parametrize("report", REPORTS)
def test_29_no_address_escapes_from_a_report(logs, report):
    logs.accept(7, 11)
    logs.attempt(21, 11, 1, f"failure, {report}/", "bounce, 11, qp 12")
    assert SECRET in ask("qp 11", logs.folder).text.lower()
    for question in ("qp 11", "any:*"):
        assert SECRET not in shown(question, logs, *OWN).lower()
        assert SECRET not in shown(question, logs, "--mailbox", ME).lower()


@pytest.mark.parametrize("local", ["johanna b", "johanna\tb", "johanna(x)b", "johanna,b", "johanna:b", "b;johanna"])
def test_29_no_address_escapes_by_odd_bytes(tmp_path, local):
    """qmail takes what no standard allows, and old logs have it as it came."""
    lines = [f"from, {local}@other.example", "resp, 250 ok", f"to, <{ME}>", f"resp, 550 <{local}@other.example> is not welcome", ""]
    (tmp_path / "smtp-25.log").write_text("".join(f"2021-03-09 12:43:51, {line}\n" if line else "\n" for line in lines))
    (tmp_path / "delivery.log").write_text(f"2021-03-09 12:43:51, init, <{local}@other.example>\n"
                                           f"2021-03-09 12:43:51, try, 7, local, {ME}\n2021-03-09 12:43:51, result, 7, success, did_1+0+0/\n")
    for question in ("any:*", "verdict:refused", "delivery 7"):
        a = ask(question, tmp_path, *OWN)
        assert a.json["found"] > 0 and SECRET not in a.text + json.dumps(a.json), question
    assert SECRET in ask("any:*", tmp_path).text


def lines_of(logs):
    """A message to her and to us in one connection, from her neighbour, with a name and a login that tell of her."""
    logs.session(7, "auth-failed, PLAIN johanna@other.example wrong password", "auth, PLAIN johanna@other.example",
                 "from, johanna@other.example", "resp, 250 ok", f"to, <{ME}>", "resp, 250 ok", "to, <johanna.b@third.example>",
                 "check, rejected rcpt, x:192.0.2.12, johanna.b@third.example, not existing recipient", "resp, " + NO_MAILBOX,
                 "to, <\"johanna, b\"@third.example>", "resp, 250 ok", "size, 5", f"resp, 250 ok {logs.epoch} qp 11",
                 name="johanna@other.example")
    logs.gate(7, "ALLOWED", HER, ME, f"250_ok_{logs.epoch}_qp_11", user="johanna")
    logs.gate(7, "DENIED_OTHER", HER, "johanna.b@third.example", NO_MAILBOX.replace(" ", "_"), user="johanna")
    logs.attempt(21, 11, 1, "success, did_1+0+0/", sender=HER)
    logs.attempt(22, 11, 1, "failure, johanna@third.example:_550_no/", "bounce, 11, qp 12", sender=HER, to='"johanna, b"@third.example')
    logs.session(8, "auth-failed, PLAIN johanna@other.example wrong password", "end, quit", name="johanna@other.example")
    logs.session(9, "from, johanna@other.example", "resp, 250 ok", "end, timeout")
    logs.check(10, "rejected rcpt", "not existing recipient", NO_MAILBOX, sender=HER, to="johannes@other.example")


QUESTIONS = ["any:*", "qp 11", "from:*", "to:*", "text:*", "reason:*", "verdict:refused", "verdict:returned", "verdict:mixed", "ip:192.0.2.12",
             "connection 7", "connection 8", "connection 9", "connection 10", "delivery 21", "delivery 22", "qp 12", "nobody@example.com",
             "johanne@other.example", "recipient@example.co", "text:johann", "reason:mailbox", "port:25", "on:2026-11-23", "from:*@other.example",
             "joha", "id:<johanna@other.example>", "id:johanna", "mails refused on 2026-11-23"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_29_whatever_is_asked(logs, question):
    lines_of(logs)
    assert SECRET in ask("any:*", logs.folder).text
    for scope in (OWN, ["--mailbox", ME], ["--domain", "example.com", "--mailbox", ME]):
        text = shown(question, logs, *scope)
        assert SECRET not in text.replace(question, "")
        assert "johannes" not in text


def test_29_of_a_shared_message_the_owner_sees_his_part(logs):
    lines_of(logs)
    a = ask("any:*", logs.folder, *OWN)
    assert a.json["found"] == 1 and a.headline.startswith("DELIVERED")
    m = a.only
    assert [r["address"] for r in m["recipients"]] == [ME] and m["from"] == "j***a@other.example"
    assert m["verdict"] == "delivered" and m["ids"]["deliveries"] == [21]
    assert m["client"]["auth"] == "j***a@other.example" and "bounce" not in a.text
    assert {e["evidence"]["offset"] for e in m["timeline"]} == {None}
    assert "third.example" not in a.text + json.dumps(a.json) and "auth-failed" not in a.text
    assert "shown to the owner of example.com: addresses of others are masked" in a.section("Limits")
    for question in ("connection 8", "connection 9", "connection 10", "delivery 22", "qp 12", "verdict:refused", "verdict:mixed"):
        assert ask(question, logs.folder, *OWN).status == 1, question


# A guess is answered alike, right or wrong: all that fits what is shown.


@pytest.mark.parametrize("right,wrong", [
    (HER, "jemina@other.example"),
    ("from:" + HER, "from:jemina@other.example"),
    ("from:johanna@*", "from:jemina@*"),
    ("from:joh*", "from:jem*"),
    ("from:*hanna@other.example", "from:*emina@other.example"),
    ("from:johanna", "from:jemina"),
    ("any:johanna", "any:jemina"),
    ("text:johanna", "text:jemina"),
    ("text:" + HER, "text:jemina@other.example"),
    ("text:\"johanna@other.example to\"", "text:\"jemina@other.example to\""),
    ("text:ohann", "text:emin"),
    ("id:" + HER, "id:jemina@other.example"),
    ("id:johanna", "id:jemina"),
    ("reason:johanna", "reason:jemina"),
    ("to:johanna.b@third.example", "to:jxxxxxx.b@third.example"),
    ("any:johanna.b@third.example", "any:nobody.b@third.example"),
])
def test_29_a_guess_cannot_be_confirmed(logs, right, wrong):
    lines_of(logs)
    for scope in (OWN, ["--mailbox", ME]):
        a, b = run(right, "--logs", str(logs.folder), *scope), run(wrong, "--logs", str(logs.folder), *scope)
        assert a.returncode == b.returncode
        assert a.stdout.replace(right.split(":")[-1].strip('"'), "") == b.stdout.replace(wrong.split(":")[-1].strip('"'), "")


def test_29_the_owner_finds_his_mail_by_the_whole_address_and_by_its_mask(logs):
    lines_of(logs)
    for question in (f"What happened to the mail from {HER} to {ME}?", "from:j***a@other.example", "from:*@other.example", "to:" + ME):
        assert ask(question, logs.folder, *OWN).json["found"] == 1, question
    assert ask("from:x***y@other.example", logs.folder, *OWN).status == 1


def test_29_me_is_whose_mail_is_asked_about(logs):
    lines_of(logs)
    mine = ask("mails to me", logs.folder, "--mailbox", ME).json
    assert mine["found"] > 0 and mine["found"] == ask(f"to:{ME}", logs.folder, "--mailbox", ME).json["found"]
    assert mine["question"]["to"] in (ME, [ME])
    nobody = run("mails to me", "--logs", str(logs.folder), *OWN)
    assert nobody.returncode == 2 and "which mailbox `me` is" in nobody.stderr


def test_29_masked_addresses_are_told_apart(logs):
    for n, name in enumerate(("johanna", "julia", "johanna", "jutta", "JULIA")):
        logs.accept(20 + n, 30 + n, sender=name + "@other.example")
    rows = [m["from"] for m in ask("any:*", logs.folder, *OWN).json["messages"]]
    names = ["j***a@other.example", "j***a(2)@other.example", "j***a(3)@other.example"]
    assert rows == [names[0], names[1], names[2], names[0], names[2]] or rows == [names[0], names[1], names[2], names[0], names[0]]
    text = ask("any:*", logs.folder, *OWN).text
    for name in names:
        assert name in text
    assert ask("qp 30", logs.folder, *OWN).only["from"] == names[0]
    assert ask("from:" + names[1], logs.folder, *OWN).json["found"] == 5


def test_29_a_tag_in_front_of_an_address_does_not_make_it_another(logs):
    logs.accept(20, 30, sender="prvs=1234abcd=johanna@other.example")
    logs.accept(21, 31, sender="prvs=9999ffff=johanna@other.example")
    text = ask("any:*", logs.folder, *OWN).text
    assert "j***a@other.example" in text and "(2)" not in text


def test_29_an_owner_finds_the_failed_logins_of_his_accounts(logs):
    logs.session(8, f"auth-failed, PLAIN {ME} wrong password", "auth-failed, PLAIN johanna@other.example wrong password", "end, quit")
    a = ask("any:*", logs.folder, *OWN)
    assert a.only["ids"]["connection"] == 8 and "The login as recipient@example.com failed (wrong password)" in a.headline
    assert "other.example" not in a.text and "other.example" not in json.dumps(a.json)
    assert ask("any:*", logs.folder, "--domain", "third.example").status == 1


def test_29_of_an_alias_a_mailbox_sees_its_own_target(logs):
    logs.accept(7, 11, to="info@example.com")
    for n, (to, result) in enumerate(((ME, "success, did_1+0+0/"), ("sender@example.com", "failure, sender@example.com:_no/"))):
        logs.comma("delivery", "init, <a@b.example>", f"info, {21 + n}, qp 11, attempt 1, bytes 9, {logs.epoch}.100",
                   f"alias, {21 + n}, info@example.com", f"try, {21 + n}, local, {to}", f"result, {21 + n}, {result}", f"done, {21 + n}, 3")
    a = ask("any:*", logs.folder, "--mailbox", ME)
    assert a.only["verdict"] == "delivered" and a.only["ids"]["deliveries"] == [21]
    assert "s***r@example.com" not in a.text and "sender@example.com" not in a.text
    assert ask("delivery 22", logs.folder, "--mailbox", ME).status == 1
    assert ask("any:*", logs.folder, "--domain", "example.com").only["ids"]["deliveries"] == [21, 22]


def test_29_a_forward_is_followed_and_its_target_masked(logs):
    logs.accept(7, 11)
    logs.attempt(21, 11, 1, "success, did_0+1+0/qp_12/")
    logs.attempt(22, 12, 1, "failure, 203.0.113.25_does_not_like_recipient./Remote_host_said:_550_johanna@other.example_unknown/",
                 "bounce, 12, qp 13", to=HER, channel="remote")
    a = ask("qp 11", logs.folder, "--mailbox", ME)
    assert "message 12 (the forward): returned" in a.headline and SECRET not in a.text + json.dumps(a.json["messages"])


def test_29_nothing_near_a_no_tells_of_others(logs):
    lines_of(logs)
    a = ask("from:johanno@other.example to:nobody@example.com on:2026-11-23", logs.folder, *OWN)
    assert a.status == 1 and a.json["nearest"] == [] and a.json["connections"] == [] and "Connections" not in a.text


def test_29_an_address_of_ours_that_carries_hers_is_not_offered(logs):
    logs.accept(20, 30, sender="list-johanna=other.example@example.com")
    for guess in ("mist-johanna=other.example@example.com", "list-johanna=other.example@example.co"):
        a = ask("from:" + guess, logs.folder, *OWN)
        assert a.status == 1 and a.json["nearest"] == [] and "Similar" not in a.text
    assert ask("any:*", logs.folder, *OWN).only["from"] == "l***e@example.com"


@pytest.mark.parametrize("scope", [("--domain", ""), ("--domain", "@"), ("--mailbox", "")])
def test_29_an_owner_without_a_name_is_shown_nothing(logs, scope):
    lines_of(logs)
    a = run("any:*", "--logs", str(logs.folder), *scope)
    assert a.returncode == 2 and a.stdout == "" and scope[0] in a.stderr


def test_29_a_no_to_an_owner_does_not_deny_the_mail_of_others(logs):
    logs.accept(7, 11, sender=HER)
    for question, words in (("qp 11", "it was for no mailbox shown here and from none, or it never reached this server"),
                            ("verdict:delivered", "Nothing of that kind happened to a mailbox shown here")):
        a = ask(question, logs.folder, "--domain", "third.example")
        assert a.status == 1 and words in " ".join(a.text.split()), question
    assert "shown here" not in ask("from:nobody@example.com", logs.folder).text


def test_29_what_the_gate_found_for_another_recipient_is_not_told_of(logs):
    """Of the message itself it judges for each recipient, behind the last one's lines: not even her domain is told."""
    def gate(outcome, who, words):
        return f"gate, {outcome}, out.b.example:192.0.2.12, {who}, {words}"
    logs.session(7, "from, a@b.example", "resp, 250 ok", f"to, <{HER}>", "resp, 250 ok", f"to, <{ME}>",
                 gate("refused rdns-missing", ME, "words of mine, 1 ms"), "resp, 250 ok", "size, 24",
                 gate("refused dmarc", HER, "words of hers, 1 ms"), gate("refused dmarc", ME, "more words of mine, 1 ms"),
                 f"gate, data, skipped header-blacklist whitelisted_by_recipient-whitelist_{HER}",
                 "resp, 250 ok 1235 qp 11")
    whole = ask("connection 7", logs.folder)
    assert HER in whole.text and "words of hers" in whole.text
    for scope in (OWN, ["--mailbox", ME]):
        a = ask("connection 7", logs.folder, *scope)
        seen = a.text + json.dumps(a.json)
        assert "words of mine" in seen and "more words of mine" in seen
        assert "other.example" not in seen and "words of hers" not in seen and "header-blacklist" not in seen
