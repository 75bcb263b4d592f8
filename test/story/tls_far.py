"""Another server that offers STARTTLS, with the certificate that the story gives it."""
import ssl

from harness import PATIENCE
from remote import Script

OFFER = "250-far\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 STARTTLS"


class Secure(Script):
    """A Script behind STARTTLS: what it hears in the clear stands in .clear, the names it was called by in .names."""

    def __init__(self, context, address="127.0.0.1", port=0, **replies):
        self.context, self.names, self.clear = context, [], []
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        super().__init__(address, port, **{"EHLO": OFFER, **replies})

    def talk(self, conn):
        conn.settimeout(PATIENCE)
        try:
            self.answer(conn, "")
            lines = conn.makefile("rb")
            for line in lines:
                if line.upper().startswith(b"STARTTLS"):
                    conn.sendall(b"220 go ahead\r\n")
                    conn = self.context.wrap_socket(conn, server_side=True)
                    break
                self.clear.append(line.decode("latin-1").strip())
                if not self.hear(conn, lines, line):
                    return
            lines = conn.makefile("rb")
            for line in lines:
                if not self.hear(conn, lines, line):
                    return
        except (OSError, ssl.SSLError):
            pass
        finally:
            conn.close()

    def hear(self, conn, lines, line):
        self.heard.append(line.decode("latin-1").removesuffix("\r\n"))
        word = self.heard[-1].split(" ")[0].upper()
        return self.answer(conn, word) and (word != "DATA" or self.take(conn, lines))
