"""telltale stats: the desk's questions about many messages (17, 27, 28), and who may see which numbers."""
import csv
import io
import json
import os
import subprocess

import pytest

from questions import BUILD, ME, PROVIDER, Logs

NO_RDNS = "554 Refused. You have no reverse DNS entry."
NO_MAILBOX = "550 5.1.1 sorry, no mailbox here by that name (chkuser)"
GRAY = "421 Your address has been graylisted. Try again later."
DAY, HOUR = 86400, 3600
EVIL = "\"<script>alert(1)</script>\"@b.example"


@pytest.fixture
def logs(tmp_path):
    return Logs(tmp_path)


def stats(*args, env=None):
    return subprocess.run([os.path.join(BUILD, "telltale"), "stats", *map(str, args)], capture_output=True, text=True,
                          timeout=60, check=False, env={**os.environ, "TZ": "UTC", "COLUMNS": "140", "LC_ALL": "C.UTF-8", **(env or {})})


def tables(*args):
    p = stats(*args, "--json")
    assert p.returncode == 0, p.stderr
    answer = json.loads(p.stdout)
    return answer, {name: t["rows"] for name, t in answer["tables"].items()}


def totals(t):
    return {row["what"]: row["count"] for row in t["totals"]}


def flat(text):
    return " ".join(text.split())


def section(text, name):
    return text.split(f"\n{name}\n", 1)[1].split("\n\n", 1)[0]


# 28: how much do we refuse, and why?


def busy(logs):
    """Ten messages an hour for three hours: seven are taken, two have no name, one no mailbox."""
    n = 100
    for hour in range(3):
        for i in range(10):
            n += 1
            if i < 7:
                logs.accept(n, n + 1000, sender=f"s{i}@b.example", size=1000)
                logs.attempt(n + 5000, n + 1000, 1, "success, did_1+0+0/", sender=f"s{i}@b.example")
            elif i < 9:
                logs.refuse(n, "DENIED_RDNS_MISSING", NO_RDNS, sender="x@c.example", ip="203.0.113.9", name="unknown")
            else:
                logs.check(n, "rejected rcpt", "not existing recipient", NO_MAILBOX)
        logs.epoch += HOUR
    logs.session(999, "end, timeout", ip="203.0.113.66")


def test_28_how_much_do_we_refuse_and_why(logs):
    busy(logs)
    answer, t = tables("--logs", logs.folder)
    assert totals(t) == {"messages": 30, "recipients": 30, "taken": 21, "refused": 9, "put off, not seen again": 0, "returned": 0,
                         "visits without a recipient": 1, "bytes": 21000}
    assert [(r["reason"], r["recipients"]) for r in t["reasons"]] == [
        ("gate: DENIED_RDNS_MISSING", 6), ("recipient check: not existing recipient", 3), ("client: timeout", 0)]
    for row in t["reasons"]:  # what the note below the table promises
        assert subprocess.run([os.path.join(BUILD, "telltale"), "explain", row["reason"]], check=True, capture_output=True)
    assert [(r["begin"], r["messages"], r["taken"], r["refused"]) for r in t["hours"]][:3] == [
        (f"2026-11-23T{h}:00:00+01:00", 10, 7, 3) for h in (10, 11, 12)]
    assert t["networks"][0] == {"network": "192.0.2.0/24", "messages": 24, "recipients": 24, "taken": 21, "refused": 3, "put_off": 0,
                                "returned": 0, "other": 0, "bytes": 21000, "visits_without_recipient": 0}
    assert [r for r in t["latencies"] if r["what"].startswith("delivery")][0]["p50_ms"] == 3
    assert t["ports"] == [{**t["ports"][0], "port": "25", "messages": 30}]
    assert answer["searched"]["unreadable"] == 0 and answer["question"] is None
    text = stats("--logs", logs.folder, "--top", "3").stdout
    assert "gate: DENIED_RDNS_MISSING" in section(text, "Refused, put off, returned or left, by reason") and "█" in text
    assert "and 6 more (--top)" in section(text, "Top senders")
    assert stats("--logs", logs.folder, "--limit", "3").stdout == text
    assert "3 files" in section(text, "Limits") and "all understood" in text and "\033" not in text


