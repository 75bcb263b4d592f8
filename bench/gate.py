"""gate: sessions a second with ten lists in DNS, each answering after 5 ms, against the same gate without lists."""
import os
import re
import socket
import statistics
import subprocess
import sys

import figures
import place
import process
import source
from ours import Ours

LISTS, DELAY = 10, 5
SLICES = 4
# Without lists; with lists whose answers may not be kept; with lists whose answers may.
SIDES = ("none", "cold", "warm")


def own_address():
    """An address of this machine that is not loopback's: a gate does not look those up."""
    for name in socket.if_nameindex():
        said = subprocess.run(["ip", "-4", "-o", "addr", "show", "dev", name[1]], capture_output=True, text=True,
                              check=False).stdout
        for address in re.findall(r"inet (\d+\.\d+\.\d+\.\d+)", said):
            if not address.startswith("127."):
                return address
    raise RuntimeError("this bench needs an IPv4 address beside loopback's")


class Gate(Ours):
    """Our server with so many lists."""

    def __init__(self, build, at, kind, host, dns):
        os.makedirs(os.path.join(at, kind))
        port = process.free_port()
        entries = ", ".join(f'"l{i}.{kind}.example"' for i in range(LISTS)) if kind != "none" else ""
        super().__init__(build, os.path.join(at, kind), extra=f"""
listener "26" {{ bind = {{"{host}:{port}"}} }}
dns {{ server = {{"127.0.0.1@{dns}"}} }}
gate {{ reject-empty-rdns = false dns-blacklist-entry = {{{entries}}} }}
""")
        self.kind, self.host, self.listening = kind, host, port

    def waits(self):
        """What the lists' check took, in ms, of each session that the log tells of."""
        with open(os.path.join(self.data, "logs", "smtp-26.log"), encoding="utf-8", errors="replace") as f:
            return [int(m) for m in re.findall(r"gate, connect, .*rbl-match (\d+)", f.read())]


def one_round(sides, load, seconds):
    for side in sides:
        side.stop()
        side.empty()
        side.start(hold=True)
    counts = {side: source.enough_at(side.listening, side.recipients(), load, seconds / SLICES) for side in sides}
    spent = {side: 0.0 for side in sides}
    for k in range(SLICES):
        for side in sides[k % len(sides):] + sides[:k % len(sides)]:
            spent[side] += source.send(side.listening, side.recipients(), load, counts[side])
    return {side.kind: SLICES * counts[side] / spent[side] for side in sides}


def bench(options):
    host = own_address()
    loads = [source.Load(n, 4096, False, host) for n in (1, 100) if options.sessions in (None, n)]
    found = []
    with place.disk(options.disks[0]) as at:
        port = process.free_port()
        lists = process.spawn([os.path.join(options.build, "bench", "bench-dnslist"), str(port), str(DELAY)],
                              os.path.join(at, "lists"))
        sides = [Gate(options.build, at, kind, host, port) for kind in SIDES]
        try:
            for load in loads:
                rounds = []
                for _ in range(options.rounds):
                    rounds.append(one_round(sides, load, options.seconds))
                    print(f"  {load.title}: " + ", ".join(f"{k} {v:.0f}/s" for k, v in rounds[-1].items()),
                          file=sys.stderr)
                waits = {side.kind: statistics.median(side.waits() or [0]) for side in sides}
                found.append({"title": load.title, "sessions": load.sessions, "rounds": rounds, "waits": waits})
        finally:
            for side in sides:
                side.stop()
            process.kill_group(lists)
    return {"lists": LISTS, "delay": DELAY, "loads": found}


def tables(result):
    rows = []
    for load in result["loads"]:
        rounds = load["rounds"]
        rows.append([load["title"], *(figures.text(figures.spread([r[k] for r in rounds]), "{:.0f}") for k in SIDES),
                     figures.text(figures.ratios(rounds, "cold", "none")),
                     figures.text(figures.ratios(rounds, "warm", "none")),
                     f"{load['waits']['cold']:.0f}", f"{load['waits']['warm']:.0f}"])
    yield (f"gate, sessions/s with {result['lists']} lists in DNS that answer after {result['delay']} ms",
           figures.table(["load", "no lists", "lists", "lists, answers kept", "lists/no lists", "kept/no lists",
                          "wait, ms", "wait kept, ms"], rows))
