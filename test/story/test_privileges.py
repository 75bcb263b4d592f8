"""Started as root with users { } set: who each program is, what it may, what it holds.  Looked at from outside.

Any ten users of the base system will do; nothing of theirs is touched.
"""
import grp
import os
import pwd
import re
import shutil
import stat
import subprocess

import pytest

from harness import free_port, reachable, until

ME, YOU = "anna@elsewhere.test", "recipient@example.com"
USERS = {"smtpd": "mail", "dns": "daemon", "lookup": "games", "queue": "bin", "local": "man", "signer": "news", "policy": "uucp",
         "web": "www-data", "search": "backup"}
KEPT = 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10  # KILL SETGID SETUID NET_BIND_SERVICE
COMMON = r"/dev/null|.*/stderr|.*/logs/server\.log|/memfd:telltale\.conf.*|anon_inode:\[(eventpoll|signalfd|eventfd)\]"
# What each may hold beside that; a socket is one that it was given, accepted or connected to another program.
HOLDS = {
    "smtpd": r"/memfd:(census|gate-rules|tls-certificate|tls-key|why-key).*|socket:.*|pipe:.*|.*/logs/(spamdyke|smtp-\w+)\.log"
             r"|.*/spool/(segments|big)/[^/]*",
    "dns": r"socket:.*|pipe:.*",
    "lookup": r"socket:.*|.*/accounts\.db(-wal|-shm)?",
    "queue": r"socket:.*|.*/spool(/.*)?|.*/logs/(delivery|spamdyke|smtp-\w+)\.log|/memfd:.*",
    "signer": r"socket:.*",
    "policy": r"socket:.*|.*/tls-policy|pipe:.*",
    "web": r"socket:.*|/memfd:(census|sessions|why-key).*",
    "search": r"socket:.*|anon_inode:inotify|.*/index/.*|.*/logs/.*",
    "local": r"socket:.*|.*/mail(/.*)?|/memfd:message.*|.*/spool/big/[^/]*",
}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="users are changed only by root")


@pytest.fixture(name="house")
def fixture_house(server):
    missing = [u for u in USERS.values() if u not in {p.pw_name for p in pwd.getpwall()}]
    if missing:
        pytest.skip(f"no user {missing[0]} on this machine")
    server.config("users { " + " ".join(f'{role} = "{user}"' for role, user in USERS.items()) + " } relay { enabled = true }")
    server.config(f'web {{ bind = {{"127.0.0.1:{free_port()}"}} }}')
    os.chmod(server.folder, 0o711)
    server.build = reachable(server.build)
    os.makedirs(os.path.join(server.data, "dkim"))
    server.start()
    server.command("dkim", "add", "example.com", "--only", "ed25519", "--now")
    return server


def facts(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)


def fds(pid):
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append((os.readlink(f"/proc/{pid}/fd/{name}"), f"/proc/{pid}/fdinfo/{name}"))
        except FileNotFoundError:
            continue  # closed meanwhile
    return found


def as_user(user, code, extra=()):
    """Run a piece of Python as that user, with the groups of these users besides; what it printed."""
    who = pwd.getpwnam(user)
    done = subprocess.run(["/usr/bin/python3", "-I", "-c", code], user=who.pw_uid, group=who.pw_gid, extra_groups=[pwd.getpwnam(x).pw_gid for x in extra],
                          capture_output=True, text=True, timeout=30, check=False, cwd="/")
    return done.stdout.strip() or done.stderr


def test_each_program_is_its_user_and_may_nothing(house):
    with house.client() as c:
        assert c.deliver(ME, YOU).code == 250
        for role, user in USERS.items():
            who = pwd.getpwnam(user)
            pids = house.pids(f"telltale-{role}")
            assert pids
            for pid in pids:
                f = facts(pid)
                assert f["Uid"].split() == [str(who.pw_uid)] * 4 and f["Gid"].split() == [str(who.pw_gid)] * 4, role
                extra = {"queue": ["smtpd", "search"], "search": ["smtpd"]}.get(role, [])
                assert {int(g) for g in f["Groups"].split()} == {pwd.getpwnam(USERS[x]).pw_gid for x in extra}, role
                assert all(int(f[cap], 16) == 0 for cap in ("CapInh", "CapPrm", "CapEff", "CapAmb")), role
                assert int(f["CapBnd"], 16) == KEPT and f["NoNewPrivs"] == "1" and f["Seccomp"] == "2", role
                for target, _ in fds(pid):
                    assert re.fullmatch(COMMON + "|" + HOLDS[role], target), (role, target)
    house.arrived(YOU)


