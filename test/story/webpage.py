"""A client of the page and its API: what a browser keeps (the cookie, the token), and raw bytes where a browser would not."""
import errno
import http.client
import json
import re
import socket

from harness import PATIENCE, free_port


class Answer:
    """One reply of HTTP."""

    def __init__(self, reply, body):
        self.code, self.fields, self.body = reply.status, reply.headers, body

    @property
    def json(self):
        assert self.fields["Content-Type"] == "application/json", (self.code, self.fields, self.body)
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.code} {self.body[:300]!r}"


class Page:
    """The page of a server; it has one (web { bind }) from now on."""

    def __init__(self, server, more=""):
        self.server, self.port = server, free_port()
        self.cookie = self.token = None
        self.prefix = "/"
        server.config(f'web {{ bind = {{"127.0.0.1:{self.port}"}} {more} }}')

    def ask(self, method, path, body=None, **fields):
        """Fields are written with _ for -."""
        self.server.start()
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        if self.cookie:
            fields.setdefault("Cookie", self.cookie)
        if self.token and method == "POST":
            fields.setdefault("X-Telltale-Token", self.token)
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            c.request(method, path, body, {k: v for k, v in fields.items() if v is not None})
            reply = c.getresponse()
            return Answer(reply, reply.read())
        finally:
            c.close()

    def get(self, path, **fields):
        return self.ask("GET", path, **fields)

    def post(self, path, values=None, **fields):
        fields.setdefault("Content_Type", "application/json")
        return self.ask("POST", path, json.dumps(values or {}), **fields)

    def take_cookie(self, answer):
        self.cookie = answer.fields["Set-Cookie"].split(";")[0]
        self.token = self.get(self.prefix + "api/me").json["token"]

    def administrator(self):
        """Come in by a link of `telltale web link`."""
        link = json.loads(self.server.command("web", "link", "--json"))["url"]
        self.take_cookie(self.get(re.sub(r"^https?://[^/]*", "", link)))
        return self

    def login(self, user, password="correct horse"):
        answer = self.post(self.prefix + "api/login", {"user": user, "password": password})
        if answer.code == 200:
            self.take_cookie(answer)
        return answer

    def raw(self, octets, patience=PATIENCE):
        """What comes back until the server hangs up."""
        self.server.start()
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as s:
            got = b""
            try:
                s.sendall(octets)
                s.shutdown(socket.SHUT_WR)
                while piece := s.recv(65536):
                    got += piece
            except OSError as e:
                if e.errno not in (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN):  # it hung up before we were done
                    raise
        return got

    def said(self, line, *fields, body=b"", host="127.0.0.1"):
        """The code of the answer to a request, spelt byte for byte."""
        head = "\r\n".join([line, *([f"Host: {host}"] if host else []), *fields, "", ""])
        got = self.raw(head.encode("latin-1") + body)
        return int(got.split(b" ")[1]) if got else 0
