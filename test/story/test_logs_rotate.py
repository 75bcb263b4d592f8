"""Rotation as a postmaster sees it: the trace knows everything, whatever becomes of the files."""
import datetime
import glob
import json
import os
import re
import subprocess
import threading
import time

from harness import SANITIZER, until


def names(server, pattern="*"):
    return sorted(os.path.basename(p) for p in glob.glob(os.path.join(server.data, "logs", pattern)))


def today(server, ahead=0):
    return (datetime.datetime.now() + datetime.timedelta(milliseconds=server.ahead, days=ahead)).strftime("%Y-%m-%d")


def send(server, number):
    with server.client() as c:
        c.deliver(f"anna{number}@elsewhere.test", "recipient@example.com", message=f"Subject: {number}\r\n\r\nx\r\n")
        c.send("QUIT")


def found(server, number):
    """How often the trace finds that message, and with which verdicts."""
    answer = json.loads(server.tell("trace", "--json", f"from:anna{number}@elsewhere.test").stdout)
    return [m["verdict"] for m in answer["messages"]]


def unpacked(server, name):
    return subprocess.run(["zstd", "-dcq", os.path.join(server.data, "logs", name)], check=True, capture_output=True,
                          text=True).stdout


def text(server, name):
    with open(os.path.join(server.data, "logs", name), encoding="utf-8") as f:
        return f.read()


def test_logs_become_archives_that_the_trace_and_unzstd_read(server):
    server.config('logs { rotate = "never" }')
    server.later(0)
    day = today(server)
    send(server, 1)
    server.arrived("recipient@example.com")
    server.later(120)  # no line is young
    answer = json.loads(server.command("logs", "rotate", "--json"))
    made = {a["file"] for a in answer["archives"]}
    assert {f"smtp-25.{day}.zst", f"delivery.{day}.zst", f"spamdyke.{day}.zst"} <= made and answer["left"] == []
    assert f"smtp-465.{day}.zst" not in made  # nothing stood in it
    assert {f"{n}.log" for n in ("smtp-25", "smtp-465", "delivery", "spamdyke", "server")} <= set(names(server))
    assert ", from, anna1@elsewhere.test\n" in unpacked(server, f"smtp-25.{day}.zst")
    assert found(server, 1) == ["delivered"]
    # The server writes on, and a second rotation of the day adds to the archive.
    send(server, 2)
    server.arrived("recipient@example.com", 2)
    assert found(server, 2) == ["delivered"]
    server.later(120)
    assert f"smtp-25.{day}.zst" in server.command("logs", "rotate")
    assert found(server, 1) == found(server, 2) == ["delivered"]
    assert "anna2" not in text(server, "smtp-25.log")
    # server.log too; a reload follows one that somebody else moved away.
    assert re.search(r"info: telltale \S+ starts", unpacked(server, f"server.{day}.zst"))
    assert "starts" not in text(server, "server.log")
    path = os.path.join(server.data, "logs", "server.log")
    os.rename(path, path + ".1")
    server.command("reload")
    assert "was reloaded" in text(server, "server.log")
    # Never means never.
    before = names(server)
    server.later(86400)
    time.sleep(0.5)
    assert names(server) == before and not server.pids("telltale-rotate")


def test_when_a_day_begins_the_server_rotates_by_itself_and_removes_what_is_too_old(server):
    server.config('logs { rotate = "daily" keep = 10d time = "utc" }')
    server.later(0)
    old = os.path.join(server.data, "logs", "smtp-25.2020-01-01.zst")
    os.makedirs(os.path.dirname(old), 0o700)
    for path in (old, old.replace("smtp-25", "mail")):
        with open(path, "wb"):
            pass
        os.utime(path, (1577836800, 1577836800))
    send(server, 1)
    server.arrived("recipient@example.com")
    days = [f"{datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=n):%Y-%m-%d}" for n in (0, 1)]

    def archives(count):
        return all(names(server, f"{log}.2*") == [f"{log}.{day}.zst" for day in days[:count]]
                   for log in ("smtp-25", "delivery")) and not names(server, "*.log.2*")

    server.later(86400)
    until(lambda: archives(1) and not os.path.exists(old), "the archives of the first day")
    assert os.path.exists(old.replace("smtp-25", "mail"))
    assert found(server, 1) == ["delivered"]
    send(server, 2)
    server.arrived("recipient@example.com", 2)
    # Another day begins while no server runs, and a rotation was cut at its beginning.
    assert server.stop() == 0
    log = os.path.join(server.data, "logs", "delivery.log")
    with open(f"{log}.{days[1]}", "wb") as f:
        os.fchown(f.fileno(), os.stat(log).st_uid, -1)
    server.later(86400)
    server.start()
    until(lambda: archives(2), "the archives of both days")
    assert found(server, 1) == found(server, 2) == ["delivered"]


def test_rotation_under_load_loses_no_line_and_doubles_none_whenever_it_is_killed(server):
    """Clients deliver, rotations are killed at any point, and at every moment the trace finds each message once."""
    server.config('logs { rotate = "never" }')
    server.later(0)
    server.start()
    sent, over = [], threading.Event()

    def load():
        while not over.is_set():
            send(server, len(sent) + 1)
            sent.append(len(sent) + 1)

    loader = threading.Thread(target=load)
    loader.start()
    try:
        for turn in range(4):
            with subprocess.Popen([os.path.join(server.build, "telltale"), "logs", "rotate", "-c", server.conf],
                                  env=server.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True) as p:
                end = time.monotonic() + 0.1 + 0.3 * turn
                while p.poll() is None and (turn == 2 or time.monotonic() < end):
                    time.sleep(0.05)
                    server.later(30)  # no line stays young
                p.kill()
                said = p.stdout.read()
            assert not SANITIZER.search(said), said
            last = len(sent)
            for number in {1, last} if last else ():
                assert len(found(server, number)) == 1, (turn, number, names(server))
    finally:
        over.set()
        loader.join()
    server.arrived("recipient@example.com", len(sent))
    server.later(120)
    server.command("logs", "rotate")
    assert not names(server, "*.log.2*") and not names(server, ".*.new")
    answer = json.loads(server.tell("trace", "--json", "--limit", "10000", "from:*@elsewhere.test").stdout)
    senders = [m["from"] for m in answer["messages"]]
    assert sorted(senders) == sorted(f"anna{n}@elsewhere.test" for n in sent)
    assert {m["verdict"] for m in answer["messages"]} == {"delivered"}


