"""A weekly letter about what was refused: once for a week, never twice, and not at all when nothing was."""
import datetime
import json
import os
import re
import signal

import pytest
from harness import until
from visitor import Visitor, with_page

OTHER = "127.0.0.7"
YOU, ME = "recipient@example.com", "sender@example.com"
DAY, WEEK = 86400, 7 * 86400


@pytest.fixture(name="server")
def fixture_server(server, dns):
    dns.ptr(OTHER, None)
    server.config('gate { policy-url = "https://mail.example.com/page/why/%ref" }')
    server.later(0)
    noon_of_wednesday(server)
    return server


def now(server):
    return datetime.datetime.now() + datetime.timedelta(milliseconds=server.ahead)


def noon_of_wednesday(server):
    """The clock goes on to the middle of a week: no story is near its end, whatever the day is."""
    at = now(server)
    noon = at.replace(hour=12, minute=0, second=0, microsecond=0) + datetime.timedelta(days=(2 - at.weekday()) % 7)
    server.later((noon - at).total_seconds() + (WEEK if noon < at else 0))


def refuse(server, to=YOU, sender="ann@far.example", times=1):
    for _ in range(times):
        with server.client(source=OTHER) as c:
            c.send("EHLO x")
            c.send(f"MAIL FROM:<{sender}>")
            assert c.send(f"RCPT TO:<{to}>").code == 554
            c.send("QUIT")


def told_up_to(server, mailbox):
    rows = json.loads(server.command("digest", "list", "--json"))
    return next((row["week"] for row in rows if row["mailbox"] == mailbox), None)


def week_of(at):
    return ((at.date() - datetime.date(1970, 1, 1)).days + 3) // 7


def a_week_later(server, *mailboxes):
    """And wait until all of them have been told of the week that is over then."""
    server.later(WEEK)
    over = week_of(now(server)) - 1
    until(lambda: all(told_up_to(server, box) == over for box in mailboxes), "the week is told")


