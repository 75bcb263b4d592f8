"""Which joins of the provider's formats does the data determine?

Judged by the public keys alone (LOG-FORMATS 4.4), as a careful person with all the logs would:

gate       an ALLOWED line names epoch and qp of the reply: determined.  A refusal is, when within BUSY seconds one refusal
           of that sender and recipient stands in the SMTP log and one in the gate's log.
delivery   the try follows the acceptance within 2 seconds, under an init of its sender, and within BUSY seconds no other
           message for this recipient was accepted and no other try for it was begun (whatever the sender: a try names
           none).  A rewritten recipient (alias): no other init of an unknown or the same sender stands near either.
           To nothing (sent from here, or through a port whose log is lost): its init is the only one near that no
           acceptance explains, and nothing else waits for this recipient.
retry      its first try is determined, exactly one message waits for this recipient after a deferral, and no other
           explanation of the try is near.
result     by the delivery number, since the latest try that bore it: determined.
forward,   the copy or the bounce begins within 2 seconds of the result, its own try and those of its parent are determined,
bounce     and within BUSY seconds no other result of that kind for this sender, and no other child, is near.
graylist   within half a day before the first refusal and after the acceptance this sender sent nothing else to this
           recipient.
tries      refused for now each time, or once, and never accepted: within half a day before the first and after the last of
           them this sender sent nothing else to this recipient.
A join that a torn line takes part in, or stands near to, is not determined.
"""
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict

BUSY = 5
NEAR = 3
HALF_DAY = 43200


class Moments:
    """Rows by key, to be counted around a second: row[-2] is the second, row[-1] the message."""

    def __init__(self, rows, key):
        self.rows = defaultdict(list)
        for row in rows:
            self.rows[key(row)].append((row[-2], row[-1]))
        for found in self.rows.values():
            found.sort(key=lambda r: r[0])

    def near(self, key, since, until):
        rows = self.rows.get(key, ())
        return rows[bisect_left(rows, since, key=lambda r: r[0]):bisect_right(rows, until, key=lambda r: r[0])]

    def others(self, key, since, until, mid):
        return [r for r in self.near(key, since, until) if r[1] != mid]


