"""What telltale-remote says to another server, by what that one offers: sizes, chunks, notices, 8-bit mail, refusals."""
import email
import email.policy

from harness import until
from remote import BOB, ME, Script, encrypted, leads_to, starttls
from test_remote import result, send

GRUESSE = "Subject: out\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" \
          "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße =\r\n.\r\n".encode()
LETTER = """Subject: parts
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x y"
Content-Transfer-Encoding: 8bit

--x y
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: 8bit

K\xe4se 
--x y
Content-Type: application/octet-stream
Content-Transfer-Encoding: 8bit

\xff\xfe\xfd
--x y--
""".replace("\n", "\r\n").encode("latin-1")
SIGNED = LETTER.replace(b"multipart/mixed", b"multipart/signed")


def says(*offers):
    return "\r\n".join(["250-far", *(f"250-{o}" for o in offers), "250 HELP"])


def to_each(server, dns, scripts, message):
    """One message to a domain of each script; the reports by domain."""
    port = scripts[0].port
    server.config(f"relay {{ enabled = true port = {port} }}")
    for n, script in enumerate(scripts):
        dns.record(f"d{n}.test", f"A {script.socket.getsockname()[0]}")
    send(server, *(f"bob@d{n}.test" for n in range(len(scripts))), message=message)
    result(server, len(scripts))
    log = server.log("delivery")
    of = {t.split(", ")[0]: t.rsplit("@", 1)[1] for t in log.verb("try") if ", remote, " in t}
    return {of[r.split(", ")[0]]: r.split(", ", 1)[1] for r in log.verb("result") if r.split(", ")[0] in of}


def at(n, port=0, *offers, **replies):
    return Script(f"127.0.1.{n}", port, EHLO=says(*offers), **replies)


def test_an_8bit_message_for_each_kind_of_server(server, dns):
    first = at(1, 0, "8BITMIME")
    scripts = [first, at(2, first.port, "PIPELINING", "SIZE 5000000"), at(3, first.port),
               at(4, first.port, "PIPELINING", "CHUNKING"), at(5, first.port, "PIPELINING", "CHUNKING", "8BITMIME", "SIZE"),
               at(6, first.port, "CHUNKING", "8BITMIME"), at(7, first.port, "8BITMIME", "SIZE 100")]
    reports = to_each(server, dns, scripts, GRUESSE)
    for s in scripts:
        s.__exit__()
    assert reports.pop("d6.test") == ("failure, Connected_to_127.0.1.7_but_it_takes_no_message_of_more_than_100_bytes;_this_one_has_"
                                      f"{size(scripts[4])}._(#5.3.4)/Asked_server_d6.test./")
    assert scripts[6].messages == [] and not any(h.startswith("MAIL") for h in scripts[6].heard)
    assert all(r.startswith("success") for r in reports.values()), reports
    mail = [next(h for h in s.heard if h.startswith("MAIL")) for s in scripts[:6]]
    assert mail == [f"MAIL FROM:<{ME}> BODY=8BITMIME", f"MAIL FROM:<{ME}>", f"MAIL FROM:<{ME}>", f"MAIL FROM:<{ME}>",
                    f"MAIL FROM:<{ME}> SIZE={size(scripts[4])} BODY=8BITMIME", f"MAIL FROM:<{ME}> BODY=8BITMIME"]
    eight, seven = GRUESSE.split(b"\r\n\r\n")[1], b"Gr=C3=BC=C3=9Fe =3D\r\n.\r\n"
    bodies = [s.messages[0].split(b"\r\n\r\n", 1)[1] for s in scripts[:6]]
    dots = [b.replace(b"\r\n.", b"\r\n..") for b in (eight, seven)]
    assert bodies == [dots[0], dots[1], dots[1], seven, eight, dots[0]]
    assert [any(h == "DATA" for h in s.heard) for s in scripts[:6]] == [True, True, True, False, False, True]
    parsed = email.message_from_bytes(scripts[3].messages[0], policy=email.policy.SMTP)
    assert parsed.get_content().splitlines() == ["Grüße =", "."] and not parsed.defects
    assert parsed["Content-Transfer-Encoding"] == "quoted-printable" and parsed["Content-Type"] == 'text/plain; charset="utf-8"'


def size(script):
    """Of the message as it came in a chunk."""
    return len(script.messages[0])


def test_parts_are_made_7bit_and_signed_ones_are_not(server):
    with Script(EHLO="250 far") as far:
        leads_to(server, far.port)
        send(server, message=LETTER)
        send(server, message=SIGNED)
        reports = result(server, 2)
        assert any(r.startswith("success") for r in reports)
        assert ("failure, Connected_to_127.0.0.1_but_it_takes_no_8-bit_message,_and_this_one_cannot_be_made_7-bit:_it_has_8-bit_bytes_"
                "where_none_may_be,_or_in_a_part_that_is_signed._(#5.6.3)/Asked_server_mx0.far.test./") in reports
        message = far.messages[0]
    assert all(byte < 0x80 for byte in message) and len(far.messages) == 1
    parsed = email.message_from_bytes(message, policy=email.policy.SMTP)
    text, data = parsed.iter_parts()
    assert text.get_content() == "Käse " and data.get_content() == b"\xff\xfe\xfd"
    assert [p["Content-Transfer-Encoding"] for p in (parsed, text, data)] == ["7bit", "quoted-printable", "base64"]
    bounce, = server.arrived(ME)
    assert bounce.parsed.get_payload()[1].get_payload()[1]["Status"] == "5.6.3"


