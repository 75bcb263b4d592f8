"""The final step of a delivery is logged, and the trace tells it: where it lies, by which rule, how full the mailbox is."""
import os

from harness import until

ME, YOU = "anna@elsewhere.test", "recipient@example.com"
BODY = "Subject: x\r\n\r\n" + 20 * ("x" * 70 + "\r\n")


def send(server, to, message=BODY):
    with server.client() as c:
        reply = c.deliver(ME, to, message=message)
        assert reply.code == 250, reply
    until(lambda: server.spool.empty, "it is delivered")
    return int(reply.text.split()[-1])


def landed(server):
    return server.log("delivery").verb("mailbox")[-1].split(", ")[1:]


def test_the_mailbox_its_rule_and_its_quota_are_told(server):
    server.command("account", "set", YOU, "--quota", "10K")
    server.command("alias", "add", "info@example.com", YOU)
    at = "example.com/recipient/Maildir"
    qp = send(server, YOU)
    path, rule, quota = landed(server)
    assert (path, rule) == (at, "mailbox") and os.path.isdir(os.path.join(server.data, "mail", path))
    used, limit = map(int, quota.split("/"))
    assert limit == 10240 and len(BODY) < used < limit / 2
    assert f"it lies in {at} (rule: mailbox), and the mailbox was {used * 100 // limit} % full then" in \
        " ".join(server.trace(f"id:{qp}").text.split())
    for sub in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(server.data, "mail", at, ".work", sub))
    server.give_mail()
    send(server, "recipient+work@example.com")
    assert landed(server)[:2] == [f"{at}/.work", "subaddress folder work"]
    send(server, "info@example.com")
    assert landed(server)[:2] == [at, "alias; mailbox"]
    assert "where a delivered message lies" in server.command("explain", server.log("delivery").lines[-3])


def test_somebody_elses_path_is_masked(server):
    server.command("alias", "add", "info@example.com", YOU)
    send(server, "info@example.com")
    told = server.trace("to:info@example.com", "--mailbox", "info@example.com")
    assert "example.com/recipient/" not in told.text and "rule: alias; mailbox" in " ".join(told.text.split())
