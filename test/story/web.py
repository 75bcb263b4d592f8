"""A web server of other domains: MTA-STS policies by HTTPS, and whatever is posted to it."""
import http.server
import threading

PATH = "/.well-known/mta-sts.txt"


class Web(http.server.ThreadingHTTPServer):
    """pages: the Host that is asked for -> (status, fields, body); asked: all that was asked for; posted: (path, fields, body)."""

    def __init__(self, context, address="127.0.0.1", port=0):
        self.pages, self.asked, self.posted = {}, [], []
        super().__init__((address, port), Handler)
        self.port = self.server_address[1]
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # who does not like the certificate hangs up

    def publish(self, domain, mode="enforce", mx=(), age=86400, body=None, status=200, **fields):
        text = "".join(f"{line}\r\n" for line in ["version: STSv1", f"mode: {mode}", *(f"mx: {m}" for m in mx), f"max_age: {age}"])
        self.pages["mta-sts." + domain] = status, {"Content-Type": "text/plain; charset=utf-8", **fields}, text if body is None else body


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        host = self.headers["Host"].split(":")[0]
        self.server.asked.append(host)
        status, fields, body = self.server.pages.get(host, (404, {}, "nothing here")) if self.path == PATH else (404, {}, "")
        self.answer(status, fields, body.encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, self.headers, body))
        self.answer(200, {}, b"thanks")

    def answer(self, status, fields, body):
        self.send_response(status)
        for name, value in {**fields, "Content-Length": str(len(body))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
