"""Two days of a mailbox that cannot be written: qmail's times, the last attempt, the bounce."""
import os
import time

from harness import until

DAY = 86400


def seconds_of(stamp):
    return time.mktime(time.strptime(stamp, "%Y-%m-%d %H:%M:%S"))


def block(server, user):
    """A file stands where the mailbox's folder was: not even root can write there."""
    at = os.path.join(server.data, "mail", "example.com", user, "Maildir")
    os.makedirs(os.path.dirname(at), exist_ok=True)
    if os.path.isdir(at):
        os.rename(at, at + ".away")
    with open(at, "w", encoding="utf-8"):
        pass
    server.give_mail()


def test_two_days_of_attempts_and_then_the_bounce(server):
    server.later(0)
    server.start()
    block(server, "recipient")
    with server.client() as c:
        reply = c.deliver("sender@example.com", "recipient@example.com")
        assert reply.code == 250
        _, epoch, _, qp = reply.text.split()[-4:]
    born, k = int(epoch), 0

    def results():
        return server.log("delivery").verb("result")

    until(results, "the first attempt")
    while (next_lines := server.log("delivery").verb("next")) and len(next_lines) > k:
        k += 1
        due = seconds_of(next_lines[-1].split(", ")[1])
        assert abs(due - (born + (10 * k) ** 2)) <= 1, (k, next_lines[-1])
        server.later(due + 1 - (time.time() + server.ahead / 1000))
        until(lambda: len(results()) > k, f"attempt {k + 1}")
        until(lambda: len(server.log("delivery").verb("next")) > k or server.log("delivery").verb("gave-up"),
              "what comes next")
    outcomes = [r.split(", ")[1] for r in results()]
    assert outcomes[:43] == ["deferral"] * 42 + ["failure"]
    assert time.time() + server.ahead / 1000 - born >= 2 * DAY
    assert len(server.log("delivery").verb("gave-up")) == 1
    mail, = server.arrived("sender@example.com")
    assert "queue too long" in " ".join(mail.parsed.get_payload()[0].get_payload().split())
    assert mail.parsed.get_payload()[1].get_payload()[1]["Status"] == "4.2.1"
    assert server.trace(f"id:{qp}").only["verdict"] == "returned"


def test_a_clock_that_jumps_over_everything_loses_nothing(server):
    server.later(0)
    server.command("alias", "add", "away@example.com", "bob@other.test")
    with server.client() as c:
        assert c.deliver("sender@example.com", "away@example.com").code == 250
    until(lambda: any("deferral" in r for r in server.log("delivery").verb("result")), "it waits")
    server.later(30 * DAY)
    mail, = server.arrived("sender@example.com")
    assert mail.parsed.get_payload()[1].get_payload()[1]["Final-Recipient"] == "rfc822; bob@other.test"