def test_28_visits_without_a_recipient_have_no_share_in_a_reason(logs):
    """But they stand among the first where they are many: an attack may never come as far as a recipient."""
    logs.session(7, "from, a@b.example", "resp, 250 ok", f"to, <{ME}>", "resp, 250 ok", "end, the client left")
    for i in range(3):
        logs.session(10 + i, "end, the client left", ip="203.0.113.66")
        logs.session(20 + i, "end, timeout", ip="203.0.113.66")
    logs.refuse(8, "DENIED_RDNS_MISSING", NO_RDNS)
    _, t = tables("--logs", logs.folder)
    assert [(r["reason"], r["recipients"], r["messages"], r["visits_without_recipient"]) for r in t["reasons"]] == [
        ("client: the client left", 1, 1, 3), ("client: timeout", 0, 0, 3), ("gate: DENIED_RDNS_MISSING", 1, 1, 0)]
    text = section(stats("--logs", logs.folder).stdout, "Refused, put off, returned or left, by reason")
    assert "NO RCPT" in text and text.count("50.0 %") == 2


@pytest.mark.parametrize("question,messages,refused", [
    (["verdict:refused"], 9, 9), (["from:*@c.example"], 6, 6), (["reason:mailbox"], 3, 3), (["on:2026-11-23T11:30"], 0, 0),
    (["before:2026-11-23T11:00"], 10, 3), (["ip:203.0.113.0/24", "port:25"], 6, 6), (["port:587"], 0, 0)])
def test_28_the_filters_of_trace_choose_what_is_counted(logs, question, messages, refused):
    busy(logs)
    p = stats(*question, "--logs", logs.folder, "--json")
    t = {name: x["rows"] for name, x in json.loads(p.stdout)["tables"].items()}
    assert (totals(t)["messages"], totals(t)["refused"]) == (messages, refused)
    assert p.returncode == (0 if messages else 1)


def test_28_a_graylisted_mail_is_one_message_and_who_else_got_it_is_not_counted(logs):
    logs.refuse(7, "DENIED_GRAYLISTED", GRAY)
    logs.epoch += 600
    logs.session(8, "from, a@b.example", "resp, 250 ok", f"to, <{ME}>", "resp, 250 ok", "to, <other@example.com>", "resp, 250 ok",
                 "size, 5", f"resp, 250 ok {logs.epoch} qp 11")
    logs.attempt(21, 11, 1, "success, did_1+0+0/")
    logs.attempt(22, 11, 1, "failure, Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/", to="other@example.com")
    _, t = tables(f"to:{ME}", "--logs", logs.folder)
    assert totals(t)["messages"] == totals(t)["recipients"] == totals(t)["taken"] == 1
    assert [r["max_ms"] for r in t["latencies"] if r["what"].startswith("put off")] == pytest.approx([600000], rel=0.001)
    assert totals(tables("--logs", logs.folder)[1])["recipients"] == 2


def test_28_a_mail_over_two_servers_counts_once():
    hops = os.path.join(os.path.dirname(PROVIDER), "foreign", "hops")
    _, t = tables("from:alice@example.net", "--logs", hops)
    assert totals(t)["messages"] == 3 and totals(t)["taken"] == 2 and totals(t)["returned"] == 1
    assert any(r["reason"] == "cause: mailbox-full" for r in t["reasons"])


def test_28_an_owner_sees_the_numbers_of_his_own_domain(logs):
    logs.accept(7, 11, sender="john@far.example", to="me@shop.example")
    logs.accept(8, 12, sender="mary@far.example")
    logs.submit(9, 13, "x@far.example")
    p = stats("--logs", logs.folder, "--domain", "shop.example", "--json")
    _, t = tables("--logs", logs.folder, "--domain", "shop.example")
    assert totals(t)["messages"] == 1 and t["senders"][0]["sender"] == "j***n@far.example"
    assert "john" not in p.stdout and "mary" not in p.stdout and ME not in p.stdout
    html = stats("--logs", logs.folder, "--domain", "shop.example", "--html", "-").stdout
    assert "j***n@far.example" in html and "john@" not in html and "mary@" not in html


def test_28_one_table_as_csv_and_a_name_that_would_be_a_formula(logs):
    logs.accept(7, 11, sender="=1+1@b.example")
    logs.accept(8, 12, sender=EVIL)
    rows = list(csv.DictReader(io.StringIO(stats("--logs", logs.folder, "--csv", "senders").stdout)))
    assert {r["sender"]: r["messages"] for r in rows} == {"'=1+1@b.example": "1", EVIL: "1"}
    assert rows[0]["bytes"] == "1234"
    wrong = stats("--logs", logs.folder, "--csv", "nonsense")
    assert wrong.returncode == 2 and "senders" in wrong.stderr and wrong.stdout == ""


