"""A mailbox has a limit: when it is full, mail waits or is refused, and comes in again when there is room."""
import os
import signal

import pytest
from harness import until

ME, YOU, ALSO = "anna@elsewhere.test", "recipient@example.com", "sender@example.com"
KIB = "0123456789" * 6 + "ab\r\n"  # 64 bytes, 16 of them are one


def message(subject, kib):
    return f"Subject: {subject}\r\n\r\n" + KIB * 16 * kib


def maildir(server):
    return os.path.join(server.data, "mail", "example.com", "recipient", "Maildir")


def results(server):
    return [r.split(", ", 1)[1] for r in server.log("delivery").verb("result")]


def rcpt(server, to):
    with server.client() as c:
        c.send("EHLO client.test")
        c.send(f"MAIL FROM:<{ME}>")
        return c.send(f"RCPT TO:<{to}>")


def test_a_message_that_does_not_fit_waits_until_there_is_room(server):
    server.config("queue { first-retry = 1s }")
    server.command("account", "set", YOU, "--quota", "20K")
    with server.client() as c:
        assert c.deliver(ME, YOU, message=message("first", 12)).code == 250
        first, = server.arrived(YOU)
        number = c.deliver(ME, YOU, ALSO, message=message("second", 12)).text.split()[-1]
    until(lambda: len(server.maildir(ALSO)) == 1, "whose mailbox has room has it")
    until(lambda: "deferral, user_is_over_quota_(#4.2.2)/" in results(server), "the delivery waits, and says why")
    waiting, = server.queue()
    assert [r["reason"] for r in waiting["recipients"] if r["state"] == "waiting"] == ["user is over quota (#4.2.2)"]
    assert "The recipient's mailbox is full." in " ".join(server.trace(f"id:{number}").text.split())
    os.unlink(first.path)
    mail, = server.arrived(YOU)
    assert mail.subject == "second"


def test_a_full_mailbox_is_refused_at_rcpt_and_taken_again_when_it_has_room(server):
    server.command("account", "set", YOU, "--quota", "10K")
    with server.client() as c:
        assert c.deliver(ME, YOU, message=message("first", 9)).code == 250
    first, = server.arrived(YOU)
    assert rcpt(server, YOU).code == 250
    with open(first.path.replace(",S=", ".more,S="), "wb") as f:  # its owner keeps a copy
        f.write(first.raw)
    reply = until(lambda: (lambda r: r.code == 552 and r)(rcpt(server, YOU)), "the mailbox is full")
    assert reply.text == "5.2.2 sorry, recipient mailbox is full (chkuser)"
    assert rcpt(server, ALSO).code == 250
    os.unlink(first.path)
    until(lambda: rcpt(server, YOU).code == 250, "there is room again")


def test_no_quota_is_no_limit_and_a_new_one_holds_soon(server):
    with server.client() as c:
        for n in range(3):
            assert c.deliver(ME, YOU, message=message(n, 100)).code == 250
    server.arrived(YOU, 3)
    server.command("account", "set", YOU, "--quota", "1K")
    until(lambda: rcpt(server, YOU).code == 552, "the quota holds")
    server.command("account", "set", YOU, "--quota", "0")
    until(lambda: rcpt(server, YOU).code == 250, "there is no quota any more")


def test_sizes_stand_in_names_and_dovecots_notes_go_on(server):
    os.makedirs(maildir(server))
    notes = os.path.join(maildir(server), "maildirsize")
    with open(notes, "w", encoding="ascii") as f:
        f.write("10485760S\n0 0\n")
    server.give_mail()
    with server.client() as c:
        for n in range(5):
            assert c.deliver(ME, YOU, message=message(n, n)).code == 250
    mails = server.arrived(YOU, 5)
    for m in mails:
        assert m.path.endswith(f",S={os.path.getsize(m.path)}")
    with open(notes, encoding="ascii") as f:
        lines = f.read().splitlines()
    assert lines[:2] == ["10485760S", "0 0"]
    added = [tuple(map(int, line.split())) for line in lines[2:]]  # a batch of deliveries has one line
    assert tuple(map(sum, zip(*added))) == (sum(len(m.raw) for m in mails), 5)


@pytest.mark.parametrize("sig", ["SIGKILL", "SIGTERM"])
def test_quotas_hold_again_after_a_restart_of_telltale_lookup_and_local(server, sig):
    server.unclean = sig == "SIGKILL"
    server.command("account", "set", YOU, "--quota", "10K")
    with server.client() as c:
        assert c.deliver(ME, YOU, message=message("first", 11)).code == 250  # RCPT cannot know how big it will be
    until(lambda: "deferral, user_is_over_quota_(#4.2.2)/" in results(server), "too big")
    os.makedirs(os.path.join(maildir(server), "cur"), exist_ok=True)
    os.close(os.open(os.path.join(maildir(server), "cur", "1.x,S=20000:2,S"), os.O_CREAT))
    until(lambda: rcpt(server, YOU).code == 552, "full")
    for program in ("telltale-lookup", "telltale-local"):
        pid, = server.pids(program)
        os.kill(pid, getattr(signal, sig))
        until(lambda p=program, old=pid: server.pids(p) not in ([], [old]), f"a new {program}")
        until(lambda: rcpt(server, YOU).code == 552, "full again")
