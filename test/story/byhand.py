"""Start one of our programs as telltaled does, without telltaled: descriptors by name in TELLTALE_FDS.

Also speaks the frames of base/ipc.h, so that a test can say things that our own clients never would.
"""
import os, signal, socket, struct, subprocess, tempfile, time

BUILD = os.environ.get("TELLTALE_BUILD", os.path.join(os.path.dirname(__file__), "..", "..", "build-test"))
RESOLVED = "nssssnn"  # the fields of lookup_resolved (src/lookup/proto.def)


class Program:
    def __init__(self, name, conf, data, sockets):
        """sockets: {"service": "dns.sock"}: listening Unix sockets in DATA/run, handed over."""
        self.data = data
        os.makedirs(os.path.join(data, "run"), exist_ok=True)
        memfd = os.memfd_create("conf")
        os.write(memfd, conf.encode())
        fds, self.listeners = {"conf": memfd}, []
        for title, file in sockets.items():
            s = socket.socket(socket.AF_UNIX)
            path = self.path(file)
            if os.path.exists(path):
                os.unlink(path)
            s.bind(path)
            s.listen(64)
            self.listeners.append(s)
            fds[title] = s.fileno()
        env = dict(os.environ, TELLTALE_FDS=",".join(f"{k}={v}" for k, v in fds.items()))
        self.process = subprocess.Popen([os.path.join(BUILD, name)], env=env, pass_fds=list(fds.values()),
                                        stderr=subprocess.PIPE, text=True)
        os.close(memfd)

    def path(self, file):
        return os.path.join(self.data, "run", file)

    def channel(self, file):
        return Channel(self.path(file))

    def stop(self):
        """Ends it; returns its exit code and what it said."""
        for s in self.listeners:
            s.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


class Channel:
    """fields: str or bytes become texts, int becomes a number."""
    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(20)
        self.s.connect(path)
        self.buffer = b""

    def send(self, number, ident, *fields):
        body = b""
        for f in fields:
            if isinstance(f, int):
                body += struct.pack("<Q", f)
            else:
                f = f if isinstance(f, bytes) else f.encode()
                body += struct.pack("<I", len(f)) + f
        self.s.sendall(struct.pack("<IHHQ", 12 + len(body), number, 0, ident) + body)

    def raw(self, data):
        self.s.sendall(data)

    def receive(self, layout):
        """layout: "n" and "s" per field -> (type, id, [fields]); None when the channel was closed."""
        frame = self._frame()
        if frame is None:
            return None
        number, _, ident = struct.unpack_from("<HHQ", frame)
        at, fields = 12, []
        for kind in layout:
            if kind == "n":
                fields.append(struct.unpack_from("<Q", frame, at)[0])
                at += 8
            else:
                n = struct.unpack_from("<I", frame, at)[0]
                fields.append(frame[at + 4:at + 4 + n])
                at += 4 + n
        assert at == len(frame)
        return number, ident, fields

    def _frame(self):
        while len(self.buffer) < 4 or len(self.buffer) < 4 + struct.unpack_from("<I", self.buffer)[0]:
            try:
                more = self.s.recv(65536)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self.buffer += more
        n = struct.unpack_from("<I", self.buffer)[0]
        frame, self.buffer = self.buffer[4:4 + n], self.buffer[4 + n:]
        return frame

    def close(self):
        self.s.close()
