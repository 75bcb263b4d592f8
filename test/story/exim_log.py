"""An Exim's main log, line by line, of mail as it comes: processes, ports and ids used again, lines that are missing,
connections that end by silence, and all that a reader must keep in mind from one line to a later one."""
import datetime

from busy_log import BusyLog

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class EximLog(BusyLog):
    """port, process: what names a connection in each of its lines, as the log is told to; zone: it stands in each stamp."""
    STEP = (0, 0, 0, 1, 2, 30, 90, 400, 1300)
    BACK = 0.02  # lines of two processes, or a clock that is set

    def __init__(self, seed, messages, begin=datetime.datetime(2025, 12, 30, 22, 0), dated=False):
        super().__init__(seed, begin)
        self.port, self.process = self.rng.random() < 0.6, self.rng.random() < 0.6
        self.zone, self.syslog = dated, self.rng.random() < 0.2
        self.few = self.rng.random() < 0.5  # clients, which are always taken for one connection
        self.ids = [self.new_id() for _ in range(messages // 2 + 2)]
        self.senders = self.people[:self.rng.choice([1, 2]) if self.few else None]
        self.happen(messages, [self.visit, self.visit, self.visit, self.local, self.nobody], [1, 1, 60])

    def new_id(self):
        return "-".join("".join(self.rng.choice(DIGITS) for _ in range(n)) for n in self.rng.choice([(6, 6, 2), (6, 11, 4)]))

    def put(self, line):
        pid, text = line
        stamp = self.now.strftime("%Y-%m-%d %H:%M:%S") + (" +0000" if self.zone else "")
        process = f"[{pid}] " if self.process and not self.syslog else ""
        front = f"{self.now.strftime('%b %e %H:%M:%S')} mx1 exim[{pid}]: " if self.syslog else ""
        self.lines.append(f"{front}{stamp} {process}{text}\n")

    def client(self):
        n, port = self.rng.randrange(1 if self.few else 4), f":{self.rng.randrange(40000, 40001 if self.few else 40003)}" if self.port else ""
        name = self.rng.choice([f"mail{n}.client.example", f"mail{n}.client.example (helo{n})", f"(helo{n})"])
        return f"{name} [192.0.2.{n}]{port}"

    def refusal(self, client, sender, rcpt):
        return self.rng.choice([
            f"H={client} F=<{sender}> temporarily rejected RCPT <{rcpt}>: Greylisted",
            f"H={client} F=<{sender}> temporarily rejected RCPT <{rcpt}>: Greylisted",
            f"H={client} F=<{sender}> rejected RCPT <{rcpt}>: Unrouteable address",
            f"H={client} rejected MAIL <{sender}>: no",
            f"H={client} rejected EHLO or HELO x: no"])

    def visit(self):
        """One connection: refusals and messages in any order, an end of any kind or none."""
        pid, client = self.rng.randrange(2000, 2002 if self.few else 2004), self.client()
        if self.rng.random() < 0.2:
            yield pid, f"SMTP connection from {client[client.find('['):]} (TCP/IP connection count = 1)"
        for _ in range(self.rng.choice([0, 1, 1, 2, 3])):
            sender = self.rng.choice(self.senders)
            for _ in range(self.rng.choice([0, 0, 1, 2])):
                yield pid, self.refusal(client, sender, self.rng.choice(self.people))
            if self.rng.random() < 0.1:
                yield pid, f"login authenticator failed for {client}: 535 Incorrect authentication data (set_id=x)"
            if self.rng.random() < 0.1:
                yield pid, f"{self.any_id()} H={client} F=<{sender}> rejected after DATA: This message contains a virus"
            elif self.rng.random() < 0.7:
                mail = self.mail(f"H={client} P=esmtp", sender, pid)
                yield next(mail)
                self.coming.append(mail)
        end = self.rng.random()
        if end < 0.2:
            yield pid, f"SMTP connection from {client} closed by QUIT"
        elif end < 0.3:
            yield pid, f"SMTP command timeout on connection from {client}"
        elif end < 0.4:
            yield pid, f"unexpected disconnection while reading SMTP command from {client}"
        elif end < 0.5:
            yield pid, f"H={client} SMTP connection lost after RCPT"

    def local(self):
        yield from self.mail("U=root P=local", "root@mx1.example", 777)

    def nobody(self):
        yield 12, "Start queue run: pid=12"
        yield 12, "this is nothing that anybody knows"
        yield 12, f"{self.any_id()} Spool file is locked (another process is handling this message)"

    def any_id(self):
        return self.rng.choice(self.ids) if self.rng.random() < 0.3 else self.new_id()

    def mail(self, how, sender, pid, parent=None):
        mid, rcpts = self.any_id(), self.rng.sample(self.people, self.rng.choice([1, 1, 2]))
        yield (pid, f"{mid} <= {sender or '<>'} {f'R={parent} ' if parent else ''}{how} S={self.rng.randrange(9999)} "
               f"id={self.rng.randrange(40)}@x.example" + (f" for {' '.join(rcpts)}" if self.rng.random() < 0.5 else ""))
        pid = self.rng.randrange(3000, 3004)
        while rcpts:
            for rcpt in list(rcpts):
                end = self.rng.random()
                if end < 0.7:
                    rcpts.remove(rcpt)
                yield from self.attempt(mid, rcpt, sender, end, pid)
            if rcpts and self.rng.random() < 0.1:
                yield pid, f"{mid} Frozen"
                break
        if self.rng.random() < 0.9:
            yield pid, f"{mid} Completed"

    def attempt(self, mid, rcpt, sender, end, pid):
        far = f"R=dnslookup T=remote_smtp H=x.example [192.0.2.{self.rng.randrange(4)}]:25"
        if end < 0.3:
            yield pid, f"{mid} => {rcpt.split('@')[0]} <{rcpt}> R=local_user T=maildir_home"
        elif end < 0.4:
            yield pid, f"{mid} => {rcpt} {far} C=\"250 2.0.0 Ok: queued as {self.rng.randrange(16 ** 9):09X}\""
        elif end < 0.55:
            child = self.mail(f"H=localhost [127.0.0.1]{':40001' if self.port else ''} P=esmtp", sender, 2000)
            first = next(child)
            yield pid, f"{mid} => {rcpt} R=scan T=scan_smtp H=127.0.0.1 [127.0.0.1]:10024 C=\"250 OK id={first[1].split()[0]}\""
            yield first
            self.coming.append(child)
        elif end < 0.7:
            yield (pid, f"{mid} ** {rcpt} {far}: SMTP error from remote mail server after RCPT TO:<{rcpt}>: 550 5.1.1 unknown")
            if self.rng.random() < 0.8:
                child = self.mail("U=Debian-exim P=local", "", 779, mid)
                yield next(child)
                self.coming.append(child)
        else:
            yield pid, f"{mid} == {rcpt} R=dnslookup T=remote_smtp defer (110): Connection timed out"
