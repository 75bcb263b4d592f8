"""Other servers, for stories about mail that leaves: a second telltale, and one that says exactly what the story says."""
import socket
import threading

from harness import PATIENCE, Dns, Server

ME, BOB = "sender@example.com", "bob@far.test"
RELAY = "relay {{ enabled = true port = {port} }}\nqueue {{ first-retry = 1s }}\n"


def leads_to(server, port, *addresses, domain="far.test"):
    """Mail of `server` for the domain goes to that port of these addresses, in this order."""
    server.config(RELAY.format(port=port))
    for n, address in enumerate(addresses or ["127.0.0.1"]):
        Dns(server).record(domain, f"MX {10 * n} mx{n}.{domain}")
        Dns(server).record(f"mx{n}.{domain}", f"A {address}")


class Far(Server):
    """A second telltale: the server of far.test."""

    def __init__(self):
        super().__init__()
        self.accounts = ()
        Dns(self).ptr("127.0.0.1", "localhost")

    def make_accounts(self):
        self.command("domain", "add", "far.test")
        self.command("account", "add", BOB, "--password-stdin", text="correct horse\n")


class Script:
    """A server that answers by a table: the first word of a command -> reply.  A reply of None closes the connection, one
    that is callable is called with the socket."""

    REPLIES = {"": "220 far ESMTP", "EHLO": "250-far\r\n250-PIPELINING\r\n250 8BITMIME", "MAIL": "250 ok", "RCPT": "250 ok",
               "DATA": "354 go ahead", ".": "250 ok queued as 4XYZ", "QUIT": "221 bye", "RSET": "250 flushed"}

    def __init__(self, address="127.0.0.1", port=0, **replies):
        self.replies = {**self.REPLIES, **{"": self.REPLIES[""]}, **replies}
        self.socket = socket.create_server((address, port))
        self.port = self.socket.getsockname()[1]
        self.heard, self.messages, self.visits = [], [], 0
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def serve(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            self.visits += 1
            threading.Thread(target=self.talk, args=(conn,), daemon=True).start()

    def answer(self, conn, word):
        reply = self.replies.get(word, "500 what?")
        if callable(reply):
            reply = reply(conn)
        if reply is None:
            return False
        conn.sendall(reply.encode("latin-1") + b"\r\n")
        return True

    def talk(self, conn):
        conn.settimeout(PATIENCE)
        with conn, conn.makefile("rb") as lines:
            try:
                if not self.answer(conn, ""):
                    return
                for line in lines:
                    self.heard.append(line.decode("latin-1").removesuffix("\r\n"))
                    word = self.heard[-1].split(" ")[0].upper()
                    if not self.answer(conn, word):
                        return
                    if word == "DATA" and self.replies["DATA"].startswith("354") and not self.take(conn, lines):
                        return
            except OSError:
                return

    def take(self, conn, lines):
        message = b""
        for line in lines:
            if line == b".\r\n":
                self.messages.append(message)
                return self.answer(conn, ".")
            message += line
        return False
