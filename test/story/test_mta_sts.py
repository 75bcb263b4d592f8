"""Domains that say by HTTPS which servers take their mail (MTA-STS, RFC 8461): what then leaves, and what does not."""
import json
import os

import pytest

from authority import Authority
from harness import Dns, free_port, until
from remote import Script, readable
from test_dane import send
from test_remote import result
from tls_far import Secure
from web import Web

TLS, CLEAR = "127.0.0.1", "127.0.0.2"
HERE = Authority("here")
OK = "success, accepted_message."
BAD = "deferral, TLS_unable_to_verify_server_or_to_agree_with_it_while_an_MTA-STS_policy_exists;_connected_to_127.0.0.1:_certificate_verify_failed:_hostname_mismatch"
UNNAMED = "deferral, TLS_unable_to_verify_server_mx.unnamed.test:_the_MTA-STS_policy_of_unnamed.test_does_not_name_it._(#4.7.5)/"
NO_TLS = "deferral, No_TLS_achieved_while_an_MTA-STS_policy_exists;_connected_to_127.0.0.2._(#4.7.5)/"
# The domain; where mx.DOMAIN is; what is published, None: no record in DNS either; the report; how it is proven.
ROWS = [
    ("good", TLS, {"mx": ["mx.good.test"]}, OK, "mta-sts"),
    ("wild", TLS, {"mx": ["x.test", "*.wild.test"]}, OK, "mta-sts"),
    ("wrong", TLS, {"mx": ["mx.wrong.test"]}, BAD, "none"),
    ("unnamed", TLS, {"mx": ["*.mx.unnamed.test", "unnamed.test"]}, UNNAMED, None),
    ("clear", CLEAR, {"mx": ["mx.clear.test"]}, NO_TLS, "none"),
    ("testing", CLEAR, {"mx": ["x.test"], "mode": "testing"}, OK, "none"),
    ("off", CLEAR, {"mode": "none"}, OK, "none"),
    ("badcert", CLEAR, {"mx": ["x.test"]}, OK, "none"),
    ("moved", CLEAR, {"mx": ["x.test"], "status": 301, "Location": "https://mta-sts.good.test/.well-known/mta-sts.txt"}, OK, "none"),
    ("html", CLEAR, {"mx": ["x.test"], "Content_Type": "text/html"}, OK, "none"),
    ("huge", CLEAR, {"body": "version: STSv1\nmode: enforce\nmax_age: 9\nmx: x.test\nx: " + "y" * 65536}, OK, "none"),
    ("garbage", CLEAR, {"body": "version: STSv1\nmode: enforce\n\0\x1b[2J"}, OK, "none"),
    ("norecord", CLEAR, None, OK, "none"),
    ("two", TLS, {"mx": ["mx.good.test"]}, OK, "mta-sts"),
]


@pytest.fixture(name="far")
def fixture_far(server, tmp_path):
    """The other servers, and their web server."""
    port = free_port()
    shown = HERE.issue("mx.good.test", "mx.wild.test", "mx.unnamed.test").context(tmp_path)
    names = [f"mta-sts.{name}.test" for name, *_ in ROWS if name != "badcert"]
    with Secure(shown, TLS, port) as far, Script(CLEAR, port), Web(HERE.issue(*names).context(tmp_path)) as web:
        far.web = web
        ca = readable(server, "ca.pem", HERE.own.pem())
        server.config(f"""relay {{ enabled = true port = {port} mta-sts-port = {web.port} ca-file = "{ca}" }}
            queue {{ first-retry = 1h }}""")
        yield far


def publish(server, far, name, address, policy, sts="20261128"):
    dns = Dns(server)
    for row in [f"MX 10 mx.{name}.test"] + (["MX 20 mx.good.test"] if name == "two" else []):
        dns.record(f"{name}.test", row)
    dns.record(f"mx.{name}.test", f"A {address}")
    dns.record(f"mta-sts.{name}.test", "A 127.0.0.1")
    if policy is not None:
        dns.record(f"_mta-sts.{name}.test", f'TXT "v=STSv1; id={sts};"')
    far.web.publish(f"{name}.test", **{"Content-Type": "text/plain"}, **(policy or {"mx": ["x.test"]}))


