"""What others think of a message, with the real server in between: rspamd, opendkim and clamav as mail filters."""
import glob
import socket
import struct
import threading

import pytest

from filters import missing
from harness import until
from test_handoff_clamav import EICAR, fixture_clamav, fixture_clamd  # noqa: F401 (fixtures)
from test_handoff_opendkim import fixture_folder, fixture_signer  # noqa: F401
from test_handoff_rspamd import GTUBE, fixture_rspamd  # noqa: F401

ME, YOU = "anna@sender.example", "recipient@example.com"
needs_rspamd = pytest.mark.skipif(bool(missing("rspamd")), reason=missing("rspamd"))
needs_opendkim = pytest.mark.skipif(bool(missing("opendkim")), reason=missing("opendkim"))
needs_clamav = pytest.mark.skipif(bool(missing("clamd", "clamav-milter")), reason=missing("clamd", "clamav-milter"))


def mail(*fields, body="At five.\r\n"):
    return "".join(f + "\r\n" for f in ("From: Anna <anna@sender.example>", "Subject: tea") + fields) + "\r\n" + body


def junk(server, address):
    user, domain = address.split("@")
    return glob.glob(f"{server.data}/mail/{domain}/{user}/Maildir/.Junk/new/*")


def lines(server, name):
    return [g for g in server.log("smtp-25").verb("gate") if g.split(",")[0].split(" ")[1:] == [name]]


@needs_rspamd
def test_what_rspamd_takes_for_spam_is_refused_and_the_trace_says_by_whom(server, rspamd):
    server.config(f'rspamd {{ url = "{rspamd[0]}" }}')
    with server.client() as c:
        c.envelope(ME, YOU)
        reply = c.data(mail(body=GTUBE.decode()))
        assert (reply.code, reply.text) == (554, "5.7.1 Gtube pattern")
        assert c.deliver(ME, YOU, message=mail()).code == 250
    first, second = lines(server, "rspamd")
    assert first.startswith("refused rspamd, ") and "reject, score 15.00 of 15.00: GTUBE" in first
    assert second.startswith("passed rspamd, ") and "no action, score 0.00 of 15.00" in second
    assert server.log("spamdyke").records[0].code == "DENIED_RSPAMD"
    story = server.trace("from:anna@sender.example verdict:refused")
    assert "rspamd" in story.text and story.only["verdict"] == "refused"
    server.arrived(YOU)


@needs_rspamd
def test_what_it_doubts_goes_into_junk_and_what_it_wants_changed_is_changed(server, rspamd):
    server.config(f'rspamd {{ url = "{rspamd[1]}" }}')
    with server.client() as c:
        assert c.deliver(ME, YOU, message=mail("X-Points: 7")).code == 250
        assert c.deliver(ME, YOU, message=mail("X-Edit: 1", "X-Gone: a", "X-Old: 1", "X-Old: 2")).code == 250
        c.envelope(ME, YOU)
        assert (c.data(mail("X-Soft: 1")).code, lines(server, "rspamd")[-1].split(",")[0]) == (451, "refused rspamd")
    kept, = server.arrived(YOU)
    assert len(junk(server, YOU)) == 1
    assert lines(server, "rspamd")[0].split(", ", 3)[3].startswith("into Junk: add header, score 7.00 of 15.00: POINTS 7.00")
    names = kept.parsed.keys()
    assert "X-Gone" not in names and kept.parsed.get_all("X-Old") == ["1"]
    assert names.index("X-Top") < names.index("Received") < names.index("X-End")
    assert kept.parsed.get_all("X-Two") == ["a", "b"]
    assert server.log("spamdyke").last.code == "DENIED_RSPAMD_LATER"


@needs_rspamd
def test_changes_that_the_spool_cannot_hold_are_left_out_and_that_is_said(server, rspamd):
    server.config(f'rspamd {{ url = "{rspamd[0]}" }}')
    long = [f"X-Line-{i}: {'y' * 60}" for i in range(300)]
    with server.client() as c:
        assert c.deliver(ME, YOU, message=mail("X-Huge: 1")).code == 250
        assert c.deliver(ME, YOU, message=mail("X-Huge: 1", *long)).code == 250
    few, many = sorted(server.arrived(YOU, 2), key=lambda m: len(m.parsed.keys()))
    assert len(few.parsed.get_all("X-Added")) == 60
    assert many.parsed.get_all("X-Added") is None and many.parsed["X-Line-299"]
    assert "they are left out" in [g for g in lines(server, "milter") if g.startswith("error")][-1]


