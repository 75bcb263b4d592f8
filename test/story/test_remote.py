"""Mail that leaves for other servers: where it goes, what they say, and what becomes of it."""
import re

import pytest

from harness import until
from remote import BOB, ME, Far, Script, leads_to

MAIL = "Subject: out\r\n\r\nHello.\r\n.dot\r\n"


@pytest.fixture(name="far")
def fixture_far(request):
    far = Far()
    try:
        yield far
    finally:
        far.close(getattr(request.node, "failed", True))


def send(server, *rcpts, message=MAIL):
    """Someone who has logged in sends to other servers; the number of the message."""
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        assert c.login().code == 235
        reply = c.deliver(ME, *(rcpts or (BOB,)), message=message)
        assert reply.code == 250, reply
        return int(reply.text.split()[-1])


def result(server, n=1):
    """The reports of the first n deliveries that ended, as "outcome, report"."""
    until(lambda: len(server.log("delivery").verb("result")) >= n, f"{n} results")
    return [r.split(", ", 1)[1] for r in server.log("delivery").verb("result")]


@pytest.mark.smoke
def test_from_one_server_to_the_other_and_both_know(server, far):
    far.start()
    leads_to(server, far.ports["25"])
    qp = send(server)
    mail, = far.arrived(BOB)
    assert mail.subject == "out" and mail.body == "Hello.\n.dot\n"
    report, = result(server)
    assert report.startswith("success, 127.0.0.1_accepted_message./Remote_host_said:_250_")
    assert "/STARTTLS_proto=TLSv1.3;_cipher=TLS_AES_256_GCM_SHA384;/Asked_server_mx0.far.test./" in report
    until(lambda: server.spool.empty, "the queue is empty")
    there, = [m for m in far.trace("any:*").messages]
    assert there["verdict"] == "delivered" and there["from"] == ME
    told = server.trace(f"id:{qp}")
    assert told.only["verdict"] == "relayed"
    assert "mx0.far.test[127.0.0.1] took the message over and said: 250 2.0.0 ok" in told.text
    assert "The way there was encrypted (TLSv1.3)." in told.text
    row, = server.log("delivery").verb("remote")
    assert re.fullmatch(r"\d+, mx0\.far\.test, 127\.0\.0\.1, \d+, TLSv1\.3 TLS_AES_256_GCM_SHA384, opportunistic, "
                        r"connect \d+, tls \d+, reply \d+", row)
    assert re.search(r"reached mx0\.far\.test\[127\.0\.0\.1\], port \d+, over TLSv1\.3 \(opportunistic\): connected in \d+ ms, "
                     r"TLS in \d+ ms", told.text)
    assert "succeeded: handed to mx0.far.test[127.0.0.1] over TLSv1.3, its reply: 250 2.0.0 ok" in told.text
    assert report.split("_qp_")[1].startswith(f"{there['ids']['qp']}/"), "their number is in our log"


