"""The server makes the index of its logs by itself: whoever asks has the same answers, sooner, and nobody thinks of it."""
import json
import os
import shutil
import signal
import time

import pytest

from harness import free_port, reachable, until

YOU = "recipient@example.com"


def serve(server, every="1s", more=""):
    """A server that makes its index so often (the other stories have it switched off)."""
    server.config(f'index {{ every = "{every}" }} {more}')
    server.start()
    return server


def send(server, number):
    with server.client() as c:
        assert c.deliver(f"anna{number}@elsewhere.test", YOU, message=f"Subject: {number}\r\n\r\nx\r\n").code == 250
    with server.client(source="127.0.0.7") as c:
        c.send("EHLO x"), c.send(f"MAIL FROM:<refused{number}@elsewhere.test>"), c.send(f"RCPT TO:<{YOU}>")


def status(server):
    """What the index holds, once it holds all of the logs and is used; None before."""
    done = server.tell("index", "status", "--json")
    facts = json.loads(done.stdout) if done.returncode == 0 else None
    return facts if facts and facts["used"] else None


def text_of_logs(server):
    logs = os.path.join(server.data, "logs")
    return sum(os.path.getsize(os.path.join(logs, x)) for x in os.listdir(logs) if not x.startswith("server"))


def whole(server):
    """Used, and nothing is left for the time of a question."""
    facts = status(server)
    return facts if facts and facts["logs_bytes"] == text_of_logs(server) else None


def same_answers(server, *question):
    for how in ((), ("--json",)):
        done, read = (server.tell("trace", *question, *how, *more) for more in ((), ("--no-index",)))
        assert (done.stdout, done.returncode) == (read.stdout, read.returncode) and done.stdout
    return json.loads(done.stdout)["messages"]


def made(server):
    return os.stat(os.path.join(server.data, "index", "chapter")).st_ino


def said(server):
    with open(os.path.join(server.data, "logs", "server.log"), encoding="utf-8") as f:
        return [line for line in f if "index" in line]


def test_the_index_grows_with_the_logs_and_answers_are_the_same(server):
    serve(server)
    for number in (1, 2):
        send(server, number)
        server.arrived(YOU, number)
        until(lambda: whole(server), "the index has all of the logs")
        assert [m["verdict"] for m in same_answers(server, f"from:anna{number}@elsewhere.test")] == ["delivered"]
        assert len(same_answers(server, "verdict:refused")) == number
    assert said(server) == []


def test_with_users_apart_root_believes_what_the_server_made(server):
    """With users named, whoever runs the stories: the index is of another user than root, who asks."""
    if os.geteuid() != 0:
        pytest.skip("users are changed only by root")
    users = {"smtpd": "mail", "dns": "daemon", "lookup": "games", "queue": "bin", "local": "man", "remote": "news",
             "signer": "list", "policy": "uucp", "web": "www-data", "search": "backup"}
    os.chmod(server.folder, 0o711)
    server.build = reachable(server.build)
    serve(server, more="users { " + " ".join(f'{role} = "{user}"' for role, user in users.items()) + " }"
          f' web {{ bind = {{"127.0.0.1:{free_port()}"}} }}')
    send(server, 1)
    until(lambda: server.maildir(YOU), "it arrives")
    until(lambda: whole(server), "the index has all of the logs")
    assert os.stat(os.path.join(server.data, "index", "chapter")).st_uid == os.stat(os.path.join(server.data, "index")).st_uid != 0
    assert [m["verdict"] for m in same_answers(server, "from:anna1@elsewhere.test")] == ["delivered"]
    # The postmaster makes it by hand; the server goes on with that.
    for what in ("drop", "build"):  # the server may be at it
        until(lambda w=what: server.tell("index", w).returncode == 0, f"index {what}")
    send(server, 2)
    until(lambda: whole(server), "the index has all of the logs")
    assert len(same_answers(server, "verdict:refused")) == 2
    assert said(server) == []


def test_never_and_a_reload_switch_it_off_and_on(server):
    serve(server, "never")
    send(server, 1)
    server.arrived(YOU, 1)
    assert not os.path.exists(os.path.join(server.data, "index", "chapter"))
    for every, is_made in (("1s", True), ("never", False)):
        with open(server.conf, "a", encoding="utf-8") as f:
            f.write(f'index {{ every = "{every}" }}\n')
        server.command("reload")
        if is_made:
            until(lambda: whole(server), "the index is made")
    until(lambda: not server.pids("telltale-index"), "the last one has ended")
    before = made(server)
    send(server, 2)
    server.arrived(YOU, 2)
    assert made(server) == before and not server.pids("telltale-index")


