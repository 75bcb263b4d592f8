"""An address that failed for good: its sender's list has it, by option, and the next mail there is refused at once."""
import json

from harness import until
from remote import BOB, ME, Script, leads_to
from test_remote import send


def listed(server, box=ME):
    return json.loads(server.command("suppress", "list", box, "--json"))


def ask(server, rcpt):
    """The reply to RCPT for who has logged in as ME."""
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        assert c.login().code == 235
        assert c.send(f"MAIL FROM:<{ME}>").code == 250
        reply = c.send(f"RCPT TO:<{rcpt}>")
        c.send("RSET")
        return reply


def failed(server, n):
    until(lambda: len([r for r in server.log("delivery").verb("result") if ", failure, " in r]) >= n, f"{n} failures")


def test_a_mailbox_that_wants_it_does_not_write_twice_to_nobody(server):
    with Script(RCPT="550 5.1.1 no such user here") as far:
        leads_to(server, far.port)
        server.later(0)
        server.start()
        send(server, BOB)
        failed(server, 1)
        assert listed(server) == [] and ask(server, BOB).code == 250, "off by default"
        server.command("account", "set", ME, "suppress=on")
        send(server, BOB)
        failed(server, 2)
        row, = until(lambda: listed(server), "it is on the list")
        assert row["address"] == BOB and "5.1.1 no such user here" in row["reason"]
        reply = ask(server, "Bob@far.test")
        assert reply.code == 550 and "5.1.1 sorry, mail from you to that address failed on 20" in reply.text
        assert "no such user here" in reply.text and "before 20" in reply.text
        check = server.log("smtp-465").verb("check")[-1]
        assert check.startswith("rejected rcpt, ") and check.endswith("suppressed address")
        told = server.trace("to:bob@far.test verdict:refused")
        assert "failed for good before" in told.text
        server.later(31 * 86400)
        assert ask(server, BOB).code == 250, "thirty days are over"


def test_the_postmaster_puts_on_and_takes_off(server):
    server.command("domain", "set", "example.com", "suppress=90d")
    server.command("suppress", "add", ME, "eve@gone.test")
    assert ask(server, "eve@gone.test").code == 550 and ask(server, "eve@other.test").code == 250
    server.command("account", "set", ME, "suppress=off")
    assert ask(server, "eve@gone.test").code == 250, "the mailbox's own word counts"
    server.command("account", "set", ME, "suppress=")
    server.command("suppress", "remove", ME, "Eve@gone.test")
    assert ask(server, "eve@gone.test").code == 250 and listed(server) == []
    assert server.tell("suppress", "remove", ME, "eve@gone.test").returncode == 1
    assert server.tell("account", "set", ME, "suppress=never").returncode == 1


def test_a_policy_or_a_full_mailbox_puts_nobody_on_a_list(server):
    with Script(RCPT="550 5.7.1 refused by policy") as policy:
        leads_to(server, policy.port)
        server.command("account", "set", ME, "suppress=on")
        send(server, BOB)
        failed(server, 1)
        policy.replies["RCPT"] = "552 5.2.2 mailbox full"
        send(server, BOB)
        failed(server, 2)
        policy.replies["RCPT"] = "550 5.1.1 user unknown"
        send(server, "carl@far.test")
        failed(server, 3)
        row, = until(lambda: listed(server), "it is on the list")
        assert row["address"] == "carl@far.test"
