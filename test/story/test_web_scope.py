"""The page shows to each what is his, whatever he asks: the routes, one by one, by those who try to see more.

Two tenants share the server.  The secret is the other one's: her address, whom she writes to, that she exists.
"""
import http.client
import json
import re
import urllib.parse

import pytest

from harness import Dns, Server, until
from visitor import Visitor, with_page

SECRET = "johanna"  # the local part that must never be seen
HER = SECRET + "@other.example"
FRIEND = "friedhelm@far.example"  # whom she writes to
ME, COLLEAGUE = "recipient@example.com", "sender@example.com"
PASSWORD = "correct horse"


@pytest.fixture(name="town", scope="module")
def fixture_town(request):
    """One server for all of these stories: who only looks leaves it as it was."""
    server, failed = with_page(Server()), request.session.testsfailed
    try:
        people(server)
        yield server
    finally:
        server.close(request.session.testsfailed > failed)


def people(server):
    """Mail of both, delivered, refused and waiting; some of it in one message."""
    Dns(server).ptr("127.0.0.1", "localhost")
    Dns(server).ptr("127.0.0.7", None)
    server.start()
    for words in (["domain", "add", "other.example"], ["domain", "add", "third.example"]):
        server.command(*words)
    for account in (HER, "max@other.example", "owner@third.example"):
        server.command("account", "add", account, "--password-stdin", text=PASSWORD + "\n")
    server.command("alias", "add", "info@example.com", ME)
    with server.client() as c:
        c.deliver("anna@far.example", ME)
        c.deliver("anna@far.example", HER)
        c.deliver("anna@far.example", ME, HER)
        c.deliver("anna@far.example", "info@example.com", COLLEAGUE)
        c.envelope("bert@far.example", ME)
        assert c.send(f"RCPT TO:<no-{SECRET}@other.example>").code == 550
        c.data()
    with server.client(source="127.0.0.7") as c:
        c.send("EHLO x.example")
        c.send("MAIL FROM:<anna@far.example>")
        assert c.send(f"RCPT TO:<{HER}>").code == 554 and c.send(f"RCPT TO:<{ME}>").code == 554
    for user, to in ((HER, FRIEND), (COLLEAGUE, "carla@far.example"), (ME, "carla@far.example"), (ME, FRIEND)):
        with server.client(port="465") as c:
            c.send("EHLO client.test")
            assert c.login(user, PASSWORD).code == 235
            for line in (f"MAIL FROM:<{user}>", f"RCPT TO:<{to}>"):
                assert c.send(line).code == 250
            c.data(f"Subject: hello\r\nMessage-ID: <{user.split('@')[0]}.1@x.example>\r\n\r\nHello.\r\n")
    until(lambda: len(server.maildir(ME)) == 4 and len(server.maildir(HER)) == 2 and len(server.maildir(COLLEAGUE)) == 1, "all is delivered")
    until(lambda: len(server.queue()) == 4, "the rest waits")
    server.command("domain", "owner", "add", "example.com", COLLEAGUE)


@pytest.fixture(name="who", params=["mailbox", "domain"])
def fixture_who(request, town):
    """One of ours, logged in, and what the command calls his scope."""
    v = Visitor(town)
    account = ME if request.param == "mailbox" else COLLEAGUE
    assert v.login(account).json["role"] == request.param
    v.scope = ["--mailbox", ME] if request.param == "mailbox" else ["--domain", "example.com"]
    return v


def numbers_of_others(server):
    """Of messages and deliveries that are no business of ours: as she may see them."""
    found = [json.loads(server.tell("trace", "--json", "any:*", "--mailbox", a).stdout)["messages"] for a in (HER, ME, COLLEAGUE)]
    mine = {m["ids"]["qp"] for m in found[1] + found[2]} | {m["ids"]["connection"] for m in found[1] + found[2]}
    ids = [m["ids"] for m in found[0]]
    return [i["qp"] for i in ids if i["qp"] and i["qp"] not in mine] + [d for i in ids for d in i["deliveries"]]


