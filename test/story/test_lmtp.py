"""Mailboxes that an LMTP server keeps: Debian's Dovecot, and one of ours that says what no server should."""
import os
import signal
import socket
import threading

import pytest
from dovecot import MISSING, Dovecot
from harness import until

ME, YOU, ALSO = "anna@elsewhere.test", "recipient@example.com", "sender@example.com"
needs_dovecot = pytest.mark.skipif(bool(MISSING), reason=MISSING)


class Fake(threading.Thread):
    """An LMTP server on a Unix socket.  answer(verb, line) -> what it says to it: bytes, or None to hang up.  The message
    is asked about too, as END, with the RCPT lines that were accepted."""
    def __init__(self, server, answer, greeting=b"220 fake\r\n"):
        super().__init__(daemon=True)
        self.path, self.answer, self.greeting = os.path.join(server.folder, "lmtp"), answer, greeting
        self.messages, self.visits = [], 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(20)
        server.config(f'local {{ lmtp = "unix:{self.path}" lmtp-deadline = 1s }}\nqueue {{ first-retry = 1s }}')
        self.start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.visits += 1
            threading.Thread(target=self.visit, args=(sock,), daemon=True).start()

    def visit(self, sock):
        try:
            self.talk(sock)
        except OSError:
            pass  # whoever visited is gone

    def talk(self, sock):
        with sock, sock.makefile("rb") as f:
            sock.sendall(self.greeting)
            named = []
            for line in f:
                verb = line[:4].decode("ascii", "replace").upper()
                say = self.answer(verb, line)
                if say is None:
                    return
                named = [] if verb == "MAIL" else named + [line] if verb == "RCPT" and say.startswith(b"2") else named
                sock.sendall(say)
                if say.startswith(b"354"):
                    message = b""
                    for piece in f:
                        if piece == b".\r\n":
                            break
                        message += piece
                    self.messages.append(message)
                    say = self.answer("END", named)
                    if say is None:
                        return
                    sock.sendall(say)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture(name="fake")
def fixture_fake(server):
    made = []

    def make(**replies):
        """replies: of LHLO, MAIL, RCPT, DATA, END: bytes, None to hang up, or what makes them of the line."""
        usual = {"LHLO": b"250-fake\r\n250-PIPELINING\r\n250 8BITMIME\r\n", "MAIL": b"250 ok\r\n", "RCPT": b"250 ok\r\n",
                 "DATA": b"354 go\r\n", "END": lambda named: b"250 2.0.0 kept\r\n" * len(named), "RSET": b"250 ok\r\n", "QUIT": None}
        usual.update(replies)

        def answer(verb, line):
            say = usual[verb]
            return say(line) if callable(say) else say
        made.append(Fake(server, answer, replies.get("greeting", b"220 fake\r\n")))
        return made[-1]
    yield make
    for f in made:
        f.close()


def results(server):
    return [r.split(", ", 1)[1] for r in server.log("delivery").verb("result")]


def send(server, *to, sender=ME, message="Subject: x\r\n\r\none\r\n.two\r\n"):
    with server.client() as c:
        reply = c.deliver(sender, *to, message=message)
        assert reply.code == 250, reply
        return int(reply.text.split()[-1])


@needs_dovecot
@pytest.mark.parametrize("place", ["unix", "inet"])
def test_dovecot_gets_the_message_and_its_words_are_in_the_log_and_the_trace(server, place):
    with Dovecot({YOU: ["work"]}) as dovecot:
        server.config(f'local {{ lmtp = "{getattr(dovecot, place)}" }}')
        qp = send(server, "Recipient@example.com")
        until(lambda: results(server) and server.spool.empty, "it is delivered")
        mail, = dovecot.mails(YOU)
        assert mail.startswith(f"Return-Path: <{ME}>\nDelivered-To: {YOU}\n") and mail.endswith("\n\none\n.two\n")
        result, = results(server)
        assert result.startswith("success, did_1+0+0/The_LMTP_server_took_the_message./Remote_host_said:_250_2.0.0_<")
        assert "_Saved/" in result
        told = server.trace(f"id:{qp}")
        assert told.only["verdict"] == "delivered" and "LMTP" in told.text
        assert server.maildir(YOU) == []


@needs_dovecot
def test_folders_and_junk_are_asked_for_by_subaddress(server, dns):
    dns.record("_dmarc.a.example", 'TXT "v=DMARC1; p=reject"')
    with Dovecot({YOU: ["work", "Junk"], ALSO: []}) as dovecot:
        server.config(f'local {{ lmtp = "{dovecot.unix}" }}\ngate {{ dmarc = off dkim = off arc = off }}')
        server.command("account", "set", YOU, "dmarc=reject")
        send(server, "recipient+work@example.com")
        send(server, YOU, ALSO, sender="x@a.example", message="From: <x@a.example>\r\nSubject: x\r\n\r\nx\r\n")
        until(lambda: len(results(server)) == 3 and server.spool.empty, "all are delivered")
        assert len(dovecot.mails(YOU, "work")) == 1 and len(dovecot.mails(YOU, "Junk")) == 1
        assert dovecot.mails(YOU) == []
        assert any("/junk/did_1+0+0/" in "/" + r.split(", ")[1] for r in results(server))


