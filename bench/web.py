"""scripts/bench web: how much the page's server bears: questions by number, files, viewers of events, slow clients."""
import http.client
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import tempfile
import time

import process
from ours import Ours

AIMS = {"id": 2000}  # questions for a number a second on one core: telltale-web and the searchers together
VIEWERS, SLOW = 1000, 500
IDLE = 30  # seconds: two signs of life for each viewer
TICK = os.sysconf("SC_CLK_TCK")
SCRIPT = """\
local at, n = {%s}, 0
request = function()
  n = n + 1
  return wrk.format("GET", at[n * 7919 %% #at + 1], {["Cookie"] = "%s"})
end
"""


class Side:
    """The server with logs, their index, and an administrator's cookie."""

    def __init__(self, options, place):
        self.web = process.free_port()
        self.ours = Ours(options.build, place, extra=f'web {{ bind = {{"127.0.0.1:{self.web}"}} connections = 5000 }}\n'
                         'logs { rotate = "never" }\n')
        self.place = place
        folder = os.path.join(self.ours.data, "logs")
        os.makedirs(folder, 0o700)
        subprocess.run([os.path.join(options.build, "bench", "bench-trace-logs"), "ours", str(options.mb),
                        str(options.seed or 20210308), folder], check=True, timeout=1800)
        with open(os.path.join(folder, "delivery.log"), encoding="utf-8") as f:
            numbers = re.findall(r", qp (\d+),", f.read())
        self.numbers = numbers[:: max(1, len(numbers) // 3000)]
        self.ours.start(False)
        process.until(lambda: self.quiet(folder), "nobody writes into the logs any more")
        subprocess.run([os.path.join(options.build, "telltale"), "index", "build"], env=self.ours.environment, check=True,
                       capture_output=True, timeout=3600)
        link = json.loads(self.ours.command("web", "link", "--json"))["url"]
        self.cookie = None
        self.cookie = self.get(re.sub("^https?://[^/]*", "", link))[1]["Set-Cookie"].split(";")[0]

    @staticmethod
    def quiet(folder):
        """An index is of logs that stand still."""
        def sizes():
            return [os.stat(os.path.join(folder, name)).st_size for name in sorted(os.listdir(folder))]
        before = sizes()
        time.sleep(2)
        return sizes() == before

    def get(self, path, **fields):
        c = http.client.HTTPConnection("127.0.0.1", self.web, timeout=60)
        try:
            c.request("GET", path, headers={"Cookie": self.cookie or "", **fields})
            reply = c.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            c.close()

    def pids(self, *names):
        group = self.ours.process.pid
        found = subprocess.run(["ps", "-eo", "pid=,sid=,comm="], capture_output=True, text=True, check=True).stdout
        rows = (line.split() for line in found.splitlines())
        return [int(r[0]) for r in rows if int(r[1]) == group and r[2] in [n[:15] for n in names]]

    def processor(self, *names):
        """Seconds that these programs have used."""
        total = 0
        for pid in self.pids(*names):
            with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                fields = f.read().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / TICK
        return total

    def memory(self, name):
        """Resident bytes."""
        pid, = self.pids(name)
        with open(f"/proc/{pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def wrk(self, paths, seconds, connections=8):
        """Answers a second, by the clock and by the processor time of our programs; P99 in ms."""
        script = os.path.join(self.place, "script.lua")
        with open(script, "w", encoding="utf-8") as f:
            f.write(SCRIPT % (",".join(f'"{p}"' for p in paths), self.cookie))
        before = self.processor("telltale-web", "telltale-search")
        said = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}", "--latency", "-s", script,
                               f"http://127.0.0.1:{self.web}"], capture_output=True, text=True, check=True, timeout=600).stdout
        used = self.processor("telltale-web", "telltale-search") - before
        count = int(re.search(r"(\d+) requests in", said)[1])
        if "Non-2xx" in said or "Socket errors" in said:
            raise RuntimeError(f"wrk: {said}")
        number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", said).groups()
        return {"clock": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), "core": count / max(used, 0.01),
                "p99": float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]}

    def connect(self, octets):
        s = socket.create_connection(("127.0.0.1", self.web), timeout=60)
        s.sendall(octets)
        return s


