"""Whatever another server says, and wherever it hangs up: what becomes of the message, what the log says, what the trace tells."""
import socket
import time

from harness import until
from remote import Script
from test_remote import send

TLS = "250-far\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 STARTTLS"
DIED = "Connected to IP but connection died. (#4.4.2)"
MAYBE = "Connected to IP but connection died. Possible duplicate! (#4.4.2)"
TAKEN = "IP accepted message.\nRemote host said: 250 "
PORT_OFF = "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)"


def close(_conn):
    return None


def raw(octets, pause=0):
    """These bytes, perhaps one by one, and what the table says no more."""
    def say(conn):
        for one in [octets] if not pause else [octets[i:i + 1] for i in range(len(octets))]:
            conn.sendall(one)
            time.sleep(pause)
        return ""
    return say


def for_ever(conn):
    """A reply that never ends, a byte at a time."""
    for _ in range(600):
        conn.sendall(b"250-x\r\n")
        time.sleep(0.05)


def last_words(octets):
    """Say it and be gone."""
    def say(conn):
        conn.sendall(octets)
    return say


def reset(conn):
    """Gone without a goodbye: an RST, when the other side has seen the connection."""
    time.sleep(0.3)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    conn.close()


SAYS = [  # what is said at a step; the outcome; the report's beginning; is it taken there?
    # the connection ends
    ("greeting", {"": close}, "deferral", DIED, False),
    ("greeting, reset", {"": reset}, "deferral", DIED, False),
    ("EHLO", {"EHLO": reset}, "deferral", DIED, False),
    ("STARTTLS", {"EHLO": TLS, "STARTTLS": close}, "deferral", DIED, False),
    ("handshake", {"EHLO": TLS, "STARTTLS": last_words(b"220 go\r\n")}, "success", TAKEN, True),
    ("MAIL", {"MAIL": reset}, "deferral", DIED, False),
    ("RCPT", {"RCPT": reset}, "deferral", DIED, False),
    ("DATA", {"DATA": close}, "deferral", DIED, False),
    ("DATA, reset", {"DATA": reset}, "deferral", DIED, False),
    ("dot", {".": close}, "deferral", MAYBE, True),
    ("dot, reset", {".": reset}, "deferral", MAYBE, True),
    ("after the 250", {".": last_words(b"250 I have it\r\n")}, "success", TAKEN + "I have it", True),
    ("half a 250", {".": last_words(b"250 I have")}, "deferral", MAYBE, True),
    ("half of two lines", {".": last_words(b"250-I have it\r\n")}, "deferral", MAYBE, True),
    # replies that are none
    ("garbage", {"MAIL": "hello!"}, "deferral", DIED, False),
    ("an empty line", {"MAIL": ""}, "deferral", DIED, False),
    ("a code of two digits", {"MAIL": "25 ok"}, "deferral", DIED, False),
    ("a code of four", {"MAIL": "2500 ok"}, "deferral", DIED, False),
    ("1xx", {"MAIL": "150 wait"}, "deferral", DIED, False),
    ("6xx", {"MAIL": "650 no"}, "deferral", DIED, False),
    ("NUL", {"MAIL": "2\0\0 ok"}, "deferral", DIED, False),
    ("yes and no", {"MAIL": "250-ok\r\n550 no"}, "deferral", DIED, False),
    ("no end", {"EHLO": for_ever}, "deferral", DIED, False),
    ("too much", {"MAIL": "250 " + "x" * 70000}, "deferral", DIED, False),
    # replies that are odd, and replies all the same
    ("bare LF", {".": raw(b"250 unix\n")}, "success", TAKEN + "unix", True),
    ("no text", {".": "250"}, "success", "IP accepted message.\nRemote host said: 250\n", True),
    ("a drip", {".": raw(b"250 drop by drop\r\n", 0.05)}, "success", TAKEN + "drop by drop", True),
    ("NUL in the text", {".": "250 a\0b"}, "success", TAKEN + "a?b", True),
    ("3xx to MAIL", {"MAIL": "354 go"}, "deferral", "Connected to IP but sender was rejected.\nRemote host said: 354 go", False),
    ("2xx to DATA", {"DATA": "250 ok"}, "deferral", "IP failed on DATA command.\nRemote host said: 250 ok", False),
    # a no at each step
    ("421 greeting", {"": last_words(b"421 busy\r\n")}, "deferral", "Connected to IP but greeting failed.\nRemote host said: 421 busy", False),
    ("421 MAIL", {"MAIL": last_words(b"421 4.3.2 going down\r\n")}, "deferral",
     "Connected to IP but sender was rejected.\nRemote host said: 421 4.3.2 going down", False),
    ("452 RCPT", {"RCPT": "452 4.2.2 full"}, "deferral", "IP does not like recipient.\nRemote host said: 452 4.2.2 full", False),
    ("554 RCPT, lines", {"RCPT": "554-5.7.1 Blocked.\r\n554-5.7.1 See https://bl.test/?ip=192.0.2.1\r\n554 5.7.1 Bye"}, "failure",
     "IP does not like recipient.\nRemote host said: 554-5.7.1 Blocked.\n554-5.7.1 See https://bl.test/?ip=192.0.2.1\n554 5.7.1 Bye", False),
    ("552 dot", {".": last_words(b"552 5.2.2 over quota\r\n")}, "failure",
     "IP failed after I sent the message.\nRemote host said: 552 5.2.2 over quota", True),
]
NOBODY = ("nobody listens", None, "deferral", PORT_OFF, False)


