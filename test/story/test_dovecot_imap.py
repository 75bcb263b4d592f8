"""Debian's Dovecot shows by IMAP what lies in our Maildirs: folders, flags, and the same quota."""
import getpass
import grp
import imaplib
import os
import pwd
import shutil
import subprocess
import tempfile

import pytest
from filters import Daemon, free_port, missing
from harness import MAIL_USER, until

MISSING = missing("dovecot") or ("" if os.path.exists("/usr/lib/dovecot/imap") else "not installed: dovecot-imapd")
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
LOGINS = "nobody"  # of Dovecot's, when root starts it
ME, YOU = "anna@sender.example", "recipient@example.com"
MAIL = "From: Anna <anna@sender.example>\r\nTo: recipient@example.com\r\nSubject: tea\r\n\r\nAt five.\r\n"

CONF = """
protocols = imap
base_dir = FOLDER/run
state_dir = FOLDER/run
log_path = FOLDER/log
ssl = no
disable_plaintext_auth = no
default_internal_user = USER
default_internal_group = GROUP
default_login_user = USER
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:MAIL/%d/%n/Maildir
mail_plugins = quota
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=1M
}
protocol imap {
  mail_plugins = quota imap_quota
}
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=UID gid=GID home=MAIL/%d/%n
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = PORT
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
"""


@pytest.fixture(name="imap")
def fixture_imap(server):
    """Opens a connection to a Dovecot over the server's mail folder."""
    folder, port, made = tempfile.mkdtemp(prefix="tt-di-"), free_port(), []
    owner = pwd.getpwnam(MAIL_USER if os.geteuid() == 0 else getpass.getuser())
    conf = CONF
    for word, value in (("FOLDER", folder), ("USER", LOGINS if os.geteuid() == 0 else owner.pw_name),
                        ("GROUP", grp.getgrgid(pwd.getpwnam(LOGINS).pw_gid if os.geteuid() == 0 else owner.pw_gid).gr_name),
                        ("MAIL", os.path.join(server.data, "mail")), ("UID", str(owner.pw_uid)), ("GID", str(owner.pw_gid)),
                        ("PORT", str(port))):
        conf = conf.replace(word, value)
    with open(os.path.join(folder, "dovecot.conf"), "w", encoding="utf-8") as f:
        f.write(conf)
    os.chmod(folder, 0o755)

    def connect():
        """As root only: Dovecot reads no mail of root's, so it becomes another's first."""
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{owner.pw_uid}:{owner.pw_gid}", os.path.join(server.data, "mail")], check=True)
            for path in (server.folder, server.data):
                os.chmod(path, 0o711)
        made.append(Daemon(["/usr/sbin/dovecot", "-F", "-c", os.path.join(folder, "dovecot.conf")], folder, ("127.0.0.1", port),
                           forks=True))
        box = imaplib.IMAP4("127.0.0.1", port)
        box.login(YOU, "secret")
        return box
    yield connect
    for d in made:
        d.stop()
    if os.path.exists(os.path.join(folder, "log")):
        print(open(os.path.join(folder, "log"), encoding="utf-8").read())
    shutil.rmtree(folder, ignore_errors=True)


def send(server, to, source="127.0.0.1"):
    with server.client(source=source) as c:
        reply = c.deliver(ME, to, message=MAIL)
        assert reply.code == 250, reply
    until(lambda: server.spool.empty, "it is delivered")


def test_what_dovecot_shows(server, dns, imap):
    dns.record("_dmarc.sender.example", 'TXT "v=DMARC1; p=reject"')
    server.config('gate { dmarc = "quarantine" }')
    server.command("account", "set", YOU, "--quota", "1M", "dmarc=off")
    send(server, YOU)
    maildir = os.path.join(server.data, "mail", "example.com", "recipient", "Maildir")
    for sub in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(maildir, ".work", sub))
    server.give_mail()
    send(server, "recipient+work@example.com")
    server.command("account", "set", YOU, "dmarc=")
    send(server, YOU)
    box = imap()
    names = b" ".join(box.list()[1])
    assert b"work" in names and b"Junk" in names, names
    for folder in ("INBOX", "work", "Junk"):
        assert box.select(folder) == ("OK", [b"1"]), folder
        flags, text = (box.fetch("1", what)[1][0] for what in ("(FLAGS)", "(BODY.PEEK[HEADER.FIELDS (SUBJECT RETURN-PATH)])"))
        assert b"\\Seen" not in flags and b"Subject: tea" in text[1] and b"<anna@sender.example>" in text[1]
    box.store("1", "+FLAGS", "\\Seen")
    used = int(box.getquotaroot("INBOX")[1][1][0].split(b"STORAGE ")[1].split()[0])
    box.logout()
    assert any(name.endswith("S") for name in os.listdir(os.path.join(maildir, ".Junk", "cur")))
    send(server, YOU)
    told, limit = map(int, server.log("delivery").verb("mailbox")[-1].split(", ")[3].split("/"))
    size = len(server.maildir(YOU)[0].raw)
    assert limit == 1 << 20 and abs(told - size - used * 1024) <= 1024 + size // 2, (told, size, used)
