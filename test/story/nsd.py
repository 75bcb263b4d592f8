"""nsd, Debian's server of zones, on loopback: it says what the story's files say, and nothing else."""
import os
import shutil
import socket
import struct
import subprocess

from harness import end_with_us, free_port, until

CONF = """server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/pid"
  zonelistfile: "{folder}/zone.list"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  logfile: "{folder}/log"
  server-count: 1
remote-control:
  control-enable: no
"""
ZONE = 'zone:\n  name: {name}\n  zonefile: "{folder}/{name}.zone"\n'


class Nsd:
    """zones: {name: the text of its file}.  It answers when this returns."""

    def __init__(self, folder, zones):
        self.port, (self.name, *_) = free_port(), zones
        os.makedirs(folder)
        with open(f"{folder}/nsd.conf", "w", encoding="ascii") as f:
            f.write(CONF.format(port=self.port, folder=folder))
            f.writelines(ZONE.format(name=name, folder=folder) for name in zones)
        for name, text in zones.items():
            with open(f"{folder}/{name}.zone", "w", encoding="ascii") as f:
                f.write(text)
        self.process = subprocess.Popen([shutil.which("nsd") or "/usr/sbin/nsd", "-d", "-c", f"{folder}/nsd.conf"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=end_with_us)
        try:
            until(self.up, "nsd answers")
        except AssertionError:
            self.close()
            raise

    def ask(self, query):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(2)
            s.sendto(query, ("127.0.0.1", self.port))
            return s.recv(4096)

    def up(self):
        """Does it know the SOA of its first zone?"""
        name = b"".join(bytes([len(label)]) + label.encode() for label in self.name.split("."))
        try:
            return self.ask(struct.pack(">6H", 7, 0, 1, 0, 0, 0) + name + b"\0" + struct.pack(">2H", 6, 1))
        except OSError:
            return None

    def close(self):
        self.process.terminate()
        self.process.wait(20)
