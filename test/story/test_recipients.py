"""Does this address exist here?"""
import os, sqlite3, time
import pytest

ME = "anna@elsewhere.test"


@pytest.fixture(name="client")
def fixture_client(server):
    with server.client() as c:
        c.send("EHLO client.test")
        c.send(f"MAIL FROM:<{ME}>")
        yield c


def test_an_unknown_mailbox_is_refused_with_its_reason(server, client):
    reply = client.send("RCPT TO:<nobody@example.com>")
    assert reply.code == 550 and reply.text == "5.1.1 sorry, no mailbox here by that name (chkuser)"
    assert client.send("DATA").code == 554
    assert client.send("QUIT").code == 221
    log = server.log("smtp-25")
    assert log.verb("check") == ["rejected rcpt, localhost:127.0.0.1, nobody@example.com, not existing recipient"]
    assert log.verb("resp")[-1] == "550 5.1.1 sorry, no mailbox here by that name (chkuser)" or \
        "550 5.1.1 sorry, no mailbox here by that name (chkuser)" in log.verb("resp")
    entry = server.log("spamdyke").last
    assert entry.code == "DENIED_OTHER"
    assert entry.reason == "550_5.1.1_sorry,_no_mailbox_here_by_that_name_(chkuser)"
    assert "nobody@example.com" in server.trace("to:nobody@example.com").headline


def test_a_recipient_without_a_domain_is_refused(client):
    assert client.send("RCPT TO:<recipient>").code // 100 == 5


def test_case_does_not_matter(server, client):
    assert client.send("RCPT TO:<Recipient@EXAMPLE.com>").code == 250
    assert client.data().code == 250
    server.arrived("recipient@example.com")


def test_an_account_added_while_running_counts_at_once(server, client):
    assert client.send("RCPT TO:<new@example.com>").code == 550
    server.command("account", "add", "new@example.com", "--password-stdin", text="correct horse\n")
    assert client.send("RCPT TO:<new@example.com>").code == 250
    assert client.data().code == 250
    server.arrived("new@example.com")
    server.command("account", "remove", "new@example.com")
    client.send(f"MAIL FROM:<{ME}>")
    assert client.send("RCPT TO:<new@example.com>").code == 550


def test_a_domain_added_while_running_counts_at_once(server, client):
    assert client.send("RCPT TO:<a@second.test>").code // 100 == 5
    server.command("domain", "add", "second.test")
    server.command("account", "add", "a@second.test", "--password-stdin", text="correct horse\n")
    assert client.send("RCPT TO:<a@second.test>").code == 250
    assert client.data().code == 250
    server.arrived("a@second.test")


def test_an_alias_leads_to_its_mailbox(server, client):
    server.command("alias", "add", "info@example.com", "recipient@example.com")
    assert client.send("RCPT TO:<info@example.com>").code == 250
    assert client.data().code == 250
    server.arrived("recipient@example.com")
    assert [r.split(", ")[1] for r in server.log("delivery").verb("alias")] == ["info@example.com"]
    assert server.trace("to:info@example.com").only["verdict"] == "delivered"


def test_an_alias_with_several_targets_reaches_them_all(server, client):
    server.command("alias", "add", "team@example.com", "recipient@example.com", "sender@example.com")
    assert client.send("RCPT TO:<team@example.com>").code == 250
    assert client.data().code == 250
    server.arrived("recipient@example.com")
    server.arrived("sender@example.com")


def test_a_mailbox_named_twice_gets_one_copy_per_mention_at_most(server, client):
    server.command("alias", "add", "info@example.com", "recipient@example.com")
    for rcpt in ("recipient@example.com", "info@example.com", "RECIPIENT@example.com"):
        assert client.send(f"RCPT TO:<{rcpt}>").code == 250
    assert client.data().code == 250
    server.arrived("sender@example.com", 0)
    assert 1 <= len(server.maildir("recipient@example.com")) <= 3


