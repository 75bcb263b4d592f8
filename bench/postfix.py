"""Debian's Postfix in private folders, as one side of a bench: what it may do as fast as ours, it does."""
import os
import shutil
import signal
import subprocess

import process

# Durable as ours: cleanup(8) fsyncs the queue file before 250, virtual(8) the message before it is linked into new/.
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log/mail.log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
myhostname = mx.example.com
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
smtputf8_enable = no
virtual_mailbox_domains = example.com
virtual_mailbox_maps = hash:{folder}/boxes
virtual_mailbox_base = {folder}/mail
virtual_mailbox_limit = 0
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
smtpd_client_event_limit_exceptions = static:all
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
in_flow_delay = 0
max_use = 10000
max_idle = 1000
"""
MASTER = """\
{port} inet n - n - 200 smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
virtual unix - n n - 200 virtual
error unix - - n - - error
retry unix - - n - - error
"""
QMGR = "qmgr unix n - n 300 1 qmgr\n"
NOBODY = 65534


class Postfix:
    name = "postfix"
    more_main = more_master = ""

    def __init__(self, _build, place, boxes=1):
        self.boxes = boxes
        self.folder = os.path.join(place, "postfix")
        self.conf = os.path.join(self.folder, "conf")
        self.queue = os.path.join(self.folder, "queue")
        self.port = process.free_port()
        self.fifo = None
        self.running = False
        for name in ("conf", "queue", "data", "log", "mail"):
            os.makedirs(os.path.join(self.folder, name), 0o755)
        shutil.chown(os.path.join(self.folder, "data"), "postfix", "postfix")
        self.give_mail()
        with open(os.path.join(self.folder, "boxes"), "w", encoding="utf-8") as f:
            f.writelines(f"{address} user{i}/Maildir/\n" for i, address in enumerate(self.recipients()))
        self.write_config()
        self.tool("postmap", os.path.join(self.folder, "boxes"))
        self.write_master(hold=True)

    def give_mail(self):
        """Mailboxes belong to the user nobody: virtual(8) delivers to no system user."""
        shutil.chown(os.path.join(self.folder, "mail"), NOBODY, NOBODY)

    def write_config(self):
        self.main = MAIN.format(folder=self.folder, uid=NOBODY, gid=NOBODY) + self.more_main
        with open(os.path.join(self.conf, "main.cf"), "w", encoding="utf-8") as f:
            f.write(self.main)

    def write_master(self, hold):
        self.master = MASTER.format(port=f"127.0.0.1:{self.port}") + self.more_master
        with open(os.path.join(self.conf, "master.cf"), "w", encoding="utf-8") as f:
            f.write(self.master + ("" if hold else QMGR))

    def tool(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                              env=dict(os.environ, MAIL_CONFIG=self.conf))
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")

    def recipients(self):
        return [f"user{i}@example.com" for i in range(self.boxes)]

    def start(self, hold):
        """hold: qmgr does not run; the FIFO that cleanup wakes it by is open and nobody reads it."""
        self.write_master(hold)
        wake = os.path.join(self.queue, "public", "qmgr")
        if os.path.lexists(wake):
            os.unlink(wake)
        if not os.path.isdir(os.path.dirname(wake)):
            self.tool("postfix", "check")
        if hold:
            self.open_fifo(wake)
        self.tool("/usr/lib/postfix/sbin/master", "-w")
        self.running = True
        process.until(lambda: process.answers(self.port), "Postfix answers")

    def open_fifo(self, wake):
        os.mkfifo(wake)
        os.chmod(wake, 0o622)
        self.fifo = os.open(wake, os.O_RDWR | os.O_NONBLOCK)

    def close_fifo(self):
        if self.fifo is not None:
            os.close(self.fifo)
            os.unlink(os.path.join(self.queue, "public", "qmgr"))
            self.fifo = None

    def release(self):
        """What lies in the queue is delivered from now on."""
        self.close_fifo()
        self.write_master(hold=False)
        self.tool("postfix", "reload")

    def stop(self):
        if self.running:
            with open(os.path.join(self.queue, "pid", "master.pid"), encoding="utf-8") as f:
                pid = int(f.read())
            os.kill(pid, signal.SIGTERM)
            process.until(lambda: not process.members(pid), "Postfix is gone")
            self.running = False
        self.close_fifo()

    def empty(self):
        for name in ("incoming", "active", "deferred", "maildrop", "hold"):
            clear(os.path.join(self.queue, name))
        clear(os.path.join(self.folder, "mail"))
        clear(os.path.join(self.folder, "log"))

    def news(self):
        return [os.path.join(self.folder, "mail", f"user{i}", "Maildir", "new") for i in range(self.boxes)]

    def shown(self):
        """Its configuration, for the report."""
        return {"main.cf": self.main.replace(self.folder, "FOLDER"), "master.cf": self.master + QMGR}


def clear(folder):
    """All that lies in it."""
    if not os.path.isdir(folder):
        return
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
