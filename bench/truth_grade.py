"""The answer against the truth: for each kind of join, what the data determines, and what was made of it."""
import json
import os
import resource
import subprocess
from collections import Counter
from datetime import datetime

from truth_world import normal

KINDS = ["gate", "delivery", "retry", "result", "forward", "bounce", "graylist", "tries"]
GRADES = ["exact", "strong", "guess"]
AHEAD = 60  # a client that is silent so shortly before the end of the log may still be there


class Answer:
    """What `telltale trace --json` said, by line."""

    def __init__(self, build, folder):
        begun = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        done = subprocess.run([os.path.join(build, "telltale"), "trace", "after:1990-01-01", "--logs", folder, "--limit",
                               "1000000", "--json"], capture_output=True, check=False, env={**os.environ, "TZ": "UTC"})
        self.took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begun  # the machine may be busy otherwise
        if done.returncode not in (0, 3):
            raise RuntimeError(f"telltale trace: status {done.returncode}: {done.stderr.decode(errors='replace')}")
        said = json.loads(done.stdout)
        self.messages, self.searched = said["messages"], said["searched"]
        self.at = {}
        for i, m in enumerate(self.messages):
            for e in m["timeline"]:
                self.at.setdefault(where(e["evidence"]), (i, e))

    def message(self, line):
        found = self.at.get(line.where) if line is not None else None
        return found[0] if found else None

    def event(self, line):
        return self.at[line.where][1]


def where(evidence):
    return os.path.basename(evidence["file"]), evidence["line"]


