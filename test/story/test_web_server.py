"""The page's server as a server: slow clients, many of them, TLS, a web server before it, reload, stop."""
import http.client
import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from harness import certificate, free_port, until
from webpage import Page

ME, YOU = "anna@elsewhere.test", "recipient@example.com"
ONE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connect(page):
    page.server.start()
    return socket.create_connection(("127.0.0.1", page.port), timeout=20)


def read_all(s):
    """Until the other side hangs up."""
    got = b""
    try:
        while piece := s.recv(65536):
            got += piece
    except ConnectionResetError:
        pass
    return got


class Viewer:
    """One who watches api/live; reads nothing until told to."""

    def __init__(self, page, query="", **fields):
        self.sock = connect(page)
        lines = [f"GET {page.prefix}api/live{query} HTTP/1.1", "Host: localhost", f"Cookie: {page.cookie}",
                 *(f"{k.replace('_', '-')}: {v}" for k, v in fields.items())]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode())
        self.file = self.sock.makefile("rb")
        self.code = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass

    def event(self):
        """(id, name, data) of the next event; None at the end of the stream."""
        got = {}
        while line := self.file.readline():
            if line == b"\n" and "data" in got:
                return got.get("id"), got["event"], json.loads(got["data"])
            if b": " in line:
                name, value = line.rstrip(b"\n").split(b": ", 1)
                got[name.decode()] = value.decode()
        return None

    def close(self):
        self.file.close()
        self.sock.close()


# -- slow ones (E-22)

def test_slow_clients_are_cut_and_hold_up_nobody(server):
    page = Page(server, "request-timeout = 2s idle-timeout = 2s connections = 60")
    slow = []
    for kind in range(40):
        s = connect(page)
        head = [b"", b"GET / HTTP/1.1\r\nHost: loc", ONE, b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{"][kind % 4]
        s.sendall(head)
        slow.append((kind % 4, s))

    def drip():
        while True:
            for kind, s in slow:
                try:
                    if kind in (1, 3):
                        s.send(b"x")
                except OSError:
                    return
            time.sleep(0.1)
    threading.Thread(target=drip, daemon=True).start()
    assert page.get("/healthz").code == 200, "others are served meanwhile"
    for kind, s in slow:
        got = read_all(s)
        assert [re.findall(rb"HTTP/1\.1 (\d+)", got)] == [{0: [], 1: [b"408"], 2: [b"200"], 3: [b"408"]}[kind]], (kind, got[:200])
    assert page.get("/healthz").code == 200


def test_who_does_not_read_his_answer_is_cut(server):
    page = Page(server, "request-timeout = 1s")
    s = connect(page)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.setblocking(False)
    sent = 0
    try:
        while True:
            sent += s.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
    except BlockingIOError:
        pass
    until(lambda: "telltale_web_connections 1\n" in page.get("/metrics").body.decode(), "he is gone, and only who asks is here")
    s.close()


def test_more_connections_than_allowed_are_told_so(server):
    page = Page(server, "connections = 5")
    held = [connect(page) for _ in range(5)]
    until(lambda: b"503" in page.raw(b"")[:20], "the sixth is one too many")
    assert b"too many connections" in page.raw(b"")
    for s in held:
        s.close()
    until(lambda: page.raw(ONE).startswith(b"HTTP/1.1 200"), "there is room again")


# -- events

def test_events_come_as_they_happen_and_a_cut_viewer_goes_on_where_he_was(server):
    page = Page(server).administrator()
    first = Viewer(page)
    assert first.code == 200
    with server.client() as c:
        c.deliver(ME, YOU)
    number, name, data = first.event()
    assert name == "new" and data["from"] == ME
    first.close()
    other = Viewer(page)
    assert other.event()[0] == number, "who comes while the feed lives sees what it still has"
    later = Viewer(page, Last_Event_ID=number)
    with server.client() as c:
        c.deliver("carl@elsewhere.test", YOU)
    seen = later.event()
    while seen[2]["from"] == ME:  # the same story may have changed meanwhile
        assert seen[0] != number
        seen = later.event()
    assert seen[2]["from"] == "carl@elsewhere.test"
    for v in (other, later):
        v.close()


def test_a_stream_ends_with_the_session(server):
    page = Page(server).administrator()
    viewer = Viewer(page)
    assert page.post("/api/logout").code == 200
    assert viewer.event() is None


def test_many_viewers_share_one_follower_and_nobody_else_is_harmed(server):
    count = 300
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * count)), hard))
    page = Page(server).administrator()
    viewers = [Viewer(page) for _ in range(count)]
    assert {v.code for v in viewers} == {200}
    assert f"telltale_web_viewers {count}\n" in page.get("/metrics").body.decode()
    with server.client() as c:
        c.deliver(ME, YOU)
    assert page.get("/api/trace?q=from:" + ME).json["found"] == 1
    for v in viewers:
        assert v.event()[2]["from"] == ME
    for v in viewers:
        v.close()
    until(lambda: "telltale_web_viewers 0\n" in page.get("/metrics").body.decode(), "they are gone")


