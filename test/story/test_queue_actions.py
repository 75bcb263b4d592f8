"""What the postmaster says to the queue is done, is seen, and outlives a restart."""
import json
import os
import socket
import struct

from harness import until

ME = "anna@elsewhere.test"
TO = "away@example.com"


def waits(server):
    """A message that waits for a server that nobody can reach; its number."""
    server.command("alias", "add", TO, "bob@other.test")
    with server.client() as c:
        assert c.deliver(ME, TO, message="Subject: keep me\r\n\r\n.dot\r\nEnd\r\n").code == 250
    until(lambda: any("deferral" in r for r in server.log("delivery").verb("result")), "it waits")
    item, = until(server.queue, "a message in the queue")
    return item["qp"]


def attempts(server):
    return len(server.log("delivery").verb("try"))


def test_held_mail_is_not_tried_until_it_is_released(server):
    server.later(0)
    qp = waits(server)
    server.command("queue", "hold", str(qp))
    before = attempts(server)
    server.restart()
    server.later(3 * 86400)
    item, = server.queue()
    assert item["recipients"][0]["state"] == "held" and item["recipients"][0]["next"] is None
    assert "held" in server.command("queue", "list")
    assert server.tell("queue", "hold", str(qp)).returncode == 1
    assert server.tell("queue", "retry", str(qp)).returncode == 1
    assert attempts(server) == before
    answer = json.loads(server.command("queue", "release", f"{qp}/0", "--json"))
    assert answer == {"changed": 1, "unchanged": 0, "busy": 0}
    until(lambda: server.log("delivery").verb("gave-up"), "three days are over: its last attempt")


def test_retry_tries_now(server):
    qp = waits(server)
    for n, words in enumerate([("retry", str(qp)), ("retry", f"{qp}/0"), ("retry",)]):
        before = attempts(server)
        server.command("queue", *words)
        until(lambda: attempts(server) > before, f"attempt {n + 2}")


def test_deleted_mail_is_gone_and_the_trace_says_who_did_it(server):
    qp = waits(server)
    server.command("queue", "delete", str(qp))
    assert server.spool.empty
    assert server.log("delivery").verb("result")[-1].endswith("failure, deleted_by_the_postmaster/")
    assert server.log("delivery").verb("bounce") == []
    told = server.trace(f"id:{qp}")
    assert told.only["verdict"] == "discarded"
    assert "taken out of the queue" in told.headline and "deleted by the postmaster" in told.headline
    server.restart()
    assert server.spool.empty


def test_export_gives_the_message_as_it_came(server):
    qp = waits(server)
    out = server.command("queue", "export", str(qp))
    assert out.startswith("Delivered-To: away@example.com\n")
    assert out.endswith("Subject: keep me\n\n.dot\nEnd\n")
    assert len(server.queue()) == 1


def test_wrong_words_have_their_exit_codes(server):
    server.start()
    for words, status in ((["hold"], 2), (["hold", "x"], 2), (["hold", "77777777"], 1), (["retry"], 0),
                          (["export", "77777777"], 1), (["delete", "1/x"], 2), (["burn", "1"], 2)):
        done = server.tell("queue", *words)
        assert done.returncode == status, (words, done)


def tell_settings(server, text):
    """What telltaled does on a reload: the new configuration, as a descriptor, to telltale-queue."""
    fd = os.memfd_create("conf")
    os.write(fd, text.encode())
    frame = struct.pack("<HHQ", 32, 1, 7) + struct.pack("<Q", 2)
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(os.path.join(server.data, "run", "queue.ctl"))
        socket.send_fds(s, [struct.pack("<I", len(frame)) + frame], [fd])
        size, = struct.unpack("<I", s.recv(4, socket.MSG_WAITALL))
        answer = s.recv(size, socket.MSG_WAITALL)
    os.close(fd)
    status, n = struct.unpack_from("<QI", answer, 12)
    m, = struct.unpack_from("<I", answer, 24 + n)
    return status, answer[28 + n:28 + n + m].decode()


def test_another_configuration_counts_without_a_restart(server):
    qp = waits(server)
    pids = server.pids("telltale-queue")
    with open(server.conf, encoding="utf-8") as f:
        text = f.read()
    fresh = text.replace("mx.example.com", "mx2.example.com") + "queue { lifetime = 1s }\n"
    assert tell_settings(server, fresh) == (0, "")

    def given_up():
        server.tell("queue", "retry", str(qp))
        return server.log("delivery").verb("gave-up")

    until(given_up, "the new lifetime is over")
    bounce, = until(lambda: [i for i in server.queue() if i["sender"] == ""], "the bounce")
    assert "From: MAILER-DAEMON@mx2.example.com\n" in server.command("queue", "export", str(bounce["qp"]))
    status, why = tell_settings(server, fresh + f'spool-dir = "{server.data}/elsewhere"\n')
    assert status == 1 and why.startswith("spool-dir: ")
    status, why = tell_settings(server, fresh + "queue {\n")
    assert status == 1 and "telltale.conf" in why
    assert server.pids("telltale-queue") == pids