def world(server, dns):
    """A server and a domain for each row: {address: row}, the scripts."""
    first = Script("127.0.3.1", **SAYS[0][1])
    scripts, rows = {"x@says0.test": first}, {}
    server.config(f"relay {{ enabled = true port = {first.port} connect-deadline = 2s reply-deadline = 3s end-deadline = 3s }}\n"
                  "queue { first-retry = 1h }")
    for n, row in enumerate([*SAYS, NOBODY]):
        ip, rcpt = f"127.0.3.{n + 1}", f"x@says{n}.test"
        dns.record(f"says{n}.test", f"A {ip}")
        if n > 0 and row[1] is not None:
            scripts[rcpt] = Script(ip, first.port, **row[1])
        rows[rcpt] = (*row[:3], row[3].replace("IP", ip), row[4])
    return rows, scripts


def logged(report):
    """As the log writes it."""
    return report.replace(" ", "_").replace("\n", "/")


def reported(server):
    """{recipient: "outcome, report"} of mail that left."""
    log = server.log("delivery")
    of = dict(t.split(", remote, ") for t in log.verb("try") if ", remote, " in t)
    return {of[r.split(", ")[0]]: r.split(", ", 1)[1] for r in log.verb("result") if r.split(", ")[0] in of}


def judge(rows, scripts, found, recipients):
    """What is not as the rows have it."""
    wrong = []
    for rcpt, (what, _, outcome, report, taken) in rows.items():
        got, words = found[rcpt].split(", ", 1)
        here = rcpt in scripts and any(m for m in scripts[rcpt].messages)
        told = recipients[rcpt]
        if got != outcome or not words.startswith(logged(report)) or here != taken:
            wrong.append((what, got, words, here))
        verdict = {"success": "relayed", "failure": "returned", "deferral": "waiting"}[outcome]
        twice = "twice" in (told["summary"] + (told.get("explanation") or ""))
        if told["verdict"] != verdict or twice != (report.endswith("Possible duplicate! (#4.4.2)")):
            wrong.append((what, told))
    return wrong


def test_every_reply_and_every_drop_has_its_outcome_its_words_and_its_story(server, dns):
    """One message to all of them."""
    rows, scripts = world(server, dns)
    qp = send(server, *rows)
    until(lambda: len(reported(server)) == len(rows), "all have their results")
    until(lambda: not [m for m in server.queue() if m["qp"] != qp], "the bounce has arrived")
    told = {r["address"]: r for m in server.trace(f"id:{qp}").messages for r in m["recipients"]}
    wrong = judge(rows, scripts, reported(server), told)
    for s in scripts.values():
        s.__exit__()
    assert not wrong
