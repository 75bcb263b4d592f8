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


def test_an_empty_log_is_an_answer(tmp_path):
    empty = tmp_path / "maillog"
    empty.write_text("")
    a = ask("to:" + ME, empty)
    assert a.status == 1 and "The logs searched are empty, so they prove nothing" in flat(a.text)
    assert a.json["searched"]["files"] == [str(empty)] and a.json["searched"]["lines"] == 0
    empty.write_text("\x01\x02 no log\n")
    assert run("to:" + ME, "--logs", str(empty)).returncode == 2
