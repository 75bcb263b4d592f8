"""user+folder: into that folder when its owner has one, and the trace says where it lies."""
import os

import pytest
from harness import until

ME, YOU = "anna@elsewhere.test", "recipient@example.com"


def folder(server, name):
    return os.path.join(server.data, "mail", "example.com", "recipient", "Maildir", f".{name}")


def make(server, name):
    for sub in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(folder(server, name), sub), exist_ok=True)
    server.give_mail()


def send(server, to):
    with server.client() as c:
        reply = c.deliver(ME, to)
        assert reply.code == 250, reply
    until(lambda: server.spool.empty and server.log("delivery").verb("done"), "it is delivered")
    return int(reply.text.split()[-1])


def test_a_folder_that_is_there_gets_its_mail_and_the_trace_says_so(server):
    send(server, YOU)
    make(server, "work_1")
    qp = send(server, "Recipient+work_1@Example.com")
    assert len(os.listdir(os.path.join(folder(server, "work_1"), "new"))) == 1 and len(server.maildir(YOU)) == 1
    assert server.log("delivery").verb("result")[-1].endswith(", success, folder_work_1/did_1+0+0/")
    told = server.trace(f"id:{qp}")
    assert told.only["verdict"] == "delivered" and "folder work_1" in told.text
    said = server.command("explain", server.log("delivery").verb("result")[-1].split(", ")[-1])
    assert "folder work_1" in " ".join(said.split())


@pytest.mark.parametrize("name", ["none", "..", ".Junk"])
def test_a_stranger_makes_no_folder(server, name):
    send(server, YOU)
    before = sorted(os.listdir(os.path.dirname(folder(server, ""))))
    send(server, f'"recipient+{name}"@example.com')
    assert len(server.maildir(YOU)) == 2
    assert sorted(os.listdir(os.path.dirname(folder(server, "")))) == before


def test_it_can_be_turned_off(server):
    server.config("local { subaddress = off }")
    send(server, YOU)
    make(server, "work")
    send(server, "recipient+work@example.com")
    assert len(server.maildir(YOU)) == 2 and os.listdir(os.path.join(folder(server, "work"), "new")) == []
