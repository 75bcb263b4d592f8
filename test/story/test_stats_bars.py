"""Each row of the statistics has a question that finds the messages which it counts: in `telltale trace`, with and without an
index, for an owner too."""
import json
import os
import subprocess

import pytest

import indexed
from indexed import HOW, PROGRAM, build, needs_index
from questions import ME, PROVIDER, Logs
from test_indexed import FOREIGN

TABLES = {
    "reasons": lambda r: f'reason:"{r["reason"]}"',
    "verdicts": lambda r: f"verdict:{r['verdict']}",
    "senders": lambda r: f"from:<{r['sender'].strip('<>')}>",
    "recipients": lambda r: f"to:<{r['recipient']}>",
    "sender_domains": lambda r: f"from:*@{r['domain']}",
    "recipient_domains": lambda r: f"to:*@{r['domain']}",
    "clients": lambda r: f"ip:{r['address']}",
    "networks": lambda r: f"ip:{r['network']}",
    "logins": lambda r: f"login:{r['login']}",
    "ports": lambda r: f"port:{r['port']}",
}
NOBODY = "550 5.1.1 <nobody@far.example>: Recipient address rejected: User unknown"


def asked(program, *args):
    done = subprocess.run([PROGRAM, program, *args, "--json"], check=False, **HOW)
    assert done.returncode in (0, 1, 3), done.stderr
    return json.loads(done.stdout)


def messages(row):
    """What trace shows a row for: messages, and visits that named no recipient."""
    return row["messages"] + row.get("visits_without_recipient", 0)


def wrong(tables, names, where, beside=""):
    """Rows whose question finds something else."""
    found = []
    for name in names:
        for row in tables[name]["rows"]:
            if "(" in str(list(row.values())[0]):
                continue  # (no domain), (not known): no question
            q = f"{TABLES[name](row)} {beside}".strip()
            answer = asked("trace", q, "--limit", "1000", *where)
            n = answer["found"]
            if name == "verdicts":  # of recipients: visits that named none have no row there
                n -= sum(m["recipients"] == [] for m in answer["messages"])
            if n != messages(row):
                found.append((q, n, messages(row)))
    return found


def checked(logs, tmp_path, *more, names=TABLES, beside=""):
    """Without an index, and with one what is found by it otherwise than before."""
    build(logs, tmp_path / "index")
    count = 0
    for how, some in (["--no-index"], names), (["--index", str(tmp_path / "index")], [n for n in names if n in ("reasons", "logins")]):
        where = ["--logs", str(logs), *how, *more]
        tables = asked("stats", *([beside] if beside else []), "--top", "1000", *where)["tables"]
        assert wrong(tables, some, where, beside) == []
        count += sum(len(tables[name]["rows"]) for name in some)
    return count


@pytest.fixture
def logs(tmp_path):
    """Mail of every fate: what was refused here, returned from there, put off, left unfinished; to several at once."""
    folder = tmp_path / "logs"
    folder.mkdir()
    logs = Logs(folder)
    for n in range(4):
        logs.accept(100 + n, 1100 + n, sender=f"s{n}@b.example")
        logs.attempt(5100 + n, 1100 + n, 1, "success, did_1+0+0/", sender=f"s{n}@b.example")
    logs.submit(110, 1110, "nobody@far.example")
    logs.attempt(5110, 1110, 1, f"failure, Connected_to_203.0.113.25_but_recipient_was_rejected./Remote_host_said:_{NOBODY.replace(' ', '_')}/",
                 "bounce, 1110, qp 1111", sender="sender@example.com", to="nobody@far.example", channel="remote")
    logs.submit(112, 1112, "full@far.example")
    logs.attempt(5112, 1112, 1, "failure, Connected_to_203.0.113.25_but_recipient_was_rejected./Remote_host_said:_552_5.2.2_mailbox_full/",
                 sender="sender@example.com", to="full@far.example", channel="remote")
    logs.refuse(120, "DENIED_RDNS_MISSING", "554 Refused. You have no reverse DNS entry.", ip="203.0.113.9", name="unknown")
    logs.refuse(121, "DENIED_GRAYLISTED", "421 Your address has been graylisted. Try again later.", sender="root", ip="203.0.113.10")
    logs.check(122, "rejected rcpt", "not existing recipient", "550 5.1.1 sorry, no mailbox here by that name (chkuser)")
    two = ["check, {}, out.b.example:192.0.2.12, {}, {}", "resp, {}"]
    logs.session(130, "from, a@b.example", "resp, 250 ok", f"to, <{ME}>", two[0].format("accepted rcpt", ME, "found existing recipient"),
                 "resp, 250 ok", "to, <gone@example.com>", two[0].format("rejected rcpt", "gone@example.com", "not existing recipient"),
                 two[1].format("550 5.1.1 sorry, no mailbox here by that name (chkuser)"), "size, 620",
                 f"resp, 250 ok {logs.epoch} qp 1130")
    logs.attempt(5130, 1130, 1, "success, did_1+0+0/")
    logs.session(140, "end, timeout", ip="203.0.113.66")
    logs.session(141, "end, the client left", ip="203.0.113.67")
    return logs


@needs_index
def test_every_row_leads_to_its_messages(logs, tmp_path):
    assert checked(logs.folder, tmp_path) > 40
    where = ("--logs", str(logs.folder))
    assert [m["recipients"][0]["address"] for m in asked("trace", 'reason:"cause: mailbox-full"', *where)["messages"]] == ["full@far.example"]
    assert asked("trace", "reason:no-such-mailbox", *where)["found"] == 1  # refused there, not here
    assert asked("trace", 'reason:"recipient check: not existing recipient"', *where)["found"] == 2


@needs_index
@pytest.mark.parametrize("beside", ["to:example.com", f"to:{ME}", "verdict:delivered", "from:*@b.example verdict:refused"])
def test_beside_other_filters_too(logs, tmp_path, beside):
    """Who was refused and who is asked for must be the same one."""
    checked(logs.folder, tmp_path, names=("reasons", "verdicts"), beside=beside)


@needs_index
@pytest.mark.parametrize("owner", [("--domain", "example.com"), ("--mailbox", "sender@example.com"), ("--mailbox", ME)])
def test_for_an_owner_too(logs, tmp_path, owner):
    """(But for senders who look the same under their masks.)"""
    checked(logs.folder, tmp_path, *owner, names=("reasons", "verdicts", "logins", "ports"))


@needs_index
@pytest.mark.parametrize("golden", [PROVIDER, FOREIGN, os.path.join(FOREIGN, "hops")], ids=["provider", "foreign", "hops"])
def test_in_logs_of_other_servers(golden, tmp_path):
    """(But for recipients: to: finds a mail by the addresses that it was sent on to, too.)"""
    checked(golden, tmp_path, names=("reasons", "verdicts"))


@needs_index
def test_statistics_by_a_reason_are_the_same_with_an_index(logs, tmp_path):
    build(logs.folder, tmp_path / "index")
    command = [PROGRAM, "stats", 'reason:"cause: no-such-mailbox"', "--json", "--logs", str(logs.folder)]
    without = indexed.ask([*command, "--no-index"], HOW)
    assert indexed.ask([*command, "--index", str(tmp_path / "index")], HOW) == without
    assert json.loads(without[1])["tables"]["totals"]["rows"][0]["count"] == 1
