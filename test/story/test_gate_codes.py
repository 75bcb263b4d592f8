"""Every code of the gate (LOG-FORMATS 1.3): the reply on the wire, the line of the spamdyke log, the gate's own line,
spamdyke's note and what the trace says of it."""
import collections
import os
import sqlite3

import pytest

OTHER = "127.0.0.7"
ME = "recipient@example.com"
LISTED = "127.0.0.2"

# One code: what the postmaster wrote and the world has in DNS, who writes to whom, what must come out.
Case = collections.namedtuple("Case", "code gate reply option records rdns sender to login reason line note words "
                                      "message verdict", defaults=(
    (), "mail.b.example", "a@b.example", ME, None, "(empty)", None, None, None, None, None))


def rbl(name, text=None):
    """An entry of a list in DNS, as records of the zone."""
    return [(name, f"A {LISTED}")] + ([(name, f'TXT "{text}"')] if text else [])


CASES = [
    Case("DENIED_RDNS_MISSING", "rdns-missing",
         "554 5.7.25 Refused. You have no reverse DNS entry. Contact abuse@example.com for details.",
         "", rdns=None, line="no reverse name for 127.0.0.7", note="FILTER_RDNS_MISSING ip: 127.0.0.7",
         words="no reverse DNS"),
    Case("DENIED_IP_IN_CC_RDNS", "ip-in-cc-rdns",
         "554 5.7.25 Refused. Your reverse DNS entry contains your IP address and a country code.",
         "reject-ip-in-cc-rdns = true", rdns="7-0-0-127.isp.de",
         line="7-0-0-127.isp.de holds 127.0.0.7 and ends in a country",
         note="FILTER_IP_IN_CC_RDNS ip: 127.0.0.7 rdns: 7-0-0-127.isp.de", words="ends in a country code"),
    Case("DENIED_BLACKLIST_NAME", "rdns-blacklist", "554 5.7.1 Refused. Your domain name is blacklisted.",
         'rdns-blacklist-dir = "{dir}"', reason="{dir}/example/b/mail",
         line="mail.b.example matches .mail.b.example ({dir}/example/b/mail)",
         note="FILTER_BLACKLIST_NAME ip: 127.0.0.7 rdns: mail.b.example path: {dir}/example/b/mail",
         words="list of names to refuse"),
    Case("DENIED_BLACKLIST_IP", "ip-blacklist", "554 5.7.1 Refused. Your IP address is blacklisted.",
         'ip-blacklist-entry = "127.0.0."', reason="127.0.0.", line="127.0.0.7 matches 127.0.0.",
         note="FILTER_BLACKLIST_IP ip: 127.0.0.7 entry: 127.0.0.", words="list of addresses to refuse"),
    Case("DENIED_IP_IN_RDNS", "ip-in-rdns",
         "554 5.7.25 Refused. Your reverse DNS entry contains your IP address and a banned keyword.",
         'ip-in-rdns-keyword-blacklist-entry = "dsl .isp.example"', rdns="127-0-0-7.dsl.isp.example",
         reason="dsl_.isp.example", line='127-0-0-7.dsl.isp.example holds 127.0.0.7 and "dsl .isp.example"',
         note="FILTER_IP_IN_RDNS_BLACKLIST ip: 127.0.0.7 rdns: 127-0-0-7.dsl.isp.example keyword: dsl .isp.example "
              "file: (none)", words="as the names of home connections do"),
    Case("DENIED_RDNS_RESOLVE", "rdns-resolve", "421 4.7.25 Refused. Your reverse DNS entry does not resolve.",
         "reject-unresolvable-rdns = true", line="mail.b.example leads to no address",
         note="FILTER_RDNS_RESOLVE ip: 127.0.0.7 rdns: mail.b.example", words="leads to no address"),
    Case("DENIED_RBL_MATCH", "rbl-match",
         "554 5.7.1 Refused. Your IP address is listed in the RBL at zen.test: see https://zen.test/127.0.0.7",
         'dns-blacklist-entry = {{"white.test", "zen.test"}}',
         rbl("7.0.0.127.zen.test", "see https://zen.test/127.0.0.7"), reason="zen.test",
         line="127.0.0.7 is listed at zen.test (127.0.0.2)",
         note="FILTER_RBL_MATCH ip: 127.0.0.7 rbl: zen.test", words="public list of addresses that send spam"),
    Case("DENIED_RHSBL_MATCH", "rhsbl-match",
         "554 5.7.1 Refused. Your domain name is listed in the RHSBL at rhs.test",
         'rhs-blacklist-entry = "rhs.test"', rbl("mail.b.example.rhs.test"), reason="rhs.test",
         line="mail.b.example is listed at rhs.test (127.0.0.2)",
         note="FILTER_RHSBL_MATCH domain: mail.b.example rhsbl: rhs.test", words="public list of domains"),
    Case("DENIED_RHSBL_MATCH", "rhsbl-match",
         "554 5.7.1 Refused. Your domain name is listed in the RHSBL at rhs.test: spam",
         'rhs-blacklist-entry = "rhs.test"', rbl("b.example.rhs.test", "spam"), reason="rhs.test",
         line="b.example is listed at rhs.test (127.0.0.2)",
         note="FILTER_RHSBL_MATCH domain: b.example rhsbl: rhs.test", words="public list of domains"),
    Case("DENIED_SENDER_BLACKLISTED", "sender-blacklist", "554 5.7.1 Refused. Your sender address has been blacklisted.",
         'sender-blacklist-entry = "@b.example"', reason="@b.example", line="a@b.example matches @b.example",
         note="FILTER_SENDER_BLACKLIST sender: a@b.example entry: @b.example", words="list of senders to refuse"),
    Case("DENIED_SENDER_NOT_LOCAL", "sender-not-local",
         "554 5.7.1 Refused. Mail for your sender domain is not hosted here.", "reject-sender = not-local",
         line="b.example is not hosted here", note="FILTER_SENDER_NOT_LOCAL domain: b.example",
         words="only senders whose domain is hosted here"),
    Case("DENIED_SENDER_NOT_AUTH", "sender-not-auth",
         "554 5.7.1 Refused. Your sender address does not match your authentication username.",
         "reject-sender = authentication-mismatch", login="25", line="a@b.example is not sender@example.com",
         note="FILTER_SENDER_NOT_AUTH sender: a@b.example username: sender@example.com",
         words="logged in as one user and wrote another"),
    Case("DENIED_SENDER_NOT_AUTH", "sender-not-auth",
         "554 5.7.1 Refused. Your sender address does not match your authentication username.",
         "reject-sender = authentication-domain-mismatch", login="587", line="a@b.example is not of example.com",
         note="FILTER_SENDER_NOT_AUTH_DOMAIN domain: b.example username: sender@example.com",
         words="logged in as one user and wrote another"),
    Case("DENIED_SENDER_NO_MX", "sender-no-mx",
         "421 4.1.8 Refused. The domain of your sender address has no mail exchanger (MX).", "reject-sender = no-mx",
         [("b.example", "MX 0 .")], line="no mail can be sent to b.example", note="FILTER_SENDER_NO_MX domain: b.example",
         words="no mail server can be found in DNS"),
    Case("DENIED_AUTH_REQUIRED", "auth-required", "554 5.7.0 Refused. Authentication is required to send mail.",
         'filter-level = require-auth ip-whitelist-entry = "127.0.0.7"', line="nobody logged in",
         note="FILTER_AUTH_REQUIRED", words="only after a login"),
    Case("DENIED_REJECT_ALL", "reject-all", "554 5.3.2 Refused. Mail is not being accepted.",
         "filter-level = reject-all", login="587", line="filter-level reject-all", note="FILTER_REJECT_ALL",
         words="accept no mail at all"),
    Case("DENIED_IDENTICAL_SENDER_RECIPIENT", "identical-sender-recipient",
         "554 5.7.1 Refused. Identical sender and recipient addresses are not allowed.",
         "reject-recipient = same-as-sender", sender=ME, line="the recipient is the sender",
         note=f"FILTER_IDENTICAL_SENDER_RECIPIENT sender: {ME} recipient: {ME}", words="the same address"),
    Case("DENIED_RECIPIENT_BLACKLISTED", "recipient-blacklist",
         "554 5.2.1 Refused. Mail is not being accepted at this address.",
         f'recipient-blacklist-entry = "{ME}"', reason=ME, line=f"{ME} matches {ME}",
         note=f"FILTER_RECIPIENT_BLACKLIST recipient: {ME} entry: {ME}", words="addresses that take no mail"),
    Case("DENIED_UNQUALIFIED_RECIPIENT", "unqualified-recipient",
         "554 5.1.3 Improper recipient address. Try supplying a domain name.", "", to="recipient",
         line="the recipient has no domain", note="FILTER_UNQUALIFIED_RECIPIENT recipient: recipient",
         words="has no domain"),
    Case("DENIED_RELAYING", "relaying", "554 5.7.1 Refused. Sending to remote addresses (relaying) is not allowed.",
         "relay-level = block-all", to="x@other.test", login="25",
         line="the recipient's domain is not hosted here", note="FILTER_RELAYING", words="not hosted on this server"),
    Case("DENIED_INVALID_RECIPIENT", "invalid-recipient", "554 5.1.1 Refused. The recipient address does not exist.",
         "reject-recipient = invalid", to="nobody@example.com", line="no mailbox or alias has this name",
         note="FILTER_INVALID_RECIPIENT recipient: nobody@example.com", words="no mailbox or alias with this address"),
    Case("DENIED_UNAVAILABLE_RECIPIENT", "unavailable-recipient",
         "554 5.2.1 Refused. The recipient is not accepting mail right now.", "reject-recipient = unavailable",
         to="loop@example.com", line="its aliases end in themselves", note="FILTER_UNAVAILABLE_RECIPIENT recipient: loop@example.com",
         words="takes no mail at the moment"),
    Case("DENIED_HEADER_BLACKLISTED", "header-blacklist",
         "554 5.7.1 Refused. Your message has been blocked due to its content.",
         'header-blacklist-entry = "Subject: *c?sino*"', reason="Subject:_*c?sino*",
         line='"Subject: Big CASINO night" matches Subject: *c?sino*',
         note="FILTER_HEADER_BLACKLIST header: Subject: Big CASINO night entry: Subject: *c?sino*",
         words="a header line of the message matches", message="Subject:\tBig\r\n  CASINO night\r\n\r\nx\r\n"),
]


