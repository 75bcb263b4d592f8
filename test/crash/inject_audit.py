"""What must be true when the fault has gone and the dust has settled."""
import json
import re

from harness import Record
from inject_house import USERS


IDENT = re.compile(rb"(?m)^Subject: (\S+)$")
TRACED = re.compile(rb"\A(?:(?:Return-Path|Delivered-To|Authentication-Results|Received):[^\n]*\n(?:[ \t][^\n]*\n)*)+")
FINAL = {"delivered", "returned", "mixed", "forwarded"}
MISBEHAVED = re.compile(r"[^\n]*(?:: bug: |was ended by signal (?!9\b|15\b)|did not stop in time|runtime error:|"
                        r"Sanitizer|the sandbox refused)[^\n]*")


def contents(house):
    """(ident, user) of every message in a mailbox with its octets after our lines, and the reports to the sender."""
    found, reports = {}, {}
    for user in USERS:
        for raw in house.mailbox(user):
            names = IDENT.findall(raw)
            if b"Subject: failure notice" in raw:
                for name in names:
                    reports.setdefault(name.decode(), []).append(raw)
            else:
                name = names[0].decode() if names else f"nameless {raw[:80]!r}"
                found.setdefault((name, user), []).append(TRACED.sub(b"", raw))
    return found, reports


def missing(house, messages):
    """What was promised and is not there yet."""
    found, _ = contents(house)
    return [(m.ident, u) for m in messages if m.fate == "promised" for u in m.mailboxes if (m.ident, u) not in found]


def unreported(house, messages):
    """What was promised, cannot be delivered, and has not been returned yet."""
    _, reports = contents(house)
    return [m.ident for m in messages if m.fate == "promised" and m.returns and m.ident not in reports]


def queue(house):
    """What waits; None when there was no answer."""
    done = house.tell("queue", "list", "--json")
    return json.loads(done.stdout)["messages"] if done.returncode == 0 else None


def judge_mailboxes(house, messages):
    """Each promise kept once and whole; what was not promised is there whole for all or not at all, once."""
    found, reports = contents(house)
    waiting = {str(item["qp"]) for item in queue(house) or []}
    wrong = []
    for m in messages:
        whole = m.octets.replace(b"\r\n", b"\n")
        whole = whole.removeprefix(b"Delivered-To: cora@example.com\n") if m.fails else whole
        copies = [len(found.get((m.ident, u), [])) for u in m.mailboxes]
        told = len(reports.get(m.ident, []))
        if m.fate == "promised" and (0 in copies or (m.returns and told == 0)):
            late = m.qp in waiting or (m.returns and waiting)
            wrong.append(("violations" if late else "lost", f"{m.ident}: {copies} copies, {told} reports"))
        if m.fate in (None, "refused") and (any(copies) or told):
            wrong.append(("torn", f"{m.ident} was never given, and is there"))
        if max(copies, default=0) > 1 or told > 1:
            wrong.append(("doubled", f"{m.ident}: {copies} copies, {told} reports"))
        if 0 in copies and any(copies):
            wrong.append(("torn", f"{m.ident}: {copies} copies"))
        for user in m.mailboxes:
            wrong += [("torn", f"{m.ident} for {user} is not what was sent: {raw[:300]!r}")
                      for raw in found.get((m.ident, user), []) if raw != whole]
        if told and not m.returns:
            wrong.append(("lost", f"{m.ident} was returned"))
    known = {m.ident for m in messages}
    wrong += [("torn", f"{ident} for {user}: nobody sent that") for ident, user in found if ident not in known]
    return wrong


def judge_logs(house):
    """Every line has a shape that we know."""
    for name in ("smtp-25", "spamdyke", "delivery"):
        for line in filter(None, house.log(name).split("\n")):
            try:
                Record(line)
            except AssertionError as why:
                return [("violations", f"{name}.log: {why}")]
    return []


def lines_lost(house):
    """The server said that a log lacks lines: then the tracer may not know all."""
    said = house.log("server") + house.said()
    return re.search(r"lines are lost|go on without it|is written again|may lack its line|"
                     r"which bounces the delivery log names is not known", said) is not None


def judge_trace(house, messages):
    """The tracer knows how each promised message ended."""
    done = house.tell("trace", "from:*@*", "--limit", "1000000", "--json")
    try:
        ends = {str(m["ids"]["qp"]): m["verdict"] for m in json.loads(done.stdout)["messages"]}
    except (ValueError, KeyError):
        return [("violations", f"trace: {done.returncode} {done.stdout[:200]} {done.stderr[:200]}")]
    return [("violations", f"trace: {m.ident} (qp {m.qp}) is {ends.get(m.qp)}") for m in messages
            if m.fate == "promised" and ends.get(m.qp) not in FINAL]


def judge_behaviour(house):
    """No program ended by a signal that was not ours, none had to be killed."""
    said = set(MISBEHAVED.findall(house.log("server") + house.said()))
    return [("violations", line) for line in sorted(said)]


def audit(house, messages):
    """Everything that is wrong: (what, words)."""
    wrong = judge_mailboxes(house, messages) + judge_logs(house) + judge_behaviour(house)
    return wrong if lines_lost(house) else wrong + judge_trace(house, messages)