QUESTIONS = ["any:*", "from:*", "to:*", "text:*", "reason:*", "to:" + HER, "from:" + HER, "any:" + HER, HER, SECRET, f"text:{SECRET}", f"text:*{SECRET}*",
             f"id:{SECRET}", f"id:<{SECRET}.1@x.example>", f"reason:{SECRET}", "to:*@other.example", "from:*@other.example", "any:other.example",
             "any:*joh*", "to:j*", "any:j***a@other.example", "text:other.example", "ip:127.0.0.1", "ip:127.0.0.0/8", "ip:0.0.0.0/0", "ip:::/0",
             "verdict:refused", "verdict:delivered", "verdict:waiting", "verdict:mixed", "verdict:unknown", "port:25", "port:465", "text:127.0.0.7",
             FRIEND, "to:*@far.example", "to:carla@far.example", "from:anna@far.example", "anna@far.exampl", f"{SECRET}@other.exampl", "johanne@other.example",
             "recipien@example.com", "text:auth", "text:PLAIN", "text:qp", "text:connection", "reason:DENIED*", "reason:554", "from:<>", "id:1", "id:2",
             "connection 1", "connection 2", "connection 3", f"what happened to the mail from anna@far.example to {HER}", "all mail", "refused mails",
             "login:*", "login:" + HER, "reason:no-such-mailbox", "mails to me",
             "from:" + ME, "to:" + ME, "to:" + COLLEAGUE, "from:" + COLLEAGUE, "to:info@example.com", "max@other.example", "owner@third.example"]


def leaks(answer, question=""):
    """Does the answer hold what the asker did not say himself?"""
    text = answer.text
    if answer.fields["Content-Type"].startswith("application/json") and answer.text.startswith("{"):
        whole = answer.json
        whole.pop("question", None)
        text = json.dumps(whole, ensure_ascii=False)
    for said in {question, urllib.parse.quote(question)} - {""}:
        text = text.replace(said, "")
    return [x for x in (SECRET, "friedhelm", "max@other", "owner@third") if x in text.lower()]


def test_searches_say_what_the_command_says_with_the_same_scope(town, who):
    """And not a word more, in any field; the numbers of others' messages lead nowhere."""
    hers = [f"{kind}{n}" for n in numbers_of_others(town) for kind in ("id:", "qp ", "delivery ")]
    asked = QUESTIONS + hers
    assert len(hers) > 5
    found = 0
    for n, question in enumerate(asked):
        answer = who.get("/api/trace", q=question)
        told = town.tell("trace", "--json", question, *who.scope) if n % 3 == 0 or answer.code != 200 else None
        if answer.code == 400:
            assert told.returncode == 2, (question, answer)
            continue
        assert answer.code == 200 and (told is None or answer.body.decode() == told.stdout), question
        whole = ME in question and who.scope[0] == "--mailbox"
        if not (whole or leaks(answer, question) == ["friedhelm"]):
            assert not leaks(answer, question), (question, answer)
        found += answer.json["found"]
        if question in hers:
            never = re.sub(r"\d+", "999999999", question)
            nothing = who.get("/api/trace", q=never).text.replace("999999999", re.search(r"\d+", question)[0])
            assert answer.json["found"] == 0 and answer.text == nothing, "a number that never was is answered in the same words"
    assert found > 20, "the owner does see his own"


def test_an_index_tells_no_more(town, who):
    """The same bytes; also of what only an index knows, such as all the names there are."""
    asked = QUESTIONS[::4] + [HER, SECRET, "johanne@other.example", "recipien@example.com"]
    before = [who.get("/api/trace", q=question).body for question in asked]
    stats = who.get("/api/stats", q="").body
    town.command("index", "build")
    try:
        assert "trace answers from it" in town.command("index", "status")
        assert [who.get("/api/trace", q=question).body for question in asked] == before
        assert who.get("/api/stats", q="").body == stats
    finally:
        town.command("index", "drop")


