"""Other servers whose certificate DNSSEC vouches for (DANE, RFC 7672): one message for many domains, one of each kind."""
import json

import pytest

from authority import Authority
from harness import free_port, until
from remote import ME, Script
from signed import Signed, Zone
from test_remote import result
from tls_far import Secure

TLS, CLEAR, EXPIRED = "127.0.0.1", "127.0.0.2", "127.0.0.3"
HERE = Authority("here")
SHOWN = HERE.issue("mx.ca.signed", "cadomain.signed", "mx.good.signed")
OLD, OTHER = Authority("old").issue("mx.old.signed", days=-1), Authority("other").issue("mx.good.signed")
OK = "success, accepted_message."
MISMATCH = "deferral, TLS_unable_to_verify_server_or_to_agree_with_it_while_a_DANE_record_exists;_connected_to_127.0.0.1:_certificate_verify_failed:_"
NO_TLS = "deferral, No_TLS_achieved_while_a_DANE_record_exists;_connected_to_127.0.0.2._(#4.7.5)/"
UNKNOWN = "deferral, TLS_unable_to_verify_server_mx.{}.signed:_its_TLSA_records_could_not_be_looked_up_(DNSSEC_validation_failed)._(#4.7.5)/"
# The domain; where its server is; the TLSA records of mx.DOMAIN; the report; is it encrypted?
ROWS = [
    ("good", TLS, [SHOWN.tlsa()], OK, True),
    ("whole", TLS, [SHOWN.tlsa(3, 0, 2)], OK, True),
    ("asis", TLS, [SHOWN.tlsa(3, 0, 0)], OK, True),
    ("renewed", TLS, [OTHER.tlsa(), SHOWN.tlsa()], OK, True),
    ("wrong", TLS, [OTHER.tlsa()], MISMATCH + "no_matching_DANE_TLSA_records", False),
    ("ca", TLS, [HERE.own.tlsa(2, 0, 1)], OK, True),
    ("cadomain", TLS, [HERE.own.tlsa(2, 1, 1)], OK, True),
    ("caname", TLS, [HERE.own.tlsa(2, 0, 1)], MISMATCH + "hostname_mismatch", False),
    ("caother", TLS, [OTHER.tlsa(2, 0, 1)], MISMATCH, False),
    ("old", EXPIRED, [OLD.tlsa()], OK, True),  # the time of a server's own certificate counts for nothing
    ("unusable", TLS, [OTHER.tlsa(1, 1, 1), "3 1 1 00ff", "3 9 1 " + "00" * 32], OK, True),
    ("unusableclear", CLEAR, [OTHER.tlsa(1, 1, 1)], NO_TLS, False),
    ("clear", CLEAR, [SHOWN.tlsa()], NO_TLS, False),
    ("none", CLEAR, [], OK, False),
    ("bogus", TLS, [SHOWN.tlsa()], UNKNOWN.format("bogus"), False),
    ("bogusmx", TLS, [SHOWN.tlsa()], "deferral, Sorry,_I_couldn't_find_any_host_by_that_name._(#4.1.2)/", False),
    ("open", CLEAR, [OTHER.tlsa()], OK, False),  # nobody vouches for it: as if there were none
]


def zones(port):
    """signed., which the story's server trusts, and open.signed., which is not signed."""
    lines, unsigned = ["open NS ns.open", "ns.open A 127.0.0.1"], []
    for name, address, records, _, _ in ROWS:
        into, end = (unsigned, "") if name == "open" else (lines, "." + name)
        into.append(f"{end[1:] or '@'} MX 10 mx{end}")
        into.append(f"mx{end} A {address}")
        into += [f"_{port}._tcp.mx{end} TLSA {data}" for data in records]
    # Aliases: the records stand at their end; or the first step alone is signed, and its own records count.
    lines += ["alias MX 10 mx.alias", "mx.alias CNAME mx.good", "away MX 10 mx.away", "mx.away CNAME www.open",
              f"_{port}._tcp.mx.away TLSA {OTHER.tlsa()}"]
    unsigned.append(f"www A {TLS}")
    # No MX: the domain is its own server.
    lines += [f"nomx A {TLS}", f"_{port}._tcp.nomx TLSA {SHOWN.tlsa()}"]
    # Two servers, the first of which is not the right one.
    lines += ["two MX 10 mx.wrong", "two MX 20 mx.good"]
    return [Zone("signed", lines).sign(forged=(f"_{port}._tcp.mx.bogus TLSA", "bogusmx MX")), Zone("open.signed", unsigned)]