@pytest.mark.parametrize("args,code,lines", [
    (["--csv", "days"], 0, ["begin,messages,recipients,", "2026-11-23,1,1,"]),  # of one day the text shows hours alone
    (["--csv", "hours", "from:nobody@x.example"], 1, ["begin,"]), (["--csv", "days", "from:nobody@x.example"], 1, ["begin,"]),
    (["--csv", "logins"], 0, ["login,"]), (["unusual", "--csv", "unusual"], 0, ["kind,"]),
    (["changed", "--csv", "differences"], 0, ["what,"]), (["changed", "--csv", "reasons"], 0, ["reason,"]),
    (["changed", "--csv", "clients", "from:nobody@x.example"], 1, ["address,"])])
def test_28_each_table_of_the_help_is_there_whatever_the_logs_hold(logs, args, code, lines):
    logs.accept(7, 11)
    p = stats(*args, "--logs", logs.folder)
    assert (p.returncode, p.stderr, len(p.stdout.splitlines())) == (code, "", len(lines))
    assert all(line.startswith(begin) for line, begin in zip(p.stdout.splitlines(), lines))
    assert "Per day" not in stats("--logs", logs.folder).stdout and "Per day" not in stats("--logs", logs.folder, "--html", "-").stdout


def test_28_the_page_asks_for_nothing_and_takes_no_name_for_markup(logs, tmp_path):
    busy(logs)
    logs.accept(8, 12, sender=EVIL)
    page = tmp_path / "report.html"
    p = stats("--logs", logs.folder, "--html", page)
    assert p.returncode == 0 and p.stdout == ""
    html = page.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in html and "<script" not in html
    assert "default-src 'none'" in html and "http://" not in html and "https://" not in html and "url(" not in html
    assert "prefers-color-scheme:dark" in html and "<svg" in html and "gate: DENIED_RDNS_MISSING" in html
    assert os.stat(page).st_mode & 0o007 == 0
    twice = stats("--logs", logs.folder, "--html", page, "--json")
    assert twice.returncode == 2 and "one at a time" in twice.stderr


def test_28_a_log_that_cannot_be_read_is_told_first(logs):
    logs.accept(7, 11)
    assert "could not be read" not in stats("--logs", logs.folder).stdout
    (logs.folder / "smtp-465.log.gz").write_bytes(b"\x1f\x8b\x08 and no more")
    said = "Some of the logs could not be read, or not to their end (see Limits): what stands there is not counted."
    for report in [], ["changed"], ["unusual"]:
        assert flat(stats(*report, "--logs", logs.folder).stdout).index(said) < 40
    assert tables("--logs", logs.folder)[0]["said"] == [said]
    as_csv = stats("--logs", logs.folder, "--csv", "totals")
    assert "what stands there is not counted (Limits names them, without --csv)" in flat(as_csv.stderr)
    assert as_csv.returncode == 0 and as_csv.stdout.startswith("what,count")


@pytest.mark.parametrize("args,code,words", [
    (["--top", "0"], 2, "--top 0 is not a number from 1"), (["top", "senders"], 2, "telltale stats"), (["--domain", ""], 2, "needs a domain"),
    (["to:a@b.example", "changed"], 2, "changed must be the first word: telltale stats changed"), (["--limit", "0"], 2, "--limit 0 is not a number"),
    (["--flat"], 2, "there is no option"), (["--csv", "x", "--json"], 2, "one at a time"), (["from:nobody@x.example"], 1, "")])
def test_28_mistakes_are_told(logs, args, code, words):
    logs.accept(7, 11)
    p = stats(*args, "--logs", logs.folder)
    assert p.returncode == code and words in p.stderr


def test_28_a_narrow_terminal_loses_columns_and_says_so(logs):
    busy(logs)
    text = stats("--logs", logs.folder, env={"COLUMNS": "60", "LC_ALL": "C"}).stdout
    tables_alone = text.split("\nLimits\n")[0]
    assert max(len(line) for line in tables_alone.splitlines()) <= 60 and "left out, as the terminal is narrow: " in text
    assert "####" in text and text.isascii()


# 17: all mail from partner.example is refused since Monday


