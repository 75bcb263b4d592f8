"""telltale-queue at its limits goes on, and does not spin."""
import os
import socket
import time

from harness import allow_descriptors, descriptors_of, until


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_without_descriptors_it_waits_and_does_not_spin(server):
    server.start()
    pid, = server.pids("telltale-queue")
    before = descriptors_of(pid)
    open_now = max(int(n) for n in os.listdir(f"/proc/{pid}/fd"))
    allow_descriptors(pid, open_now + 1)
    knocking = []
    for _ in range(5):
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.path.join(server.data, "run", "queue.sock"))
        knocking.append(s)
    until(lambda: "no descriptors are left" in server.said(), "it says so")
    was, at = cpu_of(pid), time.monotonic()
    time.sleep(2)
    assert (cpu_of(pid) - was) / (time.monotonic() - at) < 0.25
    allow_descriptors(pid, before)
    for s in knocking:
        s.close()
    assert server.queue() == []
    with server.client() as c:
        assert c.deliver("anna@elsewhere.test", "recipient@example.com").code == 250
    server.arrived("recipient@example.com")
    assert server.pids("telltale-queue") == [pid]


def test_who_says_nonsense_is_sent_away_and_nobody_else_suffers(server):
    server.start()
    for words in (b"\xff" * 64, b"\x10\0\0\0\x01\0\0\0" + b"\0" * 8 + b"\x01\0\0\0x", b"\x0c\0\0\0\x20\0\0\0" + b"\0" * 8):
        for name in ("queue.sock", "queue.ctl"):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(20)
                s.connect(os.path.join(server.data, "run", name))
                s.sendall(words)
                s.shutdown(socket.SHUT_WR)
                assert s.recv(100) == b""
    assert server.queue() == []