def test_an_address_is_erased_on_request_and_whoever_asks_for_it_is_told(server):
    server.config('logs { rotate = "never" }')
    server.later(0)
    day = today(server)
    for sender in ("anna@elsewhere.test", "Anna+news@elsewhere.test", "joanna@elsewhere.test"):
        with server.client() as c:
            c.deliver(sender, "recipient@example.com")
            c.send("RCPT TO:<anna@elsewhere.test>")
            c.send("QUIT")
    server.arrived("recipient@example.com", 3)
    server.later(120)
    server.command("logs", "rotate")
    with server.client() as c:
        c.deliver("anna@elsewhere.test", "recipient@example.com", "sender@example.com")
        c.send("QUIT")
    server.arrived("recipient@example.com", 4)
    server.later(120)
    dry = json.loads(server.command("logs", "forget", "anna@elsewhere.test", "--dry-run", "--json"))
    assert {f["file"] for f in dry["files"]} > {"smtp-25.log", f"smtp-25.{day}.zst"} and dry["lines"] >= 8
    assert len(found(server, "")) == 2
    with open(os.path.join(server.data, "logs", "smtp-25.log.1"), "w", encoding="utf-8") as f:
        f.write(unpacked(server, f"smtp-25.{day}.zst").replace("anna+news", "x"))
    done = server.tell("logs", "forget", "ANNA@elsewhere.test", "--json")
    assert done.returncode == 3 and "smtp-25.log.1: the address stands in it" in done.stderr
    os.unlink(os.path.join(server.data, "logs", "smtp-25.log.1"))
    logs = os.path.join(server.data, "logs")
    for name in names(server) + [".erased"]:
        with open(os.path.join(logs, name), "rb") as f:
            raw = f.read()
        plain = unpacked(server, name).encode() if name.endswith(".zst") else raw
        assert not re.search(rb"(?i)\banna(\+news)?@elsewhere", plain), name
    # Nobody else's mail is another now, and what was erased is told to who asks.
    assert server.trace("from:joanna@elsewhere.test").only["verdict"] == "delivered"
    answer = server.trace("from:anna@elsewhere.test")
    assert answer.status == 1 and answer.json["erased"] == [{"address": "anna@elsewhere.test", "on": today(server)}]
    assert answer.text.startswith(f"NOT FOUND  anna@elsewhere.test was erased from these logs on request on {today(server)}")
    assert "stands under erased@erased.invalid" in answer.text and "If such a message was sent" not in answer.text
    masked = server.trace("from:erased@erased.invalid")
    assert len(masked.messages) == 3 and {m["verdict"] for m in masked.messages} == {"delivered"}
    assert all(any("erased on request" in w for w in m["warnings"]) for m in masked.messages)
    # It can be done again, and of an address that was never there nothing is said.
    assert server.tell("logs", "forget", "anna@elsewhere.test").returncode == 1
    assert "erased" not in server.trace("from:nobody@elsewhere.test").json


def test_nobody_is_called_forgotten_while_a_part_of_the_index_cannot_be_removed(server):
    server.config('logs { rotate = "never" }')
    server.later(0)
    send(server, 1)
    server.arrived("recipient@example.com")
    server.later(120)
    server.command("index", "build")
    stuck = os.path.join(server.data, "index", "chapter.0123456789abcdef")
    os.mkdir(stuck)  # stands for a file that cannot be removed, as on a disk with errors
    done = server.tell("logs", "forget", "anna1@elsewhere.test")
    assert done.returncode == 3 and "remove chapter.0123456789abcdef: Is a directory" in done.stderr, done
    assert "erased" not in server.trace("from:anna1@elsewhere.test").json
    os.rmdir(stuck)
    assert server.tell("logs", "forget", "anna1@elsewhere.test").returncode == 0


def test_whoever_stands_in_no_young_log_is_forgotten_at_once_and_who_does_waits_and_is_told(server):
    server.config('logs { rotate = "never" }')
    server.later(0)
    send(server, 1)
    server.arrived("recipient@example.com")
    before = names(server)
    nobody = server.tell("logs", "forget", "nobody@elsewhere.test")
    assert nobody.returncode == 1 and "70 s old" not in nobody.stderr and names(server) == before
    command = [os.path.join(server.build, "telltale"), "logs", "forget", "anna1@elsewhere.test"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**server.environment(), "TELLTALE_CONFIG": server.conf, "NO_COLOR": "1"}) as waits:
        said = waits.stderr.readline()
        assert re.fullmatch(r"telltale: \S+\.log\.\S+ is packed when its last line is 70 s old: [1-9]\d* s yet\n", said), said
        server.later(120)
        out, rest = waits.communicate(timeout=60)
    assert waits.returncode == 0 and "erased" in out, (out, rest)
    assert rest.count("70 s old") == 0, "the other logs aged meanwhile"
    assert found(server, 1) == [] and "server.log" in names(server)
    assert not [n for n in names(server) if n.startswith("smtp-465.2")], "what does not name her stays as it is"
