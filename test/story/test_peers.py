"""Real mail servers take our mail and send us theirs: what arrives, what they refuse, and what both logs say of it."""
import os
import re

import pytest

import peers
from harness import Dns, Server, free_port, until
from remote import ME, Script
from test_remote import send

pytestmark = pytest.mark.skipif(bool(peers.MISSING), reason=peers.MISSING)
KINDS = (peers.Postfix, peers.Exim, peers.OpenSmtpd)
US = "recipient@example.com"
# What servers on the way like to change: dots, blanks at the end, lone escapes, bytes of any charset, lines of every length.
HARD = (b"Subject: hard\r\nX-Empty:\r\nX-Folded: one\r\n\ttwo\r\n\r\n.\r\n..\r\n.x\r\n blank at the end \t\r\n\r\nFrom me\r\n"
        b"\x1b[31m\x7f\x01\r\nGr\xc3\xbc\xc3\x9fe \xff\xfe\r\n" + b"x" * 900 + b"\r\n" + b"y" * 998 + b"\r\n\r\n\r\n.\r\n")


@pytest.fixture(name="world", scope="module")
def fixture_world(request):
    """Our server, and the three."""
    server, port, started = Server(), free_port(), []
    dns = Dns(server)
    dns.ptr("127.0.0.1", "localhost")
    server.config(f"relay {{ enabled = true port = {port} }}\nqueue {{ first-retry = 1h }}")
    try:
        for kind in KINDS:
            peer = kind(port, server.ports["25"])
            started.append(peer)
            dns.ptr(peer.address, f"mx.{peer.domain}")
            dns.record(f"mx.{peer.domain}", f"A {peer.address}")
            dns.record(peer.domain, f"MX 10 mx.{peer.domain}")
            peer.start()
        server.start()
        server.peers = {peer.name: peer for peer in started}
        yield server
    finally:
        for peer in started:
            peer.stop()
        server.close(request.session.testsfailed > 0)


@pytest.fixture(name="peer", params=KINDS, ids=lambda kind: kind.name)
def fixture_peer(world, request):
    return world.peers[request.param.name]


def result_of(server, rcpt):
    """The delivery that ended last for the recipient: its number, and "outcome, report"."""
    def found():
        log = server.log("delivery")
        tries = [t.split(", ")[0] for t in log.verb("try") if t.endswith(f", {rcpt}")]
        return [r.split(", ", 1) for r in log.verb("result") if r.split(", ")[0] in tries]
    return until(found, f"a result for {rcpt}")[-1]


def test_mail_arrives_whole_and_encrypted_and_both_logs_have_its_number(world, peer):
    to = f"bob@{peer.domain}"
    qp = send(world, to, message=HARD)
    mail = peer.arrived(1)[-1]
    assert mail.endswith(HARD[HARD.index(b"X-Empty"):].replace(b"\r\n", b"\n")), mail
    number, report = result_of(world, to)
    assert report.startswith(f"success, {peer.address}_accepted_message./Remote_host_said:_250")
    theirs = re.search(peer.id, report.replace("_", " ")).group(1).rstrip("/").split("/")[0]
    assert theirs in peer.log()
    line, = [r for r in world.log("delivery").verb("remote") if r.startswith(f"{number}, ")]
    assert f", mx.{peer.domain}, {peer.address}, {peer.port}, {'TLSv1.3 ' if peer.encrypts else 'none, '}" in line
    told = world.trace(f"id:{qp}")
    assert told.only["verdict"] == "relayed"
    for words in (f"mx.{peer.domain}[{peer.address}]", theirs, "over TLSv1.3" if peer.encrypts else "in the clear"):
        assert words in told.headline + told.text, told.text
    assert world.trace(f"id:{theirs}").only["ids"]["qp"] == qp


SAYS = [  # who is written to; the outcome; the verdict; words of the trace
    ("nobody", "failure", "returned", ["550 "]),
    ("full", "failure", "returned", ["ailbox full"]),
    ("grey", "deferral", "waiting", ["reylisted", "(graylisting)", "is tried again by itself"]),
]


