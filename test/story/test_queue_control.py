"""The postmaster's hand on the queue: by filter, by destination, another way; what he said is seen, kept and logged."""
import json
import os
import signal

from harness import until
from remote import BOB, ME, Script, leads_to
from test_remote import send


def rows(server, *words):
    """What `queue list` shows, by recipient."""
    shown = json.loads(server.command("queue", "list", "--json", *words))["messages"]
    return {r["address"]: r for m in shown for r in m["recipients"]}


def kill_queue(server):
    """kill -9 of telltale-queue; its successor is there afterwards."""
    pid, = server.pids("telltale-queue")
    os.kill(pid, signal.SIGKILL)
    until(lambda: server.pids("telltale-queue") not in ([], [pid]), "another telltale-queue")
    until(lambda: server.tell("queue", "list").returncode == 0, "it answers")


def test_filters_choose_and_what_was_said_is_kept(server):
    with Script(RCPT="451 4.2.0 busy") as far:
        leads_to(server, far.port)
        server.later(0)
        send(server, BOB, "eve@far.test")
        send(server, "carl@far.test")
        until(lambda: all(r["attempts"] > 0 for r in rows(server).values()) and len(rows(server)) == 3, "all are put off")
        would = server.tell("queue", "hold", "--to", "*@far.test", "--reason", "busy", "--dry-run")
        assert "3 recipients of 2 messages would be held" in would.stderr and "eve@far.test" in would.stdout
        done = server.tell("queue", "hold", "--to", "e*@far.test", "--why", "she is away")
        assert done.returncode == 0 and "1 recipient of 1 message held" in done.stderr
        kill_queue(server)
        eve = rows(server, "--held")["eve@far.test"]
        assert eve["state"] == "held" and eve["waits"] == "held" and eve["next"] is None
        assert eve["why"].startswith("held by ") and eve["why"].endswith(": she is away")
        bob = rows(server)[BOB]
        assert bob["next"] and bob["until"] and "4.2.0 busy" in bob["why"]
        assert "she is away" in server.command("queue", "list")
        assert server.tell("queue", "delete", "--to-domain", "far.test").returncode == 2, "not without --yes"
        assert "3 recipients of 2 messages deleted" in server.tell("queue", "delete", "--to-domain", "far.test", "--yes").stderr
        assert server.queue() == []
        assert [r.split(", ")[2] for r in server.log("delivery").verb("postmaster")] == ["held"] + ["deleted"] * 3


def test_a_paused_destination_waits_and_others_do_not(server):
    with Script() as far:
        leads_to(server, far.port)
        server.command("queue", "pause", "far.test", "--for", "2h", "--why", "they move")
        send(server, BOB)
        until(lambda: BOB in rows(server, "--paused"), "it waits")
        server.restart()
        bob = rows(server)[BOB]
        assert bob["waits"] == "paused" and bob["attempts"] == 0 and "they move" in bob["why"]
        paused, = json.loads(server.command("queue", "paused", "--json"))["paused"]
        assert paused["destination"] == "far.test" and bob["next"] == paused["until"]
        assert "paused: far.test" in server.command("status")
        row, = json.loads(server.command("queue", "summary", "--json"))["destinations"]
        assert (row["destination"], row["state"], row["recipients"]) == ("far.test", "paused", 1)
        assert server.log("delivery").verb("try") == [] and far.visits == 0
        server.command("queue", "resume", "far.test")
        until(lambda: far.messages, "it goes")


def test_another_host_takes_it_and_the_trace_says_who_wanted_that(server):
    with Script(RCPT="451 4.2.0 busy") as far, Script(address="127.0.0.3", port=far.port) as other:
        leads_to(server, far.port)
        server.config("queue { first-retry = 1h }")  # it is there to be looked at
        qp = send(server, BOB)
        until(lambda: rows(server).get(BOB, {}).get("attempts"), "it is put off")
        assert server.tell("queue", "reroute", str(qp), "--host", "[127.0.0.3]:1").returncode == 2
        server.command("queue", "reroute", str(qp), "--host", "127.0.0.3")
        kill_queue(server)
        assert rows(server)[BOB]["host"] == "127.0.0.3"
        server.command("queue", "retry", str(qp))
        until(lambda: other.messages, "the other one has it")
        until(lambda: server.spool.empty, "the queue is empty")
        told = server.trace(f"id:{qp}")
        assert told.only["verdict"] == "relayed"
        assert "rerouted it by hand: 127.0.0.3" in told.text


def test_another_address_gets_it(server):
    with Script(RCPT="451 4.2.0 busy") as far:
        leads_to(server, far.port)
        server.later(0)
        qp = send(server, BOB)
        until(lambda: rows(server).get(BOB, {}).get("attempts"), "it is put off")
        assert server.tell("queue", "reroute", str(qp), "--to-address", "nobody@example.com").returncode == 1
        server.command("queue", "reroute", str(qp), "--to-address", "recipient@example.com")
        mail, = server.arrived("recipient@example.com")
        assert mail.subject == "out"
        until(lambda: server.spool.empty, "the queue is empty")
        assert server.trace(f"id:{qp}").only["verdict"] == "forwarded"
        assert ME in server.command("trace", f"id:{qp}")
