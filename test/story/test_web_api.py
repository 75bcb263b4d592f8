"""The page's server: each route's answer, and what is refused before any of them is asked."""
import json
import os
import re
import signal

import pytest

from harness import LIBC, until
from webpage import Page

IN_ACCESS = 1
ME, YOU = "anna@elsewhere.test", "recipient@example.com"


@pytest.fixture(name="page")
def fixture_page(server):
    return Page(server)


def mail(server, *recipients, sender=ME, source="127.0.0.1"):
    """The replies to each RCPT and, if one was good, a delivered message."""
    with server.client(source=source) as c:
        c.send("EHLO client.test")
        c.send(f"MAIL FROM:<{sender}>")
        codes = [c.send(f"RCPT TO:<{r}>").code for r in recipients]
        if 250 in codes:
            assert c.data().code == 250
        c.send("QUIT")
    return codes


# -- who is nobody

def test_the_page_is_there_for_everybody_and_mail_for_nobody(page):
    assert page.get("/healthz").body == b"ok\n"
    front = page.get("/")
    assert front.code == 200 and front.fields["Content-Type"] == "text/html; charset=utf-8" and b"<title>" in front.body
    me = page.get("/api/me").json
    assert me["role"] == "nobody" and me["token"] == "" and me["version"] == "" and me["hostname"] == "mx.example.com"
    for path in ("/api/trace?q=from:x@y.example", "/api/stats", "/api/explain?text=5.1.1", "/api/live", "/api/queue", "/api/refused"):
        assert page.get(path).code == 401, path
    assert page.post("/api/queue", {"action": "retry", "qp": 1}).code == 401


def test_every_answer_forbids_what_no_page_of_ours_does(page):
    for path in ("/", "/healthz", "/api/me", "/api/trace", "/nothing", "/%"):
        fields = page.get(path).fields
        policy = fields["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';") and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy and "form-action 'self'" in policy
        assert fields["X-Content-Type-Options"] == "nosniff" and fields["Referrer-Policy"] == "no-referrer"
        assert fields["Server"] is None and "no-" in fields["Cache-Control"]


def test_files_of_the_page_are_packed_and_known_again(page):
    plain, packed = page.get("/"), page.get("/", Accept_Encoding="gzip")
    assert packed.fields["Content-Encoding"] == "gzip" and plain.fields["Content-Encoding"] is None
    assert len(packed.body) < len(plain.body) and packed.fields["ETag"] != plain.fields["ETag"]
    for answer, fields in ((plain, {}), (packed, {"Accept_Encoding": "gzip"})):
        again = page.get("/", If_None_Match=answer.fields["ETag"], **fields)
        assert (again.code, again.body) == (304, b"") and again.fields["ETag"] == answer.fields["ETag"]
    assert page.get("/", If_None_Match='"another"').code == 200
    assert page.get("/", Accept_Encoding="gzip;q=0").fields["Content-Encoding"] is None
    head = page.ask("HEAD", "/")
    assert head.body == b"" and int(head.fields["Content-Length"]) == len(plain.body)


# -- what is refused before anybody is asked (SECURITY: T22, E-18)

