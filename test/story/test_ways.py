"""route { }: mail that leaves by another way than relay { } says - for whom, where to, from where, how fast."""
import json
import re

import pytest

from harness import until
from remote import BOB, ME, Script, encrypted, leads_to, readable, starttls
from test_remote import MAIL, result, send

LOGIN = "250-far\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 STARTTLS"


def as_somebody(server, user, *rcpts):
    """A message of `user`, who has logged in as himself."""
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        assert c.login(user).code == 235
        assert c.deliver(user, *rcpts, message=MAIL).code == 250


def test_the_first_row_that_fits_says_where_to_and_from_where(server):
    with Script() as far, Script("127.0.0.3", far.port) as box:
        leads_to(server, far.port)
        server.config(f"""route "box" {{ to = {{"*.far.test"}} host = "127.0.0.3" source = {{"127.0.0.2", "::1"}} }}
                          route "never" {{ to = {{"mail.far.test"}} host = "127.0.0.4" }}""")
        send(server, BOB, "bob@mail.far.test")
        result(server, 2)
        assert [h for h in far.heard if h.startswith("RCPT")] == ["RCPT TO:<bob@far.test>"]
        assert [h for h in box.heard if h.startswith("RCPT")] == ["RCPT TO:<bob@mail.far.test>"]
        assert far.sources == ["127.0.0.1"] and box.sources == ["127.0.0.2"]
        rows = "\n".join(server.log("delivery").verb("remote"))
        assert re.search(r", 127\.0\.0\.3, 127\.0\.0\.3, \d+, none, none, connect .*, from 127\.0\.0\.2$", rows, re.M)


def test_a_sender_s_own_login_at_the_smart_host(server):
    seen = []

    with Script(EHLO=LOGIN, STARTTLS=starttls, AUTH=lambda conn: seen.append(1) or "235 welcome") as smart:
        secret = readable(server, "password", b"hush\n")
        server.config(f"""relay {{ enabled = true host = "127.0.0.1:{smart.port}" }}
            route "mine" {{ from = {{"{ME}"}} user = "me" password-file = "{secret}" }}""")
        send(server)
        until(lambda: len(smart.messages) == 1, "the first mail is there, so that what is said of both does not mix")
        as_somebody(server, "recipient@example.com", BOB)
        until(lambda: len(smart.messages) == 2, "both mails are there")
    logins = [h for h in smart.heard if h.startswith("AUTH")]
    assert logins == ["AUTH PLAIN AG1lAGh1c2g="] and len(seen) == 1
    mails = [h for h in smart.heard if h.startswith(("AUTH", "MAIL"))]
    assert mails[mails.index(logins[0]) + 1].startswith(f"MAIL FROM:<{ME}>")


def test_a_smart_host_that_begins_with_tls(server):
    with Script(greet=encrypted, EHLO="250-far\r\n250-PIPELINING\r\n250 AUTH PLAIN", AUTH="235 ok") as smart:
        secret = readable(server, "password", b"hush\n")
        server.config(f"""relay {{ enabled = true host = "127.0.0.1:{smart.port}" implicit-tls = true user = "me"
                          password-file = "{secret}" }}""")
        send(server)
        assert "127.0.0.1_accepted_message" in result(server)[0] and "STARTTLS" not in smart.heard
        assert ", TLSv1.3 TLS_AES_256_GCM_SHA384, opportunistic, " in server.log("delivery").verb("remote")[0]


def test_a_rate_is_kept_and_others_do_not_wait_for_it(server):
    server.later(0)
    with Script() as far:
        leads_to(server, far.port)
        leads_to(server, far.port, domain="quick.test")
        server.config('route "slow" { to = {"far.test"} rate = 1/h }')
        send(server, *(f"u{n}@far.test" for n in range(3)), *(f"u{n}@quick.test" for n in range(3)))
        result(server, 4)

        def slow():
            return [h for h in far.heard if h.startswith("RCPT") and "far.test" in h]
        assert len(slow()) == 1
        for n in (2, 3):
            server.later(3601)
            until(lambda: len(slow()) == n, f"{n} of them")
        result(server, 6)


@pytest.mark.parametrize("text, why", [
    ('route "a" { to = {"*"} }', r"route \"a\": \* is not DOMAIN"),
    ('route "a" { to = {"b.test"} tls = "maybe" }', "tls must be one of: inherit"),
    ('route "a" { to = {"b.test"} user = "x" host = "b.test" }', "user } and password-file belong together"),
    ('route "a" { to = {"b.test"} user = "x" host = "mx" password-file = "/x" }', "belongs to a smart host"),
    ('route "a" { to = {"b.test"} user = "x" host = "b.test" password-file = "/nowhere/p" }', "there is no /nowhere/p"),
    ('route "a" { to = {"b.test"} implicit-tls = true host = "mx" }', "implicit-tls } belongs to a smart host"),
])
def test_check_names_the_line(server, text, why):
    server.config("relay { }\n" + text)
    server.write_files()
    done = server.tell("check")
    assert done.returncode == 1 and re.search(r"telltale\.conf:\d+: .*" + why, done.stderr), done.stderr


def test_a_reload_changes_the_way_of_what_waits(server):
    with Script() as far:
        leads_to(server, 1)
        send(server)
        assert result(server)[0].startswith("deferral")
        server.extra += f'route "now" {{ to = {{"far.test"}} host = "127.0.0.1:{far.port}" }}\n'
        server.write_files()
        server.command("reload")
        server.command("queue", "retry")
        until(lambda: far.messages, "it went there")


def test_route_says_which_row_and_which_hosts(server, dns):
    leads_to(server, 2526)
    server.config(f"""route "box" {{ to = {{"*.far.test"}} host = "127.0.0.3" source = "127.0.0.2" rate = 30/m concurrency = 2 }}
        route "mine" {{ from = {{"{ME}"}} tls = "required" }}""")
    server.start()
    text = server.tell("route", BOB).stdout
    assert "leaves to the server that DNS names" in text and "mx0.far.test, 127.0.0.1 port 2526" in text
    text = server.tell("route", "bob@mail.far.test").stdout
    assert re.search(r'by route "box" \(\S+telltale\.conf:\d+\), by the smart host 127\.0\.0\.3; TLS opportunistic, from 127\.0\.0\.2, '
                     r"at most 30 in 60 s, 2 at one time", text), text
    way = json.loads(server.tell("route", BOB, "--from", ME, "--json").stdout)["way"]
    assert (way["route"], way["tls"], way["hosts"]) == ("mine", "required", [{"host": "mx0.far.test", "ip": "127.0.0.1", "port": 2526}])
    assert server.tell("route", BOB, "ann@far.test").returncode == 2 == server.tell("route", "--from", BOB).returncode
