"""What one client, and all of them together, may use."""
import time

ME, YOU = "anna@elsewhere.test", "recipient@example.com"


def test_a_message_over_the_size_limit_is_refused_before_and_after_it_is_sent(server):
    server.config("limits { message-size = 10K }")
    with server.client() as c:
        assert "SIZE 10240" in c.send("EHLO client.test").lines[-1] or "SIZE 10240" in c.send("EHLO client.test").text
        assert c.send(f"MAIL FROM:<{ME}> SIZE=10241").code == 552
        c.envelope(ME, YOU)
        assert c.data("Subject: big\r\n\r\n" + ("x" * 70 + "\r\n") * 200).code == 552
        assert c.deliver(ME, YOU, message="Subject: small\r\n\r\nx\r\n").code == 250
    mail, = server.arrived(YOU)
    assert mail.subject == "small"


def test_a_long_header_arrives_whole_and_an_endless_one_is_refused(server):
    long = "".join(f"X-Line-{i}: {'x' * 60}\r\n" for i in range(1200)) + "Subject: long\r\n"
    with server.client() as c:
        assert c.deliver(ME, YOU, message=long + "\r\nshort\r\n").code == 250
        assert c.deliver(ME, YOU, message=long * 4 + "\r\nshort\r\n").code == 552
        assert c.deliver(ME, YOU, message=long * 4).code == 552
    mail, = server.arrived(YOU)
    assert mail.raw.endswith(long.replace("\r\n", "\n").encode() + b"\nshort\n")


def test_a_message_that_went_round_a_hundred_times_is_refused(server):
    hop = "Received: from a by b; Mon, 23 Nov 2026 20:00:00 +0000\r\n"
    with server.client() as c:
        reply = c.deliver(ME, YOU, message=hop * 101 + "Subject: loop\r\n\r\nx\r\n")
        assert reply.code == 554 and "looping" in reply.text
        assert c.deliver(ME, YOU, message=hop * 50 + "Subject: far\r\n\r\nx\r\n").code == 250
    mail, = server.arrived(YOU)
    assert mail.subject == "far"


def test_more_sessions_than_allowed_get_421(server):
    server.config("limits { sessions = 3 workers = 1 }")  # which has numbers at hand then: without one nothing is logged
    open_ones = [server.client() for _ in range(3)]
    assert all(c.greeting.code == 220 for c in open_ones)
    with server.client() as c:
        assert c.greeting.code == 421 and c.closed()
    log = server.log("smtp-25")
    assert log.verb("resp") == ["421 sorry, too many connections, try again later"]
    assert log.verb("end") == ["no session was free"]
    turned_away = server.trace("ip:127.0.0.1").messages[0]
    assert turned_away["verdict"] == "refused-temporarily", turned_away
    open_ones.pop().close()
    deadline = time.monotonic() + 10
    while True:
        with server.client() as c:
            if c.greeting.code == 220:
                break
        assert time.monotonic() < deadline, "a closed session makes room"
        time.sleep(0.05)
    for c in open_ones:
        c.close()


def test_a_silent_client_is_let_go(server):
    server.config("limits { command-timeout = 1s }")
    with server.client() as c:
        start = time.monotonic()
        assert c.reply().code in (421, 451)
        assert c.closed()
        assert time.monotonic() - start < 5


def test_a_client_that_sends_one_byte_now_and_then_is_let_go(server):
    server.config("limits { command-timeout = 1s }")
    with server.client() as c:
        start = time.monotonic()
        try:
            while time.monotonic() - start < 8:
                c.raw(b"N")
                time.sleep(0.2)
                c.sock.setblocking(False)
                try:
                    if c.sock.recv(100) is not None:
                        break
                except BlockingIOError:
                    pass
                c.sock.setblocking(True)
        except ConnectionError:
            pass
        assert time.monotonic() - start < 5


def test_idle_sessions_do_not_hold_up_the_others(server):
    idle = [server.client() for _ in range(100)]
    with server.client() as c:
        assert c.deliver(ME, YOU).code == 250
    server.arrived(YOU)
    for c in idle:
        c.close()
