"""Mail that leaves, the longer tales: smart hosts, TLS, crashes, dead and slow destinations, bounces."""
import os
import signal
import subprocess
import threading

import pytest

from harness import Dns, certificate, free_port, until
from remote import BOB, ME, Far, Script, encrypted, leads_to, readable
from test_remote import fixture_far, result, send  # noqa: F401  (a fixture)

STARTTLS = "250-far\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 STARTTLS"


@pytest.mark.parametrize("tls", ["opportunistic", "required"])
def test_a_smart_host_takes_everything_after_a_login(server, far, tls):
    far.command("account", "add", "relay@far.test", "--password-stdin", text="let me out\n")
    secret, ca = readable(server, "password", b"let me out\n"), readable(server, "ca.pem", certificate()[0])
    server.config(f"""relay {{ enabled = true host = "127.0.0.1:{far.ports['587']}" user = "relay@far.test"
        password-file = "{secret}" tls = "{tls}" ca-file = "{ca}" }}""")
    send(server)
    mail, = far.arrived(BOB)
    assert mail.subject == "out"
    assert far.log("smtp-587").verb("auth") == ["PLAIN relay@far.test"]
    assert "STARTTLS_proto=TLSv1.3" in result(server)[0]


def test_a_smart_host_with_a_certificate_of_somebody_else_gets_no_password(server, far):
    far.start()
    secret, ca = readable(server, "password", b"let me out\n"), readable(server, "ca.pem", certificate()[0])
    server.config(f"""relay {{ enabled = true host = "mx.other.test:{far.ports['587']}" user = "x" tls = "required"
        password-file = "{secret}" ca-file = "{ca}" }}""")
    Dns(server).record("mx.other.test", "A 127.0.0.1")
    send(server)
    report, = result(server)
    assert report == ("deferral, TLS_unable_to_verify_server_or_to_agree_with_it_while_tls_=_required_exists;_connected_to_127.0.0.1:_"
                      "certificate_verify_failed:_hostname_mismatch._(#4.7.5)/Asked_server_mx.other.test./")
    assert far.log("smtp-587").verb("auth") == [] == far.log("smtp-587").verb("auth-failed")
    assert server.trace("any:*").only["verdict"] == "waiting"


@pytest.mark.parametrize("replies, report", [
    ({}, "No_TLS_achieved_while_tls_=_required_exists;_connected_to_127.0.0.1._(#4.7.5)/"),
    ({"EHLO": STARTTLS, "STARTTLS": "454 later"},
     "STARTTLS_rejected_while_tls_=_required_exists;_connected_to_127.0.0.1._(#4.7.5)/Remote_host_said:_454_later/"),
])
def test_no_mail_leaves_in_the_clear_where_tls_is_required(server, replies, report):
    with Script(**replies) as far:
        leads_to(server, far.port)
        server.config('relay { tls = "required" }')
        send(server)
        assert result(server)[0] == f"deferral, {report}Asked_server_mx0.far.test./"
        assert far.messages == [] and not any(h.startswith("MAIL") for h in far.heard)


def test_what_was_said_before_the_handshake_is_forgotten(server):
    """CVE-2011-0411, the client's side: replies that somebody put behind the 220 are not taken for the server's."""
    spoken = []

    def handshake(conn):
        conn.sendall(b"220 go ahead\r\n250-evil\r\n250 SIZE 1\r\n250 ok\r\n250 ok\r\n354 go\r\n250 I took it all\r\n")
        with encrypted(conn) as tls:
            lines = tls.makefile("rb")
            for reply in (b"250-far\r\n250 8BITMIME", b"550 nobody sends from there"):
                spoken.append(lines.readline().split(b" ")[0])
                tls.sendall(reply + b"\r\n")
            lines.readline()

    with Script(EHLO=STARTTLS, STARTTLS=handshake) as script:
        leads_to(server, script.port)
        send(server)
        assert result(server)[0] == ("failure, Connected_to_127.0.0.1_but_sender_was_rejected./Remote_host_said:_"
                                     "550_nobody_sends_from_there/Asked_server_mx0.far.test./")
        assert spoken == [b"EHLO", b"MAIL"]


def test_a_handshake_that_fails_is_followed_by_mail_in_the_clear(server):
    with Script(EHLO=STARTTLS, STARTTLS=lambda conn: conn.sendall(b"220 go\r\nno TLS at all\r\n")) as far:
        leads_to(server, far.port)
        send(server)
        assert result(server)[0] == "success, 127.0.0.1_accepted_message./Remote_host_said:_250_ok_queued_as_4XYZ/Asked_server_mx0.far.test./"
        assert far.visits == 2 and len(far.messages) == 1


def test_what_comes_back_goes_to_strangers_too(server):
    """An alias leads out; the far server does not like it; whoever sent it hears of it by his own server."""
    with Script(RCPT="550 5.1.1 who is that?") as far, Script("127.0.0.3", far.port) as home:
        leads_to(server, far.port)
        leads_to(server, far.port, "127.0.0.3", domain="elsewhere.test")
        server.command("alias", "add", "away@example.com", BOB)
        with server.client() as c:
            qp = int(c.deliver("anna@elsewhere.test", "away@example.com").text.split()[-1])
        until(lambda: home.messages, "the bounce is there")
        assert "MAIL FROM:<>" in "".join(home.heard) and "RCPT TO:<anna@elsewhere.test>" in home.heard
        assert b"550 5.1.1 who is that?" in home.messages[0] and b"5.1.1" in home.messages[0]
    until(lambda: server.spool.empty, "the queue is empty")
    assert server.trace(f"id:{qp}").only["verdict"] == "forwarded"
    assert "returned" in {m["verdict"] for m in server.trace("any:*").messages}