@needs_rspamd
def test_a_message_too_large_for_it_is_not_asked_about(server, rspamd):
    server.config(f'rspamd {{ url = "{rspamd[0]}" max-size = 100K }}')
    with server.client() as c:
        assert c.deliver(ME, YOU, message=mail(body=("x" * 70 + "\r\n") * 2000 + GTUBE.decode())).code == 250
    line, = lines(server, "rspamd")
    assert line.startswith("skipped rspamd, ") and line.endswith("larger than rspamd.max-size")
    server.arrived(YOU)


@pytest.mark.parametrize("absent, code", [("accept", 250), ("tempfail", 451)])
def test_who_gives_no_answer_is_passed_over_or_the_client_is_put_off(server, absent, code):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()  # and never answers
        port = s.getsockname()[1]
        server.config(f'rspamd {{ url = "http://127.0.0.1:{port}" deadline = 1s absent = "{absent}" }}')
        with server.client() as c:
            c.envelope(ME, YOU)
            assert c.data(mail()).code == code
    line, = lines(server, "rspamd")
    assert "warning: a message is not looked at by rspamd: rspamd at " in server.tell("status").stdout
    assert line.startswith("error rspamd, " if code == 250 else "refused rspamd, ")
    if code != 250:
        assert server.log("spamdyke").last.code == "DENIED_UNCHECKED"
        assert "could not be checked" in server.trace("from:anna@sender.example").text


@pytest.mark.parametrize("line, said", [
    ('rspamd { url = "localhost:11333" }', "rspamd { url }: is no place of a service: it must be http://HOST:PORT or unix:/PATH"),
    ('rspamd { url = "http://127.0.0.1" password-file = "/nonexistent/pw" }', "rspamd { password-file }: there is no /nonexistent/pw"),
])
def test_what_cannot_work_is_said_before_the_start(server, line, said):
    path = f"{server.folder}/check.conf"
    with open(path, "w", encoding="utf-8") as f:
        f.write(line + "\n")
    done = server.tell("check", "-c", path)
    assert done.returncode == 1 and said in done.stderr


def test_a_milter_that_is_gone_is_told_to_the_postmaster(server):
    server.config('milter { address = "unix:/nonexistent/milter.sock" }')
    with server.client() as c:
        assert c.deliver(ME, YOU, message=mail()).code == 250
    assert "warning: a message is not looked at by a milter: unix:/nonexistent" in server.tell("status").stdout
    server.arrived(YOU)


@needs_opendkim
def test_opendkim_signs_what_our_users_send(server, signer):
    server.config(f'milter {{ address = "{signer}" }}')
    with server.client(port="587") as c:
        c.starttls(server.tls())
        c.login()
        assert c.deliver("sender@example.com", YOU, message="From: Bob <bob@example.org>\r\nSubject: x\r\n\r\nHi.\r\n").code == 250
    kept, = server.arrived(YOU)
    assert "d=example.org" in kept.parsed["DKIM-Signature"]
    assert kept.parsed.keys().index("DKIM-Signature") < kept.parsed.keys().index("Received")


@needs_clamav
@pytest.mark.parametrize("clamav", ["OnInfected Reject\nRejectMsg infected by %v"], indirect=True)
def test_a_virus_is_refused_in_the_filters_own_words(server, clamav):
    server.config(f'milter {{ address = "{clamav}" }}')
    with server.client() as c:
        c.envelope(ME, YOU)
        reply = c.data(mail(body=EICAR.decode() + "\r\n"))
        assert (reply.code, reply.text) == (550, "5.7.1 infected by Eicar-Own.UNOFFICIAL")
        assert c.deliver(ME, YOU, message=mail("X-Virus-Status: trust me")).code == 250
    assert server.log("spamdyke").records[0].code == "DENIED_MILTER"
    assert lines(server, "milter")[0].startswith("refused milter, ")
    kept, = server.arrived(YOU)
    assert kept.parsed.get_all("X-Virus-Status") == ["Clean"]
    assert "infected by" in server.trace("from:anna@sender.example verdict:refused").text


