"""The Authentication-Results that we write, read by python3-authres: every value comes back, and none says more."""
import random
import re

import pytest

from vouch_tool import Results

authres = pytest.importorskip("authres", reason="python3-authres is not installed")

HOST = "mx.example.org"
METHODS = [("spf", ["smtp.mailfrom", "smtp.helo"]), ("dkim", ["header.d", "header.s", "header.i", "header.b"]),
           ("dmarc", ["header.from", "policy.dmarc"]), ("iprev", ["policy.iprev"]), ("auth", ["smtp.auth"]),
           ("arc", ["header.oldest-pass", "smtp.remote-ip"])]
HOSTILE = ['"', "\\", ";", "; dkim=pass header.d=victim.example", '"; dkim=pass', "(", ")", "(c)", "\r\n", "\r\nX: y", "\0",
           "\xff", "caf\xe9", " ", "=", "@", "@@", ".", "..", "a@b.example", "a.b+c=d@e.example", "<a@b>", ",", "/", "[", "\t",
           "mx.example.org", "192.0.2.1", "2001:db8::1", "x" * 90, 'a"b@c.example', "%20", "none", ""]


@pytest.fixture(name="tool")
def fixture_tool():
    tool = Results()
    yield tool
    assert tool.close() == 0


def shown(value):
    return "".join(c if " " <= c <= "~" else "?" for c in value)[:320]


def unquoted(text):
    """authres leaves quoted pairs as they are."""
    return re.sub(r"\\(.)", r"\1", text or "")


def read(field):
    """(host, [(method, result, reason, [(property, value)])]).  authres reads a quoted value only at a method's end."""
    header = authres.AuthenticationResultsHeader.parse(field[:-2])
    return header.authserv_id, [
        (r.method, r.result, unquoted(r.reason), [(f"{p.type}.{p.name}", unquoted(p.value)) for p in r.properties])
        for r in header.results if r.method != "none"]


def test_what_is_written_is_read_back_whatever_the_values_hold(tool):
    for seed in range(800):
        rng = random.Random(seed)
        methods = []
        for method, properties in rng.sample(METHODS, rng.randint(0, len(METHODS))):
            *plain, hostile = rng.sample(properties, len(properties))
            values = [(p, "plain.example") for p in plain]
            values.append((hostile, "".join(rng.choice(HOSTILE) for _ in range(rng.randint(0, 4)))))
            methods.append((method, rng.choice(["pass", "fail", "none", "temperror"]),
                            rng.choice(["", "".join(rng.sample(HOSTILE, 3))]), values))
        field = tool.write(HOST, methods)
        want = [(m, r, shown(why), [(p, shown(v)) for p, v in values]) for m, r, why, values in methods]
        assert read(field) == (HOST, want), (seed, field)
        assert field.endswith("\r\n") and all(len(line) <= 998 for line in field.split("\r\n"))
        assert not re.search(r"\r\n(?![\t])", field[:-2]) and field.isascii() and field.startswith("Authentication-Results: ")
        name, value = field.split(":", 1)
        assert tool.claims(name, value, HOST.upper()) == 2


def test_others_fields_stay_others(tool):
    """A field that authres reads as another server's is not ours."""
    for seed in range(300):
        rng = random.Random(seed)
        host = rng.choice(["other.example", "a.mx.example.org", "mx.example.org.example", "mx.example.or"])
        field = tool.write(host, [("spf", "pass", "", [("smtp.helo", HOST)])])
        name, value = field.split(":", 1)
        assert read(field)[0] == host
        assert tool.claims(name, value, HOST) == 1
