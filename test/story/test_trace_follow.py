"""`telltale trace --follow`: what a postmaster sees while mail comes and goes, and while the logs are rotated."""
import json
import os
import signal
import subprocess
import threading

import pytest
from harness import until
from questions import BUILD, ME, Logs


class Follower:
    """The running command; what it printed, as objects (--json) or lines.  It begins with the past (--since), so that it does
    not matter when it is ready."""

    def __init__(self, *args, as_json=True):
        self.process = subprocess.Popen([os.path.join(BUILD, "telltale"), "trace", "--follow", *(["--json"] if as_json else []), *args],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, "TZ": "UTC", "NO_COLOR": "1"})
        self.told, self.as_json = [], as_json
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def read(self):
        for line in self.process.stdout:
            self.told.append(json.loads(line) if self.as_json else line.rstrip("\n"))

    def until(self, check, what):
        return until(lambda: next((e for e in list(self.told) if check(e)), None), what)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        said = self.process.stderr.read()
        assert self.process.wait(20) == 0, said
        return said


def steps(event):
    return " | ".join(event["timeline"][i]["what"] for i in event["new"])


def test_mail_is_seen_to_come_and_to_be_delivered_while_the_logs_are_rotated(server):
    server.start()
    logs = os.path.join(server.data, "logs")
    with Follower("--since", "1h", "-c", server.conf) as follower:
        with server.client() as c:
            assert c.deliver("a@client.test", "recipient@example.com").code == 250
            c.send("QUIT")
        first = follower.until(lambda e: e["verdict"] == "delivered", "the first message is delivered")
        assert first["recipients"][0]["address"] == "recipient@example.com"
        for name in ("smtp-25.log", "delivery.log", "spamdyke.log"):
            os.rename(os.path.join(logs, name), os.path.join(logs, name + ".1"))
        with server.client() as c:
            assert c.deliver("b@client.test", "recipient@example.com").code == 250
            c.send("QUIT")
        with server.client() as c:
            c.send("EHLO client.test"), c.send("MAIL FROM:<c@client.test>")
            assert c.send("RCPT TO:<nobody@example.com>").code == 550
            c.send("QUIT")
        second = follower.until(lambda e: e["from"] == "b@client.test" and e["verdict"] == "delivered", "so is the second")
        assert second["ids"]["qp"] != first["ids"]["qp"] and second["confidence"] == "exact"
        refused = follower.until(lambda e: e["from"] == "c@client.test", "the refusal is told")
        assert refused["event"] == "new" and refused["verdict"] == "refused"
        mine = [e for e in follower.told if e["from"] == "a@client.test"]
        assert [e["event"] for e in mine] == ["new"] + ["changed"] * (len(mine) - 1)
        told = [i for e in mine for i in [t["what"] for n, t in enumerate(e["timeline"]) if n in e["new"]]]
        assert len(told) == len(set(told)) == len(mine[-1]["timeline"]), "each step is told once"
        said = follower.end()
        assert "followed" in said and "3 new stories" in said, said


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


def test_a_deferral_and_what_comes_of_it_are_told_in_words(logs):
    with Follower("--since", "1000d", "--logs", str(logs.folder), "--tz", "UTC", as_json=False) as follower:
        logs.accept(1, 11)
        follower.until(lambda z: "  WAITING  a@b.example to recipient@example.com  [qp 11]" in z, "it waits")
        logs.attempt(5, 11, 1, "deferral, Mailbox_is_locked./", "next, 5, 2026-11-23 10:01:40")
        follower.until(lambda z: z.startswith("  + delivery  ") and "Mailbox is locked" in z, "its delivery is put off")
        logs.epoch += 100
        logs.attempt(6, 11, 2, "success, did_1+0+0/")
        done = follower.until(lambda z: "  DELIVERED  " in z, "it is delivered")
        assert done.startswith("2026-11-23 09:01:40 +00:00") and done.endswith("  was waiting"), done


def test_a_refusal_for_now_and_its_acceptance_are_one_story(logs):
    with Follower("--since", "1000d", "--logs", str(logs.folder), "to:recipient@example.com") as follower:
        logs.refuse(1, "DENIED_GRAYLISTED", "421 Your address has been graylisted. Try again later.")
        first = follower.until(lambda e: e["verdict"] == "refused-temporarily", "it is refused for now")
        logs.epoch += 600
        logs.accept(2, 11)
        changed = follower.until(lambda e: e["verdict"] == "waiting", "it came again")
        assert changed["event"] == "changed" and changed["was"] == "refused-temporarily"
        assert changed["time"] == first["time"], "the story began with the refusal"
        assert "graylist" not in steps(changed).lower(), "the refusal was told before"


def test_an_owner_sees_his_own_mail_only(logs):
    with Follower("--logs", str(logs.folder), "--mailbox", ME) as follower:
        logs.accept(1, 11, to="else@example.com")
        logs.accept(2, 12)
        mine = follower.until(lambda e: e["verdict"] == "waiting", "his own message")
        assert mine["ids"]["qp"] == 12 and len(follower.told) == 1
        assert "a@b.example" not in json.dumps(follower.told), "other people's addresses are masked"


def test_it_begins_with_what_waits_and_ends_after_so_many_events(logs):
    logs.accept(1, 11)
    logs.accept(2, 12)
    logs.attempt(5, 11, 1, "success, did_1+0+0/")
    with Follower("--logs", str(logs.folder), "--limit", "1") as follower:
        assert follower.process.wait(20) == 0
        follower.thread.join()
        assert [e["ids"]["qp"] for e in follower.told] == [12]


def test_where_there_is_no_log_yet_that_is_said_and_it_waits_for_one(logs, tmp_path):
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "notes.txt").write_text("no log\n")
    with Follower("--logs", str(tmp_path / "junk"), as_json=False) as follower:
        assert follower.process.stderr.readline().startswith("telltale: trace: no log is followed yet: none stands there")


def test_it_ends_with_its_reader(logs):
    with Follower("--logs", str(logs.folder)) as follower:
        logs.accept(1, 11)
        follower.until(lambda e: e["verdict"] == "waiting", "it is told")
    reader = subprocess.run(f"{BUILD}/telltale trace --follow --since 100d --logs {logs.folder} | head -1", shell=True,
                            capture_output=True, text=True, timeout=60, check=False)
    assert "WAITING" in reader.stdout and "followed" in reader.stderr and "written" not in reader.stderr, reader.stderr


@pytest.mark.parametrize("args, why", [
    (["--since", "soon"], "is not a duration"), (["--unreadable"], "neither --unreadable"), (["--logs", "/nowhere"], "open /nowhere"),
    (["verdict:fine"], "fine"), (["--tz", "Mars"], "there is no time zone Mars")])
def test_what_is_wrong_is_said(logs, args, why):
    done = subprocess.run([os.path.join(BUILD, "telltale"), "trace", "--follow", "--logs", str(logs.folder), *args],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and why in done.stderr, done.stderr
