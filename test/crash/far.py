"""The server of another domain: it takes whatever comes, and remembers how often each message came and whole."""
import collections
import hashlib
import random
import re
import socket
import threading
import time

SLOWEST = 0.05  # seconds between a whole message and its 250: some kills must fall there
NAME = re.compile(rb"^X-Id: ([\w-]+)\r\n", re.M)


class Far:
    """taken: (name, digest of what its client had said) -> times that its 250 went out, or was about to."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.socket.getsockname()[1]
        self.lock, self.taken, self.dice = threading.Lock(), collections.Counter(), random.Random(1)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(conn,), daemon=True).start()

    def talk(self, conn):
        try:
            with conn, conn.makefile("rb") as lines:
                conn.sendall(b"220 far ESMTP\r\n")
                for line in lines:
                    if not self.answer(conn, lines, line.split(b" ")[0].strip().upper()):
                        return
        except OSError:
            pass  # who called was killed

    def answer(self, conn, lines, word):
        if word == b"DATA":
            conn.sendall(b"354 go\r\n")
            if not self.take(lines):
                return False
        conn.sendall(b"250-far\r\n250-PIPELINING\r\n250 8BITMIME\r\n" if word == b"EHLO" else b"250 ok\r\n")
        return word != b"QUIT"

    def take(self, lines):
        """False: it never ended, so it was never taken."""
        message = []
        for line in lines:
            if line == b".\r\n":
                self.remember(b"".join(message))
                time.sleep(self.dice.random() * SLOWEST)
                return True
            message.append(line[1:] if line.startswith(b".") else line)
        return False

    def remember(self, message):
        name = NAME.search(message)
        said = message[name.start():] if name else b""
        with self.lock:
            self.taken[name[1].decode() if name else "", hashlib.sha256(said).hexdigest()] += 1

    def close(self):
        self.socket.close()
