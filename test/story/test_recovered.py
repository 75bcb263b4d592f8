"""A message that was taken while its telltale-smtpd died is delivered, and the log is made whole."""
import os
import signal

from harness import until


def test_a_session_that_dies_between_the_disk_and_the_log(server):
    """What the log would be had telltale-smtpd been killed a moment earlier: its last group is cut off."""
    server.unclean = True
    server.start()
    path = os.path.join(server.data, "logs", "smtp-25.log")
    with server.client() as c:
        assert c.deliver("first@elsewhere.test", "sender@example.com").code == 250
    server.arrived("sender@example.com")
    size = os.path.getsize(path)
    with server.client() as c:
        reply = c.deliver("second@elsewhere.test", "recipient@example.com")
        for pid in server.pids("telltale-smtpd"):
            os.kill(pid, signal.SIGKILL)
        os.truncate(path, size)
    epoch, qp = reply.text.split()[-3], int(reply.text.split()[-1])
    server.arrived("recipient@example.com")
    until(lambda: "second@elsewhere.test" in server.log("smtp-25").text, "the group is there")
    group = next(g for g in server.log("smtp-25").groups if any("second@elsewhere.test" in r.line for r in g))
    assert [r.verb for r in group if r.verb != "helo"] == ["session", "from", "resp", "to", "resp", "size", "resp",
                                                           "recovered"]
    assert group[-2].rest == f"250 ok {epoch} qp {qp}"
    told = server.trace(f"id:{qp}").only
    assert told["verdict"] == "delivered" and told["from"] == "second@elsewhere.test"
    # The next one is logged once, by its session.
    until(lambda: server.pids("telltale-smtpd"), "telltale-smtpd is back")
    with server.client() as c:
        assert c.deliver("third@elsewhere.test", "recipient@example.com").code == 250
    server.arrived("recipient@example.com", 2)
    assert len([r for r in server.log("smtp-25").verb("from") if "third" in r]) == 1
    assert server.log("smtp-25").text.count(", recovered\n") == 1


def test_a_restart_in_order_recovers_nothing(server):
    with server.client() as c:
        assert c.deliver("first@elsewhere.test", "sender@example.com").code == 250
    server.restart()
    server.arrived("sender@example.com")
    server.stop()
    assert ", recovered\n" not in server.log("smtp-25").text
    assert len(server.log("smtp-25").verb("from")) == 1