def partner(logs):
    for i in range(12):
        logs.epoch += 2 * HOUR
        logs.accept(100 + i, 200 + i, sender=f"p{i % 3}@partner.example", ip="198.51.100.1", name="mx.partner.example")
        logs.attempt(300 + i, 200 + i, 1, "success, did_1+0+0/", sender=f"p{i % 3}@partner.example")
    logs.refuse(130, "DENIED_GRAYLISTED", GRAY, sender="p9@partner.example", ip="198.51.100.1", name="mx.partner.example")
    for i in range(3):
        logs.epoch += HOUR
        logs.accept(140 + i, 240 + i, sender="p1@partner.example", ip="198.51.100.1", name="mx.partner.example")
        logs.attempt(340 + i, 240 + i, 1, "success, did_1+0+0/", sender="p1@partner.example")
    logs.epoch += 9 * HOUR
    for i in range(5):
        logs.refuse(150 + i, "DENIED_RDNS_MISSING", NO_RDNS, sender="p1@partner.example", ip=f"203.0.113.{60 + i}", name="unknown")
        logs.epoch += HOUR
    logs.accept(170, 270, sender="a@b.example")


def test_17_what_changed_for_a_partner(logs):
    partner(logs)
    text = stats("changed", "from:*@partner.example", "--logs", logs.folder).stdout
    words = flat(text)
    assert "Since Tuesday, 2026-11-24 22:00:00 +01:00, 5 of 5 recipients were refused or returned; before that, 1 of 16." in words
    assert "The first refusal of all in these logs was before that, at 2026-11-24 10:00:00 +01:00." in words
    assert "The mail comes from another network since: 203.0.113.0/24, never seen before." in words
    assert "The client has no reverse name (PTR record) any more" in words
    assert "Most often for the reason gate: DENIED_RDNS_MISSING, which did not occur before." in words
    assert "publishes a reverse DNS (PTR) record" in words and "What would let it in: A PTR record" in words
    assert f"The latest of them: 2026-11-25 02:00:00 +01:00 from p1@partner.example to {ME}, refused; in full: telltale trace connection 154." in words
    answer, t = tables("changed", "from:*@partner.example", "--logs", logs.folder)
    assert [(r["reason"], r["before"], r["since"]) for r in t["reasons"]] == [
        ("gate: DENIED_RDNS_MISSING", 0, 5), ("gate: DENIED_GRAYLISTED", 1, 0)]
    assert {r["what"]: (r["before"], r["before_of"], r["since"], r["since_of"]) for r in t["differences"]} == {
        "came from a network not seen before": (0, 15, 5, 5),
        "came from an address without a reverse name": (0, 15, 5, 5), "came in the clear, without TLS": (15, 15, 5, 5)}
    assert t["clients"][0]["address"] == "198.51.100.1" and t["clients"][0]["since"] == 0
    assert answer["question"]["from"] == "*@partner.example"


def test_17_nothing_changed_or_it_was_never_otherwise(logs):
    logs.accept(7, 11)
    assert "No message fits that was taken or refused." in stats("changed", "--logs", logs.folder).stdout
    logs.attempt(21, 11, 1, "success, did_1+0+0/")
    assert "Nothing of it was refused or returned." in stats("changed", "--logs", logs.folder).stdout
    for i in range(3):
        logs.refuse(20 + i, "DENIED_RDNS_MISSING", NO_RDNS, sender="x@c.example")
    always = flat(stats("changed", "from:x@c.example", "--logs", logs.folder).stdout)
    _, t = tables("changed", "from:x@c.example", "--logs", logs.folder)
    assert [(r["before"], r["since"]) for name in ("reasons", "clients") for r in t[name]] == [(None, 3), (None, 3)]
    assert "All of it was refused or returned, from the first that these logs hold (2026-11-23 10:00:00 +01:00) on: 3 of 3 recipients." in always
    assert "stands in no log that was searched" in always


def test_17_mail_that_the_gate_let_in_was_not_refused_before(logs):
    """The gate's log alone knows of no result."""
    for i in range(6):
        logs.gate(100 + i, "ALLOWED", "joe@partner.example", ME, f"250_ok_{logs.epoch}_qp_{200 + i}")
        logs.epoch += DAY
    assert "6 recipients were not refused as far as these logs show; what became of them stands in none of them." in \
        flat(stats("changed", "--logs", logs.folder).stdout)
    for i in range(4):
        logs.gate(110 + i, "DENIED_RDNS_MISSING", "joe@partner.example", ME, "(empty)", ip="203.0.113.9", name="(unknown)")
    words = flat(stats("changed", "from:*@partner.example", "--logs", logs.folder).stdout)
    assert "Since Sunday, 2026-11-29 10:00:00 +01:00, 4 of 4 recipients were refused or returned; before that, 0 of 6." in words
    assert "6 recipients were not refused as far as these logs show; what became of them stands in none of them." in words
    _, t = tables("changed", "--logs", logs.folder)
    assert [(r["address"], r["before"], r["since"]) for r in t["clients"]] == [("192.0.2.12", 6, 0), ("203.0.113.9", 0, 4)]
    assert {r["what"]: (r["before"], r["since"]) for r in t["differences"]}["came from a network not seen before"] == (0, 4)