# -- TLS

def secure(server, tmp_path, more=""):
    names = [str(tmp_path / name) for name in ("cert.pem", "key.pem")]
    for path, octets in zip(names, certificate()):
        with open(path, "wb") as f:
            f.write(octets)
    return Page(server, f'certificate = "{names[0]}" key = "{names[1]}" {more}'), names


def context(**options):
    c = ssl.create_default_context(cadata=certificate()[0].decode())
    for name, value in options.items():
        setattr(c, name, value)
    return c


def ask_encrypted(page, path, ctx):
    c = http.client.HTTPSConnection("localhost", page.port, timeout=20, context=ctx)
    try:
        c.request("GET", path)
        reply = c.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        c.close()


def s_client(page, *options, say=""):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{page.port}", *options], input=say, capture_output=True,
                          text=True, timeout=20, check=False)
    return done.stdout + done.stderr


def test_the_page_by_https_of_its_own(server, tmp_path):
    page, _ = secure(server, tmp_path)
    server.start()
    assert ask_encrypted(page, "/healthz", context())[2] == b"ok\n"
    assert ask_encrypted(page, "/healthz", context(maximum_version=ssl.TLSVersion.TLSv1_2))[0] == 200
    assert "(NONE)" in s_client(page, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), "TLS 1.1 is none"
    assert "no renegotiation" in s_client(page, "-tls1_2", say="R\n")
    assert page.raw(ONE) == b"", "nothing is said in the clear"
    link = json.loads(server.command("web", "link", "--json"))["url"]
    assert link.startswith("https://")
    status, fields, _ = ask_encrypted(page, re.sub("^https://[^/]*", "", link), context())
    assert "Secure" in fields["Set-Cookie"] and fields["Set-Cookie"].startswith("__Host-"), (status, fields)


def test_a_session_of_another_service_is_not_taken_up(server, tmp_path):
    page, _ = secure(server, tmp_path)
    server.start()
    ctx = context(maximum_version=ssl.TLSVersion.TLSv1_2)

    def session(port, given=None):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
            with ctx.wrap_socket(raw, server_hostname="localhost", session=given) as s:
                return s.session, s.session_reused
    mine, _ = session(page.port)
    assert session(page.port, mine)[1] is True
    other, _ = session(server.ports["465"])
    assert session(page.port, other)[1] is False and session(server.ports["465"], mine)[1] is False


def test_a_new_certificate_is_shown_without_a_reload(server, tmp_path):
    page, names = secure(server, tmp_path)
    server.start()
    with open(names[0], "rb") as f:
        octets = f.read()
    before = server.pids("telltale-web")
    with open(names[0] + ".new", "wb") as f:
        f.write(octets + b"\n")
    os.rename(names[0] + ".new", names[0])
    until(lambda: server.pids("telltale-web") and not set(server.pids("telltale-web")) & set(before), "telltale-web is exchanged")
    assert ask_encrypted(page, "/healthz", context())[0] == 200


