"""Domains that want to hear how TLS to their servers went (RFC 8460): counted, kept, and told once a day."""
import email
import gzip
import json
import os
import time

import pytest

from authority import Authority
from harness import Dns, free_port, until
from remote import Script, readable
from test_dane import send
from tls_far import Secure
from web import Web

TLS, CLEAR = "127.0.0.1", "127.0.0.2"
HERE = Authority("here")
DOMAINS = ["good.test", "wrong.test", "plain.test", "lost.test"]
DAY = 86400


@pytest.fixture(name="far")
def fixture_far(server, tmp_path):
    port = free_port()
    names = ["mta-sts.good.test", "mta-sts.wrong.test", "reports.test"]
    with Secure(HERE.issue("mx.good.test").context(tmp_path), TLS, port) as far, Script(CLEAR, port) as plain, \
            Web(HERE.issue(*names).context(tmp_path)) as web:
        far.web, far.plain = web, plain
        ca = readable(server, "ca.pem", HERE.own.pem())
        server.config(f"""relay {{ enabled = true port = {port} mta-sts-port = {web.port} ca-file = "{ca}" tls-report = true }}
            queue {{ first-retry = 1h }}""")
        dns = Dns(server)
        for domain in DOMAINS + ["postbox.test"]:
            dns.record(domain, f"MX 10 mx.{domain}")
            dns.record(f"mx.{domain}", f"A {CLEAR if domain in ('plain.test', 'postbox.test') else TLS}")
            dns.record(f"mta-sts.{domain}", "A 127.0.0.1")
        for domain in ("good.test", "wrong.test", "lost.test"):
            dns.record(f"_mta-sts.{domain}", 'TXT "v=STSv1; id=1"')
        web.publish("good.test", mx=["mx.good.test"])
        web.publish("wrong.test", mx=["*.wrong.test"])
        dns.record("reports.test", "A 127.0.0.1")
        dns.record("_smtp._tls.good.test", 'TXT "v=TLSRPTv1; rua=https://reports.test/tls/v1,mailto:tls@postbox.test"')
        dns.record("_smtp._tls.plain.test", 'TXT "v=TLSRPTv1; rua=https://nowhere.test/"')  # and the others are told
        dns.record("_smtp._tls.wrong.test", 'TXT "v=TLSRPTv1; rua=mailto:tls@postbox.test"')
        yield far


def until_noon():
    """From now to the next noon (UTC), in seconds: no day of the server's ends while a test runs."""
    return (DAY // 2 - time.time()) % DAY


def test_what_was_counted_is_told_the_next_day(server, far):
    server.later(until_noon())
    send(server, DOMAINS)
    told = server.command("tls-report")
    assert "good.test (sts): 1 good, 0 failed" in told
    assert "wrong.test (sts): 0 good, 1 failed\n    1 certificate-host-mismatch at mx.wrong.test: certificate verify failed" in told
    assert "plain.test (no-policy-found): 0 good, 1 failed\n    1 starttls-not-supported at mx.plain.test" in told
    assert "lost.test (sts): 0 good, 1 failed\n    1 sts-webpki-invalid at mx.lost.test" in told
    report, = json.loads(server.command("tls-report", "good.test", "--json"))
    assert report["policies"] == [{
        "policy": {"policy-type": "sts", "policy-domain": "good.test", "mx-host": ["mx.good.test"],
                   "policy-string": ["version: STSv1", "mode: enforce", "mx: mx.good.test", "max_age: 86400"]},
        "summary": {"total-successful-session-count": 1, "total-failure-session-count": 0}}]
    server.restart()
    assert server.command("tls-report") == told, "it is kept"
    folder = os.path.join(server.data, "tls-policy")
    day, = [name for name in os.listdir(folder) if name.endswith(":tlsrpt")]
    server.later(2 * DAY)  # the day is over, and within the two days that a report is tried for
    until(lambda: far.web.posted, "a report by HTTPS")
    until(lambda: len(far.plain.messages) == 3, "and two by mail")
    path, fields, body = far.web.posted[0]
    assert path == "/tls/v1" and fields["Content-Type"] == "application/tlsrpt+gzip"
    posted = json.loads(gzip.decompress(body))
    assert posted == report
    mails = [email.message_from_bytes(m) for m in far.plain.messages[1:]]
    assert {m["TLS-Report-Domain"] for m in mails} == {"good.test", "wrong.test"}
    for mail in mails:
        assert mail.get_content_type() == "multipart/report" and mail.get_param("report-type") == "tlsrpt"
        assert "Report-ID" in mail["Subject"] and mail["To"] == "<tls@postbox.test>"
        inside = mail.get_payload()[1]
        assert inside.get_content_type() == "application/tlsrpt+gzip" and inside.get_filename().endswith(".json.gz")
        assert json.loads(gzip.decompress(inside.get_payload(decode=True)))["report-id"] in " ".join(mail["Subject"].split())
    assert "good.test" not in server.command("tls-report"), "today only the reports left"
    until(lambda: "the TLS report about plain.test to https://nowhere.test/: nowhere.test has no address" in server.said(), "it is said")
    assert day in os.listdir(folder), "that day is kept until it is told, or two days old"
    server.later(DAY)
    until(lambda: day not in os.listdir(folder), "nothing is left of that day")
    assert "MAIL FROM:<>" in "".join(far.plain.heard)