def first_byte(side, path):
    """ms from the first byte of the question to the first of the answer, on a new connection."""
    begun = time.perf_counter()
    with side.connect(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {side.cookie}\r\n\r\n".encode()) as s:
        s.recv(1)
    return (time.perf_counter() - begun) * 1000


def drain(held):
    """Take what has come."""
    for s in held:
        patience = s.gettimeout()
        s.settimeout(0)
        try:
            while s.recv(1 << 20):
                pass
        except BlockingIOError:
            pass
        s.settimeout(patience)


def calm(side, held):
    """Those who begin to watch are told first what waits: up to 4 MB each, which they must take."""
    drain(held)
    before = side.processor("telltale-web")
    time.sleep(1)
    return side.processor("telltale-web") - before < 0.05


def viewers(side):
    """Everybody watches; how long until all have seen a message, and what that costs."""
    before = side.memory("telltale-web")
    ask = f"GET /api/live HTTP/1.1\r\nHost: localhost\r\nCookie: {side.cookie}\r\n\r\n".encode()
    held = [side.connect(ask) for _ in range(VIEWERS)]
    for s in held:
        while b"retry" not in s.recv(65536):
            pass
    per = (side.memory("telltale-web") - before) / VIEWERS
    process.until(lambda: calm(side, held), "what happened before is told")
    idle = side.processor("telltale-web")
    time.sleep(IDLE)
    idle = (side.processor("telltale-web") - idle) / IDLE
    numbers = side.wrk([f"/api/trace?q=id:{n}" for n in side.numbers], 3)
    used, begun = side.processor("telltale-web"), time.perf_counter()
    subprocess.run(["curl", "-sS", "--crlf", f"smtp://127.0.0.1:{side.ours.port}/client.example.net", "-T", "-", "--mail-from",
                    "you@example.net", "--mail-rcpt", "user0@example.com"], input="Subject: x\n\nx\n", text=True, check=True)
    for s in held:
        while b"event: " not in s.recv(1 << 20):
            pass
    took = time.perf_counter() - begun
    used = side.processor("telltale-web") - used
    for s in held:
        s.close()
    return {"per": per, "idle": idle, "took": took, "used": used, "beside": numbers}


def slow(side):
    """Half a request each; what the others notice."""
    held = [side.connect(b"GET / HTTP/1.1\r\nHost: loc") for _ in range(SLOW)]
    found = side.wrk(["/healthz"], 3)
    for s in held:
        s.close()
    return found


def bench(options):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * VIEWERS)), hard))
    options.mb = min(options.mb, 100) if options.quick else options.mb
    with tempfile.TemporaryDirectory(prefix="bench-web-") as place:
        side = Side(options, place)
        try:
            numbers = [f"/api/trace?q=id:{n}" for n in side.numbers]
            side.wrk(numbers, options.seconds)  # what is warm then
            page = side.get("/", **{"Accept-Encoding": "gzip"})
            return {"mb": options.mb,
                    "id": [side.wrk(numbers, options.seconds) for _ in range(options.rounds)],
                    "page": [side.wrk(["/"], options.seconds) for _ in range(options.rounds)],
                    "bytes": len(page[2]),
                    "first": {path: statistics.median(first_byte(side, path) for _ in range(50))
                              for path in ("/", numbers[0], "/api/stats?q=&top=10")},
                    "viewers": viewers(side), "slow": slow(side)}
        finally:
            side.ours.stop()


def middle(rounds, key):
    return statistics.median(r[key] for r in rounds)


def tables(result):
    v = result["viewers"]
    rows = ["| | | aim |", "|---|---|---|"]

    def add(what, value, aim=""):
        rows.append(f"| {what} | {value} | {aim} |")
    add("questions for a number, a second of one core", f"{middle(result['id'], 'core'):,.0f}", f"{AIMS['id']:,}")
    add("by the clock, with the client on the same machine; P99", f"{middle(result['id'], 'clock'):,.0f}; {middle(result['id'], 'p99'):.1f} ms")
    add("the front page, a second of one core", f"{middle(result['page'], 'core'):,.0f}")
    add("its bytes, packed", f"{result['bytes']:,}")
    for path, ms in result["first"].items():
        add(f"first byte of `{path.split('=id')[0]}`, on a new connection", f"{ms:.2f} ms")
    add(f"{VIEWERS:,} viewers of events: memory of each", f"{v['per'] / 1024:.1f} KiB")
    add("processor while nothing happens", f"{100 * v['idle']:.1f} % of a core")
    add("from a mail's first byte to the last viewer's event; processor", f"{v['took']:.2f} s; {1000 * v['used']:.0f} ms")
    add("questions for a number beside them, a second of one core; P99", f"{v['beside']['core']:,.0f}; {v['beside']['p99']:.1f} ms")
    add(f"`healthz` beside {SLOW} who say half a request: P99", f"{result['slow']['p99']:.1f} ms")
    return [(f"The page's server, {result['mb']} MB of logs, with an index", "\n".join(rows))]