def test_what_fails_is_said_once_and_what_is_mended_works_again(server):
    lock, in_the_way = (os.path.join(server.data, "index", name) for name in ("lock", "chapter.new"))
    os.makedirs(in_the_way)  # a folder in the place of a file
    serve(server)
    until(lambda: len(said(server)) == 1, "it is said")
    assert "the index of the logs is not made, questions read the logs: create chapter.new: " in said(server)[0]
    for _ in range(2):
        os.unlink(lock)
        until(lambda: os.path.exists(lock), "it is tried again")
    os.rmdir(in_the_way)
    send(server, 1)
    server.arrived(YOU, 1)
    until(lambda: whole(server), "the index is made", 60)
    assert len(said(server)) == 1


def stopped_at_work(server):
    """Stop one that has the lowest priority already; for a second at most, for it lives shortly."""
    until_then = time.monotonic() + 1
    while time.monotonic() < until_then:
        with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children", encoding="ascii") as f:
            for pid in map(int, f.read().split()):
                try:
                    if os.getpriority(os.PRIO_PROCESS, pid) == 19:
                        os.kill(pid, signal.SIGSTOP)
                        return pid
                except ProcessLookupError:
                    pass  # it was faster
    return None


def test_one_that_hangs_keeps_nobody_waiting(server):
    serve(server)
    until(lambda: stopped_at_work(server), "one is stopped while it is at work", 60)
    server.command("reload")
    send(server, 1)
    server.arrived(YOU, 1)
    assert server.stop() == 0


def both(server, number):
    """Who finds that message: the index, and whoever reads the logs."""
    return [len(json.loads(server.tell("trace", "--json", f"from:anna{number}@elsewhere.test", *how).stdout)["messages"])
            for how in ((), ("--no-index",))]


def to_noon(server):
    """Tomorrow's: some minutes later it is the same day."""
    server.later(int(1.5 * 86400 - time.time() % 86400))


def named_by_a_rotation(server):
    """The archive of a message that tomorrow's rotation removes, so that nobody is told of it."""
    server.config('logs { rotate = "never" keep = 1d time = "utc" }')
    to_noon(server)
    server.start()
    send(server, 1)
    server.arrived(YOU)
    server.later(120)
    server.command("logs", "rotate")
    server.later(86400)
    server.command("logs", "rotate")
    assert both(server, 1) == [0, 0]


def test_what_a_rotation_removes_leaves_the_index_first(server):
    """There is an index at every moment, and what is gone from the logs is gone from it."""
    server.config('index { every = "never" } logs { rotate = "never" keep = 2d time = "utc" }')
    to_noon(server)
    server.start()
    logs = os.path.join(server.data, "logs")
    for day in range(3):
        send(server, day)
        server.arrived(YOU, day + 1)
        server.later(120)
        server.command("logs", "rotate")
        if day < 2:
            server.command("index", "build")
            assert not os.path.exists(os.path.join(logs, ".expiring"))
        server.later(86400)
    # The third rotation named what the fourth removes: whoever reads passes over it, and an index that was made before
    # goes on to answer.
    with open(os.path.join(logs, ".expiring"), encoding="ascii") as f:
        names = sorted(line.split()[0] for line in list(f)[1:])
    assert [n.split(".")[0] for n in names] == ["delivery", "server", "smtp-25", "spamdyke"]
    assert all(os.path.exists(os.path.join(logs, n)) for n in names)
    assert status(server) and both(server, 0) == [1, 0] and both(server, 1) == both(server, 2) == [1, 1]
    server.command("index", "build")
    assert status(server) and both(server, 0) == [0, 0] and both(server, 1) == both(server, 2) == [1, 1]
    assert sorted(x for x in os.listdir(os.path.join(server.data, "index")) if not x.startswith("chapter.")) == ["chapter", "lock"]
    # The fourth one removes them, and the index stands; what the fifth is to remove is in it yet.
    assert names[0] in server.command("logs", "rotate")
    assert not [n for n in names if os.path.exists(os.path.join(logs, n))]
    assert status(server) and both(server, 0) == [0, 0] and both(server, 1) == [1, 0] and both(server, 2) == [1, 1]
    server.command("index", "build")
    assert status(server) and both(server, 1) == [0, 0] and both(server, 2) == [1, 1]


def test_archives_of_a_copy_are_read_whatever_the_rotation_names(server):
    """Only the file that was meant is passed over, in its own folder: a backup keeps what the server forgets."""
    named_by_a_rotation(server)
    for name, link in (("copy", shutil.copy2), ("links", os.link)):
        copy = shutil.copytree(os.path.join(server.data, "logs"), os.path.join(server.data, name), copy_function=link)
        assert os.path.exists(os.path.join(copy, ".expiring"))
        done = server.tell("trace", "--json", "from:anna1@elsewhere.test", "--logs", copy)
        assert len(json.loads(done.stdout)["messages"]) == 1


def test_a_rotation_that_never_comes_again_hides_nothing(server):
    """What it was to remove stays, and is told again: a server that was switched off, or keeps its logs for longer now."""
    named_by_a_rotation(server)
    server.later(2 * 86400)
    assert both(server, 1) == [1, 1]
