"""The machine fails under us: full disks, disks that return errors.  4xx or a delay, never 250 and then lost; and it
goes on by itself when the fault has ended."""
import collections
import os
import random
import re
import shutil
import signal
import socket
import time

import pytest

from faults import Disk, Load, Strace
from harness import allow_descriptors, descriptors_of, until

ME, YOU = "anna@elsewhere.test", "recipient@example.com"
SEED = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(10**6))
STEPS = int(os.environ.get("FAULTS") or 30)  # how many of the combinations of the sweep; there are some 400



@pytest.fixture(name="traced")
def fixture_traced(monkeypatch):
    """Name it before `server`: nobody looks for leaks in a program that ends under strace."""
    if os.geteuid() != 0 or shutil.which("strace") is None:
        pytest.skip("needs root and strace")
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")


@pytest.fixture(name="disks")
def fixture_disks():
    """Name it before `server`: a disk outlives those who use it."""
    made = []

    def mount(size, inodes=100_000):
        disk = Disk(size, inodes)
        made.append(disk)
        if not disk.mounted:
            pytest.skip("no tmpfs can be mounted here")
        return disk

    yield mount
    for disk in made:
        disk.close()


def programs(server):
    return {name: server.pids(name) for name in ("telltale-smtpd", "telltale-queue", "telltale-lookup", "telltale-dns")}


def check(server, promised, also=()):
    """What was promised lies there once, and nothing that was not even sent."""
    try:
        # A segment that cannot be read is tried again after a minute.
        until(lambda: not promised - {m.subject for m in server.maildir(YOU)}, "all is delivered", 90)
    except AssertionError:
        pass
    until(lambda: server.spool.empty, "the queue is empty", 60)
    found = collections.Counter(m.subject for m in server.maildir(YOU))
    lost = sorted(promised - found.keys())
    twice = [name for name, n in found.items() if n > 1]
    alien = also and found.keys() - promised - set(also)
    assert not lost and not twice and not alien, (lost, twice, alien, [
        line for line in server.log("delivery").lines if ", result, " in line and ", success, " not in line])


# ---- disks that are full

def test_a_spool_that_fills_up_puts_senders_off_and_loses_nothing(disks, server):
    disk = disks("8M")
    server.config(f'spool-dir = "{disk.path}"\nqueue {{ segment-size = 256K  big-message = 16K  first-retry = 1s }}')
    before = programs(server.start())
    # Nothing leaves the queue meanwhile.
    local, = server.pids("telltale-local")
    os.kill(local, signal.SIGSTOP)
    load = Load(server, 50)
    try:
        until(lambda: load.heard("MAIL", 452) == 50 or load.broken, "all senders are put off", 60)
        # Then it is full to the last byte, beyond what we keep free ourselves.
        disk.fill()
        with server.client() as c:
            c.send("EHLO client.test")
            assert c.send(f"MAIL FROM:<{ME}>").text.startswith("4.3.1 ")
        disk.free()
        os.kill(local, signal.SIGCONT)
        accepted = len(load.promised)
        until(lambda: len(load.promised) > accepted + 50 or load.broken, "mail is accepted again", 60)
    finally:
        os.kill(local, signal.SIGCONT)
        load.stop()
    assert not load.broken
    assert all(code < 500 for _, code in load.codes), load.codes
    assert programs(server) == before
    check(server, load.promised)