def test_the_week_is_told_once_to_whom_it_concerns(server):
    for box in (YOU, ME):
        server.command("digest", "on", box)
    refuse(server, times=3)
    refuse(server, sender="<\"strange one\"@x.example>"[1:-1])
    refuse(server, to=ME, sender="bob@far.example")
    a_week_later(server, YOU, ME)
    letter, = server.arrived(YOU)
    assert letter.subject == f"4 messages refused for {YOU}"
    assert re.search(r"\n +3  ann@far\.example +\d{4}-\d\d-\d\d \d\d:\d\d  \[1\]\n", letter.body)
    assert re.search(r'\n +1  "strange one"@x\.example +\d{4}', letter.body)
    assert "bob@far.example" not in letter.body, "that was for somebody else"
    flat = " ".join(letter.body.split())
    assert "[1] Refused at the door: the address of the sending server has no reverse DNS name." in flat
    assert "https://mail.example.com/page/#/refused" in letter.body and "abuse@example.com" in flat
    assert "you can allow the sender" in flat
    assert server.arrived(ME)[0].subject == f"1 message refused for {ME}"
    # What such a letter has to have.
    head = letter.parsed
    assert head["Auto-Submitted"] == "auto-generated" and head["Return-Path"] == "<>"
    assert head["From"] == '"Mail server" <no-reply@mx.example.com>' and head["To"] == f"<{YOU}>"
    assert head["List-Unsubscribe"].strip().startswith("<https://mail.example.com/page/unsubscribe/") and head["Message-ID"]
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, page = head.get_payload()
    assert (plain.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    assert "ann@far.example" in page.get_payload() and "&#34;strange one&#34;@x.example" in page.get_payload()
    assert not re.search(r"<(img|link|script|iframe)|src=", page.get_payload()), "it asks nobody for anything"
    assert max(map(len, letter.raw.splitlines())) < 998 and letter.raw.isascii()
    # The logs know of it like of any message.
    assert server.trace(f"to:{YOU}", "verdict:delivered").only["from"] == ""


def test_what_the_recipient_check_refused_is_told_too(server):
    server.command("domain", "owner", "add", "example.com", ME)
    server.command("digest", "on", ME)
    refuse(server)
    with server.client() as c:
        c.send("EHLO x")
        c.send("MAIL FROM:<bob@far.example>")
        assert c.send("RCPT TO:<ghost@example.com>").code == 550
        c.send("QUIT")
    a_week_later(server, ME)
    letter, = server.arrived(ME)
    door, other = letter.body.split("Refused for another reason", 1)
    assert "ann@far.example" in door and "bob@far.example" not in door and "bob@far.example" in other
    assert "there is no mailbox or alias with this address" in " ".join(other.split())


def test_one_click_ends_it_and_looking_does_not(server, dns):
    """RFC 8058: a POST without a cookie, of whatever kind its body is; a link that somebody opens only asks."""
    server.config('gate { policy-url = "https://elsewhere.example/refused?%ref" }')
    with_page(server, 'address = "https://log.example.com/"')
    server.command("digest", "on", YOU)
    refuse(server)
    a_week_later(server, YOU)
    letter, = server.arrived(YOU)
    assert "https://log.example.com/#/refused" in letter.body
    link = re.fullmatch(r"<https://log\.example\.com(/unsubscribe/[\w-]+)>", letter.parsed["List-Unsubscribe"].strip())[1]
    v = Visitor(server)
    asked = v.get(link)
    assert asked.code == 200 and YOU in asked.text and "<form" in asked.text
    assert v.get(link[:-1]).code == 404 and v.ask("POST", link[:-1]).code == 404
    assert v.ask("POST", link, Origin="https://evil.example").code == 403
    assert told_up_to(server, YOU) is not None, "nothing has changed yet"
    form = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    done = v.ask("POST", link, form, Origin=None, X_Telltale_Token=None, Content_Type="multipart/form-data; boundary=x")
    assert done.code == 200 and "gets it no more" in done.text
    assert told_up_to(server, YOU) is None
    server.command("digest", "on", YOU)
    done = v.ask("POST", link, b"List-Unsubscribe=One-Click", Origin="null", Sec_Fetch_Site="same-origin", X_Telltale_Token=None,
                 Content_Type="application/x-www-form-urlencoded")
    assert done.code == 200 and told_up_to(server, YOU) is None


def test_nothing_refused_nothing_said(server):
    server.command("digest", "on", YOU)
    a_week_later(server, YOU)
    assert server.maildir(YOU) == []


def test_who_does_not_want_it_does_not_get_it(server):
    server.command("digest", "on", YOU)
    server.command("digest", "on", ME)
    server.command("digest", "off", YOU)
    refuse(server)
    refuse(server, to=ME)
    a_week_later(server, ME)
    server.arrived(ME)
    assert server.maildir(YOU) == [] and told_up_to(server, YOU) is None


def test_it_tells_of_the_domains_of_an_owner_too(server):
    server.command("domain", "owner", "add", "example.com", ME)
    server.command("digest", "on", ME)
    refuse(server, to=YOU, times=2)
    refuse(server, to=ME, sender="bob@far.example")
    a_week_later(server, ME)
    letter, = server.arrived(ME)
    assert letter.subject == f"3 messages refused for {ME}"
    assert "and the domain example.com" in " ".join(letter.body.split())


def test_an_index_of_the_logs_changes_nothing(server):
    server.command("digest", "on", YOU)
    refuse(server, times=2)
    server.command("index", "build")
    a_week_later(server, YOU)
    assert server.arrived(YOU)[0].subject == f"2 messages refused for {YOU}"


def test_weeks_that_were_missed_come_in_one_letter_after_the_start(server):
    server.command("digest", "on", YOU)
    refuse(server, sender="one@far.example")
    server.stop()
    server.later(WEEK)
    server.start()
    first, = server.arrived(YOU)
    assert "one@far.example" in first.body
    refuse(server, sender="two@far.example")
    server.stop()
    server.later(2 * WEEK)
    server.start()
    letters = server.arrived(YOU, 2)
    second = next(x for x in letters if "two@far.example" in x.body)
    assert "one@far.example" not in second.body
    for _ in range(2):
        server.restart()
    assert told_up_to(server, YOU) == week_of(now(server)) - 1
    server.arrived(YOU, 2)


def test_a_queue_that_is_away_makes_it_late_not_double(server):
    server.unclean = True
    server.command("digest", "on", YOU)
    refuse(server)
    for pid in server.pids("telltale-queue"):
        os.kill(pid, signal.SIGSTOP)
    server.later(WEEK)
    until(lambda: server.pids("telltale-digest"), "it is at work")
    for pid in server.pids("telltale-queue"):
        os.kill(pid, signal.SIGKILL)
    until(lambda: server.maildir(YOU), "it arrives all the same")
    server.restart()
    server.arrived(YOU, 1)


def test_killed_at_any_time_it_never_says_it_twice(server):
    server.command("digest", "on", YOU)
    refuse(server)
    for _ in range(3):
        server.later(WEEK)
        refuse(server)
        for pid in server.pids("telltale-digest"):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        until(lambda: told_up_to(server, YOU) == week_of(now(server)) - 1, "the week is told")
    until(lambda: server.spool.empty and not server.pids("telltale-digest"), "all is quiet")
    weeks = [re.match(r"<digest\.(\d+)\.", m.parsed["Message-ID"])[1] for m in server.maildir(YOU)]
    assert len(set(weeks)) == len(weeks) <= 3, weeks