REFUSED = [
    (421, "GET /healthz HTTP/1.1", {"host": "evil.example"}),
    (421, "GET /healthz HTTP/1.1", {"host": "127.0.0.1.evil.example"}),
    (400, "GET /healthz HTTP/1.1", {"host": "a b"}),
    (400, "GET /healthz HTTP/1.1", {"host": None}),
    (200, "GET /healthz HTTP/1.1", {"host": "MX.example.com:1"}),
    (200, "GET /healthz HTTP/1.1", {"host": "localhost"}),
    (200, "GET /healthz HTTP/1.1", {"host": "[::1]:80"}),
    (400, "GET /../etc/passwd HTTP/1.1", {}),
    (400, "GET /..%2f..%2fetc%2fpasswd HTTP/1.1", {}),
    (400, "GET /%2e%2e/x HTTP/1.1", {}),
    (400, "GET //etc/passwd HTTP/1.1", {}),
    (400, "GET /x%00y HTTP/1.1", {}),
    (400, "GET /x%0d%0ay HTTP/1.1", {}),
    (400, "GET /x\\y HTTP/1.1", {}),
    (400, "GET /%ff HTTP/1.1", {}),
    (400, "GET http://127.0.0.1/healthz HTTP/1.1", {}),
    (400, "GET /healthz?a=1&a=2 HTTP/1.1", {}),
    (400, "GET /healthz?a=%00 HTTP/1.1", {}),
    (400, "GET  /healthz HTTP/1.1", {}),
    (400, "GET /healthz", {}),
    (400, "GARBAGE", {}),
    (405, "DELETE /healthz HTTP/1.1", {}),
    (405, "OPTIONS * HTTP/1.1", {}),
    (405, "TRACE / HTTP/1.1", {}),
    (405, "POST /healthz HTTP/1.1", {"fields": ["Content-Length: 0"]}),
    (405, "GET /api/login HTTP/1.1", {}),
    (404, "POST /nothing HTTP/1.1", {"fields": ["Content-Length: 0"]}),
    (505, "GET /healthz HTTP/2.0", {}),
    (400, "GET /healthz HTTP/1.1", {"fields": ["X-HTTP-Method-Override: DELETE"]}),
    (501, "POST /api/login HTTP/1.1", {"fields": ["Transfer-Encoding: chunked"]}),
    (400, "POST /api/login HTTP/1.1", {"fields": ["Content-Length: 1", "Content-Length: 1"]}),
    (400, "POST /api/login HTTP/1.1", {"fields": ["Content-Length: +1"]}),
    (413, "POST /api/login HTTP/1.1", {"fields": ["Content-Length: 1048577"]}),
    (415, "POST /api/login HTTP/1.1", {"fields": ["Content-Length: 1", "Content-Type: text/xml"], "body": b"<"}),
    (400, "POST /api/login HTTP/1.1", {"fields": ["Content-Length: 2", "Content-Type: application/json"], "body": b"[]"}),
    (400, "GET /healthz HTTP/1.1", {"fields": ["Host: 127.0.0.1"]}),
    (400, "GET /healthz HTTP/1.1", {"fields": ["Cookie : a=b"]}),
    (400, "GET /healthz HTTP/1.1", {"fields": ["X: a\x01b"]}),
    (400, "GET /healthz HTTP/1.1", {"fields": ["X: a", " folded"]}),
    (400, "GET /healthz HTTP/1.1", {"fields": ["Content-Length: 1"], "body": b"x"}),
    (431, "GET /healthz HTTP/1.1", {"fields": [f"X-{i}: y" for i in range(80)]}),
    (431, "GET /healthz HTTP/1.1", {"fields": ["X: " + "y" * 20000]}),
    (414, "GET /" + "x" * 9000 + " HTTP/1.1", {}),
    (403, "POST /api/login HTTP/1.1", {"fields": ["Content-Length: 0", "Origin: http://evil.example"]}),
    (403, "POST /api/login HTTP/1.1", {"fields": ["Content-Length: 0", "Origin: null"]}),
    (403, "POST /api/login HTTP/1.1", {"fields": ["Content-Length: 0", "Sec-Fetch-Site: cross-site"]}),
]


def test_a_request_that_no_page_of_ours_makes(page):
    got = [(code, page.said(line, *fields.get("fields", []), **{k: v for k, v in fields.items() if k != "fields"}), line, fields)
           for code, line, fields in REFUSED]
    assert [(want, line, str(fields)[:200]) for want, code, line, fields in got if code != want] == []


def test_two_requests_in_one_write_are_two_and_what_follows_a_refusal_is_none(page):
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert page.raw(one * 3).count(b"HTTP/1.1 200 OK") == 3
    assert re.findall(rb"HTTP/1\.1 (\d+)", page.raw(b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + one)) == [b"501"]
    assert page.raw(one.replace(b"\r\n", b"\n")) == b"" or b"400" in page.raw(one.replace(b"\r\n", b"\n"))


def test_a_client_who_waits_to_be_asked_for_its_body_is_asked(page):
    head = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    assert re.findall(rb"HTTP/1\.1 (\d+)", page.raw(head + b"{}")) == [b"100", b"400"]
    assert re.findall(rb"HTTP/1\.1 (\d+)", page.raw(head.replace(b": 2", b": 2000000"))) == [b"413"]