def test_the_supervisor_keeps_four_capabilities_and_no_file_of_the_spool(house):
    f = facts(house.process.pid)
    assert f["Uid"].split() == ["0"] * 4 and f["NoNewPrivs"] == "1"
    assert all(int(f[cap], 16) == KEPT for cap in ("CapPrm", "CapEff", "CapBnd"))
    for target, _ in fds(house.process.pid):
        assert re.fullmatch(COMMON + r"|socket:.*|pipe:.*|/memfd:(census|sessions|gate-rules|tls-certificate|tls-key|why-key).*"
                            r"|.*/run/telltaled\.pid", target), target


def test_spool_files_are_write_only_for_the_sessions(house):
    with house.client() as c:
        assert c.deliver(ME, YOU).code == 250
    held = 0
    for pid in house.pids("telltale-smtpd"):
        for target, info in fds(pid):
            if "/spool/" in target:
                with open(info, encoding="ascii") as f:
                    assert int(re.search(r"flags:\s+(\d+)", f.read()).group(1), 8) & os.O_ACCMODE == os.O_WRONLY
                held += 1
    assert held
    house.arrived(YOU)


def test_mail_login_queue_and_reload_work_in_this_setup(house):
    with house.client(port="465") as c:
        c.send("EHLO client.test")
        assert c.login().code == 235
        assert c.send("MAIL FROM:<sender@example.com>").code == 250
        assert c.send(f"RCPT TO:<{YOU}>").code == 250
        assert c.data("From: sender@example.com\r\nSubject: in\r\n\r\nx\r\n").code == 250
        assert house.tell("reload").returncode == 0
        assert house.command("status") and house.command("route", YOU)
        house.command("account", "add", "new@example.com", "--password-stdin", text="correct horse\n")
        with house.client() as d:
            assert d.deliver(ME, "new@example.com", message="Subject: new\r\n\r\nx\r\n").code == 250
    until(lambda: house.maildir("new@example.com"), "mail for the new account")
    mail, = house.arrived(YOU)
    assert "d=example.com" in mail.parsed["DKIM-Signature"]
    assert house.restart().tell("status").returncode == 0, "and once more on folders that are given away"


def test_nobody_else_reads_spool_mail_key_or_accounts(house):
    with house.client() as c:
        assert c.deliver(ME, YOU).code == 250
    house.arrived(YOU)
    for user in ("smtpd", "dns"):
        for path in ("spool", "spool/journal", "spool/segments/1.segment", "mail", "tls/key.pem", "accounts.db",
                     "logs/delivery.log", "run/telltaled.pid", "dkim", "dkim/example.com/keys"):
            whole = os.path.join(house.data, path)
            code = f"import os\ntry:\n os.open({whole!r}, os.O_RDONLY)\n print('open')\nexcept OSError as e:\n print(e.errno)"
            assert as_user(USERS[user], code) == "13", (user, path)
    for socket in ("telltaled.ctl", "queue.ctl", "lookup.ctl", "web.ctl"):
        code = (f"import socket\ns = socket.socket(socket.AF_UNIX)\ntry:\n s.connect({os.path.join(house.data, 'run', socket)!r})\n"
                " print('in')\nexcept OSError as e:\n print(e.errno)")
        assert as_user(USERS["smtpd"], code) == "13", socket


def test_who_reads_logs_for_the_page_reads_no_more_and_writes_nothing(house):
    with house.client() as c:
        assert c.deliver(ME, YOU).code == 250
    house.arrived(YOU)
    house.command("index", "build")

    def opens(role, path, how="O_RDONLY"):
        whole = os.path.join(house.data, path)
        code = f"import os\ntry:\n os.open({whole!r}, os.{how})\n print('open')\nexcept OSError as e:\n print(e.errno)"
        return as_user(USERS[role], code, [USERS["smtpd"]] if role == "search" else [])
    assert opens("search", "logs/delivery.log") == "open" and opens("search", "index/chapter") == "open"
    for path in ("spool/journal", "mail", "tls/key.pem", "accounts.db", "why.key"):
        assert opens("search", path) == "13", path
    for path in ("logs/delivery.log", "index/chapter"):
        assert opens("search", path, "O_WRONLY") == "13", path
    for path in ("logs/delivery.log", "logs/smtp-25.log", "index/chapter", "spool/journal", "accounts.db", "why.key"):
        assert opens("web", path) == "13", path


