"""The provider's formats (LOG-FORMATS 1 to 4): no session numbers, process ids for numbers, and those come again."""
from truth_lines import Line, words
from truth_world import World, normal

NEW_YEAR = 1640988000
AUTUMN = 1635642000
SPRING = 1648342800  # 2022-03-27 01:00 UTC
GREETED = "250 ok"
NO_BOX = "550 5.1.1 sorry, no mailbox here by that name (chkuser)"
DENIALS = [("DENIED_RDNS_MISSING", "554 Refused. You have no reverse DNS entry."),
           ("DENIED_RBL_MATCH", "554 Refused. Your IP address is listed in the RBL at bl.example"),
           ("DENIED_SENDER_NO_MX", "421 Refused. The domain of your sender address has no mail exchanger (MX)."),
           ("DENIED_RELAYING", "554 Refused. Sending to remote addresses (relaying) is not allowed.")]
RUN = 18000  # qmail-send is started so often


class Old(World):
    name = "provider, autumn"
    begin = AUTUMN
    gate_skew = delivery_skew = 0
    without = ()  # logs that nobody kept
    inits_again = False  # a retry has an init of its own

    def __init__(self, seed, messages):
        super().__init__(seed, messages)
        self.used, self.replies = 0, set()
        self.accepted, self.refusals, self.attempts, self.inits = [], [], [], []
        self.finished = []  # failures and forwards, which make children

    def mix(self):
        return [(self.inbound, 50), (self.several, 8), (self.submission, 10), (self.injected, 3), (self.twins, 1.5),
                (self.newsletter, 0.5), (self.refused_by_gate, 9), (self.graylisted, 5), (self.refused_rcpt, 4),
                (self.refused_end, 2), (self.lost, 3), (self.abandoned, 2), (self.timeout, 1)]

    # -- numbers that come again

    def pid(self, at):
        """One counter of the machine for all: nine processes a second, 30,000 numbers."""
        self.used += 1
        pid = 300 + (int((at - self.start) * 9) + self.used) % 30000
        while (int(at), pid) in self.replies:  # nobody is born twice in a second
            pid += 1
        self.replies.add((int(at), pid))
        return pid

    # -- lines

    def line(self, m, family, kind, at, tag=None, **fields):
        x = Line(kind, words(family, kind, **fields), at, m.mid, tag)
        m.lines.append(x)
        return x

    def resp(self, m, at, text):
        return self.line(m, "SMTP", "RESP", at, code=text[:3], cont=" ", text=text[4:])

    def smtp(self, port):
        return self.log(f"smtp-{port}.log", groups=True)

    def mail(self, m, at):
        return [self.line(m, "SMTP", "FROM", at, **({"sender": m.sender} if m.sender else {})), self.resp(m, at, GREETED)]

    def rcpt(self, m, g, at, rcpt, title="accepted rcpt", said="found existing recipient", reply=GREETED, port=25):
        g.append(self.line(m, "SMTP", "TO", at, path=f"<{rcpt}>"))
        host, ip = ("unknown", "127.0.0.1") if port != 25 else ("h", "198.51.100.25")
        if title:
            g.append(self.line(m, "SMTP", "CHECK", at, title=title, host=host, ip=ip, rcpt=rcpt, description=said))
        g.append(self.resp(m, at, reply))
        return g[-1]

    def gate(self, m, pid, at, rcpt, code, reason, b, reply=None):
        sender = normal(m.sender) or "(unknown)"
        x = self.line(m, "SPAMDYKE", "VERDICT", at, tag=f"server spamdyke[{pid}]", verdict=code, sender=sender, rcpt=normal(rcpt),
                      ip=self.ip(m.sender), rdns=self.rdns(m.sender or "x@client.example"), user="(unknown)",
                      encryption="(none)", reason=reason)
        self.log("spamdyke.log", skew=self.gate_skew).put(x)
        self.join("gate", m, x, b, pair=(normal(m.sender), normal(rcpt)), at=int(at), reply=reply)

    # -- a message that is taken

    def accept(self, at, sender, rcpts, port=25, wait=0.1):
        m = self.message(sender, at)
        g, end = self.mail(m, at), at + wait + self.rng.random() * 2
        for rcpt in rcpts:
            self.rcpt(m, g, at + wait / 2, rcpt, *self.title(rcpt), port=port)
        qp = self.pid(end)
        g.append(self.line(m, "SMTP", "SIZE", end, bytes=self.rng.randint(300, 90000)))
        g.append(self.line(m, "SMTP", "RESP_QUEUED", end, epoch=int(end), qp=qp))
        self.smtp(port).put(*g)
        for rcpt in rcpts:
            self.accepted.append((normal(sender), normal(rcpt), int(end), m.mid))
            if port == 25:
                self.gate(m, qp - 29, end + self.rng.random() * 0.4, rcpt, "ALLOWED", f"250_ok_{int(end)}_qp_{qp}", g[-1],
                          (int(end), qp))
        self.deliveries(m, end + self.rng.random() * 0.3, rcpts, g[-1])
        return m

    def title(self, rcpt):
        return ("relaying rcpt", "client allowed to relay") if self.far_away(rcpt) else ("accepted rcpt",
                                                                                         "found existing recipient")

    def far_away(self, rcpt):
        return rcpt.endswith(".net")

    # -- deliveries

    def deliveries(self, m, at, rcpts, b):
        init = self.line(m, "DELIVERY", "INIT", at, sender=m.sender)
        self.dlog().put(init)
        self.inits.append((normal(m.sender), int(at), m.mid))
        busy = self.rng.uniform(5, 900) if self.rng.random() < 0.01 else 0
        failed = []
        for rcpt in rcpts:
            name = normal(rcpt)
            target = self.aliases.get(name, [name])[0]
            begun = at + busy + self.rng.random() * 0.4
            m.recipients[name], when = self.deliver(m, begun, name, target, b, init)
            if m.recipients[name] == "returned":
                failed.append(when)
        if failed and m.sender:
            self.bounce(m, max(failed) + self.rng.random() * 0.5)
        elif failed:
            for name, v in m.recipients.items():
                m.recipients[name] = "discarded" if v == "returned" else v

    def dlog(self):
        return self.log("delivery.log", skew=self.delivery_skew)

    def deliver(self, m, at, name, target, b, init):
        """All attempts for one recipient: the verdict, and when it was settled."""
        far, born, c = self.far_away(target), init.at, 20 if self.far_away(target) else 10
        tries = 1 if self.rng.random() < (0.85 if far else 0.97) else self.rng.randint(2, 6)
        failing, earlier = self.rng.random() < 0.03, None
        for k in range(1, tries + 1):
            if k > 1 and self.inits_again:
                self.dlog().put(self.line(m, "DELIVERY", "INIT", at, sender=m.sender))
                self.inits.append((normal(m.sender), int(at), m.mid))
            x = Line("TRY", "", at, m.mid)  # its number is given when all are known: they count by time
            x.key = {"channel": "remote" if far else "local", "rcpt": target}
            m.lines.append(x)
            self.dlog().put(x)
            self.attempts.append(x)
            facts = {"sender": normal(m.sender), "rcpt": name, "target": target, "at": int(at), "init": int(init.at)}
            self.join("delivery" if earlier is None else "retry", m, x, b if earlier is None else earlier, **facts)
            end = at + 0.03 + self.rng.random() * (4 if far else 0.6)
            report, verdict = self.report(far, failing) if k == tries else ("deferral", None)
            r = Line("RESULT", "", end, m.mid)
            r.key = {"try": x, "outcome": {"returned": "failure", None: "deferral"}.get(verdict, "success"),
                     "report": report if verdict else self.deferral(far)}
            m.lines.append(r)
            self.dlog().put(r)
            x.key["result"] = r
            self.join("result", m, r, x)
            earlier = x
            at = born + (int((end - born) ** 0.5) + c) ** 2 + self.rng.random() * 3
        if verdict == "returned":
            self.finished.append(("bounce", normal(m.sender), int(end), r))
        if verdict == "forwarded":
            self.finished.append(("forward", normal(m.sender), int(end), r))
            self.child(m, m.sender, end - 0.02 + self.rng.random() * 0.4, self.stranger(), r, "forward")
        return verdict, end

    def deferral(self, far):
        return self.rng.choice(["Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/",
                                "198.51.100.7_does_not_like_recipient./Remote_host_said:_451_4.7.1_Try_again_later/"
                                "Giving_up_on_198.51.100.7./"]) if far else "Temporary_error_on_maildir_delivery._(#4.3.0)/"

    def report(self, far, failing):
        if failing:
            return ("198.51.100.7_does_not_like_recipient./Remote_host_said:_550_5.1.1_No_such_user/Giving_up_on_198.51.100.7./"
                    if far else "Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/"), "returned"
        if far:
            return "198.51.100.7_accepted_message./Remote_host_said:_250_2.0.0_Ok:_queued_as_4DsZWm29b7zh6cp/", "relayed"
        if self.rng.random() < 0.04:
            return f"did_0+1+0/qp_{self.rng.randint(300, 30000)}/", "forwarded"
        return self.rng.choice(["did_0+0+1/", "did_1+0+0/", "smtp_auth/did_0+0+1/"]), "delivered"

    def child(self, m, sender, at, rcpt, b, kind):
        c = self.message(sender, at)
        c.parent, before = m.mid, len(self.joins)
        self.deliveries(c, at, [rcpt], None)
        first = next(j for j in self.joins[before:] if j.mid == c.mid and j.kind == "delivery")
        self.join(kind, c, first.a, b, at=int(b.at), sender=normal(m.sender), begun=first.facts)

    def bounce(self, m, at):
        r = max((x for x in m.lines if x.kind == "RESULT" and x.key["outcome"] == "failure"), key=lambda x: x.at)
        self.child(m, "", at, normal(m.sender), r, "bounce")

    # -- the mix

    def addressed(self):
        r = self.rng.random()
        return self.rng.choice(list(self.aliases)) if r < 0.06 else self.mailbox().title() if r < 0.1 else self.mailbox()

    def sender(self):
        r, who = self.rng.random(), self.stranger()
        return "" if r < 0.03 else f"prvs=1234abcd={who}" if r < 0.06 else who.upper() if r < 0.08 else who

    def inbound(self, at):
        self.accept(at, self.sender(), [self.addressed()])

    def several(self, at):
        self.accept(at, self.sender(), self.rng.sample(self.locals, self.rng.randint(2, 5)))

    def submission(self, at):
        self.accept(at, self.mailbox(), [self.rng.choice([self.stranger, self.mailbox])()], self.rng.choice([465, 587]))

    def injected(self, at):
        """By a script of the web server: no SMTP, no gate."""
        m = self.message(f"www{self.rng.randint(1, 9)}@{self.rng.choice(['example.com', 'shop.example'])}", at)
        self.deliveries(m, at, [self.rng.choice([self.stranger, self.mailbox])()], None)

    def twins(self, at):
        who, to = self.stranger(), self.mailbox()
        for _ in range(2):
            self.accept(float(int(at)), who, [to])

    def newsletter(self, at):
        for rcpt in self.rng.sample(self.locals, self.rng.randint(10, 40)):
            self.accept(at + self.rng.random(), "news@list.example.net", [rcpt])

    def refused(self, at, sender, rcpt, reply, code):
        m = self.message(sender, at)
        g = self.mail(m, at)
        resp = self.rcpt(m, g, at, rcpt, None, None, reply)
        self.smtp(25).put(*g)
        self.refusal(m, rcpt, at)
        self.gate(m, self.pid(at), at + self.rng.random() * 0.4, rcpt, code, "(empty)", resp)
        m.recipients[normal(rcpt)] = "refused" if reply[0] == "5" else "refused-temporarily"
        return m, resp

    def refusal(self, m, rcpt, at):
        self.refusals.append((normal(m.sender), normal(rcpt), int(at), m.mid))

    def refused_by_gate(self, at):
        code, reply = self.rng.choice(DENIALS)
        who, to = self.stranger(), self.mailbox()
        tried = self.refused(at, who, to, reply, code)
        if reply[0] == "4":
            self.in_vain([tried], who, to)

    def in_vain(self, tried, who, to):
        """All tries of one message that was never accepted; a lone one belongs to no other."""
        own = {m.mid for m, _ in tried}
        for m, resp in tried[:-1] or tried:
            self.join("tries", m, resp, tried[-1][1] if len(tried) > 1 else None, pair=(normal(who), normal(to)),
                      first=int(tried[0][0].at), last=int(tried[-1][0].at), own=own)

    def graylisted(self, at):
        who = f"new{len(self.messages)}@fresh.example.net" if self.rng.random() < 0.8 else self.stranger()
        to, again = self.mailbox(), self.rng.random() < 0.8
        firsts = []
        for _ in range(self.rng.choice([1, 1, 1, 2, 3])):
            firsts.append(self.refused(at, who, to, "421 Your address has been graylisted. Try again later.",
                                       "DENIED_GRAYLISTED"))
            at += self.rng.randint(180, 2400)
        if not again:
            self.in_vain(firsts, who, to)
            return
        second = self.accept(at, who, [to])
        for first, resp in firsts:
            first.recipients.clear()
            first.checked = False
            self.join("graylist", second, next(x for x in reversed(second.lines) if x.kind == "RESP_QUEUED"), resp,
                      pair=(normal(who), normal(to)), first=int(firsts[0][0].at), last=int(at),
                      own={second.mid, *(f.mid for f, _ in firsts)})

    def refused_rcpt(self, at):
        m = self.message(self.stranger(), at)
        g, rcpt = self.mail(m, at), f"nobody{self.rng.randint(1, 99)}@example.com"
        resp = self.rcpt(m, g, at, rcpt, "rejected rcpt", "not existing recipient", NO_BOX)
        self.smtp(25).put(*g)
        self.refusal(m, rcpt, at)
        self.gate(m, self.pid(at), at, rcpt, "DENIED_OTHER", NO_BOX.replace(" ", "_"), resp)
        m.recipients[rcpt] = "refused"

    def refused_end(self, at):
        m, reply = self.message(self.stranger(), at), "554 mail server permanently rejected message (#5.3.0)"
        g = self.mail(m, at)
        for rcpt in self.rng.sample(self.locals, self.rng.randint(1, 3)):
            self.rcpt(m, g, at, rcpt)
            m.recipients[rcpt] = "refused"
        g += [self.line(m, "SMTP", "SIZE", at + 1, bytes=66666), self.resp(m, at + 1, reply)]
        self.smtp(25).put(*g)
        pid = self.pid(at)
        for rcpt in m.recipients:
            self.refusal(m, rcpt, at + 1)
            self.gate(m, pid, at + 1.2, rcpt, "DENIED_OTHER", reply.replace(" ", "_"), g[-1])

    def lost(self, at):
        m = self.message(self.stranger(), at)
        self.smtp(25).put(*self.mail(m, at))

    def abandoned(self, at):
        m = self.message(self.stranger(), at)
        g, rcpt = self.mail(m, at), self.mailbox()
        self.rcpt(m, g, at, rcpt)
        self.smtp(25).put(*g)
        m.recipients[rcpt] = "abandoned"

    def timeout(self, at):
        reply = "421 Timeout. Talk faster next time."
        who, to = self.stranger(), self.mailbox()
        self.in_vain([self.refused(at, who, to, reply, "TIMEOUT")], who, to)

    # -- what the data determines

    def make(self):
        super().make()
        self.number_deliveries()

    def number_deliveries(self):
        """Delivery numbers count by time, and begin at 1 when qmail-send is started."""
        n = run = 0
        for x in sorted(self.attempts, key=lambda x: x.at):
            if int((x.at - self.start) // RUN) != run:
                run, n = int((x.at - self.start) // RUN), 0
            n += 1
            number = n + (114000 if run == 0 else 0)
            r = x.key["result"]
            if int((r.at - self.start) // RUN) != run:
                r.at = x.at  # a program that is stopped waits for its deliveries
            x.text = words("DELIVERY", "TRY", delivery=number, channel=x.key["channel"], rcpt=x.key["rcpt"])
            r.text = words("DELIVERY", "RESULT", delivery=number, outcome=r.key["outcome"], report=r.key["report"])
        self.dlog().chunks = [(c[2][-1].at, *c[1:]) for c in self.dlog().chunks]

    def write(self, folder):
        for name in self.without:
            self.logs.pop(name, None)
        super().write(folder)

    def determine(self):
        from truth_determined import determine
        determine(self)


class OldNewYear(Old):
    """Gate and SMTP logs of one host, deliveries of another whose clock is ahead; the gate's syslog host is behind."""
    name = "provider, new year, two hosts"
    begin = NEW_YEAR
    gate_skew, delivery_skew = -190, 7

    def __init__(self, seed, messages):
        super().__init__(seed, messages)
        self.cuts = {n: [NEW_YEAR] for n in ("smtp-25.log", "delivery.log", "spamdyke.log")}


class OldSpring(Old):
    """A retry has an init of its own; the log of port 465 is lost, and some lines are torn."""
    name = "provider, spring, 465 lost"
    begin = SPRING
    without = ("smtp-465.log",)
    inits_again = True
    torn_share = 0.0003


class OldNoGate(Old):
    name = "provider, no gate log"
    begin = AUTUMN + 100 * 86400
    without = ("spamdyke.log",)