def test_what_the_sender_wants_to_hear_is_passed_on(server):
    with Script(EHLO=says("PIPELINING", "DSN")) as far, Script("127.0.0.3", far.port, EHLO=says("PIPELINING")) as old:
        leads_to(server, far.port)
        leads_to(server, far.port, "127.0.0.3", domain="old.test")
        with server.client(port="465") as c:
            c.send("EHLO client.test")
            c.login()
            assert c.send(f"MAIL FROM:<{ME}> RET=HDRS ENVID=a+2Bb+3D").code == 250
            assert c.send(f"RCPT TO:<{BOB}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bx@far.test").code == 250
            assert c.send("RCPT TO:<ann@far.test> NOTIFY=NEVER").code == 250
            assert c.send("RCPT TO:<bob@old.test> NOTIFY=FAILURE ORCPT=rfc822;x@old.test").code == 250
            assert c.send("DATA").code == 354
            c.sock.sendall(b"Subject: x\r\n\r\nx\r\n")
            assert c.send(".").code == 250
        result(server, 3)
        assert {h for h in far.heard if h.startswith(("MAIL", "RCPT"))} == {
            f"MAIL FROM:<{ME}> RET=HDRS ENVID=a+2Bb+3D",
            f"RCPT TO:<{BOB}> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bx@far.test", "RCPT TO:<ann@far.test> NOTIFY=NEVER"}
        assert [h for h in old.heard if h.startswith(("MAIL", "RCPT"))] == [f"MAIL FROM:<{ME}>", "RCPT TO:<bob@old.test>"]


def no_more(conn):
    """Takes a little of the message, says no, and closes without reading the rest."""
    conn.sendall(b"354 go ahead\r\n")
    conn.recv(1000)
    conn.sendall(b"552 5.3.4 that is too much\r\n")


def test_a_refusal_in_mid_message_is_the_answer(server):
    with Script(DATA=no_more) as far, Script("127.0.0.3", far.port, EHLO=says("STARTTLS"), STARTTLS=starttls, DATA=no_more) as tls:
        leads_to(server, far.port)
        leads_to(server, far.port, "127.0.0.3", domain="tls.test")
        send(server, BOB, "bob@tls.test", message="Subject: big\r\n\r\n" + ("x" * 70 + "\r\n") * 60000)
        reports = result(server, 2)
    for ip, name in (("127.0.0.1", "far"), ("127.0.0.3", "tls")):
        assert (f"failure, {ip}_failed_after_I_sent_the_message./Remote_host_said:_552_5.3.4_that_is_too_much/"
                f"Asked_server_mx0.{name}.test./") in reports
    assert tls.visits == far.visits == 1


def test_who_closes_to_everybody_is_passed_over(server):
    with Script(MAIL="421 too many of you") as busy, Script("127.0.0.3", busy.port) as second:
        leads_to(server, busy.port, "127.0.0.1", "127.0.0.3")
        send(server)
        assert result(server)[0].startswith("success, 127.0.0.3_accepted")
        assert busy.messages == [] and len(second.messages) == 1


def test_domains_of_one_server_share_its_connection(server, dns):
    """One provider, many domains: those whose MX is the same host, but not who goes another way."""
    with Script() as far:
        server.config(f'relay {{ enabled = true port = {far.port} }}\nroute "apart" {{ to = {{"three.test"}} tls = "off" }}')
        for domain in ("one.test", "two.test", "three.test"):
            dns.record(domain, "MX 10 mx.provider.test")
        dns.record("mx.provider.test", "A 127.0.0.1")
        with server.client(port="465") as c:
            c.send("EHLO client.test")
            c.login()
            for n, domain in enumerate(("one.test", "two.test", "one.test", "three.test"), 1):
                assert c.deliver(ME, f"bob@{domain}").code == 250
                assert result(server, n)[-1].startswith("success")
        assert far.visits == 2 and len(far.messages) == 4
        assert [line for line in far.heard if line.startswith("RCPT")][1] == "RCPT TO:<bob@two.test>"


def test_an_old_connection_that_ended_is_no_duplicate(server):
    answers = ["250 ok", None, "250 ok"]
    with Script(EHLO=says("PIPELINING", "CHUNKING"), MAIL=lambda _: answers.pop(0)) as far:
        leads_to(server, far.port)
        send(server)
        result(server, 1)
        send(server)
        reports = result(server, 2)
        assert all(r.startswith("success") for r in reports) and far.visits == 2 and len(far.messages) == 2


def test_tls_all_the_way_or_not_at_all(server, dns):
    """REQUIRETLS goes only to who promises it, over TLS that is proven; a smart host of ours is who we say it is."""
    offers = says("PIPELINING", "REQUIRETLS")
    with Script(greet=encrypted, EHLO=offers) as far:
        server.config(f'relay {{ enabled = true host = "localhost:{far.port}" implicit-tls = true ca-file = "{server.ca}" }}'
                      f'route "mx" {{ to = {{"far.test"}} host = "mx" port = {far.port} }}')
        dns.record("localhost", "A 127.0.0.1")
        dns.record("far.test", "A 127.0.0.1")
        with server.client(port="465") as c:
            c.send("EHLO client.test")
            c.login()
            assert c.send(f"MAIL FROM:<{ME}> REQUIRETLS").code == 250
            for to in ("bob@elsewhere.test", BOB):
                assert c.send(f"RCPT TO:<{to}>").code == 250
            assert c.send("DATA").code == 354
            c.sock.sendall(b"Subject: x\r\n\r\nx\r\n")
            assert c.send(".").code == 250
        reports = result(server, 2)
        assert any(r.startswith("success, 127.0.0.1_accepted") for r in reports), reports
        assert any(r.startswith("failure, The_sender_demands_TLS_all_the_way_(REQUIRETLS),_and_neither") for r in reports)
        assert f"MAIL FROM:<{ME}> REQUIRETLS" in far.heard and far.visits == 1
        until(lambda: any(", verified, " in r for r in server.log("delivery").verb("remote")), "the policy is logged")
