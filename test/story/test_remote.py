"""Mail that leaves for other servers: where it goes, what they say, and what becomes of it."""
import pytest

from harness import until
from remote import BOB, ME, Far, Script, leads_to

MAIL = "Subject: out\r\n\r\nHello.\r\n.dot\r\n"


@pytest.fixture(name="far")
def fixture_far(request):
    far = Far()
    try:
        yield far
    finally:
        far.close(getattr(request.node, "failed", True))


def send(server, *rcpts, message=MAIL):
    """Someone who has logged in sends to other servers; the number of the message."""
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        assert c.login().code == 235
        reply = c.deliver(ME, *(rcpts or (BOB,)), message=message)
        assert reply.code == 250, reply
        return int(reply.text.split()[-1])


def result(server, n=1):
    """The reports of the first n deliveries that ended, as "outcome, report"."""
    until(lambda: len(server.log("delivery").verb("result")) >= n, f"{n} results")
    return [r.split(", ", 1)[1] for r in server.log("delivery").verb("result")]


@pytest.mark.smoke
def test_from_one_server_to_the_other_and_both_know(server, far):
    far.start()
    leads_to(server, far.ports["25"])
    qp = send(server)
    mail, = far.arrived(BOB)
    assert mail.subject == "out" and mail.body == "Hello.\n.dot\n"
    report, = result(server)
    assert report.startswith("success, 127.0.0.1_accepted_message./Remote_host_said:_250_")
    assert "/STARTTLS_proto=TLSv1.3;_cipher=TLS_AES_256_GCM_SHA384;/" in report
    until(lambda: server.spool.empty, "the queue is empty")
    there, = [m for m in far.trace("any:*").messages]
    assert there["verdict"] == "delivered" and there["from"] == ME
    told = server.trace(f"id:{qp}")
    assert told.only["verdict"] == "relayed"
    assert "127.0.0.1 took the message over and said: 250 2.0.0 ok" in told.text
    assert "The way there was encrypted (TLSv1.3)." in told.text
    assert report.split("_qp_")[1].startswith(f"{there['ids']['qp']}/"), "their number is in our log"