class Grader:
    def __init__(self, world, answer):
        self.world, self.answer = world, answer
        self.owner = {x.where: (m.mid, x) for m in world.messages for x in m.lines if x.where}
        self.table = {k: Counter() for k in KINDS}
        self.examples = []
        firsts = [j.b if j.kind == "graylist" else j.a for j in world.joins if j.kind in ("graylist", "tries") and j.b]
        self.beginnings = {self.owner[x.where][0] for x in firsts if x.where}
        self.loose = {k: Counter() for k in KINDS}

    def grade(self):
        for j in self.world.joins:
            if j.a.where is None:
                continue
            found, confidence = self.judge(j)
            if j.determined:
                self.count(j, found, confidence)
            else:
                self.loose[j.kind].update(["n", confidence if found != "missed" and confidence else "apart"])
                if found == "wrong":
                    self.loose[j.kind].update(["wrong " + confidence])
                if found == "wrong" and confidence == "strong":
                    self.examples.append(f"{self.world.name}: loose-{j.kind} {found} {confidence}: {j.a.where} -> "
                                         f"{j.b and j.b.where}")
        return self

    def count(self, j, found, confidence):
        nothing = j.kind in ("delivery", "gate", "tries") and (j.b is None or j.b.where is None)
        t = self.table[j.kind]
        t.update(["determined", found])
        if j.kind == "gate" and j.mid in self.beginnings:
            confidence = "exact" if confidence == "strong" and self.world.logs_ours else confidence  # told by that join
        if found == "wrong" or (found == "right" and not nothing):
            t.update([f"{found} {confidence}"])
        if found != "right" and len(self.examples) < 400:
            self.examples.append(f"{self.world.name}: {j.kind} {found} {confidence}: {j.a.where} -> {j.b and j.b.where}")

    def judge(self, j):
        """right, wrong or missed; and how sure the answer was."""
        if j.kind in ("forward", "bounce"):
            return self.parent(j)
        at = self.answer.message(j.a)
        if at is None:
            return "missed", None
        confidence = self.answer.event(j.a)["confidence"]
        if j.kind == "tries":
            confidence = self.answer.messages[at]["confidence"]
            if any(r["verdict"] != "refused-temporarily" for r in self.answer.messages[at]["recipients"]):
                return "missed", confidence  # taken for the beginning of what was accepted later: comes_again()
        elif j.kind == "graylist":
            same = at == self.answer.message(j.b)
            confidence = self.answer.event(j.b)["confidence"] if same else self.answer.messages[at]["confidence"]
        others = self.strangers(at, j)
        if j.b is None or j.b.where is None:
            return ("wrong" if others else "right"), confidence
        if at == self.answer.message(j.b):
            return "right", confidence
        return ("wrong" if others else "missed"), confidence

    def strangers(self, at, j):
        """Does the answer's message hold a line like b (an SMTP answer, an attempt) that is another message's?"""
        own = j.facts.get("own", {j.mid})
        wanted = ("TRY", "RESP_QUEUED") if j.kind == "retry" else ("TRY",) if j.kind == "result" else \
            ("RESP",) if j.kind in ("graylist", "tries") else ("RESP_QUEUED",) if j.kind == "delivery" else ("RESP_QUEUED", "RESP")
        lines = (self.owner.get(where(e["evidence"])) for e in self.answer.messages[at]["timeline"])
        return any(x is not None and x[0] not in own and x[1].kind in wanted for x in lines)

    def parent(self, j):
        at = self.answer.message(j.a)
        said = self.answer.messages[at].get("parent") if at is not None else None
        if said is None:
            return "missed", None
        owner = self.owner.get(where(said["evidence"]))
        return ("right" if owner is not None and owner[0] == j.b.mid else "wrong"), said["confidence"]

    # -- verdicts and moments

    def verdicts(self):
        """Of the messages whose joins the data determines: recipients told right, told wrong."""
        unsure = {j.mid for j in self.world.joins if not j.determined}
        end = max(m.at for m in self.world.messages)
        right = wrong = 0
        for m in self.world.messages:
            at = next((i for i in map(self.answer.message, m.lines) if i is not None), None)
            if m.mid in unsure or not m.checked or at is None or m.at > end - AHEAD:
                continue
            for address, verdict in m.recipients.items():
                if verdict == "refused-temporarily" and self.comes_again(m, address):
                    continue
                said = [r["verdict"] for r in self.answer.messages[at]["recipients"] if r["address"] == address]
                right, wrong = right + (verdict in said), wrong + (verdict not in said)
                if verdict not in said and len(self.examples) < 400:
                    self.examples.append(f"{self.world.name}: verdict {address} {said} for {verdict}: {m.lines[0].where}")
        return right, wrong

    def comes_again(self, m, address):
        """Did this sender's next message to that recipient come within a day?  Then nobody can tell it from a retry."""
        if not hasattr(self, "taken"):
            self.taken = {}
            for other in self.world.messages:
                for to in other.recipients:
                    self.taken.setdefault((normal(other.sender), to), []).append((other.at, other.mid))
        return any(m.at < at < m.at + 86400 for at, mid in self.taken[normal(m.sender), address] if mid != m.mid)

    def moments(self):
        """Messages told at their moment, and at another."""
        grayed = {x for j in self.world.joins if j.kind == "graylist" for x in j.facts.get("own", {j.mid})}
        grayed |= {j.mid for j in self.world.joins if not j.determined}
        skews = {n: abs(log.skew) for n, log in self.world.logs.items()}
        right = wrong = 0
        for m in self.world.messages:
            first = m.lines[0]
            at = next((i for i in map(self.answer.message, m.lines) if i is not None), None)
            if at is None or m.mid in grayed or first.where is None:
                continue
            told = self.moment_of(self.answer.messages[at]["time"])
            owner = self.first_owner(at)
            if owner != m.mid:
                continue
            ok = abs(told - int(first.at)) <= 3 + skews.get(first.where[0].split(".log")[0] + ".log", 0)
            right, wrong = right + ok, wrong + (not ok)
            if not ok and len(self.examples) < 400:
                self.examples.append(f"{self.world.name}: moment off by {told - int(first.at)}: {first.where}")
        return right, wrong

    def first_owner(self, at):
        lines = (self.owner.get(where(e["evidence"])) for e in self.answer.messages[at]["timeline"])
        return next((x[0] for x in lines if x is not None), None)

    @staticmethod
    def moment_of(text):
        return int(datetime.fromisoformat(text).timestamp())