@needs_dovecot
def test_dovecot_that_does_not_know_the_mailbox_fails_it_and_the_sender_reads_why(server):
    with Dovecot({ALSO: []}) as dovecot:
        server.config(f'local {{ lmtp = "{dovecot.unix}" }}')
        send(server, YOU, ALSO, sender=ALSO)
        until(lambda: len(dovecot.mails(ALSO)) == 2, "the message and the bounce")
        bounce = next(m for m in dovecot.mails(ALSO) if "failure notice" in m)
        assert "550 5.1.1" in bounce and "Status: 5.1.1" in bounce
        assert any(r.startswith("failure, The_LMTP_server_refused_the_recipient._(#5.1.1)/Remote_host_said:_550_5.1.1_")
                   for r in results(server))


@needs_dovecot
def test_dovecot_is_away_for_a_while(server):
    with Dovecot({YOU: []}) as dovecot:
        server.config(f'local {{ lmtp = "{dovecot.unix}" }}\nqueue {{ first-retry = 1s }}')
        os.rename(dovecot.path("run", "lmtp"), dovecot.path("run", "away"))
        send(server, YOU)
        until(lambda: results(server), "an attempt")
        assert results(server)[0].startswith("deferral, The_LMTP_server_cannot_be_reached._(#4.4.1)/")
        os.rename(dovecot.path("run", "away"), dovecot.path("run", "lmtp"))
        until(lambda: dovecot.mails(YOU), "it comes")


def test_each_recipient_has_a_fate_of_its_own(server, fake):
    fake(RCPT=lambda line: b"550 5.2.1 not here\r\n" if b"sender@" in line else b"250 ok\r\n",
         END=lambda named: b"".join(b"452 4.2.2 full\r\n" if b"third@" in n else b"250 2.0.0 kept\r\n" for n in named))
    server.accounts += ("third",)
    send(server, YOU, ALSO, "third@example.com", sender="")
    until(lambda: len(results(server)) >= 3, "three results")
    first = results(server)
    assert any(r.startswith("success, did_1+0+0/The_LMTP_server_took") for r in first)
    assert any(r.startswith("failure, The_LMTP_server_refused_the_recipient._(#5.2.1)/") for r in first)
    assert any(r.startswith("deferral, The_LMTP_server_refused_the_message._(#4.2.2)/") for r in first)


@pytest.mark.parametrize("replies, report", [
    ({"greeting": b""}, "The_LMTP_server_broke_off._(#4.4.2)/Connection_timed_out/"),
    ({"greeting": b"\x00\x1b[2J\xff" * 1000 + b"\r\n"}, "The_LMTP_server_said_what_is_no_reply._(#4.5.0)/"),
    ({"greeting": b"220-" + b"x" * 100 * 1000 + b"\r\n"}, "The_LMTP_server_said_what_is_no_reply._(#4.5.0)/"),
    ({"greeting": b"554 5.3.2 %s\x1b[31m not today\r\n"},
     "The_LMTP_server_refused_to_talk._(#4.3.2)/Remote_host_said:_554_5.3.2__s?[31m_not_today/"),
    ({"MAIL": None}, "The_LMTP_server_broke_off._(#4.4.2)/Connection_reset_by_peer/"),
    ({"END": b""}, "The_LMTP_server_broke_off_after_the_message:_it_may_come_twice._(#4.4.2)/"),
])
def test_a_server_that_fails_delays_the_mail_and_never_loses_it(server, fake, replies, report):
    fake(**replies)
    qp = send(server, YOU)
    until(lambda: results(server), "an attempt")
    assert results(server)[0] == "deferral, " + report
    assert server.trace(f"id:{qp}").only["verdict"] == "waiting"
    item, = server.queue()
    assert item["recipients"][0]["address"] == YOU


def test_a_silent_server_holds_up_nobody_for_long(server, fake):
    fake(LHLO=b"")
    for _ in range(40):
        send(server, YOU)
    until(lambda: len(results(server)) >= 40, "forty attempts ended")
    assert all(r.startswith("deferral, The_LMTP_server_") for r in results(server))


def test_a_kill_in_the_middle_loses_nothing(server, fake):
    """telltale-local dies when the message is out and not answered: it comes again, and is not lost."""
    gate = threading.Event()

    def end(_named):
        gate.wait(10)
        return b"250 2.0.0 kept\r\n"
    server.unclean = True
    lmtp = fake(END=end)
    send(server, YOU)
    until(lambda: lmtp.messages, "the message is out")
    os.kill(server.pids("telltale-local")[0], signal.SIGKILL)
    gate.set()
    until(lambda: any(r.startswith("success") for r in results(server)), "it is delivered")
    until(lambda: server.spool.empty, "the queue is empty")
    assert len(lmtp.messages) == 2


def test_a_place_that_is_none_is_found_by_check(server):
    server.config('local { lmtp = "/run/dovecot/lmtp" }')
    server.write_files()
    done = server.tell("check")
    assert done.returncode == 1 and "local { lmtp }: is no place of a service" in done.stderr, done.stderr