@pytest.mark.parametrize("size", [100, 200_000])
def test_a_disk_that_fills_up_inside_a_message_is_451(disks, server, size):
    disk = disks("8M")
    server.config(f'spool-dir = "{disk.path}"\nqueue {{ segment-size = 256K  big-message = 64K  first-retry = 1s }}')
    promised = set()
    with server.client() as other:
        other.envelope(ME, YOU)
        with server.client() as c:
            c.envelope(ME, YOU)
            disk.fill()
            reply = c.data("Subject: full\r\n\r\n" + "x" * 70 + "\r\n" + ("y" * 78 + "\r\n") * (size // 80))
            # A segment has its room already; a file of its own has not.
            assert reply.code == (451 if size > 65536 else 250), reply
            promised |= {"full"} if reply.code == 250 else set()
            assert c.send(f"MAIL FROM:<{ME}>").code == 452
            disk.free()
            assert c.deliver(ME, YOU, message="Subject: again\r\n\r\nx\r\n").code == 250
        assert other.data("Subject: other\r\n\r\nx\r\n").code == 250
    check(server, promised | {"again", "other"}, also=["full"] if promised else ["-"])


def test_a_spool_without_inodes_puts_off_at_mail(disks, server):
    disk = disks("128M", 3000)
    server.config(f'spool-dir = "{disk.path}"\nqueue {{ segment-size = 256K  big-message = 64K }}')
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: before\r\n\r\nx\r\n").code == 250
        disk.fill_inodes()
        reply = c.send(f"MAIL FROM:<{ME}>")
        assert reply.code == 452 and reply.text.startswith("4.3.1 "), reply
        disk.free()
        big = "Subject: after\r\n\r\n" + ("y" * 78 + "\r\n") * 2000
        assert c.deliver(ME, YOU, message=big).code == 250
    check(server, {"before", "after"}, also=["-"])


def test_full_logs_stop_no_mail_and_server_log_counts_what_was_lost(disks, server):
    disk = disks("2M")
    server.config(f'log-dir = "{disk.path}"')
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250
    disk.fill()
    for _ in range(30):
        with server.client() as c:
            assert c.deliver(ME, YOU).code == 250
    until(lambda: len(server.maildir(YOU)) == 31, "delivered all the same")
    disk.free()
    for _ in range(8):
        with server.client() as c:
            assert c.deliver(ME, YOU, message="Subject: last\r\n\r\nx\r\n").code == 250
    until(lambda: server.spool.empty, "the queue is empty")

    def told():
        with open(os.path.join(disk.path, "server.log"), encoding="utf-8") as f:
            return f.read()

    for name in ("smtp-25.log", "spamdyke.log", "delivery.log"):
        # Each telltale-smtpd says its own with the next lines that it writes.
        assert sum(map(int, re.findall(rf"{name} is written again; (\d+) groups", told()))) > 1, told()
    with open(os.path.join(disk.path, "smtp-25.log"), encoding="utf-8") as f:
        assert f.read().rstrip().splitlines()[-1].split(", ")[1] == "resp"


def test_a_mailbox_disk_that_is_full_delays_and_then_delivers(disks, server):
    disk = disks("4M")
    server.config(f'mail-dir = "{disk.path}"\nqueue {{ first-retry = 1s }}')
    server.start()
    os.symlink(disk.path, os.path.join(server.data, "mail"))  # for us to look
    promised = set()
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: before\r\n\r\nx\r\n").code == 250
        until(lambda: server.spool.empty, "delivered")
        disk.fill()
        for i in range(5):
            size = 10 ** (i + 1)
            assert c.deliver(ME, YOU, message=f"Subject: {size}\r\n\r\n" + "z" * size + "\r\n").code == 250
            promised.add(str(size))
    until(lambda: sum(", deferral, " in r for r in server.log("delivery").verb("result")) >= 5, "deferrals")
    assert not any(", failure, " in r for r in server.log("delivery").verb("result"))
    disk.free()
    check(server, promised | {"before"}, also=["-"])


# ---- not enough of something

def test_more_bodies_than_memory_for_them_go_to_files(server):
    """Forty messages at once, each small enough to be kept in memory, all together more than may be."""
    server.config("limits { body-memory = 1M  workers = 1 }")
    server.start()
    big = os.path.join(server.data, "spool", "big")
    body = ("y" * 78 + "\r\n") * 2500
    clients = [server.client() for _ in range(40)]
    for i, c in enumerate(clients):
        c.envelope(ME, YOU)
        assert c.send("DATA").code == 354
        c.raw(f"Subject: number-{i}\r\n\r\n{body}".encode())
    # Five of them fill the memory; eight more files may be spares.
    until(lambda: len(os.listdir(big)) >= 34, "the others are in files")
    for c in clients:
        c.raw(b".\r\n")
    for c in clients:
        assert c.reply().code == 250
        c.close()
    check(server, {f"number-{i}" for i in range(40)}, also=["-"])
    assert {len(m.body) for m in server.maildir(YOU)} == {len(body) - 2500}


def cpu(pid):
    """Seconds of CPU that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("program", ["telltale-queue", "telltale-lookup", "telltale-dns", "telltale-smtpd"])
def test_a_program_without_descriptors_waits_for_some_and_does_not_spin(server, program):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    server.config("limits { workers = 1 }")
    server.start()
    path = {"telltale-queue": "queue.sock", "telltale-lookup": "lookup.sock", "telltale-dns": "dns.sock"}.get(program)
    with server.client() as c:
        c.envelope(ME, YOU)
        pid, = server.pids(program)
        free = descriptors_of(pid)
        fds = list(map(int, os.listdir(f"/proc/{pid}/fd")))
        last = max(fds)
        allow_descriptors(pid, last + 1)
        callers = [socket.socket(socket.AF_UNIX if path else socket.AF_INET) for _ in range(20)]
        for s in callers:
            s.connect(os.path.join(server.data, "run", path) if path else ("127.0.0.1", server.ports["25"]))
        before = cpu(pid)
        time.sleep(2)
        assert cpu(pid) - before < 0.7, f"{program} spins"
        assert len(os.listdir(f"/proc/{pid}/fd")) < len(fds) + len(callers), "nobody had to wait"
        for s in callers:
            s.close()
        allow_descriptors(pid, free)
        # Who was there before goes on, and so do those who come.
        assert c.data().code == 250
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250
    server.arrived(YOU, 2)
    assert server.pids(program) == [pid]


# ---- system calls that fail

def test_programs_that_were_stopped_go_on(server):
    """SIGSTOP and SIGCONT (a debugger, a frozen container) interrupt waits; nobody takes that for an end."""
    before = programs(server.start())
    pids = [pid for of in before.values() for pid in of] + server.pids("telltale-local")
    for sig in (signal.SIGSTOP, signal.SIGCONT):
        for pid in pids:
            os.kill(pid, sig)
        time.sleep(0.2)
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250
    server.arrived(YOU)
    assert programs(server) == before



@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("size", [100, 400_000])
def test_a_sync_that_failed_is_451_and_not_tried_again(server, size):
    server.config("queue { first-retry = 1s }")
    message = "Subject: {}\r\n\r\n" + ("z" * 78 + "\r\n") * (size // 80)
    with server.client() as c:
        assert c.deliver(ME, YOU, message=message.format("before")).code == 250
        with Strace(server, "telltale-smtpd", "fsync,fdatasync", "EIO") as strace:
            c.envelope(ME, YOU)
            reply = c.data(message.format("failed"))
            assert reply.code == 451, reply
            told = 1
            # The fault is each thread's first sync: a small message is synced by the committer, or, of a lone client, by
            # its session; a big one has a thread of its own each time.
            while size == 100 and (reply := c.deliver(ME, YOU, message=message.format("after"))).code != 250:
                told += 1
                assert told <= 2 and reply.code == 451, reply
        failed = [line.split("<")[1].split(">")[0] for line in strace.injected if "/spool/" in line]
        assert len(failed) == told, strace.lines
        for path in failed:
            assert sum(path in line for line in strace.lines) == 1, strace.lines
        if size > 100:
            assert c.deliver(ME, YOU, message=message.format("after")).code == 250
    check(server, {"before", "after"}, also=["-"])


@pytest.mark.usefixtures("traced")
def test_a_journal_that_cannot_be_synced_loses_nothing(server):
    server.unclean = True
    server.config("queue { first-retry = 1s }")
    promised = set()
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: before\r\n\r\nx\r\n").code == 250
        until(lambda: server.spool.empty, "delivered")
        before = server.pids("telltale-queue")
        with Strace(server, "telltale-queue", "fsync,fdatasync", "EIO") as strace:
            c.envelope(ME, YOU)
            if c.data("Subject: during\r\n\r\nx\r\n").code == 250:
                promised.add("during")
            until(lambda: before[0] not in server.pids("telltale-queue"), "telltale-queue ends")
        assert strace.injected
        until(lambda: server.pids("telltale-queue"), "a new one")
        assert c.deliver(ME, YOU, message="Subject: after\r\n\r\nx\r\n").code == 250
    check(server, promised | {"before", "after"}, also=["during"])


SWEEP = {
    "telltale-smtpd": (("openat", "ENOSPC EMFILE EIO ENOMEM"), ("pwritev,pwritev2,pwrite64", "ENOSPC EIO EDQUOT EROFS"),
                       ("fdatasync,fsync", "EIO ENOSPC"), ("write,writev", "ENOSPC EIO"), ("sendmsg", "ENOMEM"),
                       ("recvmsg", "ENOMEM EMFILE"), ("fstatfs,statfs", "EIO")),
    "telltale-queue": (("openat", "ENOSPC EMFILE EIO ENOMEM EROFS"), ("pwritev,pwritev2,pwrite64", "ENOSPC EIO EDQUOT"),
                       ("fdatasync,fsync", "EIO ENOSPC"), ("write,writev", "ENOSPC EIO"),
                       ("rename,renameat,renameat2", "EIO ENOSPC"),
                       ("pread64,preadv", "EIO"), ("accept4,accept", "EMFILE"), ("sendmsg", "ENOMEM"),
                       ("memfd_create", "EMFILE"), ("unlink,unlinkat", "EROFS")),
    "telltale-local": (("openat", "ENOSPC EMFILE EIO EDQUOT EROFS"), ("fdatasync,fsync", "EIO"),
                       ("write,writev,copy_file_range,sendfile", "ENOSPC EIO EDQUOT"),
                       ("rename,renameat,renameat2,linkat,link", "EIO ENOSPC"), ("pread64,preadv", "EIO"),
                       ("mkdirat,mkdir", "ENOSPC")),
}


def combinations():
    for program, rows in SWEEP.items():
        for calls, errors in rows:
            for error in errors.split():
                for n in (1, 2, 3):
                    yield program, calls, error, str(n)
                yield program, calls, error, "1+"
                yield program, calls, error, "2+"


def send(server, name, promised, perhaps):
    """One message on a connection of its own, whatever becomes of it."""
    try:
        with server.client() as c:
            code = c.send("EHLO client.test").code
            for line in (f"MAIL FROM:<{ME}>", f"RCPT TO:<{YOU}>"):
                code = c.send(line).code
                assert code == 250 or 400 <= code < 500, (name, line, code)
                if code != 250:
                    return
            perhaps.add(name)
            code = c.data(f"Subject: {name}\r\n\r\n" + "x" * 70 + "\r\n").code
            assert code == 250 or 400 <= code < 500, (name, code)
            if code == 250:
                promised.add(name)
    except OSError:
        pass


@pytest.mark.usefixtures("traced")
def test_no_call_that_fails_loses_a_message(server):
    """The sweep: each program, each call, each error, at the first, second, third time and for good."""
    print(f"FAULTS_SEED={SEED} FAULTS={STEPS}")
    server.unclean = True
    server.config("queue { first-retry = 1s  big-message = 4K }")
    server.start()
    promised, perhaps, hits = set(), set(), 0
    every = list(combinations())
    random.Random(SEED).shuffle(every)
    for i, (program, calls, error, when) in enumerate(every[:STEPS]):
        name, at = f"{i}-{program}-{calls.split(',')[0]}-{error}-{when}", os.path.getsize(server.stderr)
        with Strace(server, program, calls, error, when) as strace:
            send(server, name, promised, perhaps)
            send(server, name + "-2", promised, perhaps)
        hits += bool(strace.injected)
        after = f"{name}-after"

        def again():
            send(server, after, promised, perhaps)
            return after in promised

        until(again, f"{name}: mail is accepted again", 30)
        # A bell between threads that cannot be rung is the end of a program: no kernel does that, only we do.
        if any("eventfd" in line for line in strace.injected):
            server.forgive(program + r"\[\d+\] was ended by signal 6 ", at)
    assert hits > min(STEPS, len(every)) // 8
    check(server, promised, also=perhaps)
