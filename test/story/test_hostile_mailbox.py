"""A user at work in his own mail folder while mail comes in, and addresses that look like paths (SECURITY T32, T33, E-34)."""
import os
import random
import shutil
import stat
import threading
import time

from harness import until

ME, YOU = "anna@elsewhere.test", "recipient@example.com"
MESSAGES, MOST = 60, 2000


def outside_of(server):
    """Something precious beside the mail folder; what it looks like."""
    at = os.path.join(server.folder, "outside")
    for folder in ("new", "cur", "staging", "Maildir/new", "Maildir/cur", "recipient/staging", "recipient/Maildir/new"):
        os.makedirs(os.path.join(at, folder))
    for name in ("precious", "Maildir/maildirsize", "new/precious", "Maildir/new/precious", "recipient/precious"):
        with open(os.path.join(at, name), "w", encoding="ascii") as f:
            f.write("1000S\n7 1\n")
    return at


def picture(folder):
    """All that is there: names, kinds, modes, links, times and bytes."""
    seen = []
    for at, dirs, names in os.walk(folder):
        for name in sorted(dirs) + sorted(names):
            path = os.path.join(at, name)
            s = os.lstat(path)
            plain = stat.S_ISREG(s.st_mode)
            bytes_of = open(path, "rb").read() if plain else b""  # pylint: disable=consider-using-with
            seen.append((path, s.st_mode, s.st_nlink, s.st_mtime_ns, bytes_of))
    return sorted(seen)


