"""telltale-dns alone: its zone file, its servers, and what it does when they are silent or hostile."""
import socket, struct, threading, time
import pytest
from byhand import Program

FOUND, NONE, FAILED = 0, 1, 2
A, CNAME, PTR, MX, TXT = 1, 5, 12, 15, 16


def name_wire(name):
    return b"".join(bytes([len(l)]) + l.encode() for l in name.rstrip(".").split(".") if l) + b"\0"


class Udp(threading.Thread):
    """A DNS server on loopback: answer(query bytes) -> bytes or None."""
    def __init__(self, answer):
        super().__init__(daemon=True)
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.s.bind(("127.0.0.1", 0))
        self.port, self.answer, self.asked = self.s.getsockname()[1], answer, 0
        self.start()

    def run(self):
        while True:
            try:
                q, who = self.s.recvfrom(4096)
                self.asked += 1
                a = self.answer(q)
                if a is not None:
                    self.s.sendto(a, who)
            except OSError:
                return


@pytest.fixture
def dns(tmp_path):
    started = []

    def start(zone=None, server=None, deadline="3s"):
        conf = f'hostname = "mx.example.com"\ndata-dir = "{tmp_path}"\ndns {{ deadline = {deadline}\n'
        if zone is not None:
            (tmp_path / "dns.zone").write_text(zone)
            conf += f'zone = "{tmp_path}/dns.zone"\n'
        if server is not None:
            conf += f'server = {{"127.0.0.1@{server.port}"}}\n'
        p = Program("telltale-dns", conf + "}\n", str(tmp_path), {"service": "dns.sock"})
        started.append(p)
        return p
    yield start
    for p in started:
        code, said = p.stop()
        assert code in (0, 78), said
        assert "Sanitizer" not in said, said


def ask(channel, name, rrtype, ident=7):
    channel.send(1, ident, name, rrtype)
    number, back, (status, secure, nowhere, ttl, records, canonical, why) = channel.receive("nnnnsss")
    assert (number, back) == (2, ident)
    out = []
    while records:
        n = struct.unpack_from("<H", records)[0]
        out.append(records[2:2 + n])
        records = records[2 + n:]
    return status, sorted(out), canonical.decode(), why.decode()


def is_nowhere(channel, name, rrtype):
    channel.send(1, 7, name, rrtype)
    status, _, nowhere, *_ = channel.receive("nnnnsss")[2]
    assert status == NONE
    return nowhere == 1


def test_the_zone_file_is_answered_before_anything_else(dns):
    c = dns(zone="""
; the hosts of this story
7.0.0.127.in-addr.arpa static
1.0.0.127.in-addr.arpa PTR client.example.
5.2.0.10.in-addr.arpa 60 IN PTR ten.example.
example static
mail.example A 192.0.2.1 ; one
mail.example. 3600 A 192.0.2.2
example MX 10 mail.example
example TXT "v=spf1; -all" "x"
www.example CNAME web.example
web.example CNAME mail.example
gone.example CNAME nobody.example
deep.test A 192.0.2.3
sub.localhost A 192.0.2.4
""").channel("dns.sock")
    assert ask(c, "7.0.0.127.in-addr.arpa", PTR)[:2] == (NONE, [])
    assert ask(c, "1.0.0.127.in-addr.arpa", PTR)[:2] == (FOUND, [name_wire("client.example")])
    assert ask(c, "5.2.0.10.in-addr.arpa", PTR)[:2] == (FOUND, [name_wire("ten.example")])
    assert ask(c, "MAIL.example", A)[1] == [bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])]
    assert ask(c, "mail.example", TXT)[:2] == (NONE, [])
    assert ask(c, "nobody.example", A)[:2] == (NONE, [])
    assert ask(c, "example", MX)[1] == [b"\0\x0a" + name_wire("mail.example")]
    assert ask(c, "example", TXT)[1] == [b"\x0cv=spf1; -all\x01x"]
    assert ask(c, "www.example", A)[:3] == (FOUND, [bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])], "mail.example")
    assert ask(c, "www.example", CNAME)[1] == [name_wire("web.example")]
    assert ask(c, "gone.example", A)[:2] == (NONE, [])
    assert ask(c, "deep.test", A)[1] == [bytes([192, 0, 2, 3])]
    assert ask(c, "sub.localhost", A)[1] == [bytes([192, 0, 2, 4])]
    assert ask(c, "localhost", A)[1] == [bytes([127, 0, 0, 1])]
    assert is_nowhere(c, "nobody.example", A) and is_nowhere(c, "a name.example", A)
    assert not is_nowhere(c, "mail.example", TXT) and not is_nowhere(c, "gone.example", A)


def test_without_zone_and_server_loopback_has_its_usual_name(dns):
    c = dns().channel("dns.sock")
    assert ask(c, "1.0.0.127.in-addr.arpa", PTR)[:2] == (FOUND, [name_wire("localhost")])
    assert ask(c, "7.0.0.127.in-addr.arpa", PTR)[:2] == (NONE, [])


def test_aliases_in_a_circle_end(dns):
    c = dns(zone="a.example CNAME b.example\nb.example CNAME a.example\n").channel("dns.sock")
    status, _, _, why = ask(c, "a.example", A)
    assert status == FAILED and why


