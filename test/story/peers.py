"""Debian's mail servers, each run privately as another server of the story's world: Postfix, Exim and OpenSMTPD.

Postfix is installed.  The other two cannot be installed beside it: scripts/bootstrap unpacks them into build-peers, and
here each runs in a mount namespace of its own, in which that lies over /usr and /etc.  All take mail for bob@DOMAIN (and what
else is named below), and bring mail for others to the server of the story.
"""
import functools
import os
import re
import shutil
import subprocess
import tempfile

from filters import Daemon, missing
from harness import ROOT, PATIENCE, Client, certificate, until

UNPACKED = os.path.join(ROOT, "build-peers")
MOUNTS = """
set -e
mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr
mount -t overlay overlay -o "lowerdir=$2/etc:/etc" /etc
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var
mkdir -p /var/log /var/mail /var/lib/opensmtpd/empty /var/spool/smtpd
ln -s /run /var/run
chmod 711 /var/spool/smtpd
shift 2
exec "$@"
"""
USERS = ("Debian-exim:x:20901:20901::/nonexistent:/usr/sbin/nologin\nopensmtpd:x:20902:20902::/var/lib/opensmtpd/empty:/bin/false\n"
         "opensmtpq:x:20903:20903::/var/lib/opensmtpd/empty:/bin/false\nboxes:x:20904:20904::/nonexistent:/bin/sh\n")
GROUPS = "Debian-exim:x:20901:\nopensmtpd:x:20902:\nopensmtpq:x:20903:\nboxes:x:20904:\n"


@functools.cache
def cannot(*programs):
    """The reason to skip, if such a server cannot run here."""
    if os.geteuid() != 0:
        return "other mail servers want root"
    gone = [p for p in programs if not os.path.exists(os.path.join(UNPACKED, "usr/sbin", p))]
    if gone:
        return f"not unpacked (scripts/bootstrap test): {', '.join(gone)}"
    done = subprocess.run(["unshare", "--mount", "sh", "-c", MOUNTS, "sh", UNPACKED, UNPACKED, "true"], capture_output=True,
                          text=True, check=False)
    return f"no mount namespace with overlays here: {done.stderr.strip()}" if done.returncode != 0 else ""