def test_a_catch_all_takes_what_nobody_else_does(server, client):
    server.command("alias", "add", "@example.com", "sender@example.com")
    assert client.send("RCPT TO:<whoever@example.com>").code == 250
    assert client.send("RCPT TO:<recipient@example.com>").code == 250
    assert client.data().code == 250
    server.arrived("sender@example.com")
    server.arrived("recipient@example.com")
    assert any(r.endswith("accepted any recipient for this domain") for r in server.log("smtp-25").verb("check"))


def test_an_alias_loop_ends(server):
    server.command("alias", "add", "a@example.com", "b@example.com")
    server.tell("alias", "add", "b@example.com", "a@example.com")
    with server.client() as c:
        c.send("EHLO client.test")
        c.send(f"MAIL FROM:<{ME}>")
        assert c.send("RCPT TO:<a@example.com>").code in (250, 451, 550, 554)
        assert c.send("RCPT TO:<recipient@example.com>").code == 250


def test_too_many_recipients_of_one_message(server):
    server.config("recipients { per-message = 3 }")
    server.command("alias", "add", "@example.com", "sender@example.com")
    with server.client() as c:
        c.envelope(ME, *[f"r{n}@example.com" for n in range(3)])
        assert c.send("RCPT TO:<r3@example.com>").code // 100 in (4, 5)
        assert c.data().code == 250
    server.arrived("sender@example.com", 3)


def test_a_session_that_guesses_addresses_is_stopped(server):
    server.config("recipients { invalid-per-session = 3 }")
    with server.client() as c:
        c.send("EHLO client.test")
        c.send(f"MAIL FROM:<{ME}>")
        for n in range(3):
            assert c.send(f"RCPT TO:<guess{n}@example.com>").code == 550
        reply = c.send("RCPT TO:<recipient@example.com>")
        assert reply.code == 550 and "violating our security policies" in reply.text
        assert c.send("QUIT").code == 221
    checks = server.log("smtp-25").verb("check")
    assert any(c.startswith("intrusion threshold, ") for c in checks)
    assert checks[-1].endswith("recipient@example.com, rcpt ignored, session over intrusion threshold")


def checks(server):
    return server.log("smtp-25").verb("check")


@pytest.mark.parametrize("name", ["../../x", "a/../../b", "recipient+../../x", ".recipient", r'"a\\b"', "/etc/passwd"])
def test_a_name_that_leads_out_of_its_folder_is_no_name(server, client, name):
    server.command("alias", "add", "@example.com", "sender@example.com")
    reply = client.send(f"RCPT TO:<{name}@example.com>")
    assert reply.code == 553 and reply.text == "5.1.3 sorry, mailbox syntax not allowed (chkuser)"
    assert client.send("DATA").code == 554
    assert client.send("QUIT").code == 221
    assert [c.split(", ")[0] for c in checks(server)] == ["rejected rcpt"]
    assert checks(server)[0].endswith(", invalid rcpt address format")
    assert server.log("spamdyke").last.reason == "553_5.1.3_sorry,_mailbox_syntax_not_allowed_(chkuser)"
    assert "mailbox" in server.trace(f"from:{ME}").headline


@pytest.mark.parametrize("name", ["' OR 1=1 --", "x' UNION SELECT hash FROM account --", "%", "_ecipient", "recipient%00",
                                  "a b", "x\"; DROP TABLE account; --"])
def test_an_address_is_never_part_of_a_statement(server, client, name):
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    assert client.send(f'RCPT TO:<"{quoted}"@example.com>').code == 550
    assert client.send("RCPT TO:<recipient@example.com>").code == 250
    assert client.data().code == 250
    server.arrived("recipient@example.com")


def test_zero_bytes_and_control_characters_are_no_address(client):
    for raw in (b"RCPT TO:<recipient\0@example.com>", b'RCPT TO:<"recipient\0"@example.com>', b"RCPT TO:<reci\x01pient@example.com>"):
        assert client.send(raw).code // 100 == 5
    assert client.send("RCPT TO:<recipient@example.com>").code == 250


def test_a_subaddress_reaches_its_mailbox_and_keeps_its_tag_in_the_log(server, client):
    assert client.send("RCPT TO:<Recipient+News@example.com>").code == 250
    assert client.data().code == 250
    server.arrived("recipient@example.com")
    log = server.log("delivery")
    assert [r.split(", ")[1] for r in log.verb("alias")] == ["Recipient+News@example.com"]
    assert [r.split(", ")[-1] for r in log.verb("try")] == ["recipient@example.com"]
    assert checks(server)[0].endswith("Recipient+News@example.com, found existing recipient")
    assert server.trace("to:recipient+news@example.com").only["verdict"] == "delivered"


