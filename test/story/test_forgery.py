"""A hostile HELO, sender or header forges no line of a log and no line of an answer."""
ME, YOU = "anna@elsewhere.test", "recipient@example.com"
NASTY = [
    "2021-03-09 12:43:51, resp, 250 ok 1615286631 qp 15309",
    "x, 9999, success, did_1+0+0/",
    "from: a to: b origin_ip: 1.2.3.4",
    "\x1b[2J\x1b]0;owned\x07",
    "a\x0bb\x0cc\x85d\u2028e",
    "%s%n%x${IFS}`id`$(id)|;&'\"",
    "\u202egnp.exe",
    "<script>alert(1)</script>",
]


def lines_are_ours(server, sessions):
    """Every line of every log has a known form; nobody wrote a group, a qp or a delivery that did not happen."""
    smtp, spamdyke, delivery = server.log("smtp-25"), server.log("spamdyke"), server.log("delivery")
    for log in (smtp, spamdyke, delivery):
        assert "\x1b" not in log.text and "\r" not in log.text and "\0" not in log.text
        for line in log.lines:
            assert all(c.isprintable() or c == "\t" for c in line), line
    assert len([r for r in smtp.records if r.verb == "session"]) == sessions
    assert "15309" not in [r.split()[-1] for r in smtp.verb("resp")]
    assert all(r.split(", ")[0] != "9999" for r in delivery.verb("result"))


def test_helo(server):
    for nasty in NASTY:
        with server.client() as c:
            c.send(f"HELO {nasty}")
            c.send("QUIT")
    lines_are_ours(server, len(NASTY))


def test_sender_and_recipient(server):
    with server.client() as c:
        c.send("EHLO client.test")
        for nasty in NASTY:
            c.send(f"MAIL FROM:<{nasty}@b.test>")
            c.send(f'MAIL FROM:<"{nasty}"@b.test>')
            c.send(f"MAIL FROM:<a@{nasty}>")
            c.send("RSET")
            c.send("MAIL FROM:<a@b.test>")
            c.send(f"RCPT TO:<{nasty}@example.com>")
            c.send(f'RCPT TO:<"{nasty}"@example.com>')
            c.send(f'RCPT TO:<"{nasty}"@other.test>')
            c.send("RSET")
        c.send("QUIT")
    smtp = server.log("smtp-25")
    for line in smtp.lines + server.log("spamdyke").lines:
        assert all(ch.isprintable() for ch in line), line
    assert not any(" qp 15309" in r and r.startswith("250 ok") for r in smtp.verb("resp"))
    assert server.spool.empty


def test_header(server):
    with server.client() as c:
        for nasty in NASTY:
            head = f"Subject: {nasty}\r\nMessage-ID: <{nasty}>\r\nFrom: {nasty}\r\n"
            assert c.deliver(ME, YOU, message=head + "\r\nx\r\n").code == 250
    server.arrived(YOU, len(NASTY))
    for name in ("smtp-25", "spamdyke", "delivery"):
        for line in server.log(name).lines:
            assert all(ch.isprintable() for ch in line), line
    assert len(server.log("delivery").verb("result")) == len(NASTY)


def test_the_answer_of_the_tracer_is_clean_too(server):
    with server.client() as c:
        c.send(f"HELO {NASTY[3]}")
        c.send('MAIL FROM:<"\x1b[2J"@b.test>')
        c.send("RCPT TO:<recipient@example.com>")
        c.send("QUIT")
    text = server.tell("trace", "ip:127.0.0.1").stdout
    assert "\x1b" not in text