class Peer:
    """One of them, in a folder of its own; `home` is the port of our server, at 127.0.0.1."""
    encrypts = True

    def __init__(self, port, home):
        self.port, self.home = port, home
        self.folder = tempfile.mkdtemp(prefix="tt-peer-")
        os.chmod(self.folder, 0o755)
        self.made("etc", "log", "mail", "spool", "data", "conf")
        for name, pem in zip(("cert.pem", "key.pem"), certificate()):
            self.write(name, pem.decode())
        self.daemon = None

    def made(self, *names):
        for name in names:
            os.makedirs(self.path(name), exist_ok=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def filled(self, text):
        words = {"FOLDER": self.folder, "DOMAIN": self.domain, "ADDRESS": self.address, "PORT": self.port, "HOME": self.home}
        return re.sub("|".join(words), lambda m: str(words[m[0]]), text)

    def give(self, name, uid):
        for folder, folders, files in os.walk(self.path(name)):
            for one in [".", *folders, *files]:
                os.chown(os.path.join(folder, one), uid, uid)

    def client(self):
        return Client(self.port, "127.0.0.1", at=self.address)

    def mails(self, user="bob"):
        """The bytes of what lies in that mailbox."""
        at = self.path("mail", user, "new")
        names = sorted(os.listdir(at), key=lambda n: os.path.getmtime(os.path.join(at, n))) if os.path.isdir(at) else []
        found = []
        for name in names:
            with open(os.path.join(at, name), "rb") as f:
                found.append(f.read())
        return found

    def arrived(self, count, user="bob"):
        until(lambda: len(self.mails(user)) >= count, f"{count} messages for {user} at {self.name}")
        return self.mails(user)

    def log(self):
        with open(self.logfile, encoding="utf-8", errors="replace") as f:
            return f.read()

    def logged(self, text):
        """The line of its log that holds the text."""
        until(lambda: text in self.log(), f"{self.name} logs {text}")
        return next(line for line in self.log().splitlines() if text in line)

    def stop(self):
        if self.daemon is not None:
            self.daemon.stop()
            self.daemon = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Unpacked(Peer):
    """One that runs in a mount namespace."""

    def start(self):
        for name, more in (("passwd", USERS), ("group", GROUPS)):
            with open(f"/etc/{name}", encoding="utf-8") as f:
                self.write(f"etc/{name}", f.read() + more)
        self.configure()
        self.daemon = Daemon(["unshare", "--mount", "sh", "-c", MOUNTS, self.name, UNPACKED, self.folder, *self.command()], self.folder, (self.address, self.port), forks=True)
        return self


EXIM = r"""
primary_hostname = mx.DOMAIN
spool_directory = FOLDER/spool
log_file_path = FOLDER/log/%slog
log_selector = +tls_cipher +smtp_confirmation +subject
local_interfaces = ADDRESS
daemon_smtp_ports = PORT
tls_advertise_hosts = *
tls_certificate = FOLDER/cert.pem
tls_privatekey = FOLDER/key.pem
message_size_limit = 64K
keep_environment =
smtp_accept_max = 200
never_users =
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
begin acl
rcpt:
  defer   recipients = grey@DOMAIN
          message = Greylisted, please try again later
  deny    recipients = full@DOMAIN
          message = Mailbox full
  deny    domains = DOMAIN
          ! verify = recipient
          message = Unknown user
  accept  domains = DOMAIN
  accept  hosts = 127.0.0.0/8
begin routers
box:
  driver = accept
  domains = DOMAIN
  local_parts = bob : ann
  transport = box
out:
  driver = manualroute
  domains = ! DOMAIN
  route_list = * 127.0.0.1
  self = send
  transport = out
begin transports
box:
  driver = appendfile
  directory = FOLDER/mail/$local_part_data
  maildir_format
  user = Debian-exim
out:
  driver = smtp
  port = HOME
  interface = ADDRESS
begin retry
* * F,1h,1s
"""


class Exim(Unpacked):
    name, domain, address, id = "exim", "exim.test", "127.0.0.3", r"250 OK id=(\S+)"
    def configure(self):
        self.logfile = self.path("log", "mainlog")
        os.makedirs(self.path("etc", "exim4"))
        self.write("etc/exim4/exim4.conf", self.filled(EXIM))
        for name in ("spool", "log", "mail"):
            self.give(name, 20901)
        for name in ("cert.pem", "key.pem"):
            os.chown(self.path(name), 20901, 20901)

    def command(self):
        return ["/usr/sbin/exim4", "-bdf", "-q10s", "-oP", "/run/exim.pid"]


OPENSMTPD = """
pki mx.DOMAIN cert "FOLDER/cert.pem"
pki mx.DOMAIN key "FOLDER/key.pem"
table boxes { "bob" = "boxes", "ann" = "boxes" }
table known { "bob@DOMAIN", "ann@DOMAIN", "grey@DOMAIN", "full@DOMAIN" }
table grey { "grey@DOMAIN" }
table full { "full@DOMAIN" }
smtp max-message-size "64K"
filter "grey" phase rcpt-to match rcpt-to <grey> reject "450 4.2.0 Greylisted, please try again later"
filter "full" phase rcpt-to match rcpt-to <full> reject "552 5.2.2 Mailbox full"
filter "both" chain { "grey", "full" }
listen on ADDRESS port PORT tls pki mx.DOMAIN hostname mx.DOMAIN filter "both"
action "box" maildir "FOLDER/mail/%{rcpt.user}" virtual <boxes>
action "out" relay host "smtp://127.0.0.1:HOME" src ADDRESS
match from any for rcpt-to <known> action "box"
match from any ! for domain "DOMAIN" action "out"
"""


class OpenSmtpd(Unpacked):
    name, domain, address, id = "opensmtpd", "opensmtpd.test", "127.0.0.4", r"250 2\.0\.0 (\S+) Message accepted"
    encrypts = False  # Debian 12's offers STARTTLS, and with OpenSSL 3 no handshake succeeds (OpenSMTPD, issue 1239)

    def configure(self):
        os.chmod(self.path("key.pem"), 0o600)
        self.write("etc/smtpd.conf", self.filled(OPENSMTPD))
        self.logfile = self.path("unshare.out")
        self.give("mail", 20904)

    def command(self):
        return ["/usr/sbin/smtpd", "-d"]


POSTFIX = """
compatibility_level = 3.6
queue_directory = FOLDER/spool
data_directory = FOLDER/data
maillog_file = FOLDER/log/mail.log
maillog_file_prefixes = FOLDER
mail_owner = postfix
setgid_group = postdrop
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
myhostname = mx.DOMAIN
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = ADDRESS
alias_maps =
alias_database =
message_size_limit = 65536
local_header_rewrite_clients =
virtual_mailbox_domains = DOMAIN
virtual_mailbox_maps = inline:{ bob@DOMAIN=bob/, ann@DOMAIN=ann/ }
virtual_mailbox_base = FOLDER/mail
virtual_uid_maps = static:20904
virtual_gid_maps = static:20904
smtpd_tls_security_level = may
smtpd_tls_cert_file = FOLDER/cert.pem
smtpd_tls_key_file = FOLDER/key.pem
smtpd_tls_loglevel = 1
smtp_tls_security_level = may
smtpd_recipient_restrictions = check_recipient_access
 inline:{ { grey@DOMAIN = 450 4.2.0 Greylisted, please try again later }, { full@DOMAIN = 552 5.2.2 Mailbox full } },
 permit_mynetworks, reject_unauth_destination
relayhost = [127.0.0.1]:HOME
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
"""
MASTER = """
ADDRESS:PORT inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(Peer):
    name, domain, address, id = "postfix", "postfix.test", "127.0.0.2", r"250 2\.0\.0 Ok: (?:\d+ bytes )?queued as (\S+)"

    def start(self):
        self.logfile = self.path("log", "mail.log")
        self.write("conf/main.cf", self.filled(POSTFIX))
        self.write("conf/master.cf", self.filled(MASTER))
        os.chmod(self.path("key.pem"), 0o600)
        self.give("mail", 20904)
        shutil.chown(self.path("data"), "postfix", "postfix")
        environment = dict(os.environ, MAIL_CONFIG=self.path("conf"))
        subprocess.run(["postfix", "check"], env=environment, check=True, timeout=PATIENCE)
        self.daemon = Daemon(["/usr/lib/postfix/sbin/master", "-s", "-c", self.path("conf")], self.folder,
                             (self.address, self.port), forks=True)
        return self


MISSING = missing("postfix") or cannot("exim4", "smtpd")