def test_what_the_other_one_does_changes_no_answer(town, who):
    """The same question, before and after she has mail: where it was not about her it is told in the same words."""
    questions = ["any:*", "verdict:refused", "text:*", HER, "johanna@other.exampl", "to:*@other.example", "from:anna@far.example"]

    def ask():
        answers = []
        for q in questions:
            whole = who.get("/api/trace", q=q).json
            whole.pop("searched"), whole.pop("question")
            answers.append(whole)
        return answers, [{k: v for k, v in who.get("/api/stats", q=q).json.items() if k != "searched"} for q in ("", "any:*")]
    before, had = ask(), len(town.maildir(HER))
    with town.client() as c:
        c.deliver("dora@far.example", HER)
        c.deliver("anna@far.example", HER, "max@other.example")
    until(lambda: len(town.maildir(HER)) == had + 2, "she has it")
    assert ask() == before


SCOPES = ["other.example", HER, "third.example", "OTHER.example", "other.example.", "*", "*@*", "*.example", "@other.example", "@", "%", "a@b@other.example",
          "recipient@example.com,johanna@other.example", "recipient@example.com johanna@other.example", "recipient@example.com\njohanna@other.example",
          "example.com,other.example", "all", "admin", "administrator", "everything", "none", "null", "-", ".", "..", "/", "\\", "\0", "example.com\0.evil",
          "\xa0", "ex\u0430mple.com", "x" * 5000, "mailbox:" + HER, "max@other.example", "--domain other.example", "recipient@example.com\0" + HER]
ROUTES = ["/api/trace?q=any:*", "/api/trace?q=johanna", "/api/stats?", "/api/stats?q=any:*", "/api/stats/changed?", "/api/stats/unusual?", "/api/queue?", "/api/refused?", "/api/allow?", "/api/live?q=any:*"]


def test_no_scope_but_ones_own_can_be_asked_for(who):
    own = urllib.parse.quote(who.scope[1])
    for scope in SCOPES + ([COLLEAGUE, "example.com", "info@example.com"] if who.scope[0] == "--mailbox" else []):
        other = urllib.parse.quote(scope)
        for route in ROUTES:
            for more in (f"&scope={other}", f"&scope={own}&scope={other}", f"&scope={other}&scope={own}")[:3 if scope in SCOPES[:3] else 1]:
                answer = who.ask("GET", route + more)
                assert 400 <= answer.code < 500, (route, scope, more, answer)
                assert not [x for x in leaks(answer) if x not in scope], answer


def test_nothing_else_in_a_request_makes_it_more(town, who):
    """Names that the command has, cookies, fields and paths that somebody might believe."""
    plain = who.get("/api/trace", q="any:*").body
    for more in ("domain=other.example", "mailbox=" + HER, "domain=", "mailbox=", "role=administrator", "user=" + HER, "logs=/", "index=/", "tables=1",
                 "everything=1", "as=" + HER, "Scope=other.example", "scope%00=other.example", "scope[]=other.example", "token=x"):
        answer = who.ask("GET", "/api/trace?q=any:*&" + more)
        assert answer.code == 400 or answer.body == plain, more
    for fields in ({"X_Scope": "other.example"}, {"X_Forwarded_For": "127.0.0.1"}, {"X_Forwarded_User": HER}, {"Remote_User": HER}, {"X_Original_URL": "/api/queue"},
                   {"Authorization": "Basic am9oYW5uYUBvdGhlci5leGFtcGxlOmNvcnJlY3QgaG9yc2U="}, {"X_HTTP_Method_Override": "POST"}, {"Forwarded": "for=127.0.0.1"}):
        answer = who.ask("GET", "/api/trace?q=any:*", **fields)
        assert 400 <= answer.code < 500 or answer.body == plain, fields
    for question in ("any:* --domain other.example", "any:* --mailbox " + HER, "any:* --logs /etc", "--unreadable", "any:* --unreadable", "any:* scope:other.example",
                     "any:* domain:other.example", "any:*\0--domain\0other.example", "any:* \" --domain other.example"):
        answer = who.get("/api/trace", q=question)
        assert answer.code in (200, 400) and not leaks(answer, question), question
    for path in ("/api/sessions", "/api/accounts", "/api/trace/../queue", "/enter/x", "/logs/smtp-25.log", "/data/accounts.db"):
        answer = who.get(path)
        assert answer.code >= 400 and not leaks(answer), path