LONG = ["550-" + "x" * 60 + str(n) for n in range(600)] + ["550 the end"]
SAYS = [  # what the server says at a step; the outcome; the report
    ({}, "success", "IP_accepted_message./Remote_host_said:_250_ok_queued_as_4XYZ/"),
    ({".": "250-first\r\n250 last"}, "success", "IP_accepted_message./Remote_host_said:_250-first/250_last/"),
    ({"": "554 go away"}, "deferral", "Connected_to_IP_but_greeting_failed./Remote_host_said:_554_go_away/"),
    ({"": "garbage"}, "deferral", "Connected_to_IP_but_connection_died._(#4.4.2)/"),
    ({"": "2\0\r\n220"}, "deferral", "Connected_to_IP_but_connection_died._(#4.4.2)/"),
    ({"": None}, "deferral", "Connected_to_IP_but_connection_died._(#4.4.2)/"),
    ({"EHLO": "502 no", "HELO": "250 hi"}, "success", "IP_accepted_message./Remote_host_said:_250_ok_queued_as_4XYZ/"),
    ({"EHLO": "502 no", "HELO": "550 bad name"}, "deferral",
     "Connected_to_IP_but_my_name_was_rejected./Remote_host_said:_550_bad_name/"),
    ({"EHLO": None}, "deferral", "Connected_to_IP_but_connection_died._(#4.4.2)/"),
    ({"EHLO": "250-far\r\n250 STARTTLS", "STARTTLS": "454 not now"}, "success",
     "IP_accepted_message./Remote_host_said:_250_ok_queued_as_4XYZ/"),
    ({"MAIL": "550 5.7.1 no"}, "failure",
     "Connected_to_IP_but_sender_was_rejected./Remote_host_said:_550_5.7.1_no/"),
    ({"MAIL": "451 later"}, "deferral", "Connected_to_IP_but_sender_was_rejected./Remote_host_said:_451_later/"),
    ({"MAIL": None}, "deferral", "Connected_to_IP_but_connection_died._(#4.4.2)/"),
    ({"RCPT": "550 5.1.1 nobody", "DATA": "503 who?"}, "failure",
     "IP_does_not_like_recipient./Remote_host_said:_550_5.1.1_nobody/Giving_up_on_IP./"),
    ({"RCPT": "450 graylisted"}, "deferral",  # and takes DATA nevertheless: the empty message ends it
     "IP_does_not_like_recipient./Remote_host_said:_450_graylisted/Giving_up_on_IP./"),
    ({"RCPT": None}, "deferral", "Connected_to_IP_but_connection_died._(#4.4.2)/"),
    ({"RCPT": "\r\n".join(LONG)}, "failure",
     "IP_does_not_like_recipient./Remote_host_said:_" + "/".join(LONG)[:3500]),
    ({"RCPT": "\r\n".join(LONG[:600] * 20)}, "deferral", "Connected_to_IP_but_connection_died._(#4.4.2)/"),
    ({"EHLO": "250 far", "RCPT": "550 nobody"}, "failure",
     "IP_does_not_like_recipient./Remote_host_said:_550_nobody/Giving_up_on_IP./"),
    ({"DATA": "554 no valid recipients"}, "failure",
     "IP_failed_on_DATA_command./Remote_host_said:_554_no_valid_recipients/"),
    ({"DATA": "451 full"}, "deferral", "IP_failed_on_DATA_command./Remote_host_said:_451_full/"),
    ({".": "552 virus"}, "failure", "IP_failed_after_I_sent_the_message./Remote_host_said:_552_virus/"),
    ({".": "421 closing"}, "deferral", "IP_failed_after_I_sent_the_message./Remote_host_said:_421_closing/"),
    ({".": None}, "deferral", "Connected_to_IP_but_connection_died._Possible_duplicate!_(#4.4.2)/"),
    ({".": "250\x1b[2J \xe9\r\r\n250 x"}, "deferral",
     "Connected_to_IP_but_connection_died._Possible_duplicate!_(#4.4.2)/"),
    ({".": "250 \x1b[2J\xe9\rx"}, "success", "IP_accepted_message./Remote_host_said:_250_?[2J??x/"),
]
LEADS = [  # the records of the domain; the outcome; the report
    (["MX 0 ."], "failure", "Sorry,_I_couldn't_find_a_mail_exchanger_or_IP_address._(#5.4.4)/"),
    (["TXT x"], "failure", "Sorry,_I_couldn't_find_a_mail_exchanger_or_IP_address._(#5.4.4)/"),
    (["MX 5 nowhere.test"], "failure", "Sorry,_I_couldn't_find_a_mail_exchanger_or_IP_address._(#5.4.4)/"),
    ([], "failure", "Sorry,_I_couldn't_find_any_host_named_DOMAIN._(#5.1.2)/"),
    (["A 127.0.2.1"], "deferral", "Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/"),
    (["MX 10 mx.example.com", "MX 10 good.test"], "failure",
     "Sorry._Although_I'm_listed_as_a_best-preference_MX_or_A_for_that_host,/it_isn't_in_my_control/locals_file,"
     "_so_I_don't_treat_it_as_local._(#5.4.6)/"),
    (["MX 10 good.test", "MX 20 mx.example.com", "MX 30 dead.test"], "success", "127.0.1.1_accepted_message./"),
    (["MX 10 dead.test", "MX 20 silent.test", "MX 30 good.test"], "success", "127.0.1.1_accepted_message./"),
    (["CNAME good.test"], "success", "127.0.1.1_accepted_message./"),
    (["A 127.0.2.1", "A 127.0.1.1"], "success", "127.0.1.1_accepted_message./"),
    (["AAAA ::1", "A 127.0.1.1"], "success", "127.0.1.1_accepted_message./"),
]


def test_every_answer_and_every_end_has_its_words(server, dns):
    """A domain for each row: one message goes to all of them."""
    scripts, wanted = [Script("127.0.1.1", **SAYS[0][0])], {}
    port = scripts[0].port
    server.config(f"relay {{ enabled = true port = {port} connect-deadline = 2s reply-deadline = 5s }}")
    for n, (replies, outcome, report) in enumerate(SAYS):
        ip, domain = f"127.0.1.{n + 1}", f"says{n}.test"
        scripts += [Script(ip, port, **replies)] if n > 0 else []
        dns.record(domain, f"A {ip}")
        wanted[f"x@{domain}"] = f"{outcome}, " + report.replace("IP", ip)
    for name, ip in (("good.test", "127.0.1.1"), ("dead.test", "127.0.2.1"), ("silent.test", "127.0.1.6")):
        dns.record(name, f"A {ip}")
    for n, (rows, outcome, report) in enumerate(LEADS):
        domain = f"leads{n}.test"
        for row in rows:
            dns.record(domain, row)
        wanted[f"x@{domain}"] = f"{outcome}, " + report.replace("DOMAIN", domain)
    wanted["x@[127.0.1.1]"] = "success, 127.0.1.1_accepted_message./"
    wanted["x@[IPv6:::1]"] = "deferral, Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/"
    send(server, *wanted)
    result(server, len(wanted))
    log = server.log("delivery")
    of = dict(t.split(", remote, ") for t in log.verb("try") if ", remote, " in t)  # the bounce is for us
    found = {of[r.split(", ")[0]]: r.split(", ", 1)[1] for r in log.verb("result") if r.split(", ")[0] in of}
    wrong = {to: found.get(to) for to, want in wanted.items() if not found.get(to, "").startswith(want)}
    for s in scripts:
        s.__exit__()
    assert not wrong
    assert all(m.endswith(b"\r\n\r\nHello.\r\n..dot\r\n") for s in scripts for m in s.messages if m)