def test_an_alias_loop_is_refused_and_said(server):
    server.command("alias", "add", "a@example.com", "b@example.com")
    db = sqlite3.connect(os.path.join(server.data, "accounts.db"))
    with db:
        db.execute("INSERT INTO alias (domain, name, target) SELECT id, 'b', 'a@example.com' FROM domain")
    db.close()
    with server.client() as c:
        c.send("EHLO client.test")
        c.send(f"MAIL FROM:<{ME}>")
        reply = c.send("RCPT TO:<a@example.com>")
        assert reply.code == 550 and "5.4.6" in reply.text
        assert c.send("RCPT TO:<recipient@example.com>").code == 250
    assert "circle" in server.trace("to:a@example.com").text


def test_accounts_that_are_away_put_mail_off_and_come_back_without_a_restart(server, client):
    accounts = os.path.join(server.data, "accounts.db")
    assert client.send("RCPT TO:<recipient@example.com>").code == 250
    os.rename(accounts, accounts + ".away")
    time.sleep(1.1)
    for rcpt in ("sender@example.com", "nobody@example.com", "x@elsewhere.test"):
        reply = client.send(f"RCPT TO:<{rcpt}>")
        assert reply.code == 451
        assert reply.text == "4.3.0 system temporary unavailable, try again later (chkuser)"
    os.rename(accounts + ".away", accounts)
    time.sleep(1.1)
    assert client.send("RCPT TO:<sender@example.com>").code == 250
    assert client.data().code == 250
    server.arrived("sender@example.com")
    assert [c for c in checks(server) if c.startswith("no auth resource, ")][0].endswith(
        "sender@example.com, no auth resource available")
    assert "cannot be asked" in server.said() or "cannot be asked" in open(
        os.path.join(server.data, "logs", "server.log"), encoding="utf-8").read()


def test_over_the_limit_of_recipients_the_rest_is_ignored(server):
    server.config("recipients { per-message = 1 }")
    with server.client() as c:
        c.envelope(ME, "recipient@example.com")
        reply = c.send("RCPT TO:<sender@example.com>")
        assert reply.code == 550 and "maximum number of recipients" in reply.text
        assert "violating our security policies" in c.send("RCPT TO:<sender@example.com>").text
        assert c.data().code == 250
        c.envelope(ME, "sender@example.com")
        assert c.data().code == 250
    assert [x.split(", ")[0] for x in checks(server)[:4]] == [
        "accepted rcpt", "rejected rcpt", "intrusion threshold", "rejected intrusion"]
    assert checks(server)[1].endswith(", max number of recipients")
    assert checks(server)[2].endswith(", max number of allowed rcpt")
    assert checks(server)[3].endswith(", rcpt ignored, session over intrusion threshold")
    server.arrived("recipient@example.com")


def test_whom_the_gate_refuses_is_not_the_one_who_met_the_limit(server):
    server.config("recipients { per-message = 1 }")
    with server.client() as c:
        c.envelope(ME, "recipient@example.com")
        assert c.send("RCPT TO:<nodomain>").text.startswith("5.1.3 ")
        assert "maximum number of recipients" in c.send("RCPT TO:<sender@example.com>").text
        assert c.send("RCPT TO:<nodomain>").text.startswith("5.1.3 ")
    assert [x.split(", ")[0] for x in checks(server)] == ["accepted rcpt", "rejected rcpt", "intrusion threshold"]


def test_whoever_has_not_logged_in_is_told_so_on_the_submission_port(server):
    with server.client(port="587") as c:
        c.send("EHLO client.test")
        reply = c.send(f"MAIL FROM:<{ME}>")
        assert reply.code == 530 and reply.text == "5.7.0 Authentication required (chkuser)"
    assert [x.split(", ")[0] for x in server.log("smtp-587").verb("check")] == ["must auth"]