def test_the_queue_shows_ones_own_and_lets_nobody_act(town, who):
    rows = who.get("/api/queue")
    assert rows.code == 200, rows
    senders = sorted(m["sender"] for m in rows.json["messages"])
    assert rows.json["total"] == len(senders) and not rows.json["more"]
    assert senders == ([ME, ME] if who.scope[0] == "--mailbox" else [ME, ME, COLLEAGUE]), rows
    assert SECRET not in rows.text
    all_rows = town.queue()
    for message in all_rows:
        for action in ("retry", "hold", "release", "delete"):
            answer = who.post("/api/queue", action=action, qp=message["qp"], recipient=0)
            assert answer.code == 403, answer
    assert sorted(m["qp"] for m in town.queue()) == sorted(m["qp"] for m in all_rows) and not any(m["held"] for m in town.queue())


def test_numbers_over_many_are_of_ones_own(town, who):
    for q in ("", "verdict:refused", "any:*", "to:" + HER, "from:" + HER, "port:465"):
        answer = who.get("/api/stats", q=q)
        told = town.tell("stats", "--json", *([q] if q else []), *who.scope)
        assert answer.code == 200 and answer.body.decode() == told.stdout, q
        assert not [x for x in leaks(answer, q) if x != "friedhelm"], (q, answer)


class Stream:
    """What api/live says, event by event."""

    def __init__(self, visitor, **values):
        self.connection = http.client.HTTPConnection("127.0.0.1", visitor.server.web_port, 60, (visitor.source, 0))
        self.connection.request("GET", "/api/live?" + urllib.parse.urlencode(values),
                                headers={"Cookie": "; ".join(f"{k}={v}" for k, v in visitor.cookies.items())})
        self.response = self.connection.getresponse()
        self.seen = ""

    def __enter__(self):
        assert self.response.status == 200
        return self

    def __exit__(self, *_):
        self.connection.close()

    def until(self, words):
        """Read on until they were said, or the end; all that was."""
        while words not in self.seen:
            line = self.response.readline()
            if not line:
                break
            self.seen += line.decode()
        return self.seen


def test_what_happens_now_is_shown_as_far_as_it_is_ones_own(town, who):
    """Beside an administrator, who sees the same mail: when he has seen hers, the owner had his chance."""
    admin = Visitor(town).enter()
    with Stream(who, q="") as mine, Stream(who, q=f"to:{HER}") as curious, Stream(admin, q="") as all_of_it:
        with town.client() as c:
            c.deliver("dora@far.example", HER)
            c.deliver("dora@far.example", ME, HER)
            c.deliver("emil@far.example", ME)
        assert SECRET in all_of_it.until("emil@far.example")
        seen = mine.until("e***l@far.example")
        assert "e***l@far.example" in seen and ME in seen
        assert not [x for x in (SECRET, "friedhelm", "max@other") if x in seen.lower()], seen
        if who.scope[0] == "--domain":
            return  # what follows takes as long as a stream may go on without being looked at
        town.command("web", "end", "--all")
        assert not [x for x in (SECRET, "event: new") if x in curious.until("never said").lower()], "and it ends with the session"
        assert "never said" not in mine.until("never said")


