"""A mailbox whose owner has its mail sent on, with and without a copy here; a catch-all beside real names."""
import json

from harness import until
from remote import Script, leads_to

ME, YOU, ALSO, AWAY = "anna@elsewhere.test", "recipient@example.com", "sender@example.com", "b@far.test"


def send(server, to):
    with server.client() as c:
        reply = c.deliver(ME, to)
        assert reply.code == 250, reply
    until(lambda: server.spool.empty, "it is delivered")
    return int(reply.text.split()[-1])


def rules(server):
    return [line.split(", ")[1:3] for line in server.log("delivery").verb("mailbox")]


def test_with_and_without_a_copy_here(server):
    with Script() as far:
        leads_to(server, far.port)
        server.command("account", "set", YOU, f"forward={AWAY},{ALSO}")
        qp = send(server, "recipient+x@example.com")
        assert [len(server.maildir(m)) for m in (YOU, ALSO)] == [1, 1]
        assert far.messages[0].startswith(b"Delivered-To: recipient+x@example.com\r\n")
        assert sorted(rules(server)) == [["example.com/recipient/Maildir", "mailbox"], ["example.com/sender/Maildir", "forward; mailbox"]]
        told = server.trace(f"id:{qp}")
        assert told.only["recipients"][0]["address"] == "recipient+x@example.com" and AWAY in told.text
        server.command("account", "set", YOU, "keep-copy=no", f"forward=!{ALSO}")
        assert json.loads(server.command("account", "show", YOU, "--json"))["settings"] == {"forward": [AWAY], "keep-copy": "no"}
        assert AWAY in server.command("route", YOU)
        send(server, YOU)
        assert [len(server.maildir(m)) for m in (YOU, ALSO)] == [1, 1] and len(far.messages) == 2


def test_two_mailboxes_that_send_all_to_each_other_lose_none(server):
    for one, other in (YOU, ALSO), (ALSO, YOU):
        server.command("account", "set", one, f"forward={other}", "keep-copy=no")
    send(server, YOU)
    assert [len(server.maildir(m)) for m in (YOU, ALSO)] == [1, 0]


def test_a_catch_all_takes_what_has_no_name_and_nothing_else(server):
    server.command("alias", "add", "@example.com", YOU)
    server.command("alias", "add", "desk@example.com", ALSO)
    server.command("account", "set", ALSO, "forward=nobody@example.com", "keep-copy=no")
    for to in "whoever+x@example.com", "desk+y@example.com", "sender+z@example.com", "recipient+q@example.com":
        send(server, to)
    assert [r[1] for r in rules(server)] == ["catch-all; mailbox", "forward; mailbox", "forward; mailbox", "mailbox"]
    assert len(server.maildir(YOU)) == 4
