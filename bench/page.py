"""scripts/bench page: how long a reader of the page waits, in a real browser on this machine, beside logs of many megabytes."""
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile

import process
from ours import Ours

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "..", "test", "page")
AIMS = {"paint": 100, "answer": 150}  # ms
QUESTIONS = 30


def generate(options, folder):
    """Logs of our own server, as it would have written them; addresses that occur in them."""
    tool = os.path.join(options.build, "bench", "bench-trace-logs")
    subprocess.run([tool, "ours", str(options.mb), str(options.seed or 20210308), folder], check=True, timeout=600)
    with open(os.path.join(folder, "smtp-25.log"), "rb") as f:
        f.seek(os.path.getsize(f.name) // 2)
        found = re.findall(r"from, (\S+@\S+\.example\.net)", f.read(4 << 20).decode())
    return random.Random(1).sample(sorted(set(found)), QUESTIONS)


def bench(options):
    with tempfile.TemporaryDirectory(prefix="bench-page-") as place:
        port = process.free_port()
        server = Ours(options.build, place, extra=f'web {{ bind = {{"127.0.0.1:{port}"}} }}\nlogs {{ rotate = "never" }}\n')
        folder = os.path.join(server.data, "logs")
        os.makedirs(folder, 0o700)
        print(f"bench: writing {options.mb} MB of logs", file=sys.stderr)
        senders = generate(options, folder)
        try:
            server.start(False)
            subprocess.run([os.path.join(options.build, "telltale"), "index", "build"], env=server.environment, check=True,
                           capture_output=True, timeout=1800)
            link = json.loads(server.command("web", "link", "--json"))["url"]
            world = {"base": f"http://127.0.0.1:{port}/", "enter": link, "questions": [f"from:{s}" for s in senders],
                     "rounds": 10 * options.rounds // 5}
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], cwd=FOLDER,
                           check=True, capture_output=True, timeout=300)
            done = subprocess.run(["node", os.path.join(FOLDER, "bench.mjs"), json.dumps(world)], capture_output=True,
                                  text=True, timeout=600, check=False)
            if done.returncode != 0:
                raise RuntimeError(done.stderr)
            return {"mb": options.mb, **json.loads(done.stdout)}
        finally:
            server.stop()


def row(name, values, aim, unit="ms"):
    ordered = sorted(values)
    return (f"| {name} | {ordered[0]:.0f} | {statistics.median(ordered):.0f} | {ordered[len(ordered) * 9 // 10]:.0f} | "
            f"{ordered[-1]:.0f} {unit} | {aim} |")


def tables(result):
    loads = result["loads"]
    rows = ["| | least | median | P90 | most | aim |", "|---|---|---|---|---|---|",
            row("first paint", [x["paint"] for x in loads], f"{AIMS['paint']} ms"),
            row("the first rows are there", [x["rows"] for x in loads], ""),
            row("a question's answer is shown", result["answers"], f"{AIMS['answer']} ms"),
            row("bytes that are loaded, without answers", [x["bytes"] for x in loads], "60,000", "bytes"),
            row("requests", [x["requests"] for x in loads], "", "")]
    return [(f"The page, {result['mb']} MB of logs, with an index", "\n".join(rows))]