def test_a_stranger_keeps_no_place_from_our_programs(house):
    """Who is none of us is hung up on, however often he calls: else a few hundred held connections end the mail."""
    run = os.path.join(house.data, "run")
    for name in ("lookup.sock", "dns.sock", "queue.sock", "signer.sock", "policy.sock", "search.sock", "live.sock"):
        code = (f"import socket\ns = socket.socket(socket.AF_UNIX)\ns.settimeout(5)\ns.connect({run + '/' + name!r})\n"
                "try:\n print(len(s.recv(1)))\nexcept OSError as e:\n print(e)")
        assert as_user("nobody", code) == "0", name
    with house.client() as c:
        assert c.deliver(ME, YOU).code == 250
    house.arrived(YOU)


def test_what_telltale_pipe_starts_is_a_stranger(server):
    """The programs have its user, and may make Unix sockets then: what they are not is of our session."""
    users, program = USERS | {"pipe": "lp"}, "/usr/bin/true"
    server.config("users { " + " ".join(f'{role} = "{user}"' for role, user in users.items()) + " }\n"
                  f'program "ticket" {{ command = {{"{program}"}} }}')
    os.chmod(server.folder, 0o711)
    server.build = reachable(server.build)
    server.start()
    server.command("alias", "add", "ticket@example.com", "|ticket")
    with server.client() as c:
        assert c.deliver(ME, "ticket@example.com").code == 250
    until(lambda: server.log("delivery").verb("result"), "telltale-pipe itself is let in")
    assert "success, did_0+0+1/" in server.log("delivery").verb("result")[0]
    run = os.path.join(server.data, "run")
    for name in ("lookup.sock", "dns.sock", "queue.sock", "signer.sock", "policy.sock"):
        code = (f"import os, socket\ns = socket.socket(socket.AF_UNIX)\ns.settimeout(5)\n"
                f"if not os.path.exists({run + '/' + name!r}):\n print(0)\n raise SystemExit\ns.connect({run + '/' + name!r})\n"
                "try:\n print(len(s.recv(1)))\nexcept OSError as e:\n print(e)")
        assert as_user("lp", code) == "0", name


def test_folders_belong_to_who_works_in_them(house):
    def owner(path):
        st = os.stat(os.path.join(house.data, path))
        return pwd.getpwuid(st.st_uid).pw_name, grp.getgrgid(st.st_gid).gr_name, oct(stat.S_IMODE(st.st_mode))

    def group(role):
        return grp.getgrgid(pwd.getpwnam(USERS[role]).pw_gid).gr_name
    assert owner(".") == ("root", group("lookup"), "0o1731")
    assert owner("run") == ("root", "root", "0o711")
    assert owner("spool") == (USERS["queue"], group("queue"), "0o700")
    assert owner("mail") == (USERS["local"], group("local"), "0o700")
    assert owner("tls-policy") == (USERS["policy"], group("policy"), "0o700")
    assert owner("logs") == ("root", group("smtpd"), "0o2770")
    assert owner("logs/smtp-25.log") == (USERS["smtpd"], group("smtpd"), "0o660")
    assert owner("logs/delivery.log") == (USERS["queue"], group("search"), "0o640")
    assert owner("index") == (USERS["search"], group("search"), "0o2750")
    for path, mode in (("dkim", "0o700"), ("dkim/example.com", "0o700"), ("dkim/example.com/keys", "0o644")):
        assert owner(path) == (USERS["signer"], group("signer"), mode)
    assert owner("accounts.db") == (USERS["lookup"], group("lookup"), "0o600")


def test_a_user_who_does_not_exist_is_an_error_before_anything_starts(server):
    server.config('users { smtpd = "tt-nobody-has-this-name" }')
    server.write_files()
    words = 'users { smtpd }: there is no user "tt-nobody-has-this-name" on this machine'
    for command in ("check", "serve"):
        done = server.tell(command)
        assert done.returncode == 1 and words in done.stderr, done.stderr


def test_programs_that_their_users_cannot_reach_end_the_start_with_a_sentence(server):
    server.config('users { smtpd = "mail" dns = "daemon" lookup = "games" queue = "bin" local = "man" }')
    os.chmod(server.folder, 0o711)
    server.write_files()
    closed = os.path.join(server.folder, "closed")
    shutil.copytree(reachable(server.build), os.path.join(closed, "bin"))
    os.chmod(closed, 0o700)
    done = subprocess.run([os.path.join(closed, "bin", "telltale"), "serve", "-c", server.conf], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "cannot be started as its user, who needs the way to it: Permission denied" in done.stderr
