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
    misspelt = explain("DENIED_RDNS_MISING")
    assert misspelt.returncode == 1 and b"not known: DENIED_RDNS_MISING. Did you mean DENIED_RDNS_MISSING?" in misspelt.stderr
    assert json.loads(explain("--json", "greylist-min-sec").stdout)["advice"] == "Did you mean graylist-min-secs?"
    assert explain(text="421\nthis and that\n").returncode == 1
    assert explain().returncode == 2
    assert explain("").returncode == 2
    told = explain("--help").stdout.decode()
    assert told.startswith("usage: telltale explain")
    assert all(kind in told for kind in ("Postfix", "Exim", "qmail-send", "chkuser", "spamdyke", "(5.1.1)", "(did_0+0+1/)"))
    assert max(map(len, told.splitlines())) <= 120


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


BOUNCE = """Return-Path: <>
Received: (qmail 15309 invoked for bounce); 9 Mar 2021 10:43:51 -0000
From: MAILER-DAEMON@mx.example.com
To: ann@x.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.

<bob@c.example>:
192.0.2.1 does not like recipient.
Remote host said: 552 5.2.2 <bob@c.example>: user is over quota
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Return-Path: <ann@x.example>
Subject: hello

A text about spam, viruses and unknown users.
"""

HEADERS = """Received: from mail.x.example (mail.x.example [192.0.2.7])
	by mx.example.com with ESMTPS
	(TLSv1.3, TLS_AES_256_GCM_SHA384) id 15309
	for <bob@example.com>; Tue, 09 Mar 2021 12:43:51 +0200
Received: from laptop ([198.51.100.4]) by mail.x.example with ESMTPA; 9 Mar 2021 10:43:50 -0000
Return-Path: <ann@x.example>
From: ann@x.example
Date: Tue, 9 Mar 2021 10:43:49 +0000
Message-ID: <1@x.example>
"""


@pytest.mark.smoke
def test_a_bounce_is_explained_recipient_by_recipient(explain):
    done = explain("--json", text=BOUNCE)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert list(answer)[:6] == ["kind", "meaning", "final", "who", "advice", "fields"]
    assert (answer["kind"], answer["final"], answer["who"]) == ("bounce", True, "recipient")
    assert answer["fields"]["cause"] == "mailbox-full" and answer["fields"]["reporting_mta"] == "mx.example.com"
    assert answer["fields"]["original_subject"] == "hello"
    [bob] = answer["recipients"]
    assert (bob["address"], bob["cause"], bob["status"]) == ("bob@c.example", "mailbox-full", "5.2.2")
    assert bob["host"] == "192.0.2.1" and bob["reply"].startswith("552 5.2.2")
    assert [hop["qp"] for hop in answer["hops"]] == ["15309"]
    assert explain("--json", BOUNCE).stdout == done.stdout
    assert explain("--json", text=BOUNCE.replace("\n", "\r\n")).stdout == done.stdout
    shown = explain(text=BOUNCE).stdout.decode()
    assert "\nbob@c.example\n" in shown and "  cause   mailbox-full\n" in shown and "more room" in shown


def test_headers_are_explained_hop_by_hop(explain):
    answer = json.loads(explain("--json", text=HEADERS).stdout)
    assert answer["kind"] == "mail-headers" and answer["odd"] == []
    assert [hop["by"] for hop in answer["hops"]] == ["mail.x.example", "mx.example.com"]
    assert [hop["delay"] for hop in answer["hops"]] == [None, 1]
    assert [hop["encrypted"] for hop in answer["hops"]] == [False, True]
    assert answer["hops"][1]["time"] == "2021-03-09T12:43:51+02:00"
    assert "15309 is a queue number (qp)" in answer["meaning"]
    late = HEADERS.replace("12:43:51 +0200", "12:43:41 +0200")
    assert "earlier" in json.loads(explain("--json", text=late).stdout)["odd"][0]
    shown = explain(text=HEADERS).stdout.decode()
    assert shown.index("laptop [198.51.100.4] -> mail.x.example") < shown.index("-> mx.example.com, ESMTPS, encrypted")


def test_an_mbox_is_one_answer_for_each_message(explain):
    mbox = f"From a@b Tue Mar  9 10:43:51 2021\n{BOUNCE}\nFrom a@b Tue Mar  9 10:43:52 2021\n{HEADERS}\nHello.\n"
    kinds = [json.loads(line)["kind"] for line in explain("--json", text=mbox).stdout.splitlines()]
    assert kinds == ["bounce", "mail"]


def test_a_hostile_message_stays_off_the_terminal_and_is_bounded(explain):
    nasty = BOUNCE.replace("over quota", "over \x1b[2J\x9b31m\u202e quota").replace("hello", "\x1b]0;t\x07")
    shown = explain(text=nasty).stdout.decode()
    assert not any(ord(c) < 32 and c != "\n" or 0x7f <= ord(c) < 0xa0 or c == "\u202e" for c in shown)
    many = "".join(f"<u{i}@c.example>:\nuser unknown\n\n" for i in range(20000))
    answer = json.loads(explain("--json", text=BOUNCE.replace("<bob@c.example>:\n", many)).stdout)
    assert len(answer["recipients"]) == 100 and answer["more_recipients"] > 0
    parts = "Content-Type: multipart/mixed; boundary=x\n\n" + "--x\n\n" * 300000
    assert explain("--json", text="From: a@b\nTo: c@d\n" + parts).returncode == 0
