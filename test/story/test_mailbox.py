"""What lies in a mailbox, what does not, and what a user who plays with it can do: nothing elsewhere."""
import os
import re
import shutil
import signal

import subprocess

import pytest
from faults import Disk
from harness import until

ME, YOU, ALSO = "anna@elsewhere.test", "recipient@example.com", "sender@example.com"


def home(server):
    return os.path.join(server.data, "mail", "example.com", "recipient")


def waiting(server):
    until(lambda: any(r["reason"] for m in server.queue() for r in m["recipients"]), "a reason in the queue")
    return server.queue()[0]["recipients"][0]


def tree(folder):
    return sorted(os.path.join(at, name) for at, dirs, files in os.walk(folder) for name in dirs + files)


def test_a_mailbox_file_has_its_two_lines_and_a_name_that_says_which(server):
    with server.client() as c:
        reply = c.deliver(ME, "Recipient@Example.com", message="Subject: x\r\n\r\none\r\n.two\r\n")
    qp = reply.text.split()[-1]
    mail, = server.arrived(YOU)
    lines = mail.raw.split(b"\n")
    assert lines[:2] == [f"Return-Path: <{ME}>".encode(), f"Delivered-To: {YOU}".encode()]
    assert lines[2].startswith(b"Authentication-Results: ") and b"\nReceived: " in mail.raw and mail.raw.endswith(b"\nSubject: x\n\none\n.two\n")
    assert b"\r" not in mail.raw
    assert re.fullmatch(rf"\d+\.Q{qp}R0\..+,S={len(mail.raw)}", os.path.basename(mail.path))
    assert os.listdir(os.path.join(home(server), "staging")) == []
    assert os.stat(mail.path).st_mode & 0o777 == 0o600


def test_a_message_that_loops_comes_back_to_its_sender(server):
    with server.client() as c:
        assert c.deliver(ALSO, YOU, message=f"delivered-to:\r\n {YOU.upper()}\r\nSubject: x\r\n\r\nx\r\n").code == 250
    bounce, = server.arrived(ALSO)
    assert "This message is looping: it already has my Delivered-To line." in bounce.body
    assert "5.4.6" in bounce.body
    assert bounce.parsed["Return-Path"] == "<>"
    assert any(r.endswith(", failure, This_message_is_looping:_it_already_has_my_Delivered-To_line._(#5.4.6)/")
               for r in server.log("delivery").verb("result"))
    assert server.maildir(YOU) == []


def test_one_return_path_stands_in_a_mailbox_and_the_body_is_nobodys_business(server):
    body = f"Return-Path: <in@the.body>\r\nDelivered-To: {YOU}\r\n" + "\u00e9\r\n" * 3
    head = "Return-Path: <old@elsewhere.test>\r\nX-Long: 1\r\n" + "X-Many: folded\r\n\tagain\r\n" * 1000
    with server.client() as c:
        assert c.deliver("", YOU, message=(head + "return-path:\r\n <x>\r\nSubject: x\r\n\r\n" + body).encode()).code == 250
    mail, = server.arrived(YOU)
    assert mail.parsed.get_all("Return-Path") == ["<>"]
    assert len(mail.parsed.get_all("X-Many")) == 1000
    assert mail.raw.endswith(body.replace("\r\n", "\n").encode())


def test_a_link_where_the_mailbox_was_is_deferred_and_followed_nowhere(server):
    server.config("queue { first-retry = 1s }")
    outside = os.path.join(server.data, "outside")
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: first\r\n\r\nx\r\n").code == 250
        server.arrived(YOU)
        shutil.copytree(home(server), outside)
        before = tree(outside)
        maildir = os.path.join(home(server), "Maildir")
        os.rename(maildir, maildir + ".away")
        os.symlink(os.path.join(outside, "Maildir"), maildir)
        assert c.deliver(ME, YOU, message="Subject: second\r\n\r\nx\r\n").code == 250
    assert waiting(server)["reason"].startswith("Unable to chdir to maildir. (#4.2.1)\n")
    assert tree(outside) == before
    os.unlink(maildir)
    os.rename(maildir + ".away", maildir)
    assert sorted(m.subject for m in server.arrived(YOU, 2)) == ["first", "second"]


