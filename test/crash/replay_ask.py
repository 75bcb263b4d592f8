"""telltale-queue's control socket, asked directly: thousands of questions, and no command is started for them."""
import json
import os
import socket
import struct

ASK, DONE = 30, 31  # queue_admin and queue_done in queue/proto.def
HEAD = struct.Struct("<IHHQ")  # base/ipc.h: length of what follows it, type, descriptors, id


class Refused(Exception):
    """The answer is no."""


class Control:
    """One connection.  While it waits for an answer, hopeful() is asked now and then; that raises to give up."""

    def __init__(self, path, hopeful):
        self.socket, self.hopeful = socket.socket(socket.AF_UNIX), hopeful
        self.socket.settimeout(0.2)
        self.socket.connect(path)
        self.bytes, self.descriptors = b"", []

    def close(self):
        self.socket.close()
        for fd in self.descriptors:
            os.close(fd)

    def read(self, n):
        while len(self.bytes) < n:
            try:
                more, fds, _, _ = socket.recv_fds(self.socket, 1 << 16, 4)
            except TimeoutError:
                self.hopeful()
                continue
            self.descriptors += fds
            if not more:
                raise Refused("telltale-queue hung up")
            self.bytes += more
        taken, self.bytes = self.bytes[:n], self.bytes[n:]
        return taken

    def ask(self, *words):
        """The answer's JSON."""
        text = b"\0".join(w.encode() for w in words)
        body = struct.pack("<I", len(text)) + text
        self.socket.sendall(HEAD.pack(HEAD.size - 4 + len(body), ASK, 0, 1) + body)
        length, kind, _, _ = HEAD.unpack(self.read(HEAD.size))
        body = self.read(length - (HEAD.size - 4))
        status, size = struct.unpack_from("<QI", body)
        output = body[12:12 + size]
        if kind != DONE or status != 0:
            raise Refused(f"{words}: {status} {body[12 + size:]!r}")
        return json.loads(output)

    def messages(self):
        """What `telltale queue list` shows."""
        answer = self.ask("list", "0")
        found = answer["messages"]
        while answer["more"]:
            answer = self.ask("list", str(found[-1]["qp"]))
            found += answer["messages"]
        return found

    def export(self, qp):
        """A message's bytes."""
        where = self.ask("export", str(qp))
        fd = self.descriptors.pop()
        try:
            return os.pread(fd, where["size"], where["offset"])
        finally:
            os.close(fd)