@pytest.mark.parametrize("line, why", [
    ("mail.example A 192.0.2.300", "dns.zone:2: A wants an IPv4 address"),
    ("mail.example", "dns.zone:2: a type is missing"),
    ("mail.example WKS x", "dns.zone:2: unknown type"),
    ("*.example A 192.0.2.1", "dns.zone:2: a line begins with a domain name"),
    ("mail.example TLSA 3 1 1 zz", "dns.zone:2: not a record of type TLSA"),
])
def test_a_bad_zone_file_refuses_to_start(dns, line, why):
    p = dns(zone=f"ok.example A 192.0.2.1\n{line}\n")
    assert p.process.wait(10) == 78
    assert why in p.process.stderr.read()


def test_a_silent_server_holds_nobody_beyond_the_deadline(dns):
    silent = Udp(lambda q: None)
    c = dns(server=silent, deadline="2s").channel("dns.sock")
    begin = time.monotonic()
    for i in range(50):
        c.send(1, i, f"h{i}.example", A)
    answers = [c.receive("nnnnsss") for _ in range(50)]
    assert time.monotonic() - begin < 4
    assert {a[1] for a in answers} == set(range(50))
    assert all(a[2][0] == FAILED for a in answers)
    assert silent.asked > 0


def respond(answers, rcode=0, count=1):
    def answer(q):
        end = 12
        while q[end]:
            end += q[end] + 1
        question = q[12:end + 5]
        return q[:2] + struct.pack(">HHHHH", 0x8180 | rcode, 1, count if answers else 0, 0, 0) + question + answers
    return answer


def record(rrtype, data, ttl=60, length=None):
    return b"\xc0\x0c" + struct.pack(">HHIH", rrtype, 1, ttl, len(data) if length is None else length) + data


def by_type(wanted, answers, **more):
    """Only questions of that type have answers: the resolver asks for keys too."""
    def answer(q):
        end = 12
        while q[end]:
            end += q[end] + 1
        rrtype = struct.unpack_from(">H", q, end + 1)[0]
        return respond(answers if rrtype == wanted else b"", **more)(q)
    return answer


def test_a_server_without_signatures_is_believed_as_insecure(dns):
    c = dns(server=Udp(by_type(PTR, record(PTR, name_wire("Host.Example"))))).channel("dns.sock")
    begin = time.monotonic()
    assert ask(c, "7.0.0.127.in-addr.arpa", PTR)[:2] == (FOUND, [name_wire("host.example")])
    assert ask(c, "1.2.0.192.in-addr.arpa", PTR)[:2] == (FOUND, [name_wire("host.example")])
    assert time.monotonic() - begin < 2


def test_no_such_name_is_not_a_failure(dns):
    c = dns(server=Udp(respond(b"", rcode=3))).channel("dns.sock")
    assert ask(c, "7.0.0.127.in-addr.arpa", PTR)[0] == NONE
    assert ask(c, "x.test", A)[0] == NONE


def test_a_failing_server_is_a_failure(dns):
    c = dns(server=Udp(respond(b"", rcode=2))).channel("dns.sock")
    assert ask(c, "7.0.0.127.in-addr.arpa", PTR)[0] == FAILED


@pytest.mark.parametrize("data", [
    record(PTR, b"\xc0\xff"), record(PTR, b"\xc0\x0c", length=60000), record(PTR, b"\x3fabc"), record(PTR, b""),
    b"\xc0\x0c", b"\xff" * 200, record(PTR, b"\xc0" + bytes([12 + 40])),
])
def test_a_lying_server_breaks_nothing(dns, data):
    p = dns(server=Udp(by_type(PTR, data)), deadline="2s")
    c = p.channel("dns.sock")
    assert ask(c, "7.0.0.127.in-addr.arpa", PTR)[0] in (FAILED, NONE)
    assert p.process.poll() is None


@pytest.mark.parametrize("garbage", [
    b"\xff\xff\xff\xff", b"\x0c\0\0\0" + b"\x09\0\0\0" + bytes(8), b"\x0d\0\0\0" + b"\x01\0\0\0" + bytes(9),
    b"\0\0\0\0",
])
def test_a_malformed_frame_closes_that_channel_only(dns, garbage):
    p = dns(zone="mail.example A 192.0.2.1\n")
    good, bad = p.channel("dns.sock"), p.channel("dns.sock")
    bad.raw(garbage)
    assert bad.receive("nnnnsss") is None
    assert ask(good, "mail.example", A)[0] == FOUND


def test_clients_that_leave_do_not_stop_the_others(dns):
    silent = Udp(lambda q: None)
    p = dns(zone="mail.example A 192.0.2.1\n", server=silent, deadline="60s")
    for _ in range(20):
        c = p.channel("dns.sock")
        for i in range(200):
            c.send(1, i, f"h{i}.example.org", A)
        c.close()
    assert ask(p.channel("dns.sock"), "mail.example", A)[0] == FOUND
    c = p.channel("dns.sock")
    for i in range(5000):
        c.send(1, i, f"x{i}.example.org", A)
    assert c.receive("nnnnsss")[2][6] == b"too many questions"


@pytest.mark.parametrize("name", ["", ".", "a" * 64 + ".example", "a..b", "x" * 5000, "a\tb.example", 'a".example', "é.example"])
def test_what_is_not_a_name_does_not_exist(dns, name):
    c = dns(server=Udp(lambda q: None)).channel("dns.sock")
    assert ask(c, name, A)[0] == NONE
