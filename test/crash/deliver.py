#!/usr/bin/python3
"""kill -9 of telltale-queue, telltale-local and their client at random moments, under load.

usage: deliver.py BUILD [KILLS [SEED]]

Every message that was promised to a client lies in each of its mailboxes, once and whole, when the dust has settled;
none lies anywhere twice; every delivery number that the log opens is closed; the queue is empty.
"""
import collections
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

USERS = 5


class House:
    """The supervisor's part: sockets that stay, programs that are started again."""

    def __init__(self, build, data):
        self.build, self.data = build, data
        for d in ("run", "logs", "spool", "mail"):
            os.mkdir(os.path.join(data, d))
        self.conf = os.path.join(data, "telltale.conf")
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f'hostname = "mx.example.com"\ndata-dir = "{data}"\n'
                    "queue { segment-size = 1M  first-retry = 1s }\n")
        self.sockets = {"service": self.listen("queue.sock"), "control": self.listen("queue.ctl")}
        self.log = os.open(os.path.join(data, "logs", "server.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.running = {}

    def listen(self, name):
        s = socket.socket(socket.AF_UNIX)
        s.bind(os.path.join(self.data, "run", name))
        s.listen(64)
        return s

    def start(self, program):
        conf = os.open(self.conf, os.O_RDONLY)
        fds = {"conf": conf, "log": self.log}
        if program == "telltale-queue":
            fds.update({name: s.fileno() for name, s in self.sockets.items()})
        env = dict(os.environ, TELLTALE_FDS=",".join(f"{k}={v}" for k, v in fds.items()))
        self.running[program] = subprocess.Popen([os.path.join(self.build, program)], env=env,
                                                 pass_fds=list(fds.values()))
        os.close(conf)

    def load(self):
        out = open(os.path.join(self.data, "load.out"), "a", encoding="utf-8")
        self.running["crash-put"] = subprocess.Popen(
            [os.path.join(self.build, "test", "crash-put"), os.path.join(self.data, "run", "queue.sock"), "8", str(USERS)],
            stdout=out, stderr=subprocess.DEVNULL)
        out.close()

    def again(self, program):
        self.load() if program == "crash-put" else self.start(program)

    def kill(self, program):
        p = self.running[program]
        assert p.poll() is None, f"{program} ended by itself: {p.returncode}"
        p.send_signal(signal.SIGKILL)
        p.wait()

    def end(self, program):
        p = self.running[program]
        p.send_signal(signal.SIGTERM)
        assert p.wait(30) == 0, f"{program}: {p.returncode}"

    def queue(self):
        out = subprocess.run([os.path.join(self.build, "telltale"), "queue", "list", "--json", "-c", self.conf],
                             check=True, stdout=subprocess.PIPE).stdout
        return json.loads(out)["messages"]


def promised(data):
    with open(os.path.join(data, "load.out"), encoding="utf-8") as f:
        return {line.split()[1] for line in f if line.startswith("PROMISED") and line.endswith("\n")}


def mailboxes(data):
    """How often each message lies in each mailbox, and for how many it was meant."""
    seen, meant = collections.Counter(), {}
    for user in range(USERS):
        box = os.path.join(data, "mail", "example.com", f"user{user}")
        for name in os.listdir(os.path.join(box, "Maildir", "new")):
            with open(os.path.join(box, "Maildir", "new", name), encoding="ascii") as f:
                text = f.read()
            head = re.match(rf"Return-Path: <ann@x\.example>\nDelivered-To: user{user}@example\.com\n"
                            r"X-Id: (\S+) (\d)\n\n(z{70}\n)*\Z", text)
            assert head, f"{user}/{name} is not whole: {text[:200]!r}"
            n = int(head[1].split("-")[2])
            assert text.count("z" * 70) == (8000 if n % 17 == 0 else n % 5), f"{user}/{name} is cut"
            seen[head[1], user] += 1
            meant[head[1]] = int(head[2])
    return seen, meant


def check(data):
    seen, meant = mailboxes(data)
    told = promised(data)
    twice = [k for k, n in seen.items() if n > 1]
    got = collections.Counter(k[0] for k in seen)
    lost = [i for i in told if got[i] != meant.get(i)]
    part = [i for i in got if got[i] != meant[i]]
    print(f"{len(told)} promised, {len(got)} messages in {sum(seen.values())} files; "
          f"{len(lost)} lost, {len(twice)} twice, {len(part)} in part")
    tries, results = set(), set()
    with open(os.path.join(data, "logs", "delivery.log"), encoding="ascii") as f:
        for line in f:
            word = line.rstrip("\n").split(", ")
            if word[1] == "try":
                assert word[2] not in tries, f"number {word[2]} used twice"
                tries.add(word[2])
            elif word[1] == "result":
                results.add(word[2])
    print(f"{len(tries)} attempts, {len(tries - results)} left open")
    return not (lost or twice or part or tries - results) and len(told) > 0


def main():
    build, kills = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 30
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(10**6)
    dice = random.Random(seed)
    print(f"seed {seed}")
    data = tempfile.mkdtemp(prefix="telltale-crash.")
    house = House(build, data)
    programs = ["telltale-queue", "telltale-local", "crash-put"]
    for p in programs:
        house.again(p)
    for _ in range(kills):
        time.sleep(dice.uniform(0.05, 0.8))
        victims = dice.sample(programs, dice.choice([1, 1, 1, 2]))
        for v in victims:
            house.kill(v)
        time.sleep(dice.choice([0, 0, 0.1]))
        for v in victims:
            house.again(v)
    time.sleep(0.5)
    house.end("crash-put")
    deadline = time.monotonic() + 60
    while house.queue():
        assert time.monotonic() < deadline, house.queue()[:3]
        time.sleep(0.2)
    house.end("telltale-queue")
    house.end("telltale-local")
    good = check(data)
    if good:
        shutil.rmtree(data)
    else:
        print(f"see {data}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
