"""What cannot be delivered yet waits, and says why and until when."""
import os
import re

from harness import until

ME = "anna@elsewhere.test"


def waiting(server):
    until(lambda: any("deferral" in r for r in server.log("delivery").verb("result")), "a deferral")
    return until(server.queue, "a message in the queue")


def test_a_target_elsewhere_waits_with_a_reason_and_a_next_try(server):
    server.command("alias", "add", "away@example.com", "bob@other.test")
    with server.client() as c:
        reply = c.deliver(ME, "away@example.com")
        assert reply.code == 250
        qp = int(reply.text.split()[-1])
    item, = waiting(server)
    assert item["qp"] != qp  # the copy is a message of its own
    assert item["sender"].startswith("SRS0=") and item["sender"].endswith("=elsewhere.test=anna@example.com")
    shown = server.command("queue", "show", str(item["qp"]))
    assert "bob@other.test" in shown
    delivery = server.log("delivery")
    first, number = [t.split(", ")[0] for t in delivery.verb("try")]
    assert delivery.verb("result")[0] == f"{first}, success, did_0+1+0/qp_{item['qp']}/"
    assert delivery.verb("try")[1] == f"{number}, remote, bob@other.test"
    assert delivery.verb("result")[1].startswith(f"{number}, deferral, ")
    assert re.fullmatch(rf"{number}, \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d", delivery.verb("next")[0])
    assert server.trace(f"id:{qp}").only["verdict"] == "forwarded"
    assert server.trace(f"id:{item['qp']}").only["verdict"] == "waiting"


def test_what_waits_is_still_there_after_a_restart(server):
    server.command("alias", "add", "away@example.com", "bob@other.test", "recipient@example.com")
    with server.client() as c:
        assert c.deliver(ME, "away@example.com").code == 250
    before = waiting(server)
    until(lambda: server.maildir("recipient@example.com"), "the local one is there")
    server.restart()
    after = server.queue()
    assert [i["qp"] for i in after] == [i["qp"] for i in before]
    assert len(server.maildir("recipient@example.com")) == 1


def test_an_unknown_number_is_not_in_the_queue(server):
    server.start()
    assert server.tell("queue", "show", "123456789").returncode == 1
    assert server.tell("queue", "show", "x").returncode in (1, 2)
    assert server.queue() == []


def test_a_mailbox_that_cannot_be_written_waits_and_is_tried_again(server):
    server.config("queue { first-retry = 1s }")
    with server.client() as c:
        assert c.deliver(ME, "recipient@example.com", message="Subject: first\r\n\r\nx\r\n").code == 250
        server.arrived("recipient@example.com")
        at = os.path.join(server.data, "mail", "example.com", "recipient", "Maildir")
        # A file stands where the folder was: even root cannot write there.
        os.rename(at, at + ".away")
        with open(at, "w", encoding="utf-8"):
            pass
        assert c.deliver(ME, "recipient@example.com", message="Subject: second\r\n\r\nx\r\n").code == 250
    waiting(server)
    os.unlink(at)
    os.rename(at + ".away", at)
    mails = server.arrived("recipient@example.com", 2)
    assert sorted(m.subject for m in mails) == ["first", "second"]
    outcomes = [r.split(", ")[1] for r in server.log("delivery").verb("result")]
    assert outcomes[0] == outcomes[-1] == "success" and "deferral" in outcomes