@pytest.fixture(name="far")
def fixture_far(tmp_path):
    """All of the other servers."""
    port = free_port()
    nsd = Signed(str(tmp_path / "nsd"), *zones(port))
    with Secure(SHOWN.context(tmp_path), TLS, port) as tls, Script(CLEAR, port), \
            Secure(OLD.context(tmp_path), EXPIRED, port):
        tls.nsd = nsd
        try:
            yield tls
        finally:
            nsd.close()


def reports(server, domains):
    """domain -> the report of its delivery, without the address in front."""
    tried = dict(t.split(", ")[::2] for t in server.log("delivery").verb("try"))
    results = [r.split(", ", 1) for r in server.log("delivery").verb("result")]
    found = {tried[number].split("@")[1]: report for number, report in results}
    assert set(found) == set(domains)
    return {d.removesuffix(".signed"): r.replace("success, " + r[9:18] + "_", "success, ") for d, r in found.items()}


def send(server, domains):
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        assert c.login().code == 235
        assert c.deliver(ME, *(f"bob@{d}" for d in domains)).code == 250
    result(server, len(domains))


def test_what_dns_says_of_a_certificate_counts(server, far):
    domains = [f"{row[0]}.signed" for row in ROWS] + ["alias.signed", "away.signed", "two.signed", "nomx.signed"]
    server.config(f"relay {{ enabled = true port = {far.port} }} queue {{ first-retry = 1h }}" + far.nsd.config())
    send(server, domains)
    found = reports(server, domains)
    for name, _, _, report, encrypted in ROWS:
        assert found[name].startswith(report) and ("STARTTLS" in found[name]) == encrypted, (name, found[name])
    how = {r.split(", ")[1]: r.split(", ")[5] for r in server.log("delivery").verb("remote")}
    assert how["mx.good.signed"] == "dane" and how["mx.unusable.signed"] == "required" and how["mx.none.signed"] == "none"
    assert found["alias"].startswith(OK) and "mx.good.signed" in far.names
    assert found["away"].startswith(MISMATCH)
    assert found["nomx"].startswith(OK) and how["nomx.signed"] == "dane"
    told = json.loads(server.command("tls", "--json", "two.signed"))
    assert [(h["host"], h["policy"], h["dane"], h["tlsa"]) for h in told["hosts"]] == [
        ("mx.wrong.signed", "dane", "usable", 1), ("mx.good.signed", "dane", "usable", 1)]
    told = server.tell("tls", "bogus.signed")
    assert told.returncode == 1 and "mx.bogus.signed: no mail: TLS unable to verify server" in told.stdout
    assert found["two"].startswith(OK) and "Asked_server_mx.good.signed." in found["two"]


@pytest.mark.parametrize("relay, good, none, wrong", [
    ('tls = "dane-only"', OK, "no_usable_DANE_record_while_tls_=_dane-only_exists", MISMATCH),
    ("dane = false", OK, OK, OK),
])
def test_dane_may_be_demanded_or_left_out(server, far, relay, good, none, wrong):
    server.config(f"relay {{ enabled = true port = {far.port} {relay} }} queue {{ first-retry = 1h }}" + far.nsd.config())
    domains = ["good.signed", "none.signed", "wrong.signed"]
    send(server, domains)
    found = reports(server, domains)
    assert found["good"].startswith(good) and none in found["none"] and found["wrong"].startswith(wrong)
    assert "STARTTLS" in found["good"]
    until(lambda: len(server.queue()) == 1 or server.spool.empty, "what can wait waits")
