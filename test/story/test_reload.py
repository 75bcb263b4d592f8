"""A new configuration, generation by generation: no session is lost, and a bad one changes nothing."""
import contextlib
import json
import os
import re
import signal
import ssl
import threading
import time

import pytest

from harness import Client, certificate, free_port, until

ME, YOU = "anna@elsewhere.test", "recipient@example.com"
BIG = "x" * 70 + "\r\n"


def rewrite(server, *changes):
    """Change the configuration file: (pattern, replacement) or a text that is added."""
    with open(server.conf, encoding="utf-8") as f:
        text = f.read()
    for change in changes:
        text = re.sub(change[0], change[1], text) if isinstance(change, tuple) else text + change + "\n"
    with open(server.conf, "w", encoding="utf-8") as f:
        f.write(text)


def status(server):
    return json.loads(server.command("status", "--json"))


def by_state(server, program, state):
    return [p["pid"] for p in status(server)["programs"] if p["program"] == program and p["state"] == state]


def reload(server, *changes):
    rewrite(server, *changes)
    return server.command("reload")


def server_log(server):
    with open(os.path.join(server.data, "logs", "server.log"), encoding="utf-8") as f:
        return f.read()


def test_sessions_of_all_kinds_go_on_and_new_ones_get_the_new_settings(server):
    with contextlib.ExitStack() as stack:
        idle, said, small, big, secret = (stack.enter_context(server.client()) for _ in range(5))
        said.envelope(ME, YOU)
        for c, size in ((small, 1), (big, 12000)):
            c.envelope(ME, YOU)
            assert c.send("DATA").code == 354
            c.raw(f"Subject: before {size}\r\n\r\n".encode() + BIG.encode() * (size // 2))
        assert secret.starttls(server.tls()).code == 250
        secret.envelope(ME, YOU)
        old = server.pids("telltale-smtpd")
        queue = server.pids("telltale-queue")
        reload(server, "limits { message-size = 100K }", ("mx.example.com", "mx2.example.com"))
        assert set(old) & set(server.pids("telltale-smtpd")), "who has sessions is still there"
        with server.client() as new:
            assert "mx2.example.com" in new.greeting.text
            assert "SIZE 102400" in new.send("EHLO client.test").text
            assert new.deliver(ME, YOU, message="Subject: new\r\n\r\nx\r\n").code == 250
        for c, size in ((small, 1), (big, 12000)):
            c.raw(BIG.encode() * (size // 2) + b".\r\n")
            assert c.reply().code == 250, size
        assert said.data("Subject: said\r\n\r\nx\r\n").code == 250
        assert secret.data("Subject: secret\r\n\r\nx\r\n").code == 250
        assert idle.deliver(ME, YOU, message="Subject: idle\r\n\r\nx\r\n").code == 250
        assert server.pids("telltale-queue") == queue
    subjects = {m.subject for m in server.arrived(YOU, 6)}
    assert subjects == {"before 1", "before 12000", "said", "secret", "idle", "new"}
    until(lambda: not set(old) & set(server.pids("telltale-smtpd")), "the old ones leave after their last session")
    assert "generation 2 is at work" in server_log(server)
    for program in ("telltale-dns", "telltale-lookup", "telltale-local", "telltale-queue"):
        until(lambda p=program: len(server.pids(p)) == 1, f"one {program}")


def test_mail_without_a_pause_through_twenty_reloads(server):
    server.start()
    wrong, sent, over = [], [], threading.Event()

    def send(name):
        while not over.is_set():
            try:
                with server.client() as c:
                    reply = c.deliver(ME, YOU, message=f"Subject: {name}.{len(sent)}\r\n\r\nx\r\n")
                    sent.append(reply) if reply.code == 250 else wrong.append(reply)
            except (OSError, AssertionError) as e:
                wrong.append(e)
    senders = [threading.Thread(target=send, args=(n,)) for n in range(3)]
    for t in senders:
        t.start()
    with server.client() as witness:
        witness.send("EHLO witness.test")
        for n in range(20):
            if n % 4 == 3:
                server.process.send_signal(signal.SIGHUP)
                until(lambda g=n: f"generation {g + 2} is at work" in server_log(server), "reloaded by signal")
            else:
                assert "is at work" in server.tell("reload").stderr
        over.set()
        for t in senders:
            t.join()
        assert not wrong and len(sent) > 20
        assert witness.deliver(ME, YOU).code == 250, "a session of the first generation"
    server.arrived(YOU, len(sent) + 1)
    assert status(server)["generation"] == 21


def test_new_queue_settings_reach_the_queue_that_stays(server):
    server.start()
    before = server.pids("telltale-queue")
    assert "keeps some" not in server.tell("reload").stderr
    assert server.tell("reload").returncode == 0 and server.pids("telltale-queue") == before


@pytest.mark.parametrize("bad, words", [
    ("limits { sessions = many }", r"telltale\.conf:\d+: "),
    ("listener \"26\" {", r"telltale\.conf:\d+: "),
    ("gate { ip-blacklist-entry = {\"300.1.1.1\"} }", r"telltale\.conf:\d+: ip-blacklist-entry"),
    ("spool-dir = \"/elsewhere\"", r"spool-dir has changed; that needs a restart"),
    ("tls { key = \"/nowhere/key.pem\" }", r"tls: key: .*/nowhere/key.pem"),
    ("listener \"26\" { bind = {\"192.0.2.1:25\"} }", r"listen on 192.0.2.1:25"),
])
def test_a_bad_configuration_is_refused_and_the_old_one_stays(server, bad, words):
    with server.client() as c:
        before = {p: server.pids(p) for p in ("telltale-smtpd", "telltale-dns", "telltale-lookup", "telltale-local")}
        c.envelope(ME, YOU)
        with open(server.conf, encoding="utf-8") as f:
            good = f.read()
        rewrite(server, bad)
        done = server.tell("reload")
        assert done.returncode == 1 and re.search(words, done.stderr), done.stderr
        server.process.send_signal(signal.SIGHUP)
        until(lambda: re.search("warning: the configuration was not reloaded: .*" + words, server_log(server)), "said")
        assert {p: server.pids(p) for p in before} == before
        assert c.data("Subject: old\r\n\r\nx\r\n").code == 250
    with open(server.conf, "w", encoding="utf-8") as f:
        f.write(good)  # the command reads it too
    server.arrived(YOU)


def test_a_zone_that_is_broken_is_refused_with_its_line(server):
    server.start()
    with open(server.zone, "a", encoding="utf-8") as f:
        f.write("mx.example.com A not-an-address\n")
    done = server.tell("reload")
    assert done.returncode == 1 and re.search(r"dns\.zone:\d+: ", done.stderr)


def reload_and_kill(server, program):
    """A reload whose new program is killed before it is ready; it may be quick, then there is another try."""
    for _ in range(20):
        before = {p: server.pids(p) for p in ("telltale-smtpd", "telltale-dns", "telltale-lookup", "telltale-local")}
        answers = []
        asking = threading.Thread(target=lambda: answers.append(server.tell("reload")))
        asking.start()
        while asking.is_alive() and not set(server.pids(program)) - set(before[program]):
            pass
        pid = next(iter(set(server.pids(program)) - set(before[program])), None)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        asking.join()
        if answers[0].returncode == 1:
            return before, pid, answers[0]
        until(lambda: "finishing" not in server.command("status"), "the old ones have left")
    raise AssertionError("each new program was ready before it was killed")


@pytest.mark.parametrize("program", ["telltale-dns", "telltale-smtpd"])
def test_a_new_program_that_fails_gives_way_to_the_old_ones(server, program):
    """Killed while it starts; those that were ready already finish and leave."""
    server.unclean = True
    server.start()
    before, pid, answer = reload_and_kill(server, program)
    assert f"not reloaded: {program} cannot work with it" in answer.stderr
    assert f"{program}[{pid}] was ended by signal 9 (Killed); the new configuration is not used" in server_log(server)
    until(lambda: {p: server.pids(p) for p in before} == before, "only the old ones are left")
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250
    server.arrived(YOU)
    assert server.tell("reload").returncode == 0, "and the next reload is a new chance"


def test_listeners_come_and_go(server):
    server.start()
    added = free_port()
    reload(server, f'listener "26" {{ bind = {{"127.0.0.1:{added}"}} }}', (r'listener "587".*\n', ""))
    with Client(added, "127.0.0.1") as c:
        assert c.deliver(ME, YOU).code == 250

    def closed():
        try:
            with contextlib.closing(Client(server.ports["587"], "127.0.0.1", greeted=False)):
                return False
        except ConnectionRefusedError:
            return True
    until(closed, "nobody listens on 587 any more")
    server.arrived(YOU)
    assert os.path.exists(os.path.join(server.data, "logs", "smtp-26.log"))


def test_a_certificate_that_changes_on_disk_is_used_for_new_sessions(server):
    with server.client() as old:
        assert old.starttls(server.tls()).code == 250
        first, resolver = old.sock.getpeercert(binary_form=True), server.pids("telltale-dns")
        server.write_certificate(certificate.__wrapped__())

        def renewed():
            with server.client() as c:
                try:
                    return c.starttls(server.tls()).code == 250 and c.sock.getpeercert(binary_form=True) != first
                except ssl.SSLError:
                    return False  # still the old one, which we no longer trust
        until(renewed, "the new certificate")
        assert server.pids("telltale-dns") == resolver
        old.envelope(ME, YOU)
        assert old.data("Subject: old\r\n\r\nx\r\n").code == 250
    server.arrived(YOU)


def test_a_certificate_that_does_not_fit_is_said_once_and_not_used(server):
    server.start()
    generation = status(server)["generation"]
    with open(os.path.join(server.data, "tls", "cert.pem"), "wb") as f:
        f.write(certificate.__wrapped__()[0])
    until(lambda: "the old ones stay in use" in server_log(server), "it is said")
    time.sleep(4)
    assert server_log(server).count("the old ones stay in use") == 1
    assert status(server)["generation"] == generation


def test_one_reload_at_a_time(server):
    server.start()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(server.tell("reload"))) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    good = [a for a in answers if a.returncode == 0]
    assert good and all("busy" in a.stderr for a in answers if a.returncode == 1)
    assert len(good) + sum(a.returncode == 1 for a in answers) == 6


def test_an_old_program_that_dies_is_not_started_again(server):
    server.unclean = True
    with server.client() as c:
        c.send("EHLO client.test")
        reload(server)
        old = until(lambda: by_state(server, "telltale-smtpd", "finishing"), "an old one that finishes")
        for pid in old:
            with contextlib.suppress(ProcessLookupError):  # one that had no session has left
                os.kill(pid, signal.SIGKILL)
        until(lambda: not by_state(server, "telltale-smtpd", "finishing"), "they are gone")
        assert status(server)["sessions"] == 0, "and their sessions are not counted any more"
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250
    server.arrived(YOU)


def test_a_server_that_stops_in_the_middle_of_a_reload_stops(server):
    server.start()
    server.process.send_signal(signal.SIGHUP)
    time.sleep(0.05)
    assert server.stop() == 0
