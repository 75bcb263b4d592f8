"""Another server that offers STARTTLS, with the certificate that the story gives it."""
from remote import Script

OFFER = "250-far\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 STARTTLS"


class Secure(Script):
    """A Script behind STARTTLS; the names that it was called by (SNI) stand in .names."""

    def __init__(self, context, address="127.0.0.1", port=0, **replies):
        self.names = []
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)

        def starttls(conn):
            conn.sendall(b"220 go ahead\r\n")
            return context.wrap_socket(conn, server_side=True)
        super().__init__(address, port, **{"EHLO": OFFER, "STARTTLS": starttls, **replies})