def test_what_a_dead_deliverer_leaves_open_is_closed_and_tried_again(server):
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: 1\r\n\r\nx\r\n").code == 250
        server.arrived(YOU)
        pid, = server.pids("telltale-local")
        os.kill(pid, signal.SIGSTOP)
        assert c.deliver(ME, YOU, message="Subject: 2\r\n\r\nx\r\n").code == 250
        until(lambda: len(server.log("delivery").verb("try")) == 2, "the second attempt")
        os.kill(pid, signal.SIGKILL)
    server.arrived(YOU, 2)
    results = [r.split(", ")[1:] for r in server.log("delivery").verb("result")]
    assert results == [["success", "did_1+0+0/"], ["deferral", "Aack,_child_crashed._(#4.3.0)/"],
                       ["success", "did_1+0+0/"]]


def test_what_a_dead_queue_leaves_open_is_closed_and_tried_again(server):
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: 1\r\n\r\nx\r\n").code == 250
        server.arrived(YOU)
        local, = server.pids("telltale-local")
        os.kill(local, signal.SIGSTOP)
        assert c.deliver(ME, YOU, message="Subject: 2\r\n\r\nx\r\n").code == 250
        until(lambda: len(server.log("delivery").verb("try")) == 2, "the second attempt")
        os.kill(server.pids("telltale-queue")[0], signal.SIGKILL)
        os.kill(local, signal.SIGCONT)
    server.arrived(YOU, 2)
    results = [r.split(", ")[1:] for r in server.log("delivery").verb("result")]
    assert results == [["success", "did_1+0+0/"], ["deferral", "server_restarted/"], ["success", "did_1+0+0/"]]
    tries = [t.split(", ")[0] for t in server.log("delivery").verb("try")]
    assert len(set(tries)) == 3


@pytest.fixture(name="disk")
def fixture_disk(server):
    """The mailboxes lie on a small disk of their own."""
    disk = Disk("1M", 200)
    server.config(f'mail-dir = "{disk.path}/mail"\nqueue {{ first-retry = 1s }}')
    yield disk
    server.stop()
    disk.close()


def on(disk):
    """All files of the mailboxes there."""
    return [path for path in tree(os.path.join(disk.path, "mail")) if os.path.isfile(path)]


def test_a_full_disk_of_mailboxes_delays_mail_until_there_is_room(server, disk):
    if not disk.mounted:
        pytest.skip("no tmpfs can be mounted here")
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: 1\r\n\r\nx\r\n").code == 250
        until(lambda: len(on(disk)) == 1, "the first message")
        for fill, what in ((disk.fill, "2"), (disk.fill_inodes, "3")):
            fill()
            assert c.deliver(ME, YOU, message=f"Subject: {what}\r\n\r\n" + "x" * 70 + "\r\n").code == 250
            assert waiting(server)["reason"] == ("Temporary error on maildir delivery. (#4.3.0)\n"
                                                 "No space left on device")
            assert not [p for p in on(disk) if "staging" in p], "nothing half written takes room"
            disk.free()
            until(lambda n=int(what): len(on(disk)) == n and server.spool.empty, "it arrives without a restart")


def test_a_disk_of_mailboxes_that_is_read_only_delays_mail(server, disk):
    if not disk.mounted:
        pytest.skip("no tmpfs can be mounted here")
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: 1\r\n\r\nx\r\n").code == 250
        until(lambda: len(on(disk)) == 1 and server.spool.empty, "the first message")
        subprocess.run(["mount", "-o", "remount,ro", disk.path], check=True)
        assert c.deliver(ME, YOU, message="Subject: 2\r\n\r\nx\r\n").code == 250
        assert waiting(server)["reason"].endswith("Read-only file system")
        subprocess.run(["mount", "-o", "remount,rw", disk.path], check=True)
    until(lambda: len(on(disk)) == 2 and server.spool.empty, "it arrives without a restart")


def test_the_deliverer_is_replaced_in_full_work_and_nothing_is_lost_or_doubled(server):
    count, told = 120, set()
    with server.client() as c:
        for n in range(count):
            assert c.deliver(ME, YOU, ALSO, message=f"Subject: {n}\r\n\r\nx\r\n").code == 250
            if n % 20 == 10:
                new, = until(lambda: set(server.pids("telltale-local")) - told, "one that was not told to leave yet")
                os.kill(new, signal.SIGTERM)
                told.add(new)
    until(lambda: server.spool.empty, "the queue is empty", 60)
    for to in (YOU, ALSO):
        assert sorted(int(m.subject) for m in server.arrived(to, count)) == list(range(count))
    assert os.listdir(os.path.join(home(server), "staging")) == []
