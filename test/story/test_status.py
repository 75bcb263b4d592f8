"""`telltale status` and `telltale stop`: what the supervisor says about the house."""
import json
import os
import signal
import socket
import threading
import time

from harness import until

ME, YOU = "anna@elsewhere.test", "recipient@example.com"
PROGRAMS = {"telltale-dns", "telltale-lookup", "telltale-queue", "telltale-local", "telltale-remote", "telltale-smtpd"}


def status(server):
    return json.loads(server.command("status", "--json"))


def test_all_programs_listeners_and_sessions_are_shown(server):
    with server.client() as c:
        c.send("EHLO client.test")
        said = status(server)
        assert said["state"] == "running" and said["generation"] == 1 and said["sessions"] == 1
        assert {p["program"] for p in said["programs"]} == PROGRAMS
        assert all(p["state"] == "ready" and p["pid"] > 0 and p["restarts"] == 0 for p in said["programs"])
        assert {row["address"] for row in said["listeners"]} == {f"127.0.0.1:{p}" for p in server.ports.values()}
        assert said["queue"] == {"messages": 0, "recipients": 0, "more": False, "paused": []}
        assert all(0 < d["free"] <= d["size"] for d in said["disk"]) and said["trouble"] is None
    until(lambda: status(server)["sessions"] == 0, "the session is counted out")


def test_people_get_a_table(server):
    server.start()
    text = server.command("status")
    assert "is running, generation 1" in text and "telltale-smtpd" in text and "sessions open: 0" in text
    assert f"127.0.0.1:{server.ports['25']}" in text and "last trouble: none" in text


def test_a_restart_and_its_trouble_are_shown(server):
    server.unclean = True
    server.start()
    pid, = server.pids("telltale-lookup")
    os.kill(pid, signal.SIGKILL)

    def again():
        row, = [p for p in status(server)["programs"] if p["program"] == "telltale-lookup"]
        return row if row["state"] == "ready" and row["pid"] != pid else None
    assert until(again, "telltale-lookup works again")["restarts"] == 1
    assert f"telltale-lookup[{pid}] was ended by signal 9" in status(server)["trouble"]


def test_without_a_server_there_is_a_sentence(server):
    server.write_files()
    for command in ("status", "reload", "stop"):
        done = server.tell(command)
        assert done.returncode == 1 and "no server is running on" in done.stderr and done.stdout == ""
    assert server.tell("stop", "--help").returncode == 0


def test_who_takes_nothing_else_says_so(server):
    server.write_files()
    for command in ("version", "check", "serve", "status", "reload", "stop"):
        done = server.tell(command, "much")
        assert done.returncode == 2 and done.stderr == f"telltale: {command} takes no much\n" and done.stdout == ""


def test_stop_waits_for_the_end(server):
    server.start()
    done = server.tell("stop")
    assert done.returncode == 0 and "has stopped" in done.stderr
    assert server.process.wait(5) == 0
    server.process = None
    assert server.tell("status").returncode == 1


def test_visitors_who_do_not_speak_or_read_hold_nobody_up(server):
    server.start()
    path = os.path.join(server.data, "run", "telltaled.ctl")
    crowd = []
    for n in range(20):
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        s.send(b"\x0c\0\0\0\1\0\0\0" if n % 2 else b"\xff" * 64)
        crowd.append(s)
    start = time.monotonic()
    assert server.tell("status").returncode == 0
    assert time.monotonic() - start < 9
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250
    for s in crowd:
        s.close()
    server.arrived(YOU)


def test_many_ask_at_once(server):
    server.start()
    wrong = []

    def ask():
        done = server.tell("status", "--json")
        if done.returncode != 0:
            wrong.append(done)
    threads = [threading.Thread(target=ask) for _ in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