# -- an administrator asks what the command answers

def test_answers_are_those_of_the_command_byte_for_byte(server, page):
    page.administrator()
    assert mail(server, YOU, "nobody@example.com") == [250, 550]
    server.arrived(YOU)
    me = page.get("/api/me").json
    assert me["role"] == "administrator" and me["token"] and me["version"] and re.fullmatch(r"[+-]\d\d:\d\d", me["zone"])
    same = [("/api/trace?q=from:anna@elsewhere.test", ["trace", "from:anna@elsewhere.test"]),
            ("/api/trace?q=what+happened+to+the+mail+from+anna%40elsewhere.test&tz=UTC&limit=1",
             ["trace", "--tz", "UTC", "--limit", "1", "what happened to the mail from anna@elsewhere.test"]),
            ("/api/trace?q=from:nobody@nowhere.example", ["trace", "from:nobody@nowhere.example"]),
            ("/api/trace?q=from:anna@elsewhere.test&scope=recipient@example.com", ["trace", "--mailbox", YOU, "from:anna@elsewhere.test"]),
            ("/api/trace?q=from:anna@elsewhere.test&scope=example.com", ["trace", "--domain", "example.com", "from:anna@elsewhere.test"]),
            ("/api/stats", ["stats"]), ("/api/stats?q=verdict:refused&top=3", ["stats", "--top", "3", "verdict:refused"]),
            ("/api/stats/changed?q=to:example.com", ["stats", "changed", "to:example.com"]),
            ("/api/stats/unusual?top=5", ["stats", "unusual", "--top", "5"]),
            ("/api/explain?text=5.1.1", ["explain", "5.1.1"]), ("/api/explain?text=what+is+this", ["explain", "what is this"]),
            ("/api/queue", ["queue", "list"])]
    for path, words in same:
        answer, done = page.get(path), server.tell(*words, "--json")
        assert answer.code == 200, (path, answer)
        assert answer.body.decode() == done.stdout, path


def test_a_whole_message_is_explained(server, page):
    page.administrator()
    message = "Received: from a.example (a.example [192.0.2.1]) by mx.example.com with ESMTP; Sun, 29 Nov 2026 10:00:00 +0000\r\n" \
        "From: <a@a.example>\r\nSubject: x\r\n\r\nx\r\n"
    told = page.post("/api/explain", {"text": message})
    assert told.code == 200 and told.body.decode() == server.tell("explain", "--json", text=message).stdout
    assert len(told.json["hops"]) == 1
    assert page.ask("POST", "/api/explain", message, Content_Type="text/plain").body == told.body
    assert page.ask("POST", "/api/explain", message, Content_Type="text/plain", X_Telltale_Token="wrong").code == 403
    assert page.post("/api/explain", {"text": "550 " + "x" * 1000000}).code in (200, 404)


WRONG = [
    ("/api/trace", 400, "Ask something"),
    ("/api/trace?q=verdict:good", 400, "none of: delivered"),
    ("/api/trace?q=x@y.example&tz=Nowhere/Land", 400, "time zone"),
    ("/api/trace?q=x@y.example&limit=0", 400, "from 1 to"),
    ("/api/trace?q=x@y.example&limit=x", 400, "from 1 to"),
    ("/api/trace?q=x@y.example&scope=*", 400, "spelt in full"),
    ("/api/stats?q=to:", 400, "to:"),
    ("/api/explain", 400, "no text"),
    ("/api/live?q=verdict:good", 400, "none of: delivered"),
]


def test_a_wrong_question_gets_a_sentence(page):
    page.administrator()
    for path, code, words in WRONG:
        answer = page.get(path)
        assert answer.code == code and words in answer.json["error"], (path, answer)


def test_a_searcher_that_dies_takes_nothing_with_it(server, page):
    page.administrator()
    mail(server, YOU)
    before = page.get("/api/trace?q=from:anna@elsewhere.test").json["found"]
    server.unclean = True
    for pid in server.pids("telltale-search"):
        os.kill(pid, signal.SIGKILL)
    assert page.get("/api/trace?q=from:anna@elsewhere.test").json["found"] == before == 1, "the question waits for its successor"
    assert page.get("/healthz").code == 200