# 27: who sent that burst last night?


def office(logs):
    """Anna and Bob send a few mails in office hours for four days; then Anna's login sends 60 at night from elsewhere."""
    n = 1000
    for day in range(4):
        for hour in range(3):
            for user, ip in (("sender@example.com", "198.51.100.7"), ("bob@example.com", "198.51.100.8")):
                for _ in range(2 + hour):
                    n += 1
                    logs.submit(n, n + 5000, f"k{n % 7}@far.example", user=user, ip=ip)
            logs.epoch += HOUR
        logs.epoch += DAY - 3 * HOUR
    logs.epoch -= 8 * HOUR
    logs.submit(1999, 7999, "test@far.example", ip="203.0.113.66")
    logs.epoch += HOUR
    for i in range(60):
        logs.submit(2000 + i, 8000 + i, f"v{i}@victim.example", ip="203.0.113.66" if i % 2 else "192.0.2.200")
    return n


def test_27_who_sent_that_burst_last_night(logs):
    office(logs)
    _, t = tables("unusual", "--logs", logs.folder)
    login = [r for r in t["unusual"] if r["kind"] == "login"]
    assert len(login) == 1 and login[0]["who"] == "sender@example.com"
    assert login[0]["begin"] == "2026-11-27T03:00:00+01:00" and login[0]["recipients"] == 60
    assert (login[0]["usual"], login[0]["networks"], login[0]["new_networks"]) == (3, 2, 2)
    assert login[0]["first_odd"] == "2026-11-27T02:00:00+01:00" and login[0]["first_odd_address"] == "203.0.113.66"
    assert login[0]["id"] == "qp 7999"
    text = stats("unusual", "--logs", logs.folder, "--csv", "unusual").stdout
    assert text.splitlines()[0].startswith("kind,who,begin,hours,recipients,usual,limit,") and '"login","sender@example.com"' in text
    words = flat(stats("unusual", "--logs", logs.folder).stdout)
    assert "The login sender@example.com reached 60 recipients in 1 hour from 2026-11-27 03:00:00 +01:00 on; usually it is 3 an hour. " \
        "First seen from a new network at 2026-11-27 02:00:00 +01:00 (203.0.113.66): telltale trace qp 7999" in words
    assert "An hour of a sender or login is unusual when" in words


def test_27_of_one_hour_nobody_knows_what_is_usual(logs):
    for i in range(3):
        logs.submit(10 + i, 110 + i, "k@far.example", user=f"bob{i}@example.com", ip="198.51.100.8")
    logs.epoch += 600
    for i in range(60):
        logs.submit(100 + i, 200 + i, f"v{i}@victim.example")
    _, t = tables("unusual", "--logs", logs.folder)
    assert t["unusual"] == []
    words = flat(stats("unusual", "--logs", logs.folder).stdout)
    assert "All of this mail came within 1 hour: too little to tell what is usual." in words and "--csv senders" in words
    assert "Nobody sent unusually much" not in words and "sender@example.com" not in words


def test_27_who_is_first_seen_in_the_burst_came_from_no_new_network(logs):
    office(logs)
    logs.epoch += HOUR
    for i in range(60):
        logs.submit(3000 + i, 9000 + i, f"v{i}@victim.example", user="carl@example.com", ip="192.0.2.201")
    _, t = tables("unusual", "--logs", logs.folder)
    carl = next(r for r in t["unusual"] if r["kind"] == "login" and r["who"] == "carl@example.com")
    assert (carl["recipients"], carl["networks"], carl["new_networks"], carl["first_odd"], carl["id"]) == (60, 1, None, None, "")
    assert next(r for r in t["unusual"] if r["who"] == "sender@example.com")["new_networks"] == 2


def test_27_office_hours_are_nothing_unusual(logs):
    office(logs)
    text = flat(stats("unusual", "before:2026-11-27", "--logs", logs.folder).stdout)
    assert "Nobody sent unusually much." in text and "is unusual when" in text