# -- a web server before it

def test_behind_a_web_server_below_a_path(server):
    page = Page(server, 'prefix = "/mail" host = {"www.example.com"} proxy = {"127.0.0.1"}')
    page.prefix = "/mail/"
    moved = page.get("/mail")
    assert (moved.code, moved.fields["Location"]) == (301, "/mail/")
    assert page.get("/mail/", Host="www.example.com").code == 200 and page.get("/mail/healthz").body == b"ok\n"
    assert page.get("/healthz").code == 404 and page.get("/mailbox/healthz").code == 404
    fields = {"Host": "www.example.com", "X_Forwarded_For": "6.6.6.6, 192.0.2.9", "X_Forwarded_Proto": "https"}
    answer = page.post("/mail/api/login", {"user": YOU, "password": "correct horse"}, Origin="https://www.example.com", **fields)
    assert answer.code == 200 and "Secure" in answer.fields["Set-Cookie"], answer
    assert page.post("/mail/api/login", {"user": YOU, "password": "x"}, Origin="http://www.example.com", **fields).code == 403
    sessions = server.command("web", "sessions", "--json")
    assert "192.0.2.9" in sessions and "6.6.6.6" not in sessions, "what the client himself wrote is not believed"
    assert page.get("/mail/metrics").code == 403


def test_forwarded_fields_of_a_stranger_are_not_believed(server):
    page = Page(server)
    fields = {"X_Forwarded_For": "192.0.2.9", "X_Forwarded_Proto": "https"}
    assert page.post("/api/login", {"user": YOU, "password": "correct horse"}, **fields).code == 403, "he says that it was encrypted"
    assert page.login(YOU).code == 200
    assert page.get("/api/me", **fields).json["mailbox"] == YOU
    assert "192.0.2.9" not in server.command("web", "sessions", "--json")


# -- reload and stop

def test_a_reload_ends_streams_and_keeps_sessions_and_answers(server):
    page = Page(server).administrator()
    viewer, idle, late = Viewer(page), connect(page), connect(page)
    idle.sendall(ONE)
    assert idle.recv(1000).startswith(b"HTTP/1.1 200")
    before = server.pids("telltale-web") + server.pids("telltale-search")
    answers, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            try:
                answers.append(page.get("/api/trace?q=from:x@y.example").code)
            except OSError as e:
                answers.append(repr(e))
    asker = threading.Thread(target=ask)
    asker.start()
    server.command("reload")
    late.sendall(ONE)  # who came before and asks now is answered
    assert late.recv(1000).startswith(b"HTTP/1.1 200")
    until(lambda: not set(before) & set(server.pids("telltale-web") + server.pids("telltale-search")), "the old ones leave")
    stop.set()
    asker.join()
    assert set(answers) == {200}, answers
    assert viewer.event() is None and read_all(idle) == b""
    assert page.get("/api/me").json["role"] == "administrator"
    again = Viewer(page)
    with server.client() as c:
        c.deliver(ME, YOU)
    assert again.event()[2]["from"] == ME
    again.close()


def test_there_is_no_page_where_none_is_asked_for_until_a_reload_brings_one(server):
    server.start()
    assert server.pids("telltale-web") == [] and server.pids("telltale-search") == []
    port = free_port()
    with open(server.conf, "a", encoding="utf-8") as f:
        f.write(f'web {{ bind = {{"127.0.0.1:{port}"}} searchers = 1 }}\n')
    server.command("reload")
    until(lambda: len(server.pids("telltale-web")) == 1 and len(server.pids("telltale-search")) == 2, "it is there")
    status = json.loads(server.command("status", "--json"))
    assert {"listener": "web", "address": f"127.0.0.1:{port}"} in status["listeners"]
    assert [p["state"] for p in status["programs"] if p["program"] in ("telltale-web", "telltale-search")] == ["ready"] * 3


