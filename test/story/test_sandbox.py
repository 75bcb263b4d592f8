"""Each program, once in its sandbox, tries what must fail: the table of base/sandbox.h, held to its word."""
import contextlib
import os
import re
import signal
import socket
import subprocess

import pytest

from harness import free_port, until

# Whoever reads what others wrote may do these; all else is refused.
EVERYBODY = {"thread"}
MAY = {
    "telltale-smtpd": {"read-logs", "create-logs", "socket-unix"},
    "telltale-dns": {"read-zone", "socket-udp", "socket-tcp6", "connect-53"},
    "telltale-lookup": {"read-accounts"},
    "telltale-queue": {"read-spool", "create-spool", "remove-spool", "read-logs", "create-logs", "socket-unix"},
    "telltale-signer": {"read-dkim"},
    "telltale-rotate": {"read-logs", "create-logs", "remove-logs"},
    "telltale-local": {"read-mail", "create-mail", "remove-mail", "socket-unix"},
    "telltale-remote": {"socket-unix", "socket-udp", "socket-tcp6", "connect-25"},
    "telltale-web": {"socket-unix"},
    "telltale-search": {"read-logs"},
    "telltale-index": {"read-logs"},
    "telltale-policy": {"socket-unix", "socket-udp", "socket-tcp6"},  # and port 443, which the probe does not try
}
# What must be refused to somebody, or to all.
FOLDERS = {f"{what}-{folder}" for what in ("read", "create", "remove", "fifo") for folder in ("logs", "spool", "mail")}
FILES = {"read-accounts", "read-key", "read-dkim", "read-zone", "read-passwd", "create-tmp"}
NETWORK = {"socket-unix", "socket-udp", "socket-tcp6", "socket-raw", "socket-packet", "socket-netlink", "connect-25",
           "connect-53", "bind", "abstract"}
ONLINE = ("telltale-dns", "telltale-remote", "telltale-policy")
# Only somebody else's code calls these: it ends there.
DEADLY = {"mount", "umount", "unshare", "setns", "chroot", "open-by-handle", "bpf", "keyctl", "process-vm-readv",
          "userfaultfd", "io-uring", "perf-event", "init-module", "pidfd-open", "personality", "capset", "fork",
          "ptrace", "setuid", "exec", "socket-packet", "fifo-logs", "fifo-spool", "fifo-mail"}
HARMLESS = {"kill", "tgkill", "mmap-code", "mprotect-code", "ptracer"}
ALL = EVERYBODY | FOLDERS | FILES | NETWORK | DEADLY | HARMLESS
# The checker of leaks traces us, so AddressSanitizer's filter lets these pass; Landlock still keeps ptrace inside.
SANITIZER = {"ptracer"}


@pytest.fixture(name="house")
def fixture_house(server):
    """A server that has everything which somebody may not see, and has stopped."""
    server.config(f'accounts {{ sqlite = "{server.data}/accounts/accounts.db" }}')
    with server.client() as c:
        c.deliver("anna@elsewhere.test", "recipient@example.com")
    server.arrived("recipient@example.com")
    assert server.stop() == 0
    os.mkdir(os.path.join(server.data, "dkim"))
    for folder in ("logs", "spool", "mail"):
        with open(os.path.join(server.data, folder, ".sandbox-probe"), "w", encoding="ascii"):
            pass  # to be removed
    return server


def run(house, program, mode, **pass_fds):
    """The program, started as telltaled does, with these descriptors and in that mode of its sandbox."""
    files = {"conf": house.conf, "tls-certificate": f"{house.data}/tls/cert.pem", "tls-key": f"{house.data}/tls/key.pem"}
    with contextlib.ExitStack() as stack:
        fds = {name: stack.enter_context(open(path, "rb")).fileno() for name, path in files.items()} | pass_fds
        env = {**os.environ, "TELLTALE_FDS": ",".join(f"{k}={v}" for k, v in fds.items()), "TELLTALE_SANDBOX": mode}
        return subprocess.run([os.path.join(house.build, program)], capture_output=True, text=True, timeout=60,
                              env=env, pass_fds=fds.values(), check=False)


