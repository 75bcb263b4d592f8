"""Somebody who uses the page with a browser's manners, but looks at each answer."""
import http.client
import json
import urllib.parse

from harness import PATIENCE, free_port


def with_page(server, *more):
    """The server has a page; more are lines of web { }."""
    server.web_port = free_port()
    server.config(f'web {{ bind = {{"127.0.0.1:{server.web_port}"}} {" ".join(more)} }}')
    return server


class Answer:
    def __init__(self, response, body):
        self.code = response.status
        self.fields = response.headers
        self.body = body
        self.text = body.decode("utf-8", "surrogateescape")

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.code} {self.text[:2000]}"


class Visitor:
    """Keeps the cookie that he is given, and sends the token that api/me told him."""

    def __init__(self, server, source="127.0.0.1", **fields):
        server.start()
        self.server, self.source, self.fields = server, source, fields
        self.cookies, self.token = {}, ""
        self.set_cookie = None

    def ask(self, method, path, body=None, **fields):
        """fields: of the request, with _ for -; None: leave it out.  path: behind the prefix, with its query."""
        head = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()) or None, **self.fields}
        if method == "POST":
            head.update({"Content-Type": "application/json", "X-Telltale-Token": self.token or None,
                         "Origin": f"http://127.0.0.1:{self.server.web_port}"})
            body = json.dumps(body if body is not None else {}).encode() if not isinstance(body, bytes) else body
        head.update({k.replace("_", "-"): v for k, v in fields.items()})
        connection = http.client.HTTPConnection("127.0.0.1", self.server.web_port, PATIENCE * 2, (self.source, 0))
        try:
            connection.request(method, path, body, {k: v for k, v in head.items() if v is not None})
            response = connection.getresponse()
            answer = Answer(response, response.read())
        finally:
            connection.close()
        self.keep(answer)
        return answer

    def keep(self, answer):
        for cookie in answer.fields.get_all("Set-Cookie") or []:
            self.set_cookie = cookie
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value

    def get(self, path, **values):
        return self.ask("GET", path + ("?" + urllib.parse.urlencode(values) if values else ""))

    def post(self, path, **values):
        return self.ask("POST", path, values)

    def me(self):
        answer = self.get("/api/me")
        assert answer.code == 200, answer
        self.token = answer.json["token"]
        return answer.json

    def login(self, user="recipient@example.com", password="correct horse"):
        """The answer; if it is good the token is known."""
        answer = self.post("/api/login", user=user, password=password)
        if answer.code == 200:
            self.token = answer.json["token"]
        return answer

    def enter(self):
        """As an administrator, by a link of the command."""
        link = json.loads(self.server.command("web", "link", "--json"))["url"]
        answer = self.get("/" + link.split("/", 3)[3])
        assert answer.code == 303, answer
        assert self.me()["role"] == "administrator"
        return self
