"""Another server, or the way to it, is in trouble for long: nothing is lost, and nobody else waits."""
import socket
import threading

from harness import PATIENCE, Dns, free_port, until
from remote import BOB, ME, Script, leads_to
from test_gate_dns import answer, question
from test_remote import result, send

A = 1


class Away(threading.Thread):
    """All of DNS outside: it fails, until it is `back`; then every name has the address 127.0.0.1 and nothing else."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sock, self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), False
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                query, who = self.sock.recvfrom(4096)
                here = question(query)[1] == A
                said = answer(query, rcode=2) if not self.back else answer(query, data=bytes([127, 0, 0, 1])) if here else answer(query)
                self.sock.sendto(said, who)
            except OSError:
                return


def test_dns_is_dead_and_comes_back(server):
    away = Away()
    with Script() as far:
        server.config(f'relay {{ enabled = true port = {far.port} }}\nqueue {{ first-retry = 1s }}\n'
                      f'dns {{ server = {{"127.0.0.1@{away.port}"}} deadline = 2s }}')
        qp = send(server, *(f"user{n}@lost.zone" for n in range(5)))
        assert set(result(server, 5)) == {"deferral, Sorry,_I_couldn't_find_any_host_by_that_name._(#4.1.2)/"}
        assert server.trace(f"id:{qp}").only["verdict"] == "waiting" and far.messages == []
        away.back = True
        until(lambda: server.tell("queue", "retry") and server.spool.empty, "all have left", 3 * PATIENCE)
        assert len(far.messages) == 5, "each once"
    assert server.trace(f"id:{qp}").only["verdict"] == "relayed"
    assert server.maildir(ME) == [], "and nobody was told that something failed"
    away.sock.close()


def test_half_of_the_mail_servers_of_a_domain_are_dead(server):
    """What is for it finds the other half; what is for others does not even see that."""
    with Script() as good, Script("127.0.0.3", good.port) as other:
        leads_to(server, good.port, "127.0.9.1", "127.0.9.2", "127.0.0.1", domain="half.test")
        leads_to(server, good.port, "127.0.0.3", domain="other.test")
        qp = [send(server, *(f"user{n}@{domain}" for n in range(30))) for domain in ("half.test", "other.test")]
        until(lambda: server.spool.empty, "all have left")
        assert (len(good.messages), len(other.messages)) == (30, 30)
    assert len(server.log("delivery").verb("try")) == 60, "each at its first try"
    for n in qp:
        assert server.trace(f"id:{n}").only["verdict"] == "relayed"


def test_a_server_that_accepts_everything_very_slowly_is_not_given_up(server):
    """Each reply comes a byte at a time; other mail leaves meanwhile."""
    began = threading.Event()

    def drip(octets):
        def say(conn):
            began.set()
            for n in range(len(octets)):
                conn.sendall(octets[n:n + 1])
                threading.Event().wait(0.03)
            return ""
        return say

    slow = {word: drip(said.encode()) for word, said in Script.REPLIES.items() if word != "DATA"}
    with Script(**{**slow, "": drip(b"220 slow")}) as far, Script("127.0.0.3", far.port) as other:
        leads_to(server, far.port)
        leads_to(server, far.port, "127.0.0.3", domain="other.test")
        send(server, BOB, *(f"user{n}@far.test" for n in range(4)))
        assert began.wait(PATIENCE)
        send(server, *(f"user{n}@other.test" for n in range(20)))
        until(lambda: len(other.messages) == 20, "the others have left")
        before = len(far.messages)
        until(lambda: server.spool.empty, "all have left")
        assert len(far.messages) == 5 and before < 5, "they were not held up"


def test_a_destination_is_dead_for_days_and_the_trace_tells_all_of_it(server):
    server.later(0)
    leads_to(server, free_port())
    server.config("queue { lifetime = 2d first-retry = 100s }")
    qp = send(server)
    tries = 1
    while not server.log("delivery").verb("gave-up"):
        result(server, tries)
        until(lambda: server.log("delivery").verb("gave-up") or len(server.log("delivery").verb("next")) >= tries, "its next try")
        a = server.trace(f"id:{qp}")
        if a.only["verdict"] != "waiting":
            break
        assert f"Waiting in the queue after {tries} attempt{'s' if tries > 1 else ''}: Sorry, I wasn't able" in a.headline
        tries += 1
        server.later(10 * 3600)
    until(lambda: server.maildir(ME), "it came back")
    assert tries == 6, "after 0, 10, 20, 30, 40 and 50 hours"
    a = server.trace(f"id:{qp}")
    assert a.only["verdict"] == "returned" and "after 6 attempts" in a.headline
    told = [e["what"] for e in a.only["timeline"]]
    assert sum(what.endswith("to another server begins") for what in told) == 6
    assert sum(what.startswith("the next attempt is at") for what in told) == 5
    assert told[-1].startswith("the sender is told: bounce as message")
    assert "It was tried for as long as messages may wait here." in " ".join(a.text.split())
