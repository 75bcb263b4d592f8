"""Other servers, for stories about mail that leaves: a second telltale, and one that says exactly what the story says."""
import os
import socket
import ssl
import tempfile
import threading

from harness import PATIENCE, Dns, Server, certificate

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
        self.domain, self.accounts = "far.test", ("bob",)
        Dns(self).ptr("127.0.0.1", "localhost")


def encrypted(conn):
    """The server's side of a handshake, with the stories' own certificate: the connection from then on."""
    with tempfile.TemporaryDirectory() as folder:
        for name, pem in zip(("cert.pem", "key.pem"), certificate()):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
    return context.wrap_socket(conn, server_side=True)


def starttls(conn):
    """A reply to STARTTLS."""
    conn.sendall(b"220 go ahead\r\n")
    return encrypted(conn)


def readable(server, name, octets):
    """A file that users { remote } can read; its path."""
    path = os.path.join(server.folder, name)
    with open(path, "wb") as f:
        f.write(octets)
    os.chmod(path, 0o644)
    return path


class Script:
    """A server that answers by a table: the first word of a command -> reply.  A reply of None closes the connection, one
    that is callable is called with the socket, and may return another one to go on with.  "greet" comes first of all:
    implicit TLS.  Messages are kept as they came, dots and all."""

    REPLIES = {"": "220 far ESMTP", "EHLO": "250-far\r\n250-PIPELINING\r\n250 8BITMIME", "MAIL": "250 ok", "RCPT": "250 ok",
               "DATA": "354 go ahead", ".": "250 ok queued as 4XYZ", "QUIT": "221 bye", "RSET": "250 flushed"}

    def __init__(self, address="127.0.0.1", port=0, greet=None, **replies):
        self.replies = {**self.REPLIES, **replies}
        self.greet = greet
        self.socket = socket.create_server((address, port))
        self.port = self.socket.getsockname()[1]
        self.heard, self.messages, self.sources, self.visits = [], [], [], 0
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def serve(self):
        while True:
            try:
                conn, source = self.socket.accept()
            except OSError:
                return
            self.visits += 1
            self.sources.append(source[0])
            threading.Thread(target=self.visit, args=(conn,), daemon=True).start()

    def visit(self, conn):
        conn.settimeout(PATIENCE)
        try:
            with conn:
                if self.greet is not None:
                    conn = self.greet(conn)
                if self.answer(conn, ""):
                    self.talk(conn)
        except OSError:
            return

    def answer(self, conn, word):
        """The connection to go on with, or None."""
        reply = self.replies.get(word, "500 what?")
        if callable(reply):
            reply = reply(conn)
        if reply is None or isinstance(reply, socket.socket):
            return reply
        conn.sendall(reply.encode("latin-1") + b"\r\n")
        return conn

    def talk(self, conn):
        lines, chunks = conn.makefile("rb"), b""
        while line := lines.readline():
            self.heard.append(line.decode("latin-1").removesuffix("\r\n"))
            word, _, rest = self.heard[-1].partition(" ")
            if word.upper() == "BDAT":
                chunks += lines.read(int(rest.split(" ")[0]))
                if rest.endswith(" LAST"):
                    self.messages.append(chunks)
                    chunks = b""
                    word = "."
            now = self.answer(conn, word.upper())
            if now is None:
                return
            if now is not conn:
                conn, lines = now, now.makefile("rb")
            if word.upper() == "DATA" and str(self.replies["DATA"]).startswith("354") and not self.take(conn, lines):
                return

    def take(self, conn, lines):
        message = b""
        for line in lines:
            if line == b".\r\n":
                self.messages.append(message)
                return self.answer(conn, ".")
            message += line
        return None