def prepare(server, dns, case):
    """Configuration, records, accounts; what stands for {dir}."""
    folder = server.folder + "/names"
    os.makedirs(folder + "/example/b")
    with open(folder + "/example/b/mail", "w", encoding="utf-8"):
        pass
    server.config("logs { level = verbose }")
    server.config("gate { " + case.option.format(dir=folder) + " }")
    dns.ptr(OTHER, case.rdns)
    dns.record("b.example", "static")
    for name, row in case.records:
        dns.record(name, row)
    if case.to.startswith("loop@"):
        server.start()
        with sqlite3.connect(os.path.join(server.data, "accounts.db")) as db:
            db.execute("INSERT INTO alias (domain, name, target) SELECT id, 'loop', 'loop@example.com' FROM domain")
    return folder


def converse(server, case):
    """Everything up to the refusal; the reply."""
    with server.client(source=OTHER, port=case.login or "25") as c:
        c.send("EHLO x")
        if case.login:
            c.starttls(server.tls())
            assert c.login().code == 235
        assert c.send(f"MAIL FROM:<{case.sender}>").code == 250
        reply = c.send(f"RCPT TO:<{case.to}>")
        if case.message:
            assert reply.code == 250
            reply = c.data(case.message)
        assert c.send("RSET").code == 250, "the session goes on"
        return reply