@pytest.mark.parametrize("text, words", [
    ('prefix = "x"', "web { prefix }: it begins with a slash"),
    ('prefix = "/a//b"', "web { prefix }"),
    ('host = {"www.example.com:80"}', "web { host }: it is a name or an address, without a port"),
    ('certificate = "/nowhere.pem"', "web { certificate }: there is no key with it"),
    ('key = "/nowhere.pem"', "web { key }: there is no certificate with it"),
    ('certificate = "/nowhere.pem" key = "/nowhere.pem"', "No such file"),
    ('bind = {"0.0.0.0:8025"}', "passwords would come in the clear"),
    ("searchers = 0", "searchers"),
])
def test_what_is_wrong_with_the_page_is_said_before_the_start(server, text, words):
    server.config('web { bind = {"127.0.0.1:8025"} ' + text + " }")
    server.write_files()
    done = server.tell("check")
    assert done.returncode == 1 and words in done.stderr, done.stderr


# -- questions that take long

def stopped(server, sig):
    """To those who answer questions, not to the one who follows the logs (worker 0)."""
    for pid in server.pids("telltale-search"):
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            if b"--worker\x000\x00" not in f.read():
                os.kill(pid, sig)


def test_a_question_that_takes_too_long_and_one_too_many_get_an_answer_too(server):
    page = Page(server, "searchers = 1 searches-waiting = 1 search-deadline = 3s").administrator()
    assert page.get("/api/trace?q=from:x@y.example").code == 200
    stopped(server, signal.SIGSTOP)
    got = []
    askers = [threading.Thread(target=lambda: got.append(page.get("/api/trace?q=from:x@y.example"))) for _ in range(3)]
    for t in askers:
        t.start()
    assert page.get("/api/me").json["role"] == "administrator", "nobody else waits for that"
    for t in askers:
        t.join()
    assert [a.code for a in got] == [503] * 3 and all(int(a.fields["Retry-After"]) > 0 for a in got)
    told = sorted(a.json["error"][:20] for a in got)
    assert told == ["The search took longe"[:20]] * 2 + ["Too many questions w"[:20]], told
    stopped(server, signal.SIGCONT)
    until(lambda: page.get("/api/trace?q=from:x@y.example").code == 200, "it works on")
    text = page.get("/metrics").body.decode()
    assert "telltale_web_searches_late_total 2\n" in text and "telltale_web_searches_full_total 1\n" in text


def test_nobody_searches_for_who_has_left(server):
    page = Page(server, "searchers = 1 searches-waiting = 1 search-deadline = 60s").administrator()
    page.get("/api/trace?q=from:x@y.example")
    stopped(server, signal.SIGSTOP)
    ask = f"GET /api/trace?q=from:x@y.example HTTP/1.1\r\nHost: localhost\r\nCookie: {page.cookie}\r\n\r\n".encode()
    for _ in range(5):  # more than may wait
        s = connect(page)
        s.sendall(ask)
        until(lambda: "telltale_web_searching 1\n" in page.get("/metrics").body.decode(), "it waits")
        s.close()
        until(lambda: "telltale_web_searching 0\n" in page.get("/metrics").body.decode(), "it waits no more")
    stopped(server, signal.SIGCONT)
    until(lambda: page.get("/api/trace?q=from:x@y.example").code == 200, "and others are served")


def test_large_bodies_have_a_limit_together(server):
    page = Page(server)
    head = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1048576\r\n\r\n"
    held = [connect(page) for _ in range(64)]
    for s in held:
        s.sendall(head + b"x")
    until(lambda: page.said("POST /api/login HTTP/1.1", "Content-Length: 1048576") == 503, "64 MiB are enough")
    for s in held:
        s.close()
    until(lambda: page.login(YOU).code == 200, "there is room again")
