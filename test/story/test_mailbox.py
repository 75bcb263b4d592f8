"""What lies in a mailbox, what does not, and what a user who plays with it can do: nothing elsewhere."""
import os
import re
import shutil
import signal

from harness import until

ME, YOU = "anna@elsewhere.test", "recipient@example.com"


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
    assert lines[2].startswith(b"Received: ") and mail.raw.endswith(b"\nSubject: x\n\none\n.two\n")
    assert b"\r" not in mail.raw
    assert re.fullmatch(rf"\d+\.Q{qp}R0\..+", os.path.basename(mail.path))
    assert os.listdir(os.path.join(home(server), "staging")) == []
    assert os.stat(mail.path).st_mode & 0o777 == 0o600


def test_a_message_that_loops_is_not_delivered_and_not_lost(server):
    with server.client() as c:
        assert c.deliver(ME, YOU, message=f"delivered-to: {YOU.upper()}\r\nSubject: x\r\n\r\nx\r\n").code == 250
    rcpt = waiting(server)
    assert rcpt["state"] == "failed" and rcpt["next"] is None
    assert rcpt["reason"] == "This message is looping: it already has my Delivered-To line. (#5.4.6)"
    result, = server.log("delivery").verb("result")
    assert result.endswith(", failure, This_message_is_looping:_it_already_has_my_Delivered-To_line._(#5.4.6)/")
    assert server.maildir(YOU) == []
    server.restart()
    assert server.queue()[0]["recipients"][0]["state"] == "failed"
    assert len(server.log("delivery").verb("try")) == 1


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