def test_what_they_refuse_is_understood(world, peer):
    sent = {user: send(world, f"{user}@{peer.domain}") for user, *_ in SAYS}
    wrong = []
    for user, outcome, verdict, words in SAYS:
        _, report = result_of(world, f"{user}@{peer.domain}")
        if not report.startswith(f"{outcome}, {peer.address}_does_not_like_recipient./Remote_host_said:_"):
            wrong.append((user, report))
        told = until(lambda v=verdict, q=sent[user]: (t := world.trace(f"id:{q}")).only["verdict"] == v and t, f"{user} is {verdict}")
        wrong += [(user, word, told.text) for word in [*words, f"mx.{peer.domain}[{peer.address}]"] if word not in told.text]
    assert not wrong
    bounce, = [m for m in world.maildir(ME) if f"nobody@{peer.domain}" in m.raw.decode()]
    said = bounce.parsed.get_payload()[1].get_payload()[1]
    assert said["Action"] == "failed" and said["Diagnostic-Code"].startswith("smtp; 550 ")


def test_what_is_too_big_for_them_comes_back(world, peer):
    had = len(peer.mails("bob"))
    send(world, f"bob@{peer.domain}", message=b"Subject: big\r\n\r\n" + b"z" * 70 + (b"\r\n" + b"z" * 70) * 1500 + b"\r\n")
    until(lambda: result_of(world, f"bob@{peer.domain}")[1].startswith("failure, "), "it is refused")
    assert len(peer.mails("bob")) == had


def theirs_to_us(peer, sender, to, message):
    """The peer is asked to bring a message to us: its number there."""
    with peer.client() as c:
        reply = c.deliver(sender, to, message=message)
        assert reply.code == 250, reply
        return re.search(peer.id, "250 " + reply.text).group(1)


def test_their_mail_arrives_here_whole_and_both_logs_tell_one_story(world, peer):
    had = len(world.maildir(US))
    theirs = theirs_to_us(peer, f"ann@{peer.domain}", US, HARD)
    until(lambda: len(world.maildir(US)) > had, "it has come")
    mail, = [m for m in world.maildir(US) if theirs.encode() in m.raw]
    assert mail.raw.endswith(HARD[HARD.index(b"X-Empty"):].replace(b"\r\n", b"\n")), mail.raw
    told = world.trace(f"from:ann@{peer.domain} to:{US}")
    assert told.only["verdict"] == "delivered" and told.only["client"]["rdns"] == f"mx.{peer.domain}"
    assert told.only["client"]["encryption"].startswith("TLSv1.3")


@pytest.mark.parametrize("peer", KINDS[:2], ids=lambda kind: kind.name, indirect=True)
def test_our_delivery_goes_on_in_their_log(world, peer):
    """Both logs given, one story: ours, and how it went on there."""
    to = f"ann@{peer.domain}"
    qp = send(world, to, message=b"Subject: on\r\n\r\nHello.\r\n")
    theirs = re.search(peer.id, result_of(world, to)[1].replace("_", " ")).group(1).split("/")[0]
    peer.logged(f"{theirs}: removed" if peer.name == "postfix" else f"{theirs} Completed")
    both = os.path.join(world.data, "logs"), peer.logfile
    for question in (f"id:{qp}", f"id:{theirs}"):
        told = world.trace(question, "--logs", *both)
        assert told.only["verdict"] == "delivered" and told.only["confidence"] == "exact", told.text
        assert f"Passed on to mx.{peer.domain}[{peer.address}] over TLSv1.3, whose number for it is {theirs}. There: Delivered" in told.headline
        stations = [e["what"] for e in told.only["timeline"]]
        handed, there = (next(i for i, what in enumerate(stations) if words in what) for words in ("handed to", "on mx: accepted" if peer.name == "postfix" else "on the next server: accepted"))
        assert handed < there
    assert world.trace(f"from:{ME} to:{to}", "--logs", *both).json["found"] == 1, "one mail, not two"


def test_who_writes_to_nobody_here_hears_it_from_his_own_server(world, peer):
    theirs_to_us(peer, f"ann@{peer.domain}", "nobody@example.com", b"Subject: lost\r\n\r\nHello.\r\n")
    until(lambda: [m for m in peer.mails("ann") if b"mailbox here" in m], "the bounce of their own server")
    bounce, = [m for m in peer.mails("ann") if b"mailbox here" in m]
    assert b"sorry, no mailbox here by that name" in bounce, bounce.decode(errors="replace")
    assert world.trace(f"from:ann@{peer.domain} to:nobody@example.com").only["verdict"] == "refused"
