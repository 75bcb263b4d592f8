"""A Postfix's log, line by line, of mail as it comes: ids and processes used again, lines that are missing, and all that a
reader must keep in mind from one line to a later one."""
import datetime

from busy_log import BusyLog

HOST = "mx1"


class PostfixLog(BusyLog):
    def __init__(self, seed, messages, begin=datetime.datetime(2025, 12, 30, 22, 0), dated=False):
        super().__init__(seed, begin)
        self.dated, self.ids = dated, [f"{self.rng.randrange(16 ** 9):09X}" for _ in range(messages // 2 + 2)]
        self.happen(messages, [self.visit, self.visit, self.visit, self.screen, self.local, self.nobody], [1, 1, 60])

    def put(self, line):
        program, pid, text = line
        stamp = self.now.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00") if self.dated else self.now.strftime("%b %e %H:%M:%S")
        self.lines.append(f"{stamp} {HOST} postfix/{program}[{pid}]: {text}\n")

    def client(self):
        n = self.rng.randrange(5)
        return f"mail{n}.client.example[192.0.2.{n}]" if n else "unknown[198.51.100.7]"

    def refusal(self, client, sender, rcpt):
        return self.rng.choice([
            f"NOQUEUE: reject: RCPT from {client}: 450 4.2.0 <{rcpt}>: Recipient address rejected: Greylisted; from=<{sender}> "
            f"to=<{rcpt}> proto=ESMTP helo=<client.example>",
            f"NOQUEUE: reject: RCPT from {client}: 554 5.7.1 <{rcpt}>: Relay access denied; from=<{sender}> to=<{rcpt}> proto=ESMTP "
            "helo=<client.example>"])

    def visit(self):
        """One connection: refusals and messages in any order, an end of any kind or none."""
        pid, client = self.rng.randrange(2000, 2006), self.client()
        if self.rng.random() < 0.2:
            yield "smtpd", pid, f"warning: hostname x.example does not resolve to address {client[client.find('[') + 1:-1]}"
        yield "smtpd", pid, f"connect from {client}"
        for _ in range(self.rng.choice([0, 1, 1, 2, 3])):
            sender = self.rng.choice(self.people)
            for _ in range(self.rng.choice([0, 0, 1, 2])):
                yield "smtpd", pid, self.refusal(client, sender, self.rng.choice(self.people))
            if self.rng.random() < 0.7:
                mail = self.mail(f"client={client}", sender, pid)
                yield next(mail)
                self.coming.append(mail)
        end = self.rng.random()
        if end < 0.6:
            yield "smtpd", pid, f"disconnect from {client} ehlo=1 quit=1 commands=2"
        elif end < 0.8:
            yield "smtpd", pid, f"lost connection after RCPT from {client}"
            yield "smtpd", pid, f"disconnect from {client} ehlo=1 commands=1"

    def screen(self):
        client, port = f"[203.0.113.{self.rng.randrange(3)}]", self.rng.randrange(40000, 40004)
        yield "postscreen", 900, f"CONNECT from {client}:{port} to [192.0.2.9]:25"
        if self.rng.random() < 0.5:
            yield "postscreen", 900, f"PREGREET 11 after 0.1 from {client}:{port}: EHLO x\\r\\n"
            yield "postscreen", 900, f"DISCONNECT {client}:{port}"
        else:
            yield "postscreen", 900, f"PASS NEW {client}:{port}"

    def local(self):
        mail = self.mail("uid=0 from=<root>", "root@mx1.example", 777)
        yield from mail

    def nobody(self):
        yield "anvil", 12, "statistics: max connection rate 1/60s for (smtp:192.0.2.1) at Jan  1 00:00:00"
        yield "smtpd", self.rng.randrange(2000, 2006), "warning: this is nothing that anybody knows"

    def mail(self, how, sender, pid):
        qid = self.rng.choice(self.ids)
        yield ("pickup" if how.startswith("uid") else "smtpd"), pid, f"{qid}: {how}"
        if self.rng.random() < 0.05:
            return
        yield "cleanup", 300, f"{qid}: message-id=<{self.rng.randrange(40)}@x.example>"
        rcpts = self.rng.sample(self.people, self.rng.choice([1, 1, 2]))
        yield "qmgr", 400, f"{qid}: from=<{sender}>, size={self.rng.randrange(9999)}, nrcpt={len(rcpts)} (queue active)"
        while rcpts:
            for rcpt in list(rcpts):
                end = self.rng.random()
                if end < 0.7:
                    rcpts.remove(rcpt)
                yield from self.attempt(qid, rcpt, sender, end)
            if rcpts and self.rng.random() < 0.1:
                yield "qmgr", 400, f"{qid}: from=<{sender}>, status=expired, returned to sender"
                break
        if self.rng.random() < 0.9:
            yield "qmgr", 400, f"{qid}: removed"

    def attempt(self, qid, rcpt, sender, end):
        if end < 0.3:
            yield "virtual", 500, f"{qid}: to=<{rcpt}>, relay=virtual, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)"
        elif end < 0.5:
            child = self.mail(f"client=localhost[127.0.0.1]", sender, 2100)
            first = next(child)
            yield ("smtp", 600, f"{qid}: to=<{rcpt}>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=1/0/0/0, dsn=2.0.0, "
                   f"status=sent (250 2.0.0 Ok: queued as {first[2].split(':')[0]})")
            yield first
            self.coming.append(child)
        elif end < 0.6:
            child = self.mail("uid=0 from=<root>", sender, 778)
            first = next(child)
            yield ("local", 510, f"{qid}: to=<{rcpt}>, relay=local, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (forwarded as "
                   f"{first[2].split(':')[0]})")
            self.coming.append(child)
        elif end < 0.7:
            yield ("smtp", 600, f"{qid}: to=<{rcpt}>, relay=x.example[192.0.2.77]:25, delay=1, delays=1/0/0/0, dsn=5.1.1, status=bounced "
                   "(host x.example[192.0.2.77] said: 550 5.1.1 unknown (in reply to RCPT TO command))")
            child = self.mail("uid=0 from=<>", "", 779)
            first = next(child)
            yield "bounce", 520, f"{qid}: sender non-delivery notification: {first[2].split(':')[0]}"
            self.coming.append(child)
        else:
            yield ("smtp", 600, f"{qid}: to=<{rcpt}>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (connect to "
                   "x.example[192.0.2.77]:25: Connection timed out)")
