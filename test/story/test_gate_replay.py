"""What if?  Decisions of the logs, made again under another configuration: `telltale gate replay`."""
import json

import pytest

ME = "recipient@example.com"
CLIENTS = {"127.0.0.7": None, "127.0.0.8": "mail.b.example", "127.0.0.9": "127-0-0-9.isp.de"}


@pytest.fixture(name="past")
def fixture_past(server, dns):
    """A day with three clients: one without a name, one on a list, one with a name such as home connections have."""
    server.config('gate { dns-blacklist-entry = "zen.test" }')
    for ip, name in CLIENTS.items():
        dns.ptr(ip, name)
    dns.record("8.0.0.127.zen.test", "A 127.0.0.2")
    dns.record("forged.test", 'TXT "v=spf1 -all"')
    for ip in CLIENTS:
        for sender in ("a@b.example", "x@forged.test"):
            with server.client(source=ip) as c:
                c.send("EHLO x"), c.send(f"MAIL FROM:<{sender}>")
                if c.send(f"RCPT TO:<{ME}>").code == 250:
                    assert c.data().code == 250
    return server


def replay(server, gate, *words):
    """What would come of it under the same configuration with that added; the JSON and the text."""
    new = server.folder + "/new.conf"
    with open(server.conf, encoding="utf-8") as old, open(new, "w", encoding="utf-8") as f:
        f.write(f"{old.read()}\ngate {{ {gate} }}\n")
    people = server.tell("gate", "replay", "--config", new, *words)
    done = server.tell("gate", "replay", "--config", new, *words, "--json")
    assert people.returncode == done.returncode == 0, done.stderr
    return json.loads(done.stdout), people.stdout


def kinds(rows):
    return {(r["was"]["outcome"], r["was"]["code"], r["would_be"]["outcome"],
             r["would_be"].get("code") or r["would_be"].get("missing")): r["count"] for r in rows}


def test_the_same_configuration_changes_nothing(past):
    said, text = replay(past, "")
    assert (said["decisions"], said["same"], said["changed"], said["unsaid"]) == (6, 6, 0, 0)
    assert "6 decisions" in text and "would be as they were" in text


def test_would_this_customer_s_mail_be_refused_if_i_turn_on_reject_ip_in_cc_rdns(past):
    said, text = replay(past, "reject-ip-in-cc-rdns = true")
    assert kinds(said["changes"]) == {("taken", None, "refused", "DENIED_IP_IN_CC_RDNS"): 2}
    example = said["examples"][0]
    assert (example["ip"], example["from"], example["to"]) == ("127.0.0.9", "a@b.example", ME)
    assert example["seen"] == "127-0-0-9.isp.de holds 127.0.0.9 and ends in a country"
    assert "was taken; would be refused DENIED_IP_IN_CC_RDNS" in text
    # The same from the spamdyke log alone.
    alone, _ = replay(past, "reject-ip-in-cc-rdns = true", "--logs", past.data + "/logs/spamdyke.log", "--was", past.conf)
    assert kinds(alone["changes"]) == kinds(said["changes"]) and alone["same"] == 4


def test_what_the_lines_saw_of_spf_and_of_lists_counts(past):
    said, _ = replay(past, "spf = reject")
    assert kinds(said["changes"]) == {("taken", None, "refused", "DENIED_SPF"): 1}
    said, _ = replay(past, 'ip-whitelist-entry = "127.0.0.8"')
    assert kinds(said["changes"]) == {("refused", "DENIED_RBL_MATCH", "let through", None): 2}
    said, _ = replay(past, 'header-blacklist-entry = "Subject: hello" ip-blacklist-entry = "127.0.0.7" reject-empty-rdns = false')
    assert kinds(said["other_reasons"]) == {("refused", "DENIED_RDNS_MISSING", "refused", "DENIED_BLACKLIST_IP"): 2}
    assert kinds(said["cannot_be_said"]) == {("taken", None, "cannot be said", "the header of the message"): 2}


def test_what_no_log_tells_is_not_made_up(past):
    said, text = replay(past, 'dns-blacklist-entry = "new.test" reject-empty-rdns = false')
    missing = "whether the address is on a blacklist in DNS"
    assert kinds(said["cannot_be_said"]) == {("taken", None, "cannot be said", missing): 2,
                                             ("refused", "DENIED_RDNS_MISSING", "cannot be said", missing): 2}
    assert said["changes"] == [] and missing in text
    # Without a word about the past, not even the old list is known to have been asked.
    said, _ = replay(past, "", "--logs", past.data + "/logs")
    assert kinds(said["cannot_be_said"]) == {("taken", None, "cannot be said", missing): 2} and said["same"] == 4


def test_settings_of_a_recipient_count_where_the_accounts_are_asked(past):
    past.command("account", "set", ME, "filter-level=allow-all")
    said, _ = replay(past, "")
    assert said["changed"] == 0
    said, _ = replay(past, "", "--ask-accounts")
    assert kinds(said["changes"]) == {("refused", "DENIED_RDNS_MISSING", "let through", None): 2,
                                      ("refused", "DENIED_RBL_MATCH", "let through", None): 2}


def test_days_limits_and_mistakes(past):
    assert replay(past, "", "--since", "2020-01-01")[0]["decisions"] == 6
    said, text = replay(past, "", "--since", "2099-01-01")
    assert said["decisions"] == 0 and "No decision of a gate is in these logs" in text
    assert replay(past, "reject-ip-in-cc-rdns = true", "--limit", "1")[0]["examples"][1:] == []
    with open(past.folder + "/wrong.conf", "w", encoding="utf-8") as f:
        f.write("gate { no-such = 1 }\n")
    for wrong in ((), ("--config",), ("--config", past.folder + "/wrong.conf"), ("--config", past.conf, "--since", "somehow"),
                  ("--config", past.conf, "--logs", "/no/such"), ("--config", past.conf, "--limit", "many")):
        done = past.tell("gate", "replay", *wrong)
        assert done.returncode == 2 and done.stderr, wrong
    assert "usage: telltale gate replay" in past.tell("gate", "replay", "--help").stdout