def test_what_was_refused_and_who_is_allowed_are_ones_own(town, who):
    answer = who.get("/api/refused")
    assert answer.code == 200 and not leaks(answer), answer
    mine = (ME,) if who.scope[0] == "--mailbox" else (ME, COLLEAGUE)
    assert answer.json["rows"] and {row["recipient"] for row in answer.json["rows"]} <= set(mine), answer
    before = {d: town.command("domain", "show", d, "--json") for d in ("other.example", "example.com")}, town.command("account", "list", "--json")
    for scope in ("other.example", HER, "third.example", "*", "@other.example", "") + (("example.com", COLLEAGUE) if who.scope[0] == "--mailbox" else ()):
        if scope:
            assert who.post("/api/allow", scope=scope, sender="spam@far.example").code in (400, 403), scope
            assert who.get("/api/allow", scope=scope).code in (400, 403), scope
    assert before == ({d: town.command("domain", "show", d, "--json") for d in ("other.example", "example.com")}, town.command("account", "list", "--json"))
    assert who.post("/api/allow", scope=who.scope[1], sender="spam@far.example").code == 200
    assert "spam@far.example" in who.get("/api/allow").text
    assert "spam@far.example" not in town.command("domain", "show", "other.example", "--json")


def test_an_explanation_needs_no_logs(who):
    answer = who.get("/api/explain", text=f"550 5.1.1 <{HER}>: no such user")
    assert answer.code == 200 and answer.json["kind"]


def several(town, v):
    for scope, command in (("third.example", ["--domain", "third.example"]), ("example.com", ["--domain", "example.com"]), (COLLEAGUE, ["--mailbox", COLLEAGUE]),
                           ("mailbox", ["--mailbox", COLLEAGUE]), (ME, ["--mailbox", ME]), ("EXAMPLE.com", ["--domain", "example.com"])):
        answer = v.get("/api/trace", q="any:*", scope=scope)
        assert answer.code == 200 and answer.body.decode() == town.tell("trace", "--json", "any:*", *command).stdout, scope
    assert v.get("/api/trace", q="any:*").body == v.get("/api/trace", q="any:*", scope="example.com").body
    assert v.get("/api/trace", q="any:*", scope="other.example").code == 403


def test_an_owner_of_several_domains_sees_one_at_a_time(town):
    town.command("domain", "owner", "add", "third.example", COLLEAGUE)
    v = Visitor(town)
    assert v.login(COLLEAGUE).json["domains"] == ["example.com", "third.example"]
    several(town, v)
    town.command("domain", "owner", "remove", "third.example", COLLEAGUE)
    until(lambda: v.me()["domains"] == ["example.com"], "it is not his any more")
    assert v.get("/api/trace", q="any:*", scope="third.example").code == 403


def test_the_administrator_sees_all_and_what_others_see(town):
    v = Visitor(town).enter()
    for scope, command in (("", []), ("other.example", ["--domain", "other.example"]), (HER, ["--mailbox", HER]), (ME, ["--mailbox", ME])):
        answer = v.get("/api/trace", q="any:*", **({"scope": scope} if scope else {}))
        assert answer.code == 200 and answer.body.decode() == town.tell("trace", "--json", "any:*", *command).stdout, scope
    assert SECRET in v.get("/api/trace", q="any:*").text
    assert SECRET not in v.get("/api/trace", q="any:*", scope=ME).text


def test_nobody_sees_nothing(town):
    v = Visitor(town)
    for route in ROUTES + [r + "&scope=" + HER for r in ROUTES] + ["/api/explain?text=550", "/api/digest", "/metrics"]:
        answer = v.ask("GET", route, X_Forwarded_For="192.0.2.7")
        assert answer.code in (401, 403, 404) and not leaks(answer), (route, answer)
    for route in ("/api/queue", "/api/allow", "/api/digest", "/api/logout", "/api/explain"):
        assert v.ask("POST", route, {"text": "550"}).code in (401, 403), route
    assert not leaks(v.get("/metrics")), "what watches the server from the same machine sees numbers only"
    v.cookies = {"telltale": "0" * 64, "__Host-telltale": "0" * 64}
    assert v.me()["role"] == "nobody"