@needs_clamav
@pytest.mark.parametrize("clamav", ["OnInfected Quarantine"], indirect=True)
def test_a_virus_in_quarantine_lies_in_junk(server, clamav):
    server.config(f'milter {{ address = "{clamav}" }}')
    with server.client() as c:
        assert c.deliver(ME, YOU, message=mail(body=EICAR.decode() + "\r\n")).code == 250
    until(lambda: junk(server, YOU), "it lies in the Junk folder")
    line, = lines(server, "milter")
    assert "into Junk: " in line and "quarantined by clamav-milter" in line


def test_a_filter_that_is_not_there_is_said_once_and_passed_over(server):
    server.config(f'milter {{ address = {{ "unix:{server.folder}/nobody.sock" }} }}')
    with server.client() as c:
        assert c.deliver(ME, YOU, YOU.replace("recipient", "sender"), message=mail()).code == 250
    line, = lines(server, "milter")
    assert line.startswith("error milter, ") and "nobody.sock" in line
    server.arrived(YOU)


def test_a_service_that_is_written_wrongly_is_found_before_the_start(server):
    server.config('milter { address = "inet:nowhere" }')
    server.write_files()
    done = server.tell("check")
    assert done.returncode == 1 and "milter { address }" in done.stderr


class Filter(threading.Thread):
    """A mail filter that says CONTINUE to everything but what `answers` has a word for, by the step's letter."""

    def __init__(self, answers):
        super().__init__(daemon=True)
        self.answers, self.listener = answers, socket.create_server(("127.0.0.1", 0))
        self.address = f"inet:127.0.0.1:{self.listener.getsockname()[1]}"
        self.start()

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        f = peer.makefile("rb")
        while len(head := f.read(4)) == 4:
            packet = f.read(struct.unpack(">I", head)[0]).decode("latin-1")
            if packet[0] in "DAQ":
                continue
            said = b"O" + struct.pack(">III", 6, 0x31, 0) if packet[0] == "O" else self.answers(packet)
            for one in [said] if isinstance(said, bytes) else said:
                peer.sendall(struct.pack(">I", len(one)) + one)


def test_a_filter_that_ends_the_visit_at_a_recipient_ends_the_message_too(server):
    """The second one: the first group of a visit is written whatever happens."""
    server.config(f'milter {{ address = "{Filter(lambda p: b"4" if p.startswith("R<sender") else b"c").address}" }}')
    server.start()
    server.command("domain", "set", "example.com", "sender-blacklist-entry=@x.example")
    with server.client() as c:
        assert c.deliver(ME, YOU, message=mail()).code == 250
        c.envelope("second@sender.example", YOU)
        assert c.send("RCPT TO:<sender@example.com>").code == 421
        assert c.closed()
    assert "second@sender.example" in server.log("smtp-25").verb("from")
    assert server.stop() == 0  # nothing leaks


def test_whom_a_filter_refuses_is_no_recipient_of_the_message(server):
    server.config(f'milter {{ address = "{Filter(lambda p: b"r" if p.startswith("R<sender") else b"c").address}" }} '
                  'recipients { per-message = 1 }')
    with server.client() as c:
        c.envelope(ME)
        assert c.send("RCPT TO:<sender@example.com>").code == 550
        assert c.send(f"RCPT TO:<{YOU}>").code == 250


def test_a_filter_hears_every_helo_however_fast_they_come(server):
    heard = []

    def listen(packet):
        heard.extend([packet[1:].rstrip("\0")] if packet[0] == "H" else [])
        return b"c"
    server.config(f'milter {{ address = "{Filter(listen).address}" }}')
    with server.client() as c:
        names = [f"h{i}.test" for i in range(30)]
        c.raw("".join(f"EHLO {name}\r\nMAIL FROM:<{ME}>\r\nRSET\r\n" for name in names).encode())
        for _ in range(3 * len(names)):
            assert c.reply().code == 250
    assert heard == names


def test_changes_that_cannot_be_made_are_said(server):
    """A header of more than 32 KiB lies on the disk already when it is judged."""
    def answers(packet):
        return [b"hX-Seen\0yes\0", b"c"] if packet[0] == "E" else b"c"
    server.config(f'milter {{ address = "{Filter(answers).address}" }}')
    with server.client() as c:
        assert c.deliver(ME, YOU, message=mail()).code == 250
        assert c.deliver(ME, YOU, message=mail(*["X-Long: " + "x" * 900] * 50)).code == 250
    first, second = lines(server, "milter")
    assert ": 1 changes, " in first and ": 1 changes that the header is too large for, " in second
    assert sorted("X-Seen" in m.parsed for m in server.arrived(YOU, 2)) == [False, True]
