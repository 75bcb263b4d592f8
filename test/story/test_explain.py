"""`telltale explain` as a support desk uses it: questions 6 to 8, without a log, a network or a configuration."""
import glob
import json
import os
import subprocess

import pytest

from harness import ROOT

PROVIDER = sorted(glob.glob(os.path.join(ROOT, "test", "golden", "provider", "*.log")))


@pytest.fixture(name="explain")
def fixture_explain(server, tmp_path):
    def explain(*args, text=""):
        return subprocess.run([os.path.join(server.build, "telltale"), "explain", *args], input=text.encode(),
                              capture_output=True, timeout=60, check=False, cwd=tmp_path,
                              env={"TZ": "Europe/Sofia", "PATH": "/nowhere"})
    return explain


def facts(done):
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert list(answer) == ["kind", "meaning", "final", "who", "advice", "fields"]
    return answer


@pytest.mark.smoke
def test_the_final_reply_is_a_time_and_a_number(explain):
    answer = facts(explain("--json", "250 ok 1615286631 qp 15309"))
    assert answer["final"] is True and answer["who"] == "nobody"
    assert answer["fields"]["code"] == 250 and answer["fields"]["class"] == "accepted"
    assert answer["fields"]["epoch"] == 1615286631 and answer["fields"]["qp"] == 15309
    assert answer["fields"]["utc"] == "2021-03-09 10:43:51"
    assert answer["fields"]["local"] == "2021-03-09 12:43:51 +02:00"
    assert facts(explain("--json", "250", "ok", "1615286631", "qp", "15309")) == answer


def test_a_report_counts_deliveries(explain):
    answer = facts(explain("--json", "smtp_auth/did_0+0+1/"))
    counts = {name: answer["fields"][name] for name in ("mailboxes", "forwards", "programs")}
    assert counts == {"mailboxes": 0, "forwards": 0, "programs": 1}
    assert "logged in" in answer["meaning"]
    assert "logged in" not in facts(explain("--json", "did_0+0+1/"))["meaning"]


@pytest.mark.parametrize("code, final, who", [
    ("DENIED_RDNS_MISSING", None, "sender"),
    ("GRAYLISTED", False, "nobody"),
    ("RBL_MATCH", True, "sender"),
    ("TIMEOUT", False, "nobody"),
    ("mbx overquota", True, "recipient"),
    ("5.1.1", True, "sender"),
    ("Unable_to_chdir_to_maildir._(#4.2.1)/", False, "postmaster"),
])
def test_who_must_act(explain, code, final, who):
    answer = facts(explain("--json", code))
    assert (answer["final"], answer["who"]) == (final, who)
    assert answer["meaning"] and answer["advice"]


def test_every_line_of_the_provider_is_known(explain):
    lines = [line for path in PROVIDER for line in open(path, encoding="utf-8").read().split("\n") if line]
    done = explain("--json", text="\n".join(lines) + "\n")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(answers) == len(lines) > 20
    assert all(a["meaning"] and a["kind"].endswith("-log-line") for a in answers)
    assert sum("2 days apart" in a["meaning"] for a in answers) == 1


def test_what_is_not_known_is_said(explain):
    done = explain("this and that")
    assert (done.returncode, done.stdout) == (1, b"") and b"not known: this and that" in done.stderr
    assert json.loads(explain("--json", "this and that").stdout)["kind"] == "unknown"
    assert explain(text="421\nthis and that\n").returncode == 1
    assert explain().returncode == 2
    assert explain("").returncode == 2
    assert explain("--help").stdout.startswith(b"usage: telltale explain")


def test_hostile_bytes_stay_off_the_terminal(explain):
    for text in ("550 no\x1b]0;title\x07 such", "hello \x1b[2J\x9b31m \u202egpj", "250 ok \x7f\x00"):
        done = explain(text=text)
        shown = (done.stdout + done.stderr).decode()
        assert not any(ord(c) < 32 and c != "\n" or 0x7f <= ord(c) < 0xa0 or c == "\u202e" for c in shown), text


@pytest.mark.parametrize("question, kinds", [
    ("What does `250 ok 1615286631 qp 15309` mean?", ["smtp-reply"]),
    ("What does `did_0+0+1/` mean? And `smtp_auth/did_0+0+1/`?", ["delivery-report"] * 2),
    ("What is DENIED_RDNS_MISSING / GRAYLISTED / RBL_MATCH / TIMEOUT?", ["gate-code"] * 4),
])
def test_the_question_in_words(explain, question, kinds):
    done = explain("--json", question)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == kinds
    assert explain("--json", *question.split()).stdout == done.stdout
    assert explain(question).stdout.count(b"\n  means ") == len(kinds)
