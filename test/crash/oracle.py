"""Did the server keep its word?  Asked of a house that has been drained, with the journal of its clients.

    every message that was acknowledged reached each of its recipients, or came back to its sender naming them, once
    what lies in a mailbox is what its client said, byte for byte; of what was not acknowledged: all of it, or nothing
    nothing that a client broke off, or that nobody sent, lies anywhere
    the logs say the same, line by line, and the tracer knows each acknowledged message with its end
    what another server took, it took whole, and once more at most for each crash that may have come behind its 250
    the spool holds nothing more; and after another start nothing comes again
"""
import collections
import json
import os
import re

import mailbox
from harness import until
from house import SENDER, STRANGER
from load import ABROAD, BOX, DOMAIN, OURS, RETURNED, TAKEN, fates, kind_of

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
DELIVERY = re.compile(STAMP + r", (?:zone, [+-]\d\d:\d\d, \d+|init, <\S*>|"
                      r"info, \d+, qp \d+, attempt \d+, bytes \d+, [\d.]+|"
                      r"alias, \d+, \S+|try, \d+, (?:local|remote), \S+|"
                      r"postmaster, qp \d+, \d+, [\w-]+, \S+(?:, .+)?|mailbox, \d+, \S+, [^,]+, (?:-|\d+/\d+)|"
                      r"remote, \d+, \S+, [\d.]+, \d+, none, none, connect \d+, tls \d+, reply \d+|"
                      r"result, \d+, (?:[DRK]|success|deferral|failure), \S+.*|done, \d+, \d+|"
                      rf"next, \d+, {STAMP}|gave-up, \d+|(?:bounce|(?:delay|success)-notice|autoreply), \d+, qp \d+)")
SMTP = re.compile(r"|" + STAMP + r", (?:zone, [+-]\d\d:\d\d, \d+|session, \d+, [\d.]+, \d+, [\d.]+|"
                  r"helo, \S+|tls, \S+ \S+|"
                  r"from,(?: \S*)?|to, \S+|check, .+|gate, .+|size, \d+|resp, \d{3}.*|end, .+|recovered)")
SPAMDYKE = re.compile(r"\w{3} [ \d]\d \d\d:\d\d:\d\d mx spamdyke\[\d+\]: [A-Z_]+ from: \S+ to: \S+ "
                      r"origin_ip: 127\.0\.0\.1 origin_rdns: \S+ auth: \(unknown\) encryption: \S+ reason: \S+")
SHAPES = {"delivery": DELIVERY, "smtp-25": SMTP, "spamdyke": SPAMDYKE}
BUG = re.compile(r": bug: |Assertion|Sanitizer|runtime error|is lost|sandbox refused|SIGSEGV|signal (?:6|11)\b")


