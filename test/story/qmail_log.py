"""A qmail-send's log, line by line, of mail as it comes: numbers of messages, processes and deliveries used again, lines that
are missing, and all that a reader must keep in mind from one line to a later one."""
import datetime

from busy_log import BusyLog



class QmailLog(BusyLog):
    """dated: a syslog wrote it, with a stamp of its own in front."""
    STEP = (0, 0, 0, 1, 2, 30, 90, 400, 4000)
    LOST, BACK = 0.01, 0.02

    def __init__(self, seed, messages, begin=datetime.datetime(2025, 12, 30, 22, 0, tzinfo=datetime.timezone.utc), dated=False):
        super().__init__(seed, begin)
        self.syslog, self.delivery = dated, 0
        self.messages, self.processes = self.rng.choice([3, 30, 3000]), self.rng.choice([20, 2000, 30000])
        self.happen(messages, [self.mail, self.mail, self.mail, self.nobody], [1, 1, 20])

    def meanwhile(self):
        """Now and then qmail-send begins anew."""
        if self.rng.random() < 0.005:
            self.put("exiting")
            self.delivery = 0
            self.put("running")

    def put(self, text):
        stamp = self.now.timestamp()
        if self.syslog:
            self.lines.append(f"{self.now.strftime('%b %e %H:%M:%S')} mx1 qmail: {stamp:.6f} {text}\n")
        else:
            self.lines.append(f"@{(1 << 62) + 10 + int(stamp):016x}{int(stamp % 1 * 1e9):08x} {text}\n")

    def process(self):
        return 1000 + self.rng.randrange(self.processes)

    def nobody(self):
        yield "status: local 0/10 remote 0/20"
        yield "this is nothing that anybody knows"

    def mail(self, sender=None, qp=None, rcpts=None):
        number, sender = 70000 + self.rng.randrange(self.messages), self.rng.choice(self.people) if sender is None else sender
        rcpts = rcpts or self.rng.sample(self.people, self.rng.choice([1, 1, 2]))
        if self.rng.random() < 0.95:
            yield f"new msg {number}"
        if self.rng.random() < 0.95:
            yield f"info msg {number}: bytes {self.rng.randrange(9999)} from <{sender}> qp {qp or self.process()} uid 89"
        failed = False
        while rcpts:
            for rcpt in list(rcpts):
                end = self.rng.random()
                if end < 0.7:
                    rcpts.remove(rcpt)
                failed = failed or 0.5 <= end < 0.7
                yield from self.attempt(number, rcpt, sender, end)
        if failed and self.rng.random() < 0.9:
            bounce = self.process()
            if sender:
                self.coming.append(self.mail("", bounce, [sender]))
                yield f"bounce msg {number} qp {bounce}"
            else:
                yield f"double bounce: discarding bounce/{number}"
        if self.rng.random() < 0.95:
            yield f"end msg {number}"

    def attempt(self, number, rcpt, sender, end):
        self.delivery += 1
        delivery = self.delivery
        local = end < 0.4
        yield f"starting delivery {delivery}: msg {number} to {'local ' + rcpt.split('@')[1] + '-' if local else 'remote '}{rcpt}"
        if end < 0.2:
            yield f"delivery {delivery}: success: did_1+0+0/"
        elif end < 0.4:
            copy = self.process()
            self.coming.append(self.mail(sender, copy))
            yield f"delivery {delivery}: success: did_0+1+0/qp_{copy}/"
        elif end < 0.5:
            again = self.process()
            if self.rng.random() < 0.5:
                self.coming.append(self.mail(sender, again))
            yield (f"delivery {delivery}: success: 192.0.2.1_accepted_message./Remote_host_said:_250_ok_{int(self.now.timestamp())}"
                   f"_qp_{again}/" if self.rng.random() < 0.8 else
                   f"delivery {delivery}: success: 192.0.2.1_accepted_message./Remote_host_said:_250_Ok:_queued_as_"
                   f"{70000 + self.rng.randrange(self.messages)}/")
        elif end < 0.7:
            yield f"delivery {delivery}: failure: 192.0.2.1_does_not_like_recipient./Remote_host_said:_550_no/Giving_up_on_192.0.2.1./"
        else:
            yield f"delivery {delivery}: deferral: Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/"