@pytest.mark.parametrize("case", CASES, ids=[f"{c.code}-{i}" for i, c in enumerate(CASES)])
def test_a_code(server, dns, case):
    folder = prepare(server, dns, case)
    reply = converse(server, case)
    assert repr(reply) == case.reply

    code, reason = case.code, case.reason.format(dir=folder)
    with open(os.path.join(server.data, "logs", "spamdyke.log"), encoding="utf-8") as f:
        lines = [line.split("]: ", 1)[1].rstrip("\n") for line in f]
    rdns = "(unknown)" if case.login else case.rdns or "(unknown)"
    assert lines[-1] == f"{code} from: {case.sender} to: {case.to} origin_ip: {OTHER} origin_rdns: {rdns} " \
        f"auth: {'sender@example.com' if case.login else '(unknown)'} " \
        f"encryption: {'TLS' if case.login else '(none)'} reason: {reason}"
    assert case.note.format(dir=folder) in lines

    host = "unknown" if rdns == "(unknown)" else rdns
    start = f"refused {case.gate}, {host}:{OTHER}, {case.to}, {case.line.format(dir=folder)}, "
    found = [g for g in server.log(f"smtp-{case.login or '25'}").verb("gate") if g.startswith(start)]
    assert len(found) == 1 and found[0].endswith(" ms"), server.log(f"smtp-{case.login or '25'}").verb("gate")

    trace = server.trace(f"from:{case.sender}", f"to:{case.to}")
    assert trace.only["verdict"] == ("refused-temporarily" if case.reply.startswith("4") else "refused")
    assert case.words in " ".join(trace.text.split())
    explained = server.tell("explain", lines[-1])
    assert explained.returncode == 0 and case.words in " ".join(explained.stdout.split())
    assert server.spool.empty