def test_a_dead_destination_is_given_up_after_the_lifetime(server):
    server.later(0)
    leads_to(server, free_port())
    qp = send(server)
    assert result(server) == ["deferral, Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/"]
    assert server.trace(f"id:{qp}").only["verdict"] == "waiting"
    server.later(3 * 86400)
    mail, = server.arrived(ME)
    assert "I'm not going to try again" in " ".join(mail.parsed.get_payload()[0].get_payload().split())
    assert mail.parsed.get_payload()[1].get_payload()[1]["Status"] == "4.4.1"
    assert len(server.log("delivery").verb("gave-up")) == 1
    assert server.trace(f"id:{qp}").only["verdict"] == "returned"


def test_after_a_crash_the_recipient_is_tried_again(server):
    hang, server.unclean = threading.Event(), True

    def slow(_conn):
        hang.wait(20)
        return "250 ok"

    with Script(**{".": slow}) as far:
        leads_to(server, far.port)
        send(server)
        until(lambda: far.messages, "the message has been sent")
        for pid in server.pids("telltale-remote"):
            os.kill(pid, signal.SIGKILL)
        hang.set()
        until(lambda: any("success" in r for r in result(server)), "it was tried again")
        assert result(server)[0] == "deferral, Aack,_child_crashed._(#4.3.0)/"
        assert len(far.messages) == 2 and server.spool.empty


def test_a_reload_lets_a_try_end_and_uses_the_new_settings_for_the_next(server):
    go = threading.Event()

    def slow(_conn):
        go.wait(20)
        return "250 ok at last"

    with Script(**{".": slow}) as far, Script() as other:
        leads_to(server, far.port)
        send(server)
        until(lambda: far.messages, "the message has been sent")
        server.extra += f"relay {{ port = {other.port} }}\n"
        server.write_files()
        server.command("reload")
        send(server)
        until(lambda: other.messages, "the next one goes by the new settings")
        go.set()
        assert {r.split(":_")[-1].split("Asked")[0] for r in result(server, 2)} == {"250_ok_at_last/", "250_ok_queued_as_4XYZ/"}
        until(lambda: len(server.pids("telltale-remote")) == 1, "the old one leaves")


def test_a_slow_destination_holds_up_nobody_else(server):
    """Forty messages for a server that does not answer, then one for another."""
    go, here, most = threading.Event(), [], []

    def slow(_conn):
        here.append(1)
        most.append(len(here))
        go.wait(20)
        here.pop()
        return "250 ok"

    with Script(**{".": slow}) as far, Script("127.0.0.3", far.port) as quick:
        leads_to(server, far.port)
        leads_to(server, far.port, "127.0.0.3", domain="quick.test")
        send(server, *(f"user{i}@far.test" for i in range(40)))
        until(lambda: len(here) == 5, "five to begin with")
        send(server, "x@quick.test")
        until(lambda: quick.messages, "the other one is not held up")
        assert len(here) == 5 == max(most)
        go.set()
        until(lambda: len(far.messages) == 40, "all forty")
    until(lambda: server.spool.empty, "the queue is empty")
    assert max(most) <= 20


def test_many_to_a_sink_over_few_connections(server):
    port = free_port()
    sink = ["smtp-sink", *(["-u", "nobody"] if os.geteuid() == 0 else []), f"127.0.0.1:{port}", "100"]
    with subprocess.Popen(sink, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            leads_to(server, port)
            for _ in range(3):
                send(server, *(f"user{i}@far.test" for i in range(100)))
            until(lambda: server.spool.empty, "all have left")
        finally:
            process.terminate()
    found = result(server, 300)
    assert len(found) == 300 and all(r.startswith("success, 127.0.0.1_accepted_message./") for r in found)


@pytest.mark.parametrize("relay, says", [
    ('host = "a b"', "printable"),
    ('host = "mail.example.net:x"', "relay { host }: mail.example.net:x is not NAME, ADDRESS, NAME:PORT or [V6]:PORT"),
    ("reply-deadline = 1h", "relay { reply-deadline } is 10m at most"),
    ('user = "x" password-file = "/etc/passwd"', "relay { user } belongs to a smart host"),
    ('host = "mail.example.net" user = "x"', "relay { user } and password-file belong together"),
    ('host = "mail.example.net" user = "x" password-file = "/nowhere"', "relay { password-file }: there is no /nowhere"),
    ('host = "mail.example.net" user = "x" password-file = "/etc/passwd" tls = "off"', "a password is sent under TLS only"),
])
def test_half_a_relay_is_refused(server, relay, says):
    server.config(f"relay {{ {relay} }}")
    server.write_files()
    done = server.tell("check")
    assert done.returncode == 1 and says in done.stderr, done.stderr
    server.extra = ""  # so that the end finds a good one


def test_route_says_how_mail_leaves(server):
    server.config('relay { enabled = true host = "mail.example.net:587" }')
    server.start()
    done = server.tell("route", "friend@elsewhere.test")
    assert done.returncode == 1 and "by the smart host mail.example.net:587" in done.stdout