# -- the queue

def test_an_administrator_holds_releases_and_deletes_on_the_page(server, page):
    page.administrator()
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        c.login()
        assert c.deliver("sender@example.com", "far@other.example").code == 250
    waiting, = page.get("/api/queue").json["messages"]
    qp = waiting["qp"]
    for action, held in (("hold", True), ("release", False), ("retry", False)):
        done = page.post("/api/queue", {"action": action, "qp": qp, "recipient": 0, "why": "a test"})
        assert done.code == 200 and done.json, done
        assert (page.get("/api/queue").json["messages"][0]["recipients"][0]["state"] == "held") is held
    assert page.post("/api/queue", {"action": "delete", "qp": qp}, X_Telltale_Token="").code == 403
    assert page.post("/api/queue", {"action": "export", "qp": qp}).code == 400
    assert page.post("/api/queue", {"action": "delete", "qp": "1 --all"}).code == 400
    assert page.post("/api/queue", {"action": "delete", "qp": qp}).code == 200
    assert page.get("/api/queue").json["messages"] == []
    assert page.post("/api/queue", {"action": "delete", "qp": qp}).code == 404
    assert any("deleted" in line and "the page" in line or "deleted" in line for line in server.log("delivery").verb("postmaster"))


# -- counts

def test_a_monitoring_system_reads_counts(server, page):
    def count(name):
        text = page.get("/metrics").body.decode()
        return {m[1]: int(m[2]) for m in re.finditer(rf"^{name}\{{\w+=\"([^\"]+)\"\}} (\d+)$", text, re.M)}
    assert sum(count("telltale_recipients_total").values()) == 0
    assert mail(server, YOU, "nobody@example.com") == [250, 550]
    for verdict in ("delivered", "refused"):
        until(lambda v=verdict: count("telltale_recipients_total")[v] == 1, f"{verdict} is counted")
    text = page.get("/metrics").body.decode()
    assert re.search(r"^telltale_queue_messages \d+$", text, re.M) and re.search(r"^telltale_smtp_sessions \d+$", text, re.M)
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.]+', line), line
    assert page.get("/metrics", X_Forwarded_For="192.0.2.1").code == 403, "that is a web server, and speaks for the whole world"


def test_an_index_that_is_made_while_the_page_is_there_is_used(server, page):
    page.administrator()
    mail(server, YOU)
    server.arrived(YOU)
    server.command("index", "build")
    told = server.tell("trace", "--json", "from:anna@elsewhere.test").stdout
    watch = LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    for name in os.listdir(os.path.join(server.data, "index")):
        assert LIBC.inotify_add_watch(watch, os.path.join(server.data, "index", name).encode(), IN_ACCESS) > 0
    assert page.get("/api/trace?q=from:anna@elsewhere.test").body.decode() == told
    assert os.read(watch, 4096), "somebody has read it"
    os.close(watch)


def test_of_many_messages_all_are_counted_and_the_newest_asked_for_their_reasons(server, page):
    page.administrator()
    line = ("2026-01-{d:02}T10:{m:02}:{s:02}+00:00 mx spamdyke[{n}]: DENIED_RDNS_MISSING from: a{n}@b.example to: recipient@example.com "
            "origin_ip: 192.0.2.1 origin_rdns: (unknown) auth: (unknown) encryption: (none) reason: (empty)\n")
    with open(os.path.join(server.data, "logs", "spamdyke.log.2026-01-31"), "w", encoding="ascii") as log:
        log.writelines(line.format(n=n, d=1 + n // 3600, m=n // 60 % 60, s=n % 60) for n in range(1, 5101))
    asked = "/api/trace?limit=3&tz=UTC&q="
    read = page.get(f"{asked}verdict:refused").json
    assert read["found"] == 5100 and [m["from"] for m in read["messages"]] == ["a5100@b.example", "a5099@b.example", "a5098@b.example"]
    assert read["reasons_of"] == 2000 and [(r["ask"], r["count"]) for r in read["reasons"]] == [("gate: DENIED_RDNS_MISSING", 2000)]
    assert "reasons_of" not in page.get(f"{asked}from:a*7@b.example").json
    server.command("index", "build")
    assert page.get(f"{asked}verdict:refused").json == read
