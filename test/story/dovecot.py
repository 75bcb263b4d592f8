"""Debian's Dovecot as the server that keeps the mailboxes: LMTP on a Unix socket and a port, everything else left out."""
import getpass
import os
import shutil
import subprocess
import tempfile

from filters import Daemon, free_port, missing
from harness import MAIL_USER

MISSING = missing("dovecot") or ("" if os.path.exists("/usr/lib/dovecot/lmtp") else "not installed: dovecot-lmtpd")

CONF = """
protocols = lmtp
base_dir = FOLDER/run
state_dir = FOLDER/run
log_path = FOLDER/log
ssl = no
default_internal_user = USER
default_internal_group = GROUP
default_login_user = USER
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
recipient_delimiter = +
lmtp_save_to_detail_mailbox = yes
passdb {
  driver = passwd-file
  args = username_format=%u FOLDER/users
}
userdb {
  driver = passwd-file
  args = username_format=%u FOLDER/users
}
service lmtp {
  user = USER
  unix_listener lmtp {
    mode = 0666
  }
  inet_listener lmtp {
    address = 127.0.0.1
    port = PORT
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
"""


class Dovecot(Daemon):
    """With these mailboxes, and folders in them: {"bob@example.com": ["work"]}.  Where it listens: unix, inet."""
    def __init__(self, boxes):
        self.folder, self.port = tempfile.mkdtemp(prefix="tt-dc-"), free_port()
        self.unix, self.inet = f"unix:{self.folder}/run/lmtp", f"inet:127.0.0.1:{self.port}"
        root = os.geteuid() == 0
        user = MAIL_USER if root else getpass.getuser()
        self.write("users", "".join(f"{b}:::::{self.folder}/{b}::\n" for b in boxes), user)
        group = subprocess.run(["id", "-gn", user], check=True, capture_output=True, text=True).stdout.strip()
        conf = CONF.replace("FOLDER", self.folder).replace("USER", user).replace("GROUP", group).replace("PORT", str(self.port))
        with open(self.path("dovecot.conf"), "w", encoding="utf-8") as f:
            f.write(conf)
        for box, folders in boxes.items():
            for name in folders:
                os.makedirs(self.path(box, "Maildir", f".{name}", "new"))
                for sub in "cur", "tmp":
                    os.makedirs(self.path(box, "Maildir", f".{name}", sub))
        if root:
            subprocess.run(["chown", "-R", f"{user}:{group}", self.folder], check=True)
        os.chmod(self.folder, 0o755)
        super().__init__(["/usr/sbin/dovecot", "-F", "-c", self.path("dovecot.conf")], self.folder,
                         self.path("run", "lmtp"), forks=True)

    def write(self, name, text, user):
        ids = subprocess.run(["id", "-u", user], check=True, capture_output=True, text=True).stdout.strip()
        gids = subprocess.run(["id", "-g", user], check=True, capture_output=True, text=True).stdout.strip()
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text.replace(":::::", f"::{ids}:{gids}::"))

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def mails(self, box, folder=""):
        at = self.path(box, "Maildir", folder and f".{folder}", "new")
        return [open(os.path.join(at, n), encoding="utf-8").read() for n in sorted(os.listdir(at))] if os.path.isdir(at) else []

    def stop(self):
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)
