"""A TLS client of which every byte is ours: OpenSSL in memory, the socket apart."""
import ssl
import socket

from harness import PATIENCE, Reply


class Wire:
    """Says lines in the clear, then encrypted; ends what it wants to end, when it wants to."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = None
        self.seen = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    # -- the socket

    def raw(self, octets):
        """As they are, whatever has been agreed upon."""
        self.sock.sendall(octets)

    def push(self):
        self.raw(self.outgoing.read())

    def more(self):
        """Some bytes from the server; b"" when it has closed."""
        try:
            return self.sock.recv(65536)
        except ConnectionResetError:
            return b""

    # -- what is said

    def encrypt(self, context):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="mx.example.com")
        while True:
            try:
                self.tls.do_handshake()
                self.push()
                return
            except ssl.SSLWantReadError:
                self.push()
                got = self.more()
                if not got:
                    raise ConnectionError("the server closed in the handshake") from None
                self.incoming.write(got)

    def read(self):
        """Some more of what the server says; b"" at its end."""
        if self.tls is None:
            return self.more()
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                got = self.more()
                if not got:
                    return b""
                self.incoming.write(got)
            except ssl.SSLZeroReturnError:
                return b""

    def say(self, octets):
        if self.tls is None:
            self.raw(octets)
            return
        self.tls.write(octets)
        self.push()

    def reply(self):
        lines = []
        while not lines or lines[-1][3:4] == "-":
            while b"\r\n" not in self.seen:
                got = self.read()
                if not got:
                    raise ConnectionError(f"the server closed the connection after {lines}")
                self.seen += got
            line, self.seen = self.seen.split(b"\r\n", 1)
            lines.append(line.decode())
        return Reply(lines)

    def send(self, line):
        self.say(line.encode() + b"\r\n")
        return self.reply()

    def goodbye(self):
        """The bytes of close_notify; the client says nothing encrypted any more."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def rest(self):
        """All that still comes until the server closes, as it comes over the socket."""
        octets = b""
        while got := self.more():
            octets += got
        return octets
