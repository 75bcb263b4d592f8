"""Settings of single clients, senders and recipients, from config-dir and the accounts: in one message, over a reload."""
import glob
import os

import pytest

from harness import until
from test_gate_filters import HERE, OTHER, gate_lines, list_file, rcpt, spamdyke


def settings(server, path, *lines):
    """A file of config-dir."""
    whole = os.path.join(server.folder, "config.d", path)
    os.makedirs(os.path.dirname(whole), exist_ok=True)
    with open(whole, "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in lines)
    return whole


def use(server, *more):
    os.makedirs(os.path.join(server.folder, "config.d"), exist_ok=True)
    server.config(f'gate {{ config-dir = "{server.folder}/config.d" ' + " ".join(more) + " }")


def codes(server):
    """CODE and recipient of each verdict."""
    return [(r.code, r.to) for r in server.log("spamdyke").records]


def test_two_recipients_of_one_message_with_settings_of_their_own(server, dns):
    use(server, 'ip-blacklist-entry = "192.0.2.9"')
    settings(server, "_recipient_/com/example/_at_/sender", "reject-empty-rdns=no")
    with server.client(source=OTHER) as c:
        c.send("EHLO x")
        c.send("MAIL FROM:<a@b.example>")
        assert c.send("RCPT TO:<recipient@example.com>").code == 554
        assert c.send("RCPT TO:<Sender@Example.com>").code == 250
        assert c.data().code == 250
    assert [code for code, _ in codes(server)] == ["DENIED_RDNS_MISSING", "ALLOWED"]
    assert len({line.split()[0] for line in spamdyke(server)}) == 2
    until(lambda: server.maildir("sender@example.com"), "the mail is delivered")
    assert server.maildir("recipient@example.com") == []
    # One group, and each stage told once for each of the two policies.
    group = server.log("smtp-25").groups[-1]
    stages = [r.rest for r in group if r.verb == "gate" and r.rest.startswith("connect, ")]
    assert len(stages) == 2 and "refused rdns-missing" in stages[0] and "rdns-missing" not in stages[1], stages
    refused = [r.rest for r in group if r.verb == "gate" and r.rest.startswith("refused ")]
    assert len(refused) == 1 and ", recipient@example.com, " in refused[0]
    trace = server.trace("from:a@b.example")
    assert {r["address"]: r["verdict"] for r in trace.only["recipients"]} == {
        "recipient@example.com": "refused", "sender@example.com": "delivered"}


def test_recipients_with_the_same_settings_are_judged_once(server, dns):
    use(server)
    settings(server, "_recipient_/com/example", "reject-empty-rdns=no", "ip-whitelist-entry=127.0.0.")
    with server.client(source=OTHER) as c:
        c.deliver("a@b.example", "recipient@example.com", "sender@example.com")
    lines = gate_lines(server)
    assert len([line for line in lines if line.startswith("connect, ")]) == 1
    assert [line for line in lines if line.startswith("allowed ip-whitelist, ")] == [
        f"allowed ip-whitelist, unknown:{OTHER}, recipient@example.com, 127.0.0.7 matches 127.0.0., 0 ms"]


# The file, what is in it, the client, the sender; the reply to recipient@example.com.
WHO = [
    ("_ip_/127/0/0/7", "reject-empty-rdns=0", OTHER, "a@b.example", 250),
    ("_ip_/127/0/0", "reject-empty-rdns=0", OTHER, "a@b.example", 250),
    ("_ip_/127/0/0/8", "reject-empty-rdns=0", OTHER, "a@b.example", 554),
    ("_rdns_/localhost", "sender-blacklist-entry=a@b.example", HERE, "a@b.example", 554),
    ("_rdns_/localhost", "sender-blacklist-entry=a@b.example", OTHER, "c@b.example", 554),
    ("_sender_/example/b/_at_/a", "reject-empty-rdns=no", OTHER, "A@B.example", 250),
    ("_sender_/example", "reject-empty-rdns=no", OTHER, "a@b.example", 250),
    ("_sender_/example/b/_at_/c", "reject-empty-rdns=no", OTHER, "a@b.example", 554),
    ("_recipient_/com/_ip_/127/_sender_/example", "reject-empty-rdns=no", OTHER, "a@b.example", 250),
    ("_recipient_/com/_ip_/127/_sender_/org", "reject-empty-rdns=no", OTHER, "a@b.example", 554),
    ("_recipient_/com/example/_at_/recipient", "ip-whitelist-entry=127.0.0.7", OTHER, "a@b.example", 250),
    ("_recipient_/com/example/_at_/recipient", "recipient-blacklist-entry=@example.com", HERE, "a@b.example", 554),
    ("_recipient_/com/example/_at_/recipient", "rejection-text-empty-rdns=Who are you?", OTHER, "a@b.example", 554),
]


@pytest.mark.parametrize("path, line, client, sender, code", WHO, ids=[f"{r[0]}-{r[4]}" for r in WHO])
def test_whose_settings_they_are(server, path, line, client, sender, code):
    use(server)
    settings(server, path, line)
    with server.client(source=client) as c:
        reply = rcpt(c, "recipient@example.com", sender=sender)
    assert reply.code == code
    assert ("Who are you?" in reply.text) == ("Who" in line)


def test_a_list_file_that_only_one_recipient_has(server):
    """Read by telltaled: telltale-smtpd opens no file.  The reason is the line of that file."""
    use(server, 'sender-blacklist-entry = "@c.example"')
    path = list_file(server, "list", "# mine", "@b.example")
    settings(server, "_recipient_/com/example/_at_/recipient", "sender-blacklist-entry=!!!", f"sender-blacklist-file={path}")
    with server.client() as c:
        assert rcpt(c, "recipient@example.com").code == 554
        assert c.send("RCPT TO:<sender@example.com>").code == 250
        c.send("RSET")
        assert rcpt(c, "recipient@example.com", sender="a@c.example", helo=False).code == 250
        assert c.send("RCPT TO:<sender@example.com>").code == 554
    reasons = [r.reason for r in server.log("spamdyke").records]
    assert reasons == [path + ":2", "@c.example"]


def test_a_reload_takes_changes_and_refuses_mistakes(server):
    use(server)
    with server.client(source=OTHER) as c:
        assert rcpt(c, "recipient@example.com").code == 554
    path = settings(server, "_recipient_/com/example", "# by the panel", "reject-empty-rdns=no")
    server.command("reload")
    with server.client(source=OTHER) as c:
        assert rcpt(c, "recipient@example.com").code == 250
    settings(server, "_recipient_/com/example", "# by the panel", "reject-empty-rdns=maybe")
    refused = server.tell("reload")
    assert refused.returncode == 1
    assert f"{path}:2: reject-empty-rdns must be true or false" in refused.stderr
    check = server.tell("check")
    assert check.returncode == 1 and check.stderr == f"{path}:2: reject-empty-rdns must be true or false\n"
    os.unlink(path)
    os.symlink("/etc/passwd", path)
    assert server.tell("check").stderr == f"{path}: a link: config-dir follows none\n"
    # What was in use stays in use.
    with server.client(source=OTHER) as c:
        assert rcpt(c, "recipient@example.com").code == 250


def test_who_may_relay_in_config_dir(server):
    """relay-level=allow-all is for addresses and names only; ip-relay-entry counts for a whole visit."""
    use(server)
    path = settings(server, "_recipient_/com/example", "relay-level=allow-all")
    server.write_files()
    assert server.tell("check").stderr == f"{path}:1: relay-level can be allow-all only below _ip_ of config-dir\n"
    settings(server, "_recipient_/com/example", "ip-relay-entry=127.0.0.7")
    assert "ip-relay-entry counts for the whole visit" in server.tell("check").stderr
    os.unlink(path)
    # A user may have that name; whoever says that he is that user has no address by that.
    path = settings(server, "_sender_/com/example/_at_/_ip_/_recipient_/test/other", "relay-level=allow-all")
    assert server.tell("check").stderr == f"{path}:1: relay-level can be allow-all only below _ip_ of config-dir\n"


def test_a_domain_and_a_mailbox_have_settings_in_the_accounts(server):
    """They count at once, the mailbox's after the domain's, and after config-dir's."""
    use(server)
    settings(server, "_recipient_/com/example", "filter-level=reject-all")
    with server.client(source=OTHER) as c:
        assert "Mail is not being accepted" in rcpt(c, "recipient@example.com").text
        server.command("domain", "set", "example.com", "filter-level=allow-all")
        server.command("account", "set", "sender@example.com", "filter-level=normal")
        assert c.send("RCPT TO:<recipient@example.com>").code == 250
        assert "no reverse DNS" in c.send("RCPT TO:<sender@example.com>").text
        assert c.send("RCPT TO:<nobody@example.com>").code == 550
        assert c.data().code == 250
    assert codes(server) == [
        ("DENIED_REJECT_ALL", "recipient@example.com"), ("DENIED_RDNS_MISSING", "sender@example.com"),
        ("DENIED_OTHER", "nobody@example.com"), ("ALLOWED", "recipient@example.com")]


def test_a_header_on_one_recipients_blacklist_refuses_the_message_for_all(server):
    use(server)
    settings(server, "_recipient_/com/example/_at_/sender", "header-blacklist-entry=Subject: *casino*")
    with server.client() as c:
        c.envelope("a@b.example", "recipient@example.com", "sender@example.com")
        assert c.data("Subject: our casino\r\n\r\nCome.\r\n").code == 554
        c.envelope("a@b.example", "recipient@example.com")
        assert c.data("Subject: our casino\r\n\r\nCome.\r\n").code == 250
    assert [code for code, _ in codes(server)] == ["DENIED_HEADER_BLACKLISTED"] * 2 + ["ALLOWED"]
    assert server.log("spamdyke").records[0].reason == "Subject:_*casino*"


def test_what_only_some_recipients_refuse_goes_into_their_junk_folder(server, dns):
    """The message is one: who wants DMARC followed gets it into Junk, if another takes it; alone, it is refused."""
    def junk(user):
        return glob.glob(f"{server.data}/mail/example.com/{user}/Maildir/.Junk/new/*")
    dns.record("_dmarc.a.example", 'TXT "v=DMARC1; p=reject"')
    dns.record("example", "static")
    use(server, "dmarc = off dkim = off arc = off")
    settings(server, "_recipient_/com/example/_at_/recipient", "dmarc=reject")
    message = "From: <x@a.example>\r\nSubject: hello\r\n\r\nHello.\r\n"
    with server.client() as c:
        c.envelope("x@a.example", "recipient@example.com")
        assert c.data(message).code == 550
        c.envelope("x@a.example", "recipient@example.com", "sender@example.com")
        assert c.data(message).code == 250
    until(lambda: junk("recipient") and server.maildir("sender@example.com"), "both have it")
    assert server.maildir("recipient@example.com") == [] and junk("sender") == []
    assert [code for code, _ in codes(server)][-2:] == ["ALLOWED", "ALLOWED"]
    refused = [line for line in gate_lines(server) if line.startswith("refused dmarc, ")]
    assert len(refused) == 2 and all(", recipient@example.com, " in line for line in refused)


def test_a_header_on_the_blacklist_of_a_domain_refuses_no_other_domains_mail(server):
    """Who sets it in the accounts is not the postmaster: alone it refuses, among others it goes into his own Junk folder."""
    use(server)
    server.start()
    server.command("domain", "add", "b.example")
    server.command("account", "add", "x@b.example", "--password-stdin", text="correct horse\n")
    server.command("domain", "set", "b.example", "header-blacklist-entry=*:*")
    with server.client() as c:
        c.envelope("a@c.example", "x@b.example")
        assert c.data().code == 554
        c.envelope("a@c.example", "recipient@example.com", "x@b.example")
        assert c.data().code == 250
    server.arrived("recipient@example.com")
    until(lambda: glob.glob(f"{server.data}/mail/b.example/x/Maildir/.Junk/new/*"), "his own lies in Junk")
    assert [code for code, _ in codes(server)] == ["DENIED_HEADER_BLACKLISTED", "ALLOWED", "ALLOWED"]
