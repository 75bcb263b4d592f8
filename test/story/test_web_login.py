"""Who comes in to the page, for how long, and what ends it."""
import json
import os
import re
import signal
import subprocess

import pytest

from harness import until
from visitor import Visitor, with_page

WRONG = "The address or the password is wrong."


@pytest.fixture(name="page")
def fixture_page(server):
    return with_page(server)


def role(visitor):
    return visitor.me()["role"]


def test_the_owner_of_a_mailbox_logs_in_with_its_password_and_out(page):
    v = Visitor(page)
    assert role(v) == "nobody" and v.me()["token"] == "" and v.get("/api/trace", q="any:*").code == 401
    answer = v.login(" Recipient@Example.com")
    assert answer.code == 200 and answer.json["role"] == "mailbox" and answer.json["mailbox"] == "recipient@example.com"
    assert answer.json["domains"] == [] and len(answer.json["token"]) == 32
    assert re.fullmatch(r"telltale=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict", v.set_cookie)
    assert "no-store" in answer.fields["Cache-Control"]
    assert v.me() == answer.json
    assert v.get("/api/trace", q="any:*").code == 200
    old = dict(v.cookies)
    assert v.post("/api/logout").code == 200 and v.cookies == {} and "Max-Age=0" in v.set_cookie
    v.cookies = old
    assert role(v) == "nobody" and v.get("/api/trace", q="any:*").code == 401
    assert "correct horse" not in page.said() and old["telltale"] not in page.said()


WRONG_ONES = [
    ("recipient@example.com", "wrong"), ("nobody@example.com", "wrong"), ("nobody@other.example", "correct horse"),
    ("recipient", "correct horse"), ("@example.com", "correct horse"), ("x" * 300 + "@example.com", "correct horse"),
    ("recipient@example.com", "correct horse "), ("recipient@example.com", "x" * 5000), ("recipient@example.com' OR 1=1 --", "x")]


def test_a_wrong_password_and_an_unknown_address_are_told_alike(page):
    for n, (user, password) in enumerate(WRONG_ONES):
        v = Visitor(page, source=f"127.0.1.{n + 1}")
        answer = v.login(user, password)
        assert (answer.code, answer.json) == (401, {"error": WRONG}), (user[:50], answer)
        assert v.cookies == {} and v.set_cookie is None


NO_LOGINS = [b"{}", b'{"user": "recipient@example.com"}', b'{"password": "x"}', b'{"user": "", "password": "x"}',
             b'{"user": "recipient@example.com", "password": ""}', b"", b"{", b"[]", b"null", b'{"user": {"a": 1}, "password": "x"}', b'{"user": ["a"]}',
             b"\xff\xfe", b'{"user": "a", "user": "recipient@example.com", "password": "correct horse"}', b"{" * 10000,
             b'{"user": "recipient@example.com\\u0000", "password": "correct horse"}']


def test_what_is_no_login_is_told_so(page):
    for n, body in enumerate(NO_LOGINS):
        answer = Visitor(page, source=f"127.0.1.{n + 1}").ask("POST", "/api/login", body)
        assert answer.code in (400, 401, 413, 415) and answer.json["error"], (body[:80], answer)


def test_who_guesses_has_to_wait(page):
    """Answers of 404 count like wrong passwords: a link may be guessed too.  Another address does not wait."""
    v, other = Visitor(page), Visitor(page, source="127.0.0.9")
    until(lambda: v.get("/enter/" + "0" * 64).code == 429, "too many attempts")
    answer = v.login()
    assert answer.code == 429 and answer.json["wait"] >= 1 and int(answer.fields["Retry-After"]) == answer.json["wait"]
    assert str(answer.json["wait"]) in answer.json["error"] and v.cookies == {}
    assert other.login().code == 200


def test_the_one_who_guesses_passwords_waits_as_he_does_with_smtp(page):
    """The same throttle: what failed here counts there, and the answer to a right password comes late too."""
    for _ in range(3):
        assert Visitor(page, source="127.0.0.5").login("sender@example.com", "wrong").code == 401
    # The fourth has to wait a second: that is seen by the fifth, which comes meanwhile, only in telltale-lookup.
    assert Visitor(page, source="127.0.0.5").login("sender@example.com").code == 200
    assert Visitor(page, source="127.0.0.5").login("sender@example.com").code == 200


