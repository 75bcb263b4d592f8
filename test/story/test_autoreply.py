"""A mailbox answers by itself: once to each sender, never to robots, and two of them do not talk for ever."""
import email.header
import json

from harness import until
from remote import Script, leads_to

ME, YOU, ALSO = "anna@far.test", "recipient@example.com", "sender@example.com"


def mail(to=YOU, more=""):
    return f"To: {to}\r\nSubject: hello\r\nMessage-ID: <1@far.test>\r\n{more}\r\nHello.\r\n"


def send(server, sender, message, to=YOU):
    with server.client() as c:
        reply = c.deliver(sender, to, message=message)
        assert reply.code == 250, reply
    until(lambda: server.spool.empty, "it is delivered")
    return int(reply.text.split()[-1])


def answers(server):
    return server.log("delivery").verb("autoreply")


def away(server, address=YOU, *more, text="Ich bin bis Montag im Gebirge. Grüße\n"):
    server.command("autoreply", "set", address, "--text-stdin", "--subject", "Не съм тук", *more, text=text)


def test_each_sender_is_answered_once_in_a_period(server):
    server.later(0)
    with Script() as far:
        leads_to(server, far.port)
        away(server)
        assert json.loads(server.command("autoreply", "show", YOU, "--json"))["every-hours"] == 168
        assert "answers by itself" in server.command("route", YOU)
        qp = send(server, ME, mail())
        until(lambda: far.messages, "the answer arrives")
        until(lambda: server.spool.empty, "it is settled")
        answer = email.message_from_bytes(far.messages[0])
        assert far.heard[1].startswith("MAIL FROM:<>") and answer["From"] == f"<{YOU}>" and answer["To"] == f"<{ME}>"
        assert str(email.header.make_header(email.header.decode_header(answer["Subject"]))) == "Не съм тук"
        assert answer.get_payload(decode=True).decode() == "Ich bin bis Montag im Gebirge. Grüße\r\n"
        assert answer["Auto-Submitted"] == "auto-replied" and answer["In-Reply-To"] == "<1@far.test>"
        assert answers(server)[0].startswith(f"{qp}, qp ")
        assert "the mailbox answers by itself" in server.trace(f"id:{qp}").text
        send(server, ME, mail())
        server.restart()
        send(server, ME, mail())
        assert len(answers(server)) == 1
        server.later(8 * 86400)
        send(server, ME, mail())
        until(lambda: len(far.messages) == 2, "a new period, a new answer")
        server.command("autoreply", "off", YOU)
        send(server, "other@far.test", mail())
        until(lambda: server.spool.empty, "it is delivered")
        assert len(answers(server)) == 2


def test_robots_lists_and_blind_copies_get_none(server):
    away(server)
    for sender, message in [("", mail()), ("l-request@far.test", mail()), (ME, mail(more="Precedence: list\r\n")),
                            (ME, mail(more="List-Id: <l.far.test>\r\n")), (ME, mail("undisclosed@far.test")),
                            (ME, mail(more="Auto-Submitted: auto-replied\r\n"))]:
        send(server, sender, message)
    away(server, YOU, "--until", "2001-01-01")
    send(server, ME, mail())
    away(server, YOU, "--from", "2101-01-01")
    send(server, ME, mail())
    assert len(server.maildir(YOU)) == 8 and answers(server) == []


def test_two_of_our_own_mailboxes_stop_after_one_answer_each_way(server):
    away(server, YOU)
    away(server, ALSO)
    send(server, ALSO, mail())
    until(lambda: len(server.maildir(ALSO)) == 1 and server.spool.empty, "the answer is there")
    send(server, YOU, mail(ALSO), ALSO)
    until(lambda: len(server.maildir(YOU)) == 2 and server.spool.empty, "so is the other")
    assert len(answers(server)) == 2 and len(server.maildir(ALSO)) == 2
