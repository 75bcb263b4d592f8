"""A wrong configuration is refused with its line, never taken as a smaller one."""
import pytest


@pytest.fixture(name="check")
def fixture_check(server):
    def check(text):
        with open(server.conf, "w", encoding="utf-8") as f:
            f.write(text)
        return server.tell("check")
    return check


def good(server):
    return (f'hostname = "mx.example.com"\ndata-dir = "{server.data}"\n'
            'listener "25" { bind = {"127.0.0.1:2525"} }\n')


@pytest.mark.smoke
def test_a_good_one_is_good(server, check):
    done = check(good(server))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line, says", [
    ("hostnam = \"x\"", "no such option 'hostnam'"),
    ("limits { sessions = many }", "sessions must be a number"),
    ("limits {", "is not closed"),
    ("dns { deadline = 10 parsecs }", "no such option 'parsecs'"),
    ("listener \"26\" { }", "listener \"26\" has no bind"),
])
def test_a_bad_one_is_refused_with_its_line(server, check, line, says):
    done = check(good(server) + line + "\n")
    assert done.returncode == 1 and done.stdout == ""
    assert f"{server.conf}:4: " in done.stderr and says in done.stderr


def test_the_server_does_not_start_on_half_a_file(server):
    text = good(server)
    with open(server.conf, "w", encoding="utf-8") as f:
        f.write(text[:-6])
    done = server.tell("serve")
    assert done.returncode == 1 and f"{server.conf}:3: " in done.stderr


@pytest.mark.parametrize("zone, says", [
    ("a.example A 192.0.2.1\n1.2.0.192.in-addr.arpa PTR\n", ":2: PTR wants one name"),
    ("a.example BOGUS x\n", ":1: unknown type"),
])
def test_a_bad_zone_is_refused_before_the_start(server, check, zone, says):
    path = server.conf + ".zone"
    with open(path, "w", encoding="utf-8") as f:
        f.write(zone)
    done = check(good(server) + f'dns {{ zone = "{path}" }}\n')
    assert done.returncode == 1 and path + says in done.stderr
    done = server.tell("serve")
    assert done.returncode == 1 and path + says in done.stderr


def test_a_missing_zone_is_said(server, check):
    done = check(good(server) + f'dns {{ zone = "{server.conf}.none" }}\n')
    assert done.returncode == 0 and f"there is no {server.conf}.none" in done.stderr
    done = server.tell("serve")
    assert done.returncode == 1 and f"{server.conf}.none" in done.stderr