HASH = "$6$rounds=1000$saltsalt$4GMtaIz3E1AdDi2SmCokEW0ehi.HdxNDcL3fGE1XXuzvo6kbx7UOloZKONqEk5H3JrQA4NOfU8BmqFPrpGqwA1"  # of the same password


def test_another_password_ends_the_sessions_of_the_account(page):
    other = Visitor(page)
    assert other.login("sender@example.com").code == 200
    for n, (words, text) in enumerate([(["passwd", "recipient@example.com", "--hash-stdin"], HASH), (["remove", "recipient@example.com"], ""),
                                       (["add", "recipient@example.com", "--password-stdin"], "correct horse"),
                                       (["passwd", "recipient@example.com", "--password-stdin"], "another")]):
        v, w = Visitor(page, source=f"127.0.1.{n}"), Visitor(page, source=f"127.0.1.{n}")
        if words[0] != "add":
            assert v.login().code == 200 and w.login().code == 200
        page.command("account", *words, text=text + "\n")
        until(lambda v=v: role(v) == "nobody", "the session has ended")
        assert role(w) == "nobody" and role(other) == "mailbox"
        assert [s["account"] for s in json.loads(page.command("web", "sessions", "--json"))] == ["sender@example.com"]
    assert v.login().code == 401 and v.login(password="another").code == 200


def test_the_owner_of_a_domain_is_named_and_it_counts_at_once(page):
    page.command("domain", "add", "other.example")
    v = Visitor(page)
    assert v.login().json["role"] == "mailbox"
    page.command("domain", "owner", "add", "other.example", "recipient@example.com")
    page.command("domain", "owner", "add", "example.com", "recipient@example.com")
    until(lambda: v.me()["domains"] == ["example.com", "other.example"], "both are his")
    assert v.me()["role"] == "domain"
    assert "recipient@example.com" in page.command("domain", "owner", "list", "example.com")
    page.command("domain", "owner", "remove", "example.com", "recipient@example.com")
    until(lambda: v.me()["domains"] == ["other.example"], "one is not any more")
    assert v.get("/api/trace", q="any:*", scope="example.com").code == 403
    page.command("domain", "remove", "other.example")
    until(lambda: role(v) == "mailbox", "nor the other")


def test_an_administrator_comes_by_a_link_that_is_good_once(page):
    page.start()
    told = page.tell("web", "link")
    link = told.stdout.strip()
    assert re.fullmatch(rf"http://127\.0\.0\.1:{page.web_port}/enter/[0-9a-f]{{64}}", link) and "10 minutes" in told.stderr
    path = "/" + link.split("/", 3)[3]
    v, late = Visitor(page), Visitor(page)
    assert v.ask("HEAD", path).code == 404, "a program that only looks does not use it up"
    answer = v.get(path)
    assert answer.code == 303 and answer.fields["Location"] == "/" and "SameSite=Strict" in v.set_cookie
    assert role(v) == "administrator" and v.me()["mailbox"] == ""
    again = late.get(path)
    assert again.code == 404 and "telltale web link" in again.text and late.cookies == {}
    assert v.get(path).code == 303, "whoever is in already only comes home"
    for wrong in ("/enter/", "/enter/" + "0" * 64, path[:-1], path + "0", path.upper()):
        assert late.get(wrong).code == 404 and role(late) == "nobody"
    assert path.split("/")[-1] not in page.said()


def test_a_link_lasts_ten_minutes(page):
    page.later(0)
    page.start()
    paths = [json.loads(page.command("web", "link", "--json"))["url"].split("/", 3)[3] for _ in range(2)]
    page.later(9 * 60)
    assert Visitor(page).get("/" + paths[0]).code == 303
    page.later(61)
    assert Visitor(page).get("/" + paths[1]).code == 404