class Audit:
    """What was found.  violations: sentences; the numbers count (id, recipient) pairs, torn: files."""

    def __init__(self, journal):
        self.journal = journal
        self.acked = len(journal.acked())
        self.lost = self.doubled = self.torn = self.again = 0
        self.crashes = 1 << 30  # after which another server may have got something once more
        self.violations = list(journal.wrong)

    def complain(self, *what):
        self.violations.append(" ".join(map(str, what)))

    # -- the mailboxes

    def content(self, mails, torn):
        """Whole, known, where it belongs, and under the number that its client was told."""
        self.torn += len(torn)
        self.violations += torn
        for m in mails:
            entry = self.journal.entries.get(m.name)
            if entry is None or entry.state == "begun":
                self.complain(m.path, "was never sent")
            elif entry.digest != m.digest:
                self.torn += 1
                self.complain(m.path, "is not what was sent")
            elif entry.state == "acked" and entry.qp != m.qp:
                self.complain(m.path, f"is qp {m.qp}; its client was told {entry.qp}")
            elif m.to != m.user + DOMAIN or m.sender != kind_of(m.name).sender:
                self.complain(m.path, f"is from {m.sender} to {m.to}")

    def ends(self, mails, bounces):
        """What became of each recipient of each message that was acknowledged, or that was seen anywhere."""
        boxes = collections.Counter((m.name, m.to) for m in mails)
        back = collections.Counter((b.name, failed) for b in bounces for failed in b.failed)
        seen = {name for name, _ in boxes} | {name for name, _ in back}
        for name in sorted(seen - self.journal.entries.keys()):
            self.complain(name, "was never sent")
        for name in self.journal.acked().keys() | (seen & self.journal.entries.keys()):
            for address, fate in fates(name).items():
                if fate == TAKEN:
                    continue
                self.end(name, address, (boxes[name, address], back[name, address]), self.wanted(name, fate))
        for name, address in (boxes.keys() | back.keys()):
            if address not in fates(name):
                self.complain(name, "was never meant for", address)

    @staticmethod
    def wanted(name, fate):
        """(copies in the mailbox, times that a bounce to a mailbox of ours names it)"""
        if fate == BOX:
            return 1, 0
        return 0, int(kind_of(name).sender == OURS)

    def end(self, name, address, found, wanted):
        if found == wanted:
            return
        self.lost += found < wanted or found[1] < wanted[1]
        self.doubled += found[0] > wanted[0] or found[1] > wanted[1]
        self.complain(name, f"(qp {self.journal.entries[name].qp}, {self.journal.entries[name].state})", address,
                      f"lies in the mailbox {found[0]} times, came back {found[1]} times; wanted {wanted}")

    def taken(self, far):
        """What the other server has: all that was acknowledged, whole, and no more often than there were crashes."""
        times = collections.Counter()
        for (name, digest), n in far.taken.items():
            entry = self.journal.entries.get(name)
            times[name] += n
            if entry is None or entry.state == "begun" or TAKEN not in fates(name).values():
                self.complain(f"another server got {name or 'something'}, which was never sent there")
            elif entry.digest != digest:
                self.torn += 1
                self.complain(name, "came to another server as something else")
        for name in self.journal.acked():
            if TAKEN in fates(name).values() and times[name] == 0:
                self.lost += 1
                self.complain(name, "never came to the other server")
        again = {name: n - 1 for name, n in times.items() if n > 1}
        self.again = sum(again.values())
        self.complain_of_more(again)

    def complain_of_more(self, again):
        """Each crash may cost one more of each message that was on its way just then."""
        for name, n in again.items():
            if n > self.crashes:
                self.doubled += n - self.crashes
                self.complain(name, f"came to the other server {n + 1} times; {self.crashes} crashes")

    def parents(self, bounces):
        """A bounce quotes the number of what comes back, or of the forward that was made of it."""
        for b in bounces:
            entry = self.journal.entries.get(b.name)
            forwarded = STRANGER in b.failed
            if b.user != SENDER or (entry and entry.qp not in (None, b.parent) and not forwarded):
                self.complain(b.path, f"quotes qp {b.parent} of {b.name}")

    # -- the logs

    def shapes(self, house):
        """Each line of each log has a known form."""
        for name, shape in SHAPES.items():
            text = house.log(name)
            if text and not text.endswith("\n"):
                self.complain(f"{name}.log ends inside a line")
            bad = [line for line in text.split("\n") if line and not shape.fullmatch(line)]
            self.violations += [f"{name}.log: a line of no known form: {line!r}" for line in bad[:20]]

    def accepted(self, house):
        """The SMTP log has each number once; that of what was acknowledged it must have."""
        said = collections.Counter(map(int, re.findall(r"(?m), resp, 250 ok \d+ qp (\d+)$", house.log("smtp-25"))))
        self.violations += [f"smtp-25.log has qp {qp} {n} times" for qp, n in said.items() if n > 1]
        for name, entry in self.journal.acked().items():
            if said[entry.qp] != 1:
                self.complain(name, f"was acknowledged as qp {entry.qp}; smtp-25.log does not say so")
        numbers = collections.Counter(e.qp for e in self.journal.acked().values())
        self.violations += [f"qp {qp} was given to {n} messages" for qp, n in numbers.items() if n > 1]

    def attempts(self, house):
        """{(qp, address): the outcomes of its attempts}, {parent: its bounces}; each attempt has one outcome."""
        qps, tries, results, bounces = {}, {}, collections.defaultdict(list), collections.defaultdict(list)
        for line in house.log("delivery").splitlines():
            word = line.split(", ")
            if word[1] == "info":
                qps[word[2]] = int(word[3].removeprefix("qp "))
            elif word[1] == "try":
                self.violations += [f"delivery {word[2]} is tried twice"] if word[2] in tries else []
                tries[word[2]] = word[4]
            elif word[1] == "result":
                results[word[2]].append(word[3])
            elif word[1] == "bounce":
                bounces[int(word[2])].append(int(word[3].removeprefix("qp ")))
        for number in tries.keys() | results.keys():
            if len(results[number]) != 1 or number not in tries or number not in qps:
                self.complain(f"delivery {number} has {len(results[number])} results")
        outcomes = collections.defaultdict(list)
        for number, address in tries.items():
            outcomes[qps.get(number), address] += results[number]
        return outcomes, bounces

    def logged(self, house, mails):
        """The delivery log tells of each end what the mailboxes tell."""
        outcomes, bounces = self.attempts(house)
        numbers = {m.qp: m.name for m in mails} | {e.qp: name for name, e in self.journal.acked().items()}
        for qp, name in numbers.items():
            for address, fate in fates(name).items() if name in self.journal.entries else ():
                ends = set(outcomes[qp, address]) - {"deferral"}
                wanted = "success" if fate == BOX or not address.endswith(DOMAIN) else "failure"
                if ends != {wanted}:
                    self.complain(name, f"(qp {qp}) {address}: the log ends it with", *(sorted(ends) or ["nothing"]))
                if wanted == "failure" and kind_of(name).sender and not bounces[qp]:
                    self.complain(name, f"(qp {qp}) {address} failed and the log has no bounce")

    # -- the tracer

    def traced(self, house, mails):
        """The tracer has one story of each acknowledged message, with the end of each recipient."""
        stories = collections.defaultdict(list)
        told = house.tell("trace", "--json", "--limit", "1000000", f"from:{OURS}")
        for question in (f"from:{ABROAD}", "from:<>"):
            more = house.tell("trace", "--json", "--limit", "1000000", question)
            for m in read_messages(told) + read_messages(more):
                stories[m["ids"].get("qp")].append(m)
            told = None
        for name, entry in self.journal.acked().items():
            self.story(name, entry.qp, stories[entry.qp])

    def story(self, name, qp, found):
        if len(found) != 1:
            self.complain(name, f"(qp {qp}) has {len(found)} stories")
            return
        got = {r["address"]: r["verdict"] for r in found[0]["recipients"]}
        for rcpt, verdict in verdicts(name).items():
            if got.get(rcpt) != verdict:
                self.complain(name, f"(qp {qp}) {rcpt}: the tracer says {got.get(rcpt)}, not {verdict}")

    # -- the spool

    def spool(self, house):
        """Nothing of anybody is left."""
        if bigs(house):
            self.complain("spool/big still has", bigs(house)[:5])
        left = house.queue()
        if left:
            self.complain("the queue still has", json.dumps(left[0]))
        for bug in BUG.finditer(house.said()):
            self.complain("said:", house.said()[max(0, bug.start() - 200):bug.end() + 200])