def test_what_a_domain_publishes_counts(server, far):
    for name, address, policy, _, _ in ROWS:
        publish(server, far, name, address, policy)
    domains = [f"{name}.test" for name, *_ in ROWS]
    send(server, domains)
    tried = {t.split(", ")[2].split("@")[1]: t.split(", ")[0] for t in server.log("delivery").verb("try")}
    found = dict(r.split(", ", 1) for r in server.log("delivery").verb("result"))
    how = {r.split(", ")[0]: r.split(", ")[5] for r in server.log("delivery").verb("remote")}
    for name, _, _, report, proof in ROWS:
        number = tried[f"{name}.test"]
        said = found[number].replace("_127.0.0.1", "").replace("_127.0.0.2", "") if "success" in found[number] else found[number]
        assert said.replace("success, 127.0.0.1_", "success, ").replace("success, 127.0.0.2_", "success, ").startswith(report), (name, said)
        assert how.get(number) == proof, (name, how.get(number))
    told = server.command("tls", "good.test")
    assert "MTA-STS: mode enforce, id 20261128, kept until" in told
    assert "mx.good.test: encrypted, with a certificate for mx.good.test, as the domain's policy wants it" in told
    told = server.tell("tls", "unnamed.test", "--json")
    assert told.returncode == 1 and json.loads(told.stdout)["hosts"][0]["mail"] is False
    assert "text/plain" in server.command("tls", "html.test")
    assert far.web.asked.count("mta-sts.norecord.test") == 0 and far.web.asked.count("mta-sts.good.test") == 1
    assert sorted(os.listdir(os.path.join(server.data, "tls-policy"))) == sorted(
        f"{name}.test:sts" for name, *_ in ROWS if name in ("good", "wild", "wrong", "unnamed", "clear", "testing", "off", "two"))


def test_a_certificate_may_be_demanded_of_all(server, far):
    server.config('relay { tls = "verified" mta-sts = false }')
    for name, address in (("good", TLS), ("wrong", TLS), ("clear", CLEAR)):
        publish(server, far, name, address, None)
    send(server, ["good.test", "wrong.test", "clear.test"])
    found = sorted(r.split(", ", 1)[1] for r in server.log("delivery").verb("result"))
    assert found[0].startswith("deferral, No_TLS_achieved_while_tls_=_verified_exists;_connected_to_127.0.0.2")
    assert "while_tls_=_verified_exists;_connected_to_127.0.0.1:_certificate_verify_failed:_hostname_mismatch" in found[1]
    assert found[2].startswith("success, ") and "STARTTLS" in found[2]
    assert "verified" in [r.split(", ")[5] for r in server.log("delivery").verb("remote")] and far.web.asked == []
    assert server.pids("telltale-policy") == []
    server.extra += "relay { mta-sts = true }"
    server.write_files()
    server.command("reload")
    until(lambda: server.pids("telltale-policy"), "a reload starts it")
    until(lambda: "no policy" in server.tell("tls", "good.test").stdout, "and it answers")


def outcome(server, far):
    """Send once more; the outcome."""
    before = len(server.log("delivery").verb("result"))
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        assert c.login().code == 235
        assert c.deliver("sender@example.com", "bob@good.test").code == 250
    return result(server, before + 1)[before].split(",")[0]


def test_a_policy_is_kept_until_there_is_another_or_its_time_is_over(server, far):
    server.later(0)
    publish(server, far, "good", TLS, {"mx": ["mx.elsewhere.test"], "age": 864000})
    assert outcome(server, far) == "deferral"
    server.later(86401)
    until(lambda: far.web.asked.count("mta-sts.good.test") > 1, "once a day it is fetched again")
    # Nobody answers any more, and DNS names a new one: the kept one counts, after a restart too.
    far.web.pages.clear()
    server.records["_mta-sts.good.test"] = ['TXT "v=STSv1; id=new"']
    Dns(server).changed()
    assert outcome(server, far) == "deferral"
    # DNS names none: it counts to its end.
    server.records["_mta-sts.good.test"] = []
    Dns(server).changed()
    assert outcome(server, far) == "deferral"
    server.later(11 * 86400)
    until(lambda: os.listdir(os.path.join(server.data, "tls-policy")) == [], "its time is over")
    assert outcome(server, far) == "success"
    # The new one.
    far.web.publish("good.test", mx=["mx.elsewhere.test"])
    server.records["_mta-sts.good.test"] = ['TXT "v=STSv1; id=new"']
    Dns(server).changed()
    assert outcome(server, far) == "deferral"
    far.web.publish("good.test", mx=["mx.good.test"])
    server.records["_mta-sts.good.test"] = ['TXT "v=STSv1; id=newer"']
    Dns(server).changed()
    assert outcome(server, far) == "success"