@pytest.fixture(name="probe")
def fixture_probe(house):
    """Runs the program's probe: what it was asked -> how it ended."""
    def probe(program):
        with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as abstract:
            abstract.bind(f"\0telltale-probe-{os.getpid()}")
            abstract.listen()
            done = run(house, program, "probe", probe=tcp.fileno())
        lines = done.stdout.splitlines()
        assert done.returncode == 0 and lines[-1:] == ["end"] and "Sanitizer" not in done.stderr, done
        return lines[0].removeprefix("build: "), dict(re.fullmatch(r"probe (\S+): (.*)", x).groups()
                                                      for x in lines[1:-1])
    return probe


@pytest.mark.parametrize("program", MAY)
def test_what_is_not_stated_is_refused(probe, program):
    build, found = probe(program)
    assert set(found) == ALL
    may = EVERYBODY | MAY[program] | (SANITIZER if build == "sanitizer" else set())
    wrong = {what: how for what, how in found.items() if how.startswith("ALLOWED") != (what in may)}
    assert not wrong, f"{program} (as root: {os.geteuid() == 0})"


@pytest.mark.parametrize("program", MAY)
def test_what_only_an_intruder_does_ends_the_program(probe, program):
    build, found = probe(program)
    deadly = DEADLY | ({"socket-udp", "socket-tcp6", "socket-raw"} if program not in ONLINE else set())
    if build == "sanitizer":
        deadly.remove("ptrace")
        assert found["ptrace"] == "refused (scope)"
    assert {what for what, how in found.items() if how == "refused (kill)"} == deadly


def test_a_deliverer_with_an_lmtp_server_on_a_port_reaches_that_port_alone(house, probe):
    with open(house.conf, "a", encoding="utf-8") as f:
        f.write('local { lmtp = "inet:127.0.0.1:53" }\n')
    _, found = probe("telltale-local")
    assert found["connect-53"].startswith("ALLOWED") and found["connect-25"].startswith("refused")
    assert found["bind"].startswith("refused")


@pytest.mark.parametrize("program", ["telltale-smtpd", "telltale-local", "telltale-queue", "telltale-dns"])
def test_a_socket_that_was_handed_over_connects_nowhere(probe, program):
    """The filter lets connect() pass where Unix sockets need it: Landlock is what holds an accepted socket."""
    _, found = probe(program)
    assert found["connect-25"] == "refused (files)"


def test_files_and_network_are_restricted_all_the_time_the_server_runs(server):
    os.makedirs(os.path.join(server.data, "dkim"))
    server.config(f'relay {{ enabled = true }} web {{ bind = {{"127.0.0.1:{free_port()}"}} }}')
    server.start()
    for program in MAY.keys() - {"telltale-rotate", "telltale-index"}:  # which come and go
        for pid in until(lambda p=program: server.pids(p), program):
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as f:
                    status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
                assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), (program, task)


def test_off_says_so(house):
    done = run(house, "telltale-lookup", "off")
    assert "TELLTALE_SANDBOX=off: no sandbox" in done.stderr
    assert done.returncode == 64, "no service socket was handed over"


def test_the_server_works_in_the_sandbox_that_is_used_outside_of_tests(server, monkeypatch):
    """The other stories run with TELLTALE_SANDBOX=tell, which names what is refused."""
    monkeypatch.delenv("TELLTALE_SANDBOX", raising=False)
    server.config(f'relay {{ enabled = true }} web {{ bind = {{"127.0.0.1:{free_port()}"}} }}')
    server.start()
    server.command("dkim", "add", "example.com", "--bits", "1024", "--now")
    server.command("reload")
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        assert c.login().code == 235
        assert c.deliver("sender@example.com", "recipient@example.com", message="From: sender@example.com\r\n\r\n").code == 250
    mail, = server.arrived("recipient@example.com")
    assert len(mail.parsed.get_all("DKIM-Signature")) == 2
    for program in MAY.keys() - {"telltale-rotate", "telltale-index"}:  # which come and go
        for pid in until(lambda p=program: server.pids(p), program):
            with open(f"/proc/{pid}/environ", "rb") as f:
                assert b"TELLTALE_SANDBOX" not in f.read()
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                assert not int(re.search(r"SigCgt:\s*(\w+)", f.read()).group(1), 16) & 1 << (signal.SIGSYS - 1)
    assert server.stop() == 0