class Judge:
    def __init__(self, world):
        self.world = world
        self.taken = Moments(self.seen(world.accepted), lambda r: (r[0], r[1]))
        self.taken_for = Moments(self.seen(world.accepted), lambda r: r[1])
        self.taken_from = Moments(self.seen(world.accepted), lambda r: r[0])
        self.refused = Moments(world.refusals, lambda r: (r[0], r[1]))
        gates = [j for j in world.joins if j.kind == "gate" and j.facts["reply"] is None]
        self.denied = Moments([(j.facts["pair"], j.facts["at"], j.mid) for j in gates], lambda r: r[0])
        tries = [j for j in world.joins if j.kind in ("delivery", "retry")]
        self.tries = Moments([(j.facts["target"], j.facts["at"], j.mid) for j in tries], lambda r: r[0])
        self.inits = Moments([(0, at, (sender, mid)) for sender, at, mid in world.inits], lambda r: r[0])
        self.waits = self.waiting(tries)
        self.results = Moments([(kind, s, at, id(x)) for kind, s, at, x in world.finished], lambda r: (r[0], r[1]))
        children = [j for j in world.joins if j.kind in ("forward", "bounce")]
        self.children = Moments([(j.kind, j.facts["sender"], j.facts["begun"]["at"], j.mid) for j in children],
                                lambda r: (r[0], r[1]))
        pairs = [(s, r, at, mid) for s, r, at, mid in world.accepted + world.refusals]
        self.pairs = Moments(pairs, lambda r: (r[0], r[1]))
        self.torn = Moments([(0, int(x.at), 0) for m in world.messages for x in m.lines if x.torn], lambda r: r[0])

    def seen(self, accepted):
        """Acceptances that stand in a log that we have."""
        kept = {m.mid for m in self.world.messages if any(x.kind == "RESP_QUEUED" and x.where for x in m.lines)}
        return [row for row in accepted if row[3] in kept]

    @staticmethod
    def waiting(tries):
        """For each recipient the spans in which a message waits after a deferral."""
        spans, last = defaultdict(list), {}
        for j in tries:
            x = j.a
            key = (j.mid, j.facts["rcpt"])
            if j.kind == "retry":
                spans[j.facts["target"]].append((last[key], x.at, j.mid))
            last[key] = x.key["result"].at
        return spans

    def waiting_at(self, rcpt, at):
        return {mid for since, until, mid in self.waits.get(rcpt, ()) if since - NEAR <= at <= until + NEAR}

    def unexplained(self, at):
        """Senders of the inits near that no acceptance accounts for."""
        near = Counter(s for _, (s, _) in self.inits.near(0, at - NEAR, at + 1))
        return {s for s, n in near.items()
                if n > len({mid for _, mid in self.taken_from.near(s, at - BUSY, at + 1)})}

    def gate(self, j):
        f = j.facts
        if f["reply"] is not None:
            return True
        return len(self.refused.near(f["pair"], f["at"] - BUSY, f["at"] + BUSY)) == 1 and \
            len(self.denied.near(f["pair"], f["at"] - BUSY, f["at"] + BUSY)) == 1

    def alone_for(self, f, mid, name):
        """Nothing else of this recipient's is near."""
        return not self.taken_for.others(name, f["at"] - BUSY, f["at"] + BUSY, mid) and \
            not self.tries.others(name, f["at"] - BUSY, f["at"] + BUSY, mid) and \
            not self.waiting_at(name, f["at"]) - {mid}

    def delivery(self, j):
        f = j.facts
        if f["at"] - f["init"] > 2 or not self.alone_for(f, j.mid, f["target"]):
            return False
        if j.b is None or j.b.where is None:
            return self.unexplained(f["at"]) == {f["sender"]} and not self.strange_rewritten(f, j.mid)
        if f["at"] - int(j.b.at) > 2:
            return False
        if f["target"] == f["rcpt"]:
            return True
        return self.alone_for(f, j.mid, f["rcpt"]) and not self.unexplained(f["at"]) - {f["sender"]} and \
            not self.taken_from.others(f["sender"], f["at"] - BUSY, f["at"] + BUSY, j.mid) and \
            not self.strange_rewritten(f, j.mid)

    def strange_rewritten(self, f, mid):
        """Another rewritten recipient near: which is whose, nobody can tell."""
        return any(row[1] != mid for row in self.rewritten.near(0, f["at"] - BUSY, f["at"] + BUSY))

    def retry(self, j):
        f = j.facts
        first = next(x for x in self.of_message[j.mid] if x.kind == "delivery" and x.facts["rcpt"] == f["rcpt"])
        return first.determined and self.waiting_at(f["target"], f["at"]) <= {j.mid} and \
            not self.taken_for.others(f["target"], f["at"] - BUSY, f["at"] + BUSY, j.mid) and \
            not self.tries.others(f["target"], f["at"] - BUSY, f["at"] + BUSY, j.mid) and \
            not self.unexplained(f["at"]) - ({f["sender"]} if self.world.inits_again else set())

    def child(self, j):
        f = j.facts
        begun = f["begun"]
        made = [x for x in self.of_message[j.b.mid] if x.kind in ("delivery", "retry")]
        return self.first[j.mid].determined and all(x.determined for x in made) and abs(begun["at"] - f["at"]) <= 2 and \
            len(self.results.near((j.kind, f["sender"]), f["at"] - BUSY, f["at"] + BUSY)) == 1 and \
            len(self.children.near((j.kind, f["sender"]), f["at"] - BUSY, f["at"] + BUSY)) == 1

    def graylist(self, j):
        f = j.facts
        near = self.pairs.near(f["pair"], f["first"] - HALF_DAY, f["last"] + HALF_DAY)
        return all(mid in f["own"] for _, mid in near)

    def result(self, j):
        return j.b.where is not None

    def untorn(self, j):
        ends = [x for x in (j.a, j.b) if x is not None]
        return not any(self.torn.near(0, int(x.at) - BUSY, int(x.at) + BUSY) for x in ends)


def determine(world):
    judge = Judge(world)
    deliveries = [j for j in world.joins if j.kind == "delivery"]
    judge.first, judge.of_message = {}, defaultdict(list)
    for j in world.joins:
        judge.of_message[j.mid].append(j)
    for j in deliveries:
        judge.first.setdefault(j.mid, j)
    judge.rewritten = Moments([(0, j.facts["at"], j.mid) for j in deliveries if j.facts["target"] != j.facts["rcpt"]],
                              lambda r: r[0])
    way = {"gate": judge.gate, "delivery": judge.delivery, "retry": judge.retry, "result": judge.result,
           "forward": judge.child, "bounce": judge.child, "graylist": judge.graylist, "tries": judge.graylist}
    order = {"retry": 1, "forward": 2, "bounce": 2}
    for j in sorted(world.joins, key=lambda j: order.get(j.kind, 0)):
        j.determined = j.a.where is not None and way[j.kind](j) and (not world.torn_share or judge.untorn(j))