def test_the_administrator_sees_who_is_in_and_ends_it(page):
    admin, v, w = Visitor(page).enter(), Visitor(page, source="127.0.0.8"), Visitor(page)
    assert v.login().code == 200 and w.login("sender@example.com").code == 200
    listed = {s["account"]: s for s in json.loads(page.command("web", "sessions", "--json"))}
    assert listed["recipient@example.com"]["ip"] == "127.0.0.8" and listed["recipient@example.com"]["role"] == "owner"
    assert sorted(s["role"] for s in listed.values()) == ["administrator", "owner", "owner"]
    assert "127.0.0.8" in page.command("web", "sessions")
    page.command("web", "end", str(listed["recipient@example.com"]["number"]))
    assert role(v) == "nobody" and role(w) == "mailbox"
    page.command("web", "end", "Sender@example.com")
    assert role(w) == "nobody" and role(admin) == "administrator"
    assert page.tell("web", "end", "sender@example.com").returncode == 1
    page.command("web", "end", "--all")
    assert role(admin) == "nobody" and json.loads(page.command("web", "sessions", "--json")) == []
    assert page.tell("web", "end").returncode == 2 and page.tell("web").returncode == 2


def test_without_a_page_the_command_says_so(server):
    server.start()
    told = server.tell("web", "link")
    assert told.returncode == 1 and "web { bind }" in told.stderr


def test_a_session_ends_when_it_is_not_used_and_in_any_case(page):
    page.later(0)
    v, admin = Visitor(page), Visitor(page).enter()
    assert v.login().code == 200
    hours = 0
    while role(v) == "mailbox" and hours < 24 * 40:
        page.later(11 * 3600)
        hours += 11
    assert 24 * 6 <= hours <= 24 * 8, hours
    assert role(admin) == "nobody"
    assert v.login().code == 200
    page.later(13 * 3600)
    assert role(v) == "nobody"


def test_how_long_a_session_lasts_is_said_in_the_configuration(server):
    page = with_page(server, "session-idle = 2h session-most = 5h admin-session-idle = 1h admin-session-most = 140m")
    page.later(0)
    v, admin = Visitor(page), Visitor(page).enter()
    assert v.login().code == 200
    for _ in range(2):
        page.later(50 * 60)
        assert (role(v), role(admin)) == ("mailbox", "administrator")
    page.later(50 * 60)
    assert (role(v), role(admin)) == ("mailbox", "nobody"), "too old, though it was used"
    page.later(110 * 60)
    assert role(v) == "mailbox"
    page.later(110 * 60)
    assert role(v) == "nobody", "too old as well"
    assert v.login().code == 200 and role(admin.enter()) == "administrator"
    page.later(61 * 60)
    assert (role(v), role(admin)) == ("mailbox", "nobody"), "not used for an hour"
    page.later(121 * 60)
    assert role(v) == "nobody"


def test_a_reload_and_a_crash_of_the_page_log_nobody_out_but_a_restart_does(page):
    v, admin = Visitor(page), Visitor(page).enter()
    assert v.login().code == 200
    link = json.loads(page.command("web", "link", "--json"))["url"].split("/", 3)[3]
    before = page.pids("telltale-web")
    page.command("reload")
    until(lambda: not set(before) & set(page.pids("telltale-web")), "the one before has left")
    assert role(v) == "mailbox" and role(admin) == "administrator"
    page.unclean = True
    before = page.pids("telltale-web")
    os.kill(before[0], signal.SIGKILL)
    until(lambda: page.pids("telltale-web") not in ([], before), "another page runs")
    assert role(v) == "mailbox" and Visitor(page).get("/" + link).code == 303
    page.restart()
    assert role(v) == "nobody" and role(admin) == "nobody"


REQUESTS = [
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://127.0.0.1:1"}, 403),
    ({"Origin": None, "Sec_Fetch_Site": "cross-site"}, 403),
    ({"X_Telltale_Token": None}, 403),
    ({"X_Telltale_Token": ""}, 403),
    ({"X_Telltale_Token": "0" * 32}, 403),
    ({"X_Telltale_Token": "another's"}, 403),
    ({"Host": "evil.example"}, 421),
    ({"Origin": None}, 200)]


def test_no_other_site_logs_somebody_out(page):
    v, other = Visitor(page), Visitor(page)
    assert v.login().code == 200 and other.login("sender@example.com").code == 200
    for fields, code in REQUESTS:
        if fields.get("X_Telltale_Token") == "another's":
            fields = {"X_Telltale_Token": other.token}
        answer = v.ask("POST", "/api/logout", {}, **fields)
        assert answer.code == code, (fields, answer)
        assert v.get("/api/logout").code == 405
        assert role(v) == ("nobody" if code == 200 else "mailbox"), fields


