"""relay: messages a second that come in from smtp-source and have left for other servers, which smtp-sink plays."""
import os
import re
import shutil
import sys
import time

import figures
import place
import process
import source
from ours import Ours
from postfix import Postfix

DOMAINS, SIZES = (1, 50), (4096, 65536)
SESSIONS = 100
# Who may relay here is a list; the other servers are one smart host, as Postfix's relayhost is: nobody asks DNS for it.
OURS = """\
gate {{ ip-relay-entry = {{"127.0.0.1"}} }}
relay {{ host = "127.0.0.1:{port}" }}
"""
# As fast as it can: no lookup on the way, as many at one time as there are sessions, idle connections used again.
POSTFIX_MAIN = """\
relayhost = [127.0.0.1]:{port}
smtp_destination_concurrency_limit = 100
initial_destination_concurrency = 100
smtp_dns_support_level = disabled
smtp_host_lookup = native
"""
POSTFIX_MASTER = """\
smtp unix - - n - 200 smtp
scache unix - - n - 1 scache
"""


class Receiver:
    """smtp-sink, and how many messages it has taken."""

    def __init__(self, at):
        self.port, self.out, self.process = process.free_port(), os.path.join(at, "receiver"), None

    def start(self):
        self.stop()
        if os.path.exists(self.out):
            os.unlink(self.out)
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.process = process.spawn(["smtp-sink", "-c", *user, f"127.0.0.1:{self.port}", "1000"], self.out)
        process.until(lambda: process.answers(self.port), "smtp-sink answers")

    def taken(self):
        with open(self.out, "rb") as f:
            f.seek(max(0, os.path.getsize(self.out) - 200))
            found = re.findall(rb"mesg=(\d+)\s", f.read())
        return int(found[-1]) if found else 0

    def wait(self, count, pause=0.01):
        process.until(lambda: self.taken() >= count, f"{count} messages at smtp-sink, which has {self.taken()}", 300, pause)

    def stop(self):
        if self.process is not None:
            process.kill_group(self.process)
            self.process = None


def addresses(domains):
    return [f"user@far{i}.example.net" for i in range(domains)]


class OurRelay(Ours):
    holder = "telltale-remote"

    def __init__(self, build, at, domains, port):
        super().__init__(build, at, domains, extra=OURS.format(port=port))

    def recipients(self):
        return addresses(self.boxes)

    def mailboxes(self):
        return []


class PostfixRelay(Postfix):
    more_master = POSTFIX_MASTER

    def __init__(self, build, at, domains, port):
        self.more_main = POSTFIX_MAIN.format(port=port)
        super().__init__(build, at, domains)

    def recipients(self):
        return addresses(self.boxes)


def from_queue(side, receiver, load, count):
    """The queue is filled while nothing leaves; the clock runs from the first messages seen after the release."""
    side.start(hold=True)
    source.send(side.port, side.recipients(), load, count)
    os.sync()
    side.release()
    receiver.wait(1, 0.002)
    start, first = time.monotonic(), receiver.taken()
    receiver.wait(count)
    return (count - first) / (time.monotonic() - start)


def through(side, receiver, load, count):
    """Messages leave while others come in; the clock runs from the first connection to us to the last message there."""
    side.start(hold=False)
    source.send(side.port, side.recipients(), load, side.boxes)
    receiver.wait(side.boxes)
    start = time.monotonic()
    source.send(side.port, side.recipients(), load, count)
    receiver.wait(side.boxes + count)
    return count / (time.monotonic() - start)


def straight(receiver, recipients, load, count):
    """No server between them: what the two ends can do."""
    receiver.start()
    start = time.monotonic()
    source.send(receiver.port, recipients, load, count)
    receiver.wait(count)
    return count / (time.monotonic() - start)


def fresh(side, how, receiver, load, count):
    side.stop()
    side.empty()
    receiver.start()
    try:
        return how(side, receiver, load, count)
    finally:
        side.stop()


def measure(sides, receiver, load, count, rounds):
    found = []
    for r in range(rounds):
        one = {}
        for side in sides if r % 2 == 0 else sides[::-1]:
            one[side.name] = fresh(side, through, receiver, load, count)
            one[side.name + " from the queue"] = fresh(side, from_queue, receiver, load, count)
        one["straight"] = straight(receiver, sides[0].recipients(), load, count)
        found.append(one)
        print("  " + ", ".join(f"{k} {v:.0f}/s" for k, v in one.items()), file=sys.stderr)
    return {"domains": sides[0].boxes, "size": load.size, "messages": count, "rounds": found}


def cases(options):
    grid = [(domains, size) for size in SIZES for domains in DOMAINS]
    if options.quick:
        grid = [(1, 4096)]
    return [(domains, size) for domains, size in grid
            if options.size in (None, size) and options.boxes in (None, domains)]


def on_disk(kind, options):
    with place.disk(kind) as at:
        found, shown, receiver = [], {}, Receiver(at)
        for domains, size in cases(options):
            print(f"  {domains} domains, {size // 1024} KiB", file=sys.stderr)
            sides = [side(options.build, at, domains, receiver.port) for side in (OurRelay, PostfixRelay)]
            count = int(options.seconds * (3000 if size < 10000 else 1500))
            try:
                found.append(measure(sides, receiver, source.Load(SESSIONS, size, True), count, options.rounds))
                shown = {side.name + ", relay": side.shown() for side in sides}
            finally:
                receiver.stop()
                for side in sides:
                    side.stop()
                    shutil.rmtree(side.folder)
        return {"disk": kind, "place": place.described(at), "cases": found, "shown": shown}


def bench(options):
    return {"disks": [on_disk(kind, options) for kind in options.disks]}


def tables(result):
    for disk in result["disks"]:
        for suffix, title in (("", "in and out"), (" from the queue", "from a full queue")):
            rows = []
            for case in disk["cases"]:
                rounds, names = case["rounds"], ["ours" + suffix, "postfix" + suffix, "straight"]
                rows.append([f"{case['domains']} domains, {case['size'] // 1024} KiB",
                             *(figures.text(figures.spread([r[n] for r in rounds]), "{:.0f}") for n in names),
                             figures.text(figures.ratios(rounds, names[0], names[1]))])
            yield (f"relay, {title}, messages/s, {disk['disk']} disk",
                   figures.table(["case", "ours", "Postfix", "source to sink", "ours/Postfix"], rows))
