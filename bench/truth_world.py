"""What all worlds of scripts/bench truth share: people, messages, joins, and the truth file."""
import json
import os
import random
from zoneinfo import ZoneInfo

from truth_lines import Log

SOFIA = ZoneInfo("Europe/Sofia")
HOSTED = ["example.com", "shop.example", "verein.example"]


class Message:
    """What became of one message, or of one attempt to send one."""

    def __init__(self, mid, sender, at):
        self.mid, self.sender, self.at = mid, sender, at
        self.recipients = {}  # address as the trace names it -> verdict
        self.parent = None
        self.lines = []
        self.checked = True  # verdicts are judged; False where the logs do not hold the end


class Join:
    """Line a belongs to line b (None: to no other log).  `facts` is what determined() in truth_old.py reads."""

    def __init__(self, kind, mid, a, b, **facts):
        self.kind, self.mid, self.a, self.b, self.facts = kind, mid, a, b, facts
        self.determined = True


def normal(address):
    """As the logs are compared: lower case, no brackets, no BATV tag."""
    s = address.strip().strip("<>").lower()
    if s.startswith("prvs="):
        s = s[5:].split("=", 1)[-1]
    return s


class World:
    name = ""
    begin = 0  # the moment around which it lies (a change of the clock, a new year)
    logs_ours = False

    def __init__(self, seed, messages):
        self.rng = random.Random(f"{self.name} {seed}")
        self.want, self.messages, self.joins = messages, [], []
        self.span = max(6 * 3600, messages * 4)
        self.start = self.begin - self.span // 2
        self.logs = {}
        self.cuts = {}
        self.torn_share = 0.0
        self.people()

    # -- people

    def people(self):
        r = self.rng
        self.locals = [f"{n}{i}@{d}" for d in HOSTED for n in "anna bob carla dimo eva franz gina hugo".split()
                       for i in range(6)]
        self.locals += ["recipient@example.com", "sender@example.com"]
        self.far = [f"p{i}@{r.choice('abcdefgh')}{i % 97}.example.net" for i in range(max(40, self.want // 8))]
        self.aliases = {f"info@{d}": [f"anna0@{d}", f"bob1@{d}"] for d in HOSTED}
        self.aliases.update({f"office{i}@{d}": [f"carla2@{d}"] for d in HOSTED for i in range(4)})

    def stranger(self):
        """Some write often, most do not."""
        return self.far[min(int(self.rng.paretovariate(0.6)) - 1, len(self.far) - 1)] if self.rng.random() < 0.3 \
            else self.rng.choice(self.far)

    def mailbox(self):
        return self.rng.choice(self.locals)

    def ip(self, address):
        n = sum(map(ord, address))
        return f"192.0.2.{n % 250 + 1}"

    def rdns(self, address):
        return "mail." + address.rsplit("@", 1)[-1]

    def moment(self):
        """When a message comes: spread, with bursts."""
        t = self.start + self.rng.random() * self.span
        return float(int(t) - int(t) % 60) + self.rng.random() * 3 if self.rng.random() < 0.15 else t

    # -- records

    def log(self, name, **how):
        if name not in self.logs:
            self.logs[name] = Log(name, SOFIA, **how)
        return self.logs[name]

    def message(self, sender, at):
        m = Message(len(self.messages), sender, at)
        self.messages.append(m)
        return m

    def join(self, kind, m, a, b, **facts):
        j = Join(kind, m.mid, a, b, **facts)
        self.joins.append(j)
        return j

    def pick(self, mix):
        return self.rng.choices([f for f, _ in mix], [share for _, share in mix])[0]

    def make(self):
        """All messages, each at its moment."""
        moments = sorted(self.moment() for _ in range(self.want))
        for at in moments:
            if len(self.messages) >= self.want:
                break
            self.pick(self.mix())(at)

    def mix(self):
        raise NotImplementedError

    def determine(self):
        """Which joins the data determines: all, unless the world knows better."""

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        torn = (lambda: self.rng.random() < self.torn_share) if self.torn_share else None
        for name, log in self.logs.items():
            log.write(folder, self.cuts.get(name, ()), torn)
        self.determine()
        self.write_truth(folder + ".truth.jsonl")

    def write_truth(self, path):
        joins = {}
        for j in self.joins:
            joins.setdefault(j.mid, []).append({"kind": j.kind, "a": j.a.where, "b": j.b and j.b.where,
                                                "determined": j.determined})
        with open(path, "w", encoding="utf-8") as f:
            for m in self.messages:
                lines = [{"at": x.where, "kind": x.kind, **({"torn": True} if x.torn else {})} for x in m.lines
                         if x.where is not None]
                f.write(json.dumps({"id": m.mid, "from": m.sender, "time": m.at, "lines": lines, "recipients": m.recipients,
                                    "parent": m.parent, "checked": m.checked, "joins": joins.get(m.mid, [])}) + "\n")