def bigs(house):
    """The big files that hold a message: an empty one waits for its first."""
    folder = os.path.join(house.spool, "big")
    return [name for name in os.listdir(folder) if os.path.getsize(os.path.join(folder, name)) > 0]


def read_messages(told):
    return json.loads(told.stdout)["messages"] if told and told.stdout else []


def verdicts(name):
    """{RCPT: how its story ends}"""
    bare = "returned" if kind_of(name).sender else "discarded"
    ends = {"away": "forwarded", "far": "forwarded"}
    return {rcpt + DOMAIN: ends.get(rcpt, "") or (bare if fates(name).get(rcpt + DOMAIN) == RETURNED else "delivered")
            for rcpt in kind_of(name).rcpts if rcpt != "pair"}


def audit(house, journal, traces=True, restart=True, found=None):
    """The house has been drained, and works.  It is stopped when this returns, if restart.  found: another Audit."""
    found = found or Audit(journal)
    mails, bounces, torn = mailbox.all_mail(house)
    found.content(mails, torn)
    found.ends(mails, bounces)
    found.taken(house.far)
    found.parents(bounces)
    found.shapes(house)
    found.accepted(house)
    found.logged(house, mails)
    if traces:
        found.traced(house, mails)
    until(lambda: not bigs(house), "big files of nobody are removed", 10)
    found.spool(house)
    if restart:
        again(house, found, len(mails) + len(bounces))
    return found


def again(house, found, before):
    """What was settled stays settled."""
    house.kill_all()
    house.start()
    until(house.whole, "all programs work", 60)
    house.later(86400)
    found.spool(house)
    mails, bounces, torn = mailbox.all_mail(house)
    if len(mails) + len(bounces) + len(torn) != before + found.torn:
        found.complain(f"after another start {len(mails) + len(bounces)} messages, {before} before")
    house.stop()
