"""Programs that the administrator named: what they get, what their status means, and those that mean harm."""
import os
import stat

import pytest
from harness import AS_USERS, until

ME, TO = "anna@elsewhere.test", "tickets@example.com"

SCRIPTS = {
    "good": 'cat > OUT/mail; env > OUT/env; echo taken; exit 0',
    "stop": "exit 99",
    "hard": 'echo "no such \033ticket"; echo second; exit 100',
    "soft": "echo come again >&2; exit 111",
    "odd": "exit 3",
    "hang": 'trap "" TERM HUP; echo waiting; (trap "" TERM; exec sleep 600) & setsid sleep 601 & sleep 602; sleep 603',
    "flood": 'head -c 20000000 /dev/zero | tr "\\0" x; exit 0',
    "thief": 'cat DATA/accounts.db DATA/spool/journal DATA/logs/delivery.log DATA/mail/example.com/recipient/Maildir/new/* 2>&1; '
             'ls DATA; touch DATA/x; kill -9 $PPID; exit 100',
    "knock": """for s in queue.ctl lookup.ctl queue.sock lookup.sock; do
                python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print("open")' DATA/run/$s \\
                2>&1 | tail -n 1; done; exit 100""",
}


@pytest.fixture(name="scripts")
def fixture_scripts(server):
    """A program of each name, an alias each."""
    rows, out = [], os.path.join(server.folder, "out")
    os.mkdir(out)
    os.chmod(out, 0o777)
    for name, text in SCRIPTS.items():
        path = os.path.join(server.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n" + text.replace("DATA", server.data).replace("OUT", out) + "\n")
        os.chmod(path, 0o755)
        rows.append(f'program "{name}" {{ command = {{"{path}", "an argument"}} deadline = {1 if name == "hang" else 30}s }}')
    os.chmod(server.folder, stat.S_IMODE(os.stat(server.folder).st_mode) | 0o055)
    server.config("\n".join(rows) + "\nqueue { first-retry = 1s }\n")
    return server


def send(server, name, to=None, message="Subject: hello\r\n\r\nHello.\r\n"):
    to = to or f"{name}@example.com"
    server.command("alias", "add", to, f"|{name}")
    with server.client() as c:
        reply = c.deliver(ME, to.replace("@", "+open@"), message=message)
        assert reply.code == 250, reply
    return int(reply.text.split()[-1])


def results(server):
    return [r.split(", ", 1)[1] for r in server.log("delivery").verb("result")]


def test_what_it_gets_and_what_its_status_means(scripts):
    qp = send(scripts, "good")
    until(lambda: scripts.spool.empty, "it is taken")
    assert results(scripts) == ["success, taken/did_0+0+1/"]
    mail = open(os.path.join(scripts.folder, "out", "mail"), encoding="ascii").read()
    assert mail.startswith(f"Return-Path: <{ME}>\nDelivered-To: good+open@example.com\n") and mail.endswith("\n\nHello.\n")
    env = dict(line.split("=", 1) for line in open(os.path.join(scripts.folder, "out", "env"), encoding="ascii").read().splitlines() if "=" in line)
    assert {k: env[k] for k in ("SENDER", "RECIPIENT", "LOCAL", "DOMAIN", "EXTENSION", "TELLTALE_QP")} == {
        "SENDER": ME, "RECIPIENT": "good+open@example.com", "LOCAL": "good+open", "DOMAIN": "example.com",
        "EXTENSION": "open", "TELLTALE_QP": str(qp)}
    assert not any(k.startswith("TELLTALE_") and k != "TELLTALE_QP" for k in env)
    assert scripts.log("delivery").verb("mailbox")[0].split(", ")[1:] == ["|good", "alias; program good", "-"]
    told = scripts.trace(f"id:{qp}")
    assert told.only["verdict"] == "delivered" and "program good" in told.text
    assert "program good: " in scripts.command("route", "good@example.com")
    send(scripts, "stop")
    send(scripts, "hard")
    until(lambda: len(results(scripts)) >= 3, "the other is refused")
    assert results(scripts)[1] == "success, did_0+0+1/"
    assert results(scripts)[2].startswith("failure, no_such_?ticket/second/The_program_hard_ended_with_status_100._(#5.3.0)/")


def test_what_is_put_off_is_tried_again(scripts):
    send(scripts, "odd")
    send(scripts, "soft")
    until(lambda: len(results(scripts)) >= 2, "both were tried")
    assert any(r.startswith("deferral, come_again/The_program_soft_ended_with_status_111._(#4.3.0)/") for r in results(scripts))
    assert all(r.startswith("deferral, ") for r in results(scripts)) and len(scripts.queue()) == 2
    assert len(scripts.log("delivery").verb("next")) >= 2


def test_a_program_that_hangs_and_hides_is_ended_with_all_that_it_started(scripts):
    qp = send(scripts, "hang")
    until(lambda: results(scripts), "its time is over")
    assert "waiting/The_program_hang_took_longer_than_1_s_and_was_ended._(#4.3.0)/" in results(scripts)[0]
    scripts.command("queue", "delete", str(qp))
    until(lambda: not sleepers(scripts), "nothing of it is left")


def sleepers(server):
    """Processes of the hanging script, wherever they went."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")
        except OSError:
            continue
        if words[0] == b"sleep" and words[1] in (b"600", b"601", b"602", b"603") and server.pids("telltale-pipe"):
            found.append(pid)
    return found


def test_what_it_says_is_cut_and_it_reads_nothing_of_ours(scripts):
    pid, = until(lambda: scripts.start().pids("telltale-pipe"), "it runs")
    send(scripts, "flood")
    until(lambda: scripts.spool.empty, "it is read to its end")
    assert results(scripts)[-1].startswith("success, xxxx") and len(results(scripts)[-1]) < 2500
    with scripts.client() as c:
        c.deliver(ME, "recipient@example.com")
    until(lambda: scripts.spool.empty, "a mail to steal")
    send(scripts, "thief")
    said = until(lambda: [r for r in results(scripts) if "program_thief" in r], "it gave up")[0]
    assert said.startswith("failure, ") and "SQLite" not in said and "zone," not in said and "Hello" not in said, said
    assert scripts.pids("telltale-pipe") == [pid] and not os.path.exists(os.path.join(scripts.data, "x"))


@pytest.mark.skipif(AS_USERS, reason="with a user of their own they may: test_privileges has what is then")
def test_it_reaches_no_socket_of_ours(scripts):
    """Without a user of its own it would be let in as one of us."""
    send(scripts, "knock")
    said = until(lambda: [r for r in results(scripts) if "program_knock" in r], "it knocked")[0]
    assert said.count("not_supported") == 4 and "open" not in said, said
    assert "run as" in scripts.said() and "users { pipe }" in scripts.said()


def test_only_the_administrator_names_programs(scripts):
    for words in (["alias", "add", TO, "|/bin/sh"], ["alias", "add", TO, "|"], ["alias", "add", TO, "|a b"],
                  ["account", "set", "recipient@example.com", "forward=|good"]):
        scripts.start()
        assert scripts.tell(*words).returncode == 1, words
    scripts.command("alias", "add", TO, "|absent")
    with scripts.client() as c:
        c.deliver(ME, TO)
        assert c.send("RSET").code == 250
        assert c.send(f"MAIL FROM:<{ME}>").code == 250
        assert c.send("RCPT TO:<|good@example.com>").code >= 500
    until(lambda: results(scripts), "nobody has that program")
    assert results(scripts)[0].startswith("deferral, No_program_of_that_name_is_configured.")
