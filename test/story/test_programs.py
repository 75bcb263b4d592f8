"""A program that dies is started again; the server stops when it is asked to, and loses nothing."""
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import group_alive, until

ME, YOU = "anna@elsewhere.test", "recipient@example.com"
PROGRAMS = ["telltale-smtpd", "telltale-dns", "telltale-lookup", "telltale-queue", "telltale-local", "telltale-remote"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_dies_is_started_again(server, program):
    server.unclean = True
    server.start()
    old = until(lambda: server.pids(program), program)
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(server.pids(program)) == len(old) and not set(old) & set(server.pids(program)), "a new one")

    def accepted():
        try:
            with server.client() as c:
                return c.deliver(ME, YOU, message="Subject: after\r\n\r\nx\r\n").code == 250
        except (OSError, AssertionError):
            return False
    until(accepted, "mail is accepted again")
    mails = until(lambda: server.maildir(YOU), "and delivered")
    assert mails[0].subject == "after"


def test_only_who_speaks_http_to_others_loads_the_libraries_for_it(server):
    """libcurl brings some thirty others: 6 ms at each start, of 20 that an answer may take."""
    def loads(program):
        done = subprocess.run(["readelf", "-d", os.path.join(server.build, program)], stdout=subprocess.PIPE, check=True)
        return b"[libcurl." in done.stdout
    programs = ["telltale", "telltaled", *(p for p in os.listdir(server.build) if p.startswith("telltale-") and "." not in p)]
    assert {p for p in programs if loads(p)} == {"telltale-smtpd", "telltale-policy"}


@pytest.mark.parametrize("words", [("explain", "550"), ("--help",), ("version",), ("index", "status", "--help")], ids=" ".join)
def test_an_answer_that_cannot_be_written_is_no_success(server, words):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([os.path.join(server.build, "telltale"), *words], stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"telltale: the output cannot be written\n")


def test_sigterm_lets_a_session_end(server):
    with server.client() as c:
        c.envelope(ME, YOU)
        assert c.send("DATA").code == 354
        c.raw(b"Subject: late\r\n\r\n")
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        c.raw(b"x\r\n.\r\n")
        assert c.reply().code == 250
    assert server.process.wait(20) == 0
    server.process = None
    server.start()
    mail, = server.arrived(YOU)
    assert mail.subject == "late"


def test_an_idle_session_does_not_hold_the_end(server):
    with server.client() as silent, server.client() as c:
        c.envelope(ME, YOU)
        start = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - start < 6
        assert (silent.reply().code, c.reply().code) == (421, 421)


def test_who_has_to_begin_does_not_hold_the_end(server):
    """In a login, before his handshake under implicit TLS, and while the greeting is held back."""
    server.config("gate { greeting-delay-secs = 30 }")
    with server.client(port="465") as c, server.client(greeted=False) as held, socket.create_connection(("127.0.0.1", server.ports["465"])):
        c.send("EHLO client.test")
        assert c.send("AUTH LOGIN").code == 334
        start = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - start < 6
        assert c.reply().code == 421
        assert (held.reply().code, held.reply().code) == (220, 421)


def test_who_knocks_at_a_program_that_is_gone_does_not_hold_the_end(server):
    """telltaled holds the socket of telltale-queue: in its backlog the others would wait until their grace is over."""
    server.unclean = True
    server.start()
    for died in range(1, 8):  # each time telltaled pauses twice as long before it starts the next one: 3 s at last
        queue, = until(lambda: server.pids("telltale-queue"), "telltale-queue")
        os.kill(queue, signal.SIGKILL)
        until(lambda n=died: server.said().count("was ended by signal 9") == n, "its end is seen")
    time.sleep(1)  # whoever lost it knocks again after 200 ms
    assert server.pids("telltale-queue") == []
    start = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - start < 6


def test_ctrl_c_is_a_clean_end_too(server):
    server.start()
    assert server.stop(signal.SIGINT) == 0


def test_ctrl_c_is_left_to_the_supervisor(server):
    server.start()
    before = {program: until(lambda p=program: server.pids(p), program) for program in PROGRAMS}
    for pid in (pid for pids in before.values() for pid in pids):
        os.kill(pid, signal.SIGINT)
    time.sleep(0.5)
    assert {program: server.pids(program) for program in PROGRAMS} == before


def test_ctrl_c_at_a_terminal_reaches_all_programs_at_once(server):
    with server.client() as c:
        c.envelope(ME, YOU)
        assert c.send("DATA").code == 354
        os.killpg(server.process.pid, signal.SIGINT)
        time.sleep(0.3)
        c.raw(b"Subject: late\r\n\r\nx\r\n.\r\n")
        assert c.reply().code == 250
    assert server.process.wait(20) == 0
    server.process = None
    server.start()
    assert [m.subject for m in server.arrived(YOU)] == ["late"]


def test_a_program_that_cannot_use_the_configuration_ends_the_start(server):
    """No restarts for ever, an end with the reason."""
    server.write_files()
    with open(server.zone, "w", encoding="utf-8") as f:
        f.write("mx.example.com A not-an-address\n")
    done = subprocess.run([os.path.join(server.build, "telltaled"), "-c", server.conf],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1 and "ready" not in done.stderr
    assert "dns.zone:1: " in done.stderr and "telltale-dns" not in done.stderr


def test_a_second_server_on_the_same_folder_is_refused(server):
    server.start()
    second = server.tell("serve", "-c", server.conf)
    assert second.returncode == 1 and second.stderr
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250
    server.arrived(YOU)


def test_many_clients_at_once(server):
    server.start()
    wrong = []

    def send(n):
        try:
            with server.client() as c:
                for m in range(5):
                    if c.deliver(ME, YOU, message=f"Subject: {n}.{m}\r\n\r\nx\r\n").code != 250:
                        wrong.append((n, m))
        except (OSError, AssertionError) as e:
            wrong.append((n, e))
    threads = [threading.Thread(target=send, args=(n,)) for n in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    mails = server.arrived(YOU, 100)
    assert len({m.subject for m in mails}) == 100


def test_a_program_that_begins_when_telltaled_is_gone_ends(server):
    server.unclean = True
    slow = os.path.join(server.folder, "slow")
    os.mkdir(slow, 0o755)
    for name in ["telltale", "telltaled", *PROGRAMS]:
        shutil.copy(os.path.join(server.build, name), slow)
    late = os.path.join(slow, "telltale-lookup")
    os.rename(late, late + ".late")
    with open(late, "w", encoding="ascii", opener=lambda p, flags: os.open(p, flags, 0o755)) as f:
        f.write(f"#!/bin/sh\nsleep 0.5\nexec {late}.late \"$@\"\n")
    server.write_files()
    with open(server.stderr, "ab") as err:
        house = subprocess.Popen([os.path.join(slow, "telltale"), "serve", "-c", server.conf], stdin=subprocess.DEVNULL,
                                 stdout=err, stderr=err, start_new_session=True)
    try:
        until(lambda: others_of(house.pid), "telltaled starts the others")
        time.sleep(0.2)
        house.kill()
        house.wait(20)
        until(lambda: not group_alive(house.pid), "nobody is left", 5)
    finally:
        if group_alive(house.pid):
            os.killpg(house.pid, signal.SIGKILL)


def others_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return f.read().split()
