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


def test_an_empty_log_is_an_answer(tmp_path):
    empty = tmp_path / "maillog"
    empty.write_text("")
    a = ask("to:" + ME, empty)
    assert a.status == 1 and "The logs searched are empty, so they prove nothing" in flat(a.text)
    assert a.json["searched"]["files"] == [str(empty)] and a.json["searched"]["lines"] == 0
    empty.write_text("\x01\x02 no log\n")
    assert run("to:" + ME, "--logs", str(empty)).returncode == 2
