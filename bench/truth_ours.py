"""Our own logs (INTERFACE.md 6): every number is unique, so every join is determined and must be exact."""
from truth_lines import Line, words
from truth_world import World, normal

AUTUMN = 1635642000  # 2021-10-31 01:00 UTC: the clock of Sofia goes back
NEW_YEAR = 1640988000  # 2022-01-01 00:00 in Sofia


class Ours(World):
    name = "ours, autumn"
    begin = AUTUMN
    logs_ours = True

    def __init__(self, seed, messages):
        super().__init__(seed, messages)
        self.number = 70000
        self.retries, self.restart = [], self.start + self.span * 0.6

    def mix(self):
        return [(self.inbound, 50), (self.several, 8), (self.submission, 12), (self.twins, 3), (self.newsletter, 0.5),
                (self.refused_by_gate, 8), (self.graylisted, 5), (self.refused_rcpt, 4), (self.refused_end, 2),
                (self.lost, 3), (self.abandoned, 2), (self.failed_login, 2)]

    def next(self):
        self.number += self.rng.randint(1, 3)
        return self.number

    # -- the SMTP log

    def smtp(self, port):
        return self.log(f"smtp-{port}.log", groups=True, says_zone=True)

    def line(self, m, family, kind, at, **fields):
        x = Line(kind, words(family, kind, **fields), at, m.mid)
        m.lines.append(x)
        return x

    def resp(self, m, at, text):
        return self.line(m, "SMTP", "RESP", at, code=text[:3], cont=" ", text=text[4:])

    def open(self, m, port, at, user=None):
        n = self.next()
        g = [self.line(m, "SMTP", "SESSION", at, connection=n, ip=self.ip(m.sender), port=self.rng.randint(1024, 65000),
                       moment=f"{at:.3f}"),
             self.line(m, "SMTP", "HELO", at, helo=self.rdns(m.sender or "x@client.example"))]
        if port != 25:
            g.append(self.line(m, "SMTP", "TLS", at, encryption="TLSv1.3 TLS_AES_256_GCM_SHA384"))
        if user:
            g.append(self.line(m, "SMTP", "AUTH", at, method="PLAIN", user=user))
        return n, g

    def mail(self, m, g, at):
        g.append(self.line(m, "SMTP", "FROM", at, **({"sender": m.sender} if m.sender else {})))
        g.append(self.resp(m, at, "250 ok"))

    def rcpt(self, m, g, at, rcpt, title="accepted rcpt", said="found existing recipient", reply="250 ok"):
        g.append(self.line(m, "SMTP", "TO", at, path=f"<{rcpt}>"))
        g.append(self.line(m, "SMTP", "CHECK", at, title=title, host=self.rdns(m.sender or "x@client.example"),
                           ip=self.ip(m.sender), rcpt=rcpt, description=said))
        g.append(self.resp(m, at, reply))
        return g[-1]

    def gate(self, m, n, at, rcpt, code, reason, b):
        sender = normal(m.sender) or "(unknown)"
        x = Line("VERDICT", words("SPAMDYKE", "VERDICT", verdict=code, sender=sender, rcpt=rcpt.lower(), ip=self.ip(m.sender),
                                  rdns=self.rdns(m.sender or "x@client.example"), user="(unknown)", encryption="(none)",
                                  reason=reason), at, m.mid, host=f"mx spamdyke[{n}]")
        m.lines.append(x)
        self.log("spamdyke.log").put(x)
        self.join("gate", m, x, b)

    def accept(self, at, sender, rcpts, port=25, user=None, wait=0.2):
        """A visit whose message is taken; [(rcpt, alias target or None)] are its deliveries."""
        m = self.message(sender, at)
        n, g = self.open(m, port, at, user)
        self.mail(m, g, at)
        end = at + wait + self.rng.random() * 2
        for rcpt in rcpts:
            far = rcpt.rsplit("@", 1)[-1] not in ("example.com", "shop.example", "verein.example")
            self.rcpt(m, g, at + wait / 2, rcpt, *(("relaying rcpt", "client allowed to relay") if far else ()))
        qp = self.next()
        g.append(self.line(m, "SMTP", "SIZE", end, bytes=self.rng.randint(300, 90000)))
        g.append(self.line(m, "SMTP", "RESP_QUEUED", end, epoch=int(end), qp=qp))
        self.smtp(port).put(*g)
        if port == 25:
            for rcpt in rcpts:
                self.gate(m, n, end, rcpt, "ALLOWED", f"250_ok_{int(end)}_qp_{qp}", g[-1])
        self.deliveries(m, qp, end, rcpts, g[-1])
        return m

    # -- the delivery log

    def deliveries(self, m, qp, at, rcpts, b):
        failed = []
        for rcpt in rcpts:
            name = normal(rcpt)
            targets = self.aliases.get(name, [name])
            ends = [self.deliver(m, qp, at + self.rng.random() * 0.5, name, t, b) for t in targets]
            failed += [when for verdict, when in ends if verdict == "returned"]
            verdicts = ["discarded" if v == "returned" and not m.sender else v for v, _ in ends]
            order = ["discarded", "relayed", "forwarded", "delivered", "waiting", "returned"]
            m.recipients[name] = max([*verdicts, m.recipients.get(name, "discarded")], key=order.index)
        if failed and m.sender:
            self.bounce(m, qp, max(failed) + 0.1)

    def deliver(self, m, qp, at, name, target, b):
        """All attempts for one target; the verdict, and when."""
        far = target.rsplit("@", 1)[-1].endswith(".net")
        tries = 1 if self.rng.random() < 0.93 else self.rng.randint(2, 5)
        failing = self.rng.random() < 0.03
        earlier = None
        for k in range(1, tries + 1):
            d, g = self.next(), [self.line(m, "DELIVERY", "INIT", at, sender=m.sender)]
            g.append(self.line(m, "DELIVERY", "INFO", at, delivery=d, qp=qp, attempt=k, bytes=900, moment=f"{at:.3f}"))
            if name != target:
                g.append(self.line(m, "DELIVERY", "ALIAS", at, delivery=d, rcpt=name))
            g.append(self.line(m, "DELIVERY", "TRY", at, delivery=d, channel="remote" if far else "local", rcpt=target))
            self.log("delivery.log", says_zone=True).put(*g)
            self.join("delivery" if earlier is None else "retry", m, g[-1], b if earlier is None else earlier)
            earlier, end = g[-1], at + 0.05 + self.rng.random()
            if k < tries and at < self.restart < at + 1.2:
                end, report = self.restart + 2, "server_restarted/"
            else:
                report = "Unable_to_chdir_to_maildir._(#4.2.1)/"
            if k < tries:
                g = [self.line(m, "DELIVERY", "RESULT", end, delivery=d, outcome="deferral", report=report),
                     self.line(m, "DELIVERY", "DONE", end, delivery=d, millis=int((end - at) * 1000)),
                     self.line(m, "DELIVERY", "NEXT", end, delivery=d,
                               when=self.logs["delivery.log"].stamp(at + 100 * k * k))]
                self.log("delivery.log").put(*g)
                self.join("result", m, g[0], earlier)
                at += 100 * k * k
                continue
            return self.finish(m, d, end, earlier, far, failing), end
        return None

    def finish(self, m, d, end, attempt, far, failing):
        forward = not far and self.rng.random() < 0.03
        q2 = self.next() if forward else 0
        report = "Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/" if failing else f"did_0+1+0/qp_{q2}/" if forward \
            else "198.51.100.7_accepted_message./Remote_host_said:_250_ok/" if far else "did_1+0+0/"
        x = self.line(m, "DELIVERY", "RESULT", end, delivery=d, outcome="failure" if failing else "success", report=report)
        self.log("delivery.log").put(x, self.line(m, "DELIVERY", "DONE", end, delivery=d, millis=40))
        self.join("result", m, x, attempt)
        if failing:
            return "returned"
        if forward:
            self.child(m, m.sender, end + 0.1, q2, self.stranger(), x, "forward")
        return "forwarded" if forward else "relayed" if far else "delivered"

    def child(self, m, sender, at, qp, rcpt, b, kind):
        """A message made here: a forward's copy, or a bounce."""
        c = self.message(sender, at)
        c.parent, before = m.mid, len(self.joins)
        self.deliveries(c, qp, at, [rcpt], None)
        first = next(j for j in self.joins[before:] if j.mid == c.mid and j.kind == "delivery")
        self.join(kind, c, first.a, b)

    def bounce(self, m, qp, at):
        q2 = self.next()
        x = self.line(m, "DELIVERY", "BOUNCE", at, parent=qp, qp=q2)
        self.log("delivery.log").put(x)
        self.child(m, "", at + 0.1, q2, normal(m.sender), x, "bounce")

    # -- the mix

    def addressed(self):
        r = self.rng.random()
        return self.rng.choice(list(self.aliases)) if r < 0.1 else self.mailbox().title() if r < 0.13 else self.mailbox()

    def sender(self):
        r = self.rng.random()
        who = self.stranger()
        return "" if r < 0.04 else f"prvs=1234abcd={who}" if r < 0.08 else who.upper() if r < 0.1 else who

    def inbound(self, at):
        self.accept(at, self.sender(), [self.addressed()])

    def several(self, at):
        rcpts = self.rng.sample(self.locals, self.rng.randint(2, 5))
        if self.rng.random() < 0.2:
            rcpts.append(rcpts[0])  # the same address twice
        if self.rng.random() < 0.2:
            rcpts += ["info@example.com", "anna0@example.com"]
        self.accept(at, self.sender(), rcpts)

    def submission(self, at):
        who = self.mailbox()
        self.accept(at, who, [self.rng.choice([self.stranger, self.mailbox])()], self.rng.choice([465, 587]), who)

    def twins(self, at):
        who, to = self.stranger(), self.mailbox()
        for _ in range(2):
            self.accept(float(int(at)), who, [to], wait=0.1)

    def newsletter(self, at):
        for rcpt in self.rng.sample(self.locals, self.rng.randint(10, 40)):
            self.accept(at + self.rng.random(), "news@list.example.net", [rcpt])

    def refused(self, at, sender, rcpt, reply, code, name, description):
        m = self.message(sender, at)
        n, g = self.open(m, 25, at)
        self.mail(m, g, at)
        g.append(self.line(m, "SMTP", "TO", at, path=f"<{rcpt}>"))
        g.append(self.line(m, "SMTP", "GATE_REFUSED", at, filter=name, host="unknown", ip=self.ip(sender), rcpt=rcpt,
                           description=description))
        g.append(self.resp(m, at, reply))
        self.smtp(25).put(*g)
        self.gate(m, n, at, rcpt, code, "(empty)", g[-1])
        m.recipients[normal(rcpt)] = "refused" if reply[0] == "5" else "refused-temporarily"
        return m, g[-1]

    def refused_by_gate(self, at):
        self.refused(at, self.stranger(), self.mailbox(), "554 Refused. You have no reverse DNS entry. Contact x for details.",
                     "DENIED_RDNS_MISSING", "rdns-missing", "no name, 3 ms")

    def graylisted(self, at):
        who, to = f"new{len(self.messages)}@fresh.example.net", self.mailbox()
        first, a = self.refused(at, who, to, "421 Your address has been graylisted. Try again later.", "DENIED_GRAYLISTED",
                                "graylisted", "first contact, 1 ms")
        if self.rng.random() < 0.2:
            self.in_vain(first, a, at, who, to)
            return
        second = self.accept(at + self.rng.randint(180, 2400), who, [to])
        del first.recipients[normal(to)]
        self.join("graylist", second, self.last_final(second), a)
        second.at = first.at

    def in_vain(self, first, a, at, who, to):
        """It comes again, and is never accepted."""
        tried = [(first, a)]
        for _ in range(self.rng.choice([0, 1, 2])):
            at += self.rng.randint(180, 2400)
            tried.append(self.refused(at, who, to, "421 Your address has been graylisted. Try again later.",
                                      "DENIED_GRAYLISTED", "graylisted", "too early, 1 ms"))
        for m, resp in tried[:-1]:
            self.join("tries", m, resp, tried[-1][1], own={m.mid for m, _ in tried})

    def last_final(self, m):
        return next(x for x in reversed(m.lines) if x.kind == "RESP_QUEUED")

    def refused_rcpt(self, at):
        m = self.message(self.stranger(), at)
        n, g = self.open(m, 25, at)
        self.mail(m, g, at)
        rcpt, reply = f"nobody{self.rng.randint(1, 99)}@example.com", "550 5.1.1 sorry, no mailbox here by that name (chkuser)"
        self.rcpt(m, g, at, rcpt, "rejected rcpt", "not existing recipient", reply)
        self.smtp(25).put(*g)
        self.gate(m, n, at, rcpt, "DENIED_OTHER", reply.replace(" ", "_"), g[-1])
        m.recipients[rcpt] = "refused"

    def refused_end(self, at):
        m = self.message(self.stranger(), at)
        n, g = self.open(m, 25, at)
        self.mail(m, g, at)
        for rcpt in self.rng.sample(self.locals, self.rng.randint(1, 2)):
            self.rcpt(m, g, at, rcpt)
            m.recipients[rcpt] = "refused"
        g.append(self.line(m, "SMTP", "SIZE", at + 1, bytes=99999999))
        g.append(self.resp(m, at + 1, "552 sorry, that message size exceeds my databytes limit (#5.3.4)"))
        self.smtp(25).put(*g)
        for rcpt in list(m.recipients):
            self.gate(m, n, at + 1, rcpt, "DENIED_OTHER", "552_sorry,_that_message_size_exceeds_my_databytes_limit_(#5.3.4)",
                      g[-1])

    def abandoned(self, at):
        m = self.message(self.stranger(), at)
        _, g = self.open(m, 25, at)
        self.mail(m, g, at)
        rcpt = self.mailbox()
        self.rcpt(m, g, at, rcpt)
        g.append(self.line(m, "SMTP", "END", at + 30, reason="connection lost in the data"))
        self.smtp(25).put(*g)
        m.recipients[rcpt] = "abandoned"

    def lost(self, at):
        """No recipient: the client left, or was silent."""
        m = self.message(self.stranger(), at)
        _, g = self.open(m, 25, at)
        if self.rng.random() < 0.5:
            self.mail(m, g, at)
        g.append(self.line(m, "SMTP", "END", at + 5, reason=self.rng.choice(["quit", "timeout", "connection lost"])))
        self.smtp(25).put(*g)

    def failed_login(self, at):
        m = self.message(self.mailbox(), at)
        _, g = self.open(m, 587, at)
        g.append(self.line(m, "SMTP", "AUTH_FAILED", at, method="LOGIN", user="-", reason="no such user"))
        g.append(self.line(m, "SMTP", "END", at + 5, reason="quit"))
        self.smtp(587).put(*g)


class OursNewYear(Ours):
    name = "ours, new year"
    begin = NEW_YEAR

    def __init__(self, seed, messages):
        super().__init__(seed, messages)
        self.cuts = {n: [NEW_YEAR] for n in ("smtp-25.log", "delivery.log", "spamdyke.log")}