def test_no_other_site_logs_somebody_in(page):
    for fields in ({"Origin": "https://evil.example"}, {"Origin": None, "Sec_Fetch_Site": "cross-site"}):
        v = Visitor(page)
        assert v.ask("POST", "/api/login", {"user": "recipient@example.com", "password": "correct horse"}, **fields).code == 403
        assert v.cookies == {}
    assert Visitor(page).get("/api/login", user="recipient@example.com", password="correct horse").code == 405


def test_a_session_that_somebody_planted_is_not_taken_over(page):
    v = Visitor(page)
    v.cookies = {"telltale": "a" * 64}
    assert v.login().code == 200 and v.cookies["telltale"] != "a" * 64
    first = dict(v.cookies)
    assert v.login("sender@example.com").code == 200 and v.cookies != first
    old = Visitor(page)
    old.cookies = first
    assert role(old) == "nobody", "the one before is over"


def test_who_comes_from_elsewhere_unencrypted_is_not_let_in(page):
    """A web server before us that nobody has named: what it says of itself is not believed, but then we are not alone."""
    v = Visitor(page)
    for fields in ({"X_Forwarded_For": "192.0.2.7"}, {"X_Forwarded_For": "192.0.2.7", "X_Forwarded_Proto": "https"}, {"X_Forwarded_For": "127.0.0.1"}):
        answer = v.ask("POST", "/api/login", {"user": "recipient@example.com", "password": "correct horse"}, **fields)
        assert answer.code == 403 and "web { proxy }" in answer.json["error"] and v.cookies == {}, fields
        path = "/" + json.loads(page.command("web", "link", "--json"))["url"].split("/", 3)[3]
        assert v.ask("GET", path, **fields).code == 403 and v.cookies == {}
        assert Visitor(page).get(path).code == 303, "and the link is not used up by that"
        assert v.ask("GET", "/metrics", **fields).code in (401, 403)


def test_behind_a_proxy_only_https_lets_in(server):
    with_page(server, 'proxy = {"127.0.0.1"}', 'prefix = "/mail/"')
    v = Visitor(server)

    def login(**fields):
        return v.ask("POST", "/mail/api/login", {"user": "recipient@example.com", "password": "correct horse"}, **fields)

    answer = login(X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="http")
    assert answer.code == 403 and "HTTPS" in answer.json["error"] and v.cookies == {}
    answer = login(X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="https", Origin=f"https://127.0.0.1:{server.web_port}")
    assert answer.code == 200, answer
    assert re.fullmatch(r"__Host-telltale=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict; Secure", v.set_cookie)
    assert json.loads(server.command("web", "sessions", "--json"))[0]["ip"] == "192.0.2.7"
    answer = v.ask("GET", "/mail/api/me", X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="https")
    assert answer.json["role"] == "mailbox"
    assert v.ask("GET", "/mail/api/me").json["role"] == "nobody", "it is not taken from an unencrypted connection"
    link = server.command("web", "link").strip()
    assert link.startswith("https://mx.example.com/mail/enter/")


def test_over_https_of_our_own_the_cookie_is_for_https_only(server):
    with_page(server, f'certificate = "{server.data}/tls/cert.pem" key = "{server.data}/tls/key.pem"')
    server.start()
    base = f"https://localhost:{server.web_port}"

    def curl(path, *options):
        return subprocess.run(["curl", "-sS", "--cacert", os.path.join(server.data, "tls", "cert.pem"), "-D", "-", *options, base + path],
                              capture_output=True, text=True, check=True, timeout=60).stdout

    said = curl("/api/login", "--json", '{"user": "recipient@example.com", "password": "correct horse"}')
    cookie = re.search(r"(?mi)^set-cookie: (__Host-telltale=[0-9a-f]{64}); Path=/; HttpOnly; SameSite=Strict; Secure\s*$", said)
    assert cookie and '"role":"mailbox"' in said
    assert '"role":"mailbox"' in curl("/api/me", "-H", "Cookie: " + cookie[1])
    assert '"role":"nobody"' in curl("/api/me", "-H", "Cookie: " + cookie[1].replace("__Host-", ""))
    link = server.command("web", "link").strip()
    assert link.startswith(f"https://mx.example.com:{server.web_port}/enter/")
    assert " 303 " in curl("/" + link.split("/", 3)[3])
