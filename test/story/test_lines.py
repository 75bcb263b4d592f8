"""CRLF is the only line end: whoever says otherwise smuggles nothing."""
import itertools

import pytest

ME, YOU = "anna@elsewhere.test", "recipient@example.com"


def test_a_bare_lf_in_a_command_is_500_and_the_session_goes_on(server):
    with server.client() as c:
        c.send("EHLO client.test")
        assert c.send("MAIL FROM:<a@b.test>\nRCPT TO:<recipient@example.com>").code == 500
        assert c.send("NOOP\rNOOP").code == 500
        assert c.deliver(ME, YOU).code == 250
    server.arrived(YOU)


@pytest.mark.parametrize("bad", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\r\n", b"\n", b"\r"])
def test_a_bare_lf_or_cr_in_data_is_550_and_nothing_is_stored(server, bad):
    with server.client() as c:
        c.envelope(ME, YOU)
        assert c.send("DATA").code == 354
        c.raw(b"Subject: bare\r\n\r\n" + bad + b"x\r\n.\r\n")
        reply = c.reply()
        assert reply.code == 550 and reply.text.startswith("5.5.2 ")
        # The refusal ended the transaction, not the session.
        assert c.send(f"RCPT TO:<{YOU}>").code == 503
        assert c.deliver(ME, YOU, message="Subject: clean\r\n\r\nx\r\n").code == 250
    mail, = server.arrived(YOU)
    assert mail.subject == "clean"


def endings():
    """All ways to say "the end" with CR, LF, NUL, dot and space around a dot, but for the true ones."""
    signs = [b"\r", b"\n", b"\0", b".", b" "]
    for a, b, c, d in itertools.product(signs, repeat=4):
        yield a + b + b"." + c + d
    for odd in (b"\r\n.\n", b"\n.\r\n", b"\n.\n", b"\r.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n\0.\r\n", b"\n\n.\r\n",
                b"\r\n.\r\r\n", b"\r\n.\0\r\n", b"\r\n. \r\n"):
        yield odd


def test_no_false_end_of_data_makes_two_messages_of_one(server):
    smuggled = f"MAIL FROM:<evil@b.test>\r\nRCPT TO:<{YOU}>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n".encode()
    true_end = b"\r\n.\r\n"
    accepted = 0
    with server.client() as c:
        for ending in endings():
            if true_end in b"x" + ending + smuggled[:2]:
                continue
            c.envelope(ME, YOU)
            assert c.send("DATA").code == 354
            c.raw(b"Subject: outer\r\n\r\nx" + ending + smuggled)
            reply = c.reply()
            assert reply.code in (250, 550), (ending, reply)
            accepted += reply.code == 250
            # Had the ending been believed, the smuggled commands would have replies of their own.
            assert c.send("NOOP").code == 250, ending
            assert c.send("RSET").code == 250, ending
    mails = server.arrived(YOU, accepted)
    assert all(m.subject == "outer" for m in mails)
    assert all(r in (ME,) for r in server.log("smtp-25").verb("from"))


def test_a_line_without_an_end_does_not_eat_memory(server):
    with server.client() as c:
        c.send("EHLO client.test")
        c.raw(b"A" * 100000 + b"\r\n")
        assert c.reply().code == 500
        assert c.deliver(ME, YOU).code == 250
    server.arrived(YOU)


def test_commands_in_one_piece_or_byte_by_byte_are_the_same(server):
    with server.client() as c:
        for octet in f"EHLO client.test\r\nMAIL FROM:<{ME}>\r\nRCPT TO:<{YOU}>\r\nDATA\r\n".encode():
            c.raw(bytes([octet]))
        assert [c.reply().code for _ in range(4)] == [250, 250, 250, 354]
        for octet in b"Subject: slow\r\n\r\n..\r\n.\r\n":
            c.raw(bytes([octet]))
        assert c.reply().code == 250
    mail, = server.arrived(YOU)
    assert mail.body.rstrip("\n") == "."


@pytest.mark.parametrize("encrypted", [False, True])
def test_the_last_word_arrives_though_the_client_has_said_more(server, encrypted):
    for _ in range(40):
        c = server.client()
        c.send("EHLO client.test")
        if encrypted:
            assert c.send("STARTTLS").code == 220
            c.encrypt(server.tls())
        try:
            for part in (b" NO", b"OP\r\n", b"QUIT\r\n"):
                c.raw(part)
        except OSError:
            pass
        assert c.reply().code == 502
        c.close()