class Player(threading.Thread):
    """Puts odd things into the tree of one mailbox, as fast as he can, and takes them away again."""

    def __init__(self, home, outside):
        super().__init__()
        self.home, self.outside = home, outside
        self.over, self.played = threading.Event(), 0

    def things(self, at):
        yield lambda: os.symlink(self.outside, at)
        yield lambda: os.symlink(os.path.join(self.outside, "Maildir", "new"), at)
        yield lambda: os.symlink(os.path.join(self.outside, "Maildir", "maildirsize"), at)
        yield lambda: os.link(os.path.join(self.outside, "Maildir", "maildirsize"), at)
        yield lambda: os.mkfifo(at)
        yield lambda: os.mkdir(at, 0)
        yield lambda: os.mkdir(at)

    def places(self):
        yield self.home
        for name in ("staging", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp", "Maildir/maildirsize"):
            yield os.path.join(self.home, name)
        staging = os.path.join(self.home, "staging")
        for name in os.listdir(staging) if os.path.isdir(staging) else []:
            yield os.path.join(staging, name)

    def play(self, place, make):
        aside = self.home + ".aside"
        there = os.path.lexists(place)
        if there:
            os.rename(place, aside)
        try:
            make()
            self.over.wait(random.random() / 200)
        finally:
            clear(place)
            if there:
                os.rename(aside, place)
        self.played += 1

    def run(self):
        while not self.over.is_set():
            for place in list(self.places()):
                for make in self.things(place):
                    try:
                        self.play(place, make)
                    except OSError:
                        pass
                    if self.over.is_set():
                        return


def clear(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def deferred(server):
    """Asked while the log is written: its last line may lack its end."""
    with open(os.path.join(server.data, "logs", "delivery.log"), encoding="utf-8") as log:
        return ", deferral, " in log.read()


def test_a_user_who_plays_with_his_tree_hurts_nobody_and_his_mail_waits(server):
    server.config("queue { first-retry = 1s }")
    outside = outside_of(server)
    with server.client() as c:
        assert c.deliver(ME, YOU, message="Subject: 0\r\n\r\nx\r\n").code == 250
        server.arrived(YOU)
        local, = server.pids("telltale-local")
        fds = len(os.listdir(f"/proc/{local}/fd"))
        before = picture(outside)
        player = Player(os.path.join(server.data, "mail", "example.com", "recipient"), outside)
        player.start()
        try:
            sent = 0
            while sent < MESSAGES or player.played <= 200 or not deferred(server):
                assert sent < MOST, "nothing was tried while he played"
                if sent > MESSAGES:
                    time.sleep(0.02)  # he who plays and he who delivers need a turn, too
                sent += 1
                assert c.deliver(ME, YOU, "sender@example.com", message=f"Subject: {sent}\r\n\r\nx\r\n").code == 250
            until(lambda: len(server.maildir("sender@example.com")) == sent, "a neighbour's mail is not held up")
        finally:
            player.over.set()
            player.join()
    until(lambda: server.spool.empty, "all is delivered once the tree is mended", 60)
    assert picture(outside) == before
    # What lay in the tree while something else stood in its place may be gone with it, but nothing came twice.
    subjects = [m.subject for m in server.maildir(YOU)]
    assert len(subjects) == len(set(subjects))
    assert server.pids("telltale-local") == [local], "it never died"
    until(lambda: len(os.listdir(f"/proc/{local}/fd")) <= fds + 2, "no descriptor is left open")


def plant(thing, at, outside):
    os.makedirs(os.path.dirname(at), exist_ok=True)
    if thing == "link":
        os.symlink(os.path.join(outside, "precious"), at)
    elif thing == "link to a folder":
        os.symlink(os.path.join(outside, "recipient"), at)
    elif thing == "hard link":
        os.link(os.path.join(outside, "precious"), at)
    elif thing == "fifo":
        os.mkfifo(at)
    else:
        os.close(os.open(at, os.O_CREAT))


def test_what_stands_in_the_way_defers_and_when_it_is_gone_mail_arrives(server):
    server.config("queue { first-retry = 1s }")
    outside = outside_of(server)
    cases = [(place, thing) for place in ("", "staging", "Maildir", "Maildir/new")
             for thing in ("link", "link to a folder", "hard link", "fifo", "file")]
    server.accounts = [f"user{i}" for i in range(len(cases))]
    at = [os.path.join(server.data, "mail", "example.com", user, place).rstrip("/")
          for user, (place, _) in zip(server.accounts, cases)]
    for path, (_, thing) in zip(at, cases):
        plant(thing, path, outside)
    server.give_mail()
    before = picture(outside)
    with server.client() as c:
        assert c.deliver(ME, *[f"{user}@example.com" for user in server.accounts]).code == 250
    until(lambda: len(server.log("delivery").verb("result")) >= len(cases), "an attempt for each")
    assert all(", deferral, Unable_to_chdir_to_maildir._(#4.2.1)/" in r for r in server.log("delivery").verb("result"))
    assert picture(outside) == before
    for path in at:
        os.unlink(path)
    before = picture(outside)
    for user, (place, _) in zip(server.accounts, cases):
        mail, = server.arrived(f"{user}@example.com")
        assert stat.S_IMODE(os.stat(mail.path).st_mode) == 0o600
        for folder in ("", "staging", "Maildir", "Maildir/new", "Maildir/cur", "Maildir/tmp") if place == "" else ():
            made = os.path.join(server.data, "mail", "example.com", user, folder)
            assert stat.S_IMODE(os.stat(made).st_mode) == 0o700
    assert picture(outside) == before


PATHS = ["../../x", "a/../../b", "recipient+../../x", "recipient/../sender", "..", ".", "/etc/passwd", "%2e%2e%2fx",
         "..%2f..%2fx", '"../../x"', '"a/b"', "recipient+/x", "\u2215x", "..\u2044..\u2044x", "\uff0e\uff0e\uff0fx",
         "recipient\\..\\x", "~root"]


def test_an_address_is_never_a_path(server):
    with server.client() as c:
        assert c.send("EHLO client.test").code == 250
        for path in PATHS:
            c.send(f"MAIL FROM:<{ME}>")
            for to in (f"{path}@example.com", f"recipient@{path}", f"recipient@example.com/{path}"):
                reply = c.send(f"RCPT TO:<{to}>".encode())
                assert 500 <= reply.code <= 599 or "+" in path, (to, reply)
            c.send("RSET")
    with server.client() as c:
        for extension in ("../../x", "/x", "..", "a/../../b"):
            c.send("EHLO client.test")
            c.send(f"MAIL FROM:<{ME}>")
            if c.send(f"RCPT TO:<recipient+{extension}@example.com>").code == 250:
                assert c.data("Subject: x\r\n\r\nx\r\n").code == 250
            c.send("RSET")
    until(lambda: server.spool.empty, "the queue is empty")
    mail = os.path.join(server.data, "mail")
    assert sorted(os.listdir(mail)) in ([], ["example.com"])
    if os.listdir(mail):
        assert os.listdir(os.path.join(mail, "example.com")) == ["recipient"]
    assert not os.path.lexists(os.path.join(server.data, "x")) and not os.path.lexists(os.path.join(server.folder, "x"))
