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


def test_an_empty_log_is_an_answer(tmp_path):
    empty = tmp_path / "maillog"
    empty.write_text("")
    a = ask("to:" + ME, empty)
    assert a.status == 1 and "The logs searched are empty, so they prove nothing" in flat(a.text)
    assert a.json["searched"]["files"] == [str(empty)] and a.json["searched"]["lines"] == 0
    empty.write_text("\x01\x02 no log\n")
    assert run("to:" + ME, "--logs", str(empty)).returncode == 2
