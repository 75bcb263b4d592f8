"""A client that waits only where it must: the end of one message and the commands of the next go in one packet."""
import re
import socket

PATIENCE = 30


def reply(file):
    """The last line of the next reply."""
    line = file.readline()
    while line[3:4] == b"-":
        line = file.readline()
    assert line.endswith(b"\r\n"), f"the server hung up: {line!r}"
    return line


def commands(message):
    sender, recipients, _ = message
    lines = [f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{r}>" for r in recipients), "DATA"]
    return "".join(line + "\r\n" for line in lines).encode()


def session(port, messages):
    """Send these (sender, recipients, text) over one connection; the number (qp) that each got, None if refused."""
    numbers = []
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s, s.makefile("rb") as file:
        assert reply(file).startswith(b"220")
        s.sendall(b"EHLO client.test\r\n" + commands(messages[0]))
        assert reply(file).startswith(b"250")
        for i, (_, recipients, text) in enumerate(messages):
            codes = [reply(file)[:3] for _ in range(len(recipients) + 2)]
            assert codes[-1] == b"354", codes
            following = commands(messages[i + 1]) if i + 1 < len(messages) else b"QUIT\r\n"
            s.sendall(text + b".\r\n" + following)
            queued = re.search(rb"^250 .*qp (\d+)", reply(file))
            numbers.append(int(queued[1]) if queued else None)
        reply(file)
    return numbers
