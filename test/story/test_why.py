"""A refusal with a link that leads to this very decision: `policy-url = https://HOST/why/%ref`."""
import base64
import hashlib
import hmac
import os
import stat

OTHER = "127.0.0.7"
YOU = "recipient@example.com"
CONFIG = 'gate { policy-url = "https://mx.example.com/why/%ref" }\n'


def numbers(data):
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0


def read_reference(server, text):
    """Connection, index and last day of a reference, once its hash was found right."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    body, mac = raw[:-16], raw[-16:]
    with open(os.path.join(server.data, "why.key"), "rb") as f:
        key = f.read()
    assert hmac.new(key, b"telltale why " + body, hashlib.sha256).digest()[:16] == mac
    assert body[0] == 1
    return tuple(numbers(body[1:]))


def link_of(reply):
    return repr(reply).split(" See: https://mx.example.com/why/")[1]


def refuse(c, *recipients, sender="a@b.example"):
    c.send("EHLO x")
    assert c.send(f"MAIL FROM:<{sender}>").code == 250
    return [link_of(c.send(f"RCPT TO:<{to}>")) for to in recipients]


def test_each_refusal_has_a_reference_of_its_own(server, dns):
    server.config(CONFIG)
    dns.ptr(OTHER, None)
    links = []
    with server.client(source=OTHER) as c:
        links += refuse(c, YOU, "sender@example.com")
        c.send("RSET")
        links += refuse(c, YOU)
        assert link_of(c.send("DATA")) == links[-1], "it stands for the last one who was refused"
        c.send("QUIT")
    with server.client(source=OTHER) as c:
        links += refuse(c, YOU)
        c.send("QUIT")
    assert len(set(links)) == 4
    read = [read_reference(server, x) for x in links]
    first = int(server.log("spamdyke").records[0].connection)
    assert [r[0] for r in read[:3]] == [first] * 3 and read[3][0] > first
    assert [r[1] for r in read] == [2, 4, 6, 2]
    resp = [line for line in server.log("smtp-25").verb("resp") if "See:" in line]
    assert [line.split("/why/")[1] for line in resp] == links, "the log says it as it was said"


def test_a_message_that_is_refused_at_its_end_has_one_too(server):
    server.config(CONFIG + 'gate { header-blacklist-entry = "Subject: *casino*"  reject-empty-rdns = false }')
    with server.client(source=OTHER) as c:
        c.envelope("a@b.example", YOU)
        links = [link_of(c.data(b"Subject: casino\r\n\r\nhello\r\n"))]
        c.envelope("a@b.example", YOU)
        links += [link_of(c.data(b"Subject: casino\r\n\r\nhello\r\n"))]
        c.send("QUIT")
    assert [read_reference(server, x)[1] for x in links] == [3, 5]


def test_the_key_is_ours_alone_and_lasts(server):
    server.config(CONFIG)
    path = os.path.join(server.data, "why.key")
    with server.client(source=OTHER) as c:
        refuse(c, YOU)
    st = os.stat(path)
    assert stat.S_IMODE(st.st_mode) == 0o600 and st.st_size == 32
    with open(path, "rb") as f:
        key = f.read()
    server.restart()
    with server.client(source=OTHER) as c:
        refuse(c, YOU)
    with open(path, "rb") as f:
        assert f.read() == key


def test_a_reply_is_never_too_long_for_its_link(server):
    server.config(CONFIG + f'gate {{ rejection-text-empty-rdns = "{"x" * 440}" }}')
    with server.client(source=OTHER) as c:
        c.send("EHLO x")
        c.send("MAIL FROM:<a@b.example>")
        reply = repr(c.send(f"RCPT TO:<{YOU}>"))
    assert "/why/" not in reply and reply.endswith("for details.")
