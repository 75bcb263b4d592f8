"""Mail of our own users is signed, by a program that alone has the keys; others can verify it, and so can we."""
import json
import os
import re
import shlex
import signal

import dkim
import pytest

from harness import Server

ME, YOU = "sender@example.com", "recipient@example.com"
MAIL = "From: Me <sender@example.com>\r\nTo: recipient@example.com\r\nSubject: tea\r\n\r\nAt five.\r\n"


def records(text):
    """What stands in lines of a zone file: {name: row}."""
    return dict(re.fullmatch(r"(\S+)\. IN (TXT .*)", line).groups() for line in text.splitlines())


def txt(row):
    return "".join(shlex.split(row)[1:]).encode()


def publish(dns, rows):
    """{name: its rows} into DNS, without a restart."""
    server = dns.server
    server.records.update(rows)
    server.write_files()
    server.command("reload")


@pytest.fixture(name="keys")
def fixture_keys(server):
    """The domain's first keys; their records."""
    # The tree walk of DMARC ends in the world of the story.
    server.records["com"] = ["static"]
    server.start()
    done = server.tell("dkim", "add", "example.com", "--bits", "1024", "--now")
    assert done.returncode == 0 and "telltale reload" in done.stderr, done
    assert server.pids("telltale-signer") == []
    server.command("reload")
    assert len(server.pids("telltale-signer")) == 1
    return records(done.stdout)


def submit(server, message, sender):
    with server.client(port="465") as c:
        c.send("EHLO client.test")
        assert c.login().code == 235
        assert c.deliver(sender, YOU, message=message).code == 250


def sent(server, message=MAIL, sender=ME, count=1):
    """Submit it; the mailbox's copy without what delivery put on top of it."""
    submit(server, message, sender)
    mails = server.arrived(YOU, count)
    raw = max(mails, key=lambda m: os.stat(m.path).st_mtime_ns).raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return raw


def signatures(raw):
    """(algorithm, domain, selector) of each."""
    head = re.sub(rb"\r\n[ \t]+", b" ", raw.split(b"\r\n\r\n")[0]).decode("latin-1")
    fields = re.findall(r"(?m)^DKIM-Signature: (.*?)\r?$", head)
    tags = [dict(re.findall(r"(\w+)=([^;]*)", f)) for f in fields]
    return [(t["a"].strip(), t["d"].strip(), t["s"].strip()) for t in tags]


def verified(raw, rows):
    """Does python3-dkim believe each of them?"""
    def ask(name, timeout=5):
        row = rows.get(name.decode().rstrip("."))
        return txt(row) if row else None
    def one(i):
        try:
            return dkim.DKIM(raw).verify(idx=i, dnsfunc=ask)
        except dkim.ValidationError:
            return False
    return [one(i) for i in range(len(signatures(raw)))]


def test_a_users_mail_carries_two_signatures_that_others_believe(server, keys):
    raw = sent(server)
    assert sorted(a for a, _, _ in signatures(raw)) == ["ed25519-sha256", "rsa-sha256"]
    assert {f"{s}._domainkey.{d}" for _, d, s in signatures(raw)} == set(keys)
    assert verified(raw, keys) == [True, True]
    names = [line.split(b":")[0] for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] not in b" \t"]
    assert names[2:6] == [b"Authentication-Results", b"DKIM-Signature", b"DKIM-Signature", b"Received"]
    folder = f"{server.data}/dkim/example.com"
    assert {f: os.stat(f"{folder}/{f}").st_mode & 0o077 for f in os.listdir(folder) if f != "keys"} == {
        name.split(".")[0] + ".pem": 0 for name in keys}
    assert [os.stat(f).st_mode & 0o077 for f in (folder, f"{server.data}/dkim")] == [0, 0]
    # Nobody adds a second From or Subject to what we have signed.
    for field in (b"From: boss@example.com\r\n", b"Subject: no tea\r\n"):
        assert verified(field + raw, keys) == [False, False]
    assert verified(raw.replace(b"five", b"four"), keys) == [False, False]


BODIES = {
    "8 bit": "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nZur Jause um fünf: Süßes.\r\n",
    "dots": "\r\n.\r\n..\r\n.hidden\r\nend .\r\n\r\n\r\n",
    "folds": "X-Long: a\r\n\tb\r\nReferences: <1@example.com>\r\n  <2@example.com>\r\n\t<3@example.com> \r\n\r\n x \t y \r\n",
    "empty": "\r\n",
    "big": "\r\n" + ("The quick brown fox jumps over the lazy dog. " * 2 + "\r\n") * 20000,
    "long header": "".join(f"X-Line-{i}: {'x' * 60}\r\n" for i in range(900)) + "\r\nHello.\r\n",
}


def test_whatever_it_looks_like(server, keys):
    for n, (name, rest) in enumerate(BODIES.items(), 1):
        raw = sent(server, f"From: sender@example.com\r\nSubject: {name},\r\n over\t two lines\r\n{rest}", count=n)
        assert name.encode() in raw
        assert verified(raw, keys) == [True, True], name


def test_another_server_of_ours_believes_it_too(server, keys):
    raw = sent(server)
    mail = raw[raw.index(b"DKIM-Signature"):]
    there = Server()
    try:
        there.records["com"] = ["static"]
        there.records.update({name: [row] for name, row in keys.items()})
        with there.client() as c:
            assert c.deliver(ME, YOU, message=mail).code == 250
        told = re.sub(r"\s+", " ", str(there.arrived(YOU)[0].parsed["Authentication-Results"]))
        assert told.count("dkim=pass") == 2 and "dkim=fail" not in told, told
    finally:
        there.close(False)


def test_only_who_may_is_signed_for(server, keys):
    """A login's mail gets the key of its own domain, whatever From says; a stranger's mail gets none."""
    server.command("domain", "add", "other.example")
    server.command("dkim", "add", "other.example", "--only", "ed25519", "--now")
    foreign = MAIL.replace("sender@example.com", "ceo@other.example")
    raw = sent(server, foreign)
    assert {d for _, d, _ in signatures(raw)} == {"example.com"} and verified(raw, keys) == [True, True]
    assert signatures(sent(server, foreign, "ceo@other.example", count=2)) == []
    assert signatures(sent(server, foreign + MAIL, sender="", count=3)) == []
    with server.client() as c:
        assert c.deliver(ME, YOU, message=MAIL).code == 250
    stranger, = [m.raw for m in server.arrived(YOU, 4) if b"with ESMTPSA" not in m.raw]
    assert signatures(stranger) == []
    assert "goes unsigned" not in server.said()


def test_any_and_a_client_that_relays_by_a_list(server, dns):
    server.config('dkim { sign = "any" headers = {"X-Campaign"} }\ngate { ip-relay-entry = "127.0.0.9" }')
    server.records["com"] = ["static"]
    dns.ptr("127.0.0.9", "web.example.com")
    server.start()
    rows = {}
    for domain in ("example.com", "other.example"):
        rows |= records(server.command("dkim", "add", domain, "--only", "ed25519", "--now"))
    server.command("reload")
    raw = sent(server, "X-Campaign: spring\r\n" + MAIL.replace("sender@example.com", "ceo@other.example"))
    assert {d for _, d, _ in signatures(raw)} == {"other.example"} and verified(raw, rows) == [True]
    assert verified(raw.replace(b"spring", b"autumn"), rows) == [False]
    with server.client(source="127.0.0.9") as c:
        assert c.deliver(ME, YOU, message=MAIL).code == 250
    mail, = [m for m in server.arrived(YOU, 2) if b"spring" not in m.raw]
    raw = mail.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert [d for _, d, _ in signatures(raw)] == ["example.com"] and verified(raw, rows) == [True]


def test_keys_come_into_use_when_dns_has_them_and_go_when_others_do(server, dns):
    server.start()
    done = server.tell("dkim", "add", "example.com", "--only", "ed25519")
    assert done.returncode == 3 and "not in DNS yet" in done.stderr
    first = records(done.stdout)
    assert signatures(sent(server)) == []
    publish(dns, {name: [row] for name, row in first.items()})
    assert server.command("dkim", "show", "example.com") == done.stdout
    lacks = server.tell("dkim", "show", "example.com").stderr
    assert 'example.com. IN TXT "v=spf1 mx -all"' in lacks and '_dmarc.example.com. IN TXT "v=DMARC1; p=none"' in lacks
    server.command("dkim", "rotate", "example.com")
    raw = sent(server, count=2)
    assert verified(raw, first) == [True]
    # The next one; a wrong record under its name is not believed.
    again = server.tell("dkim", "rotate", "example.com", "--only", "ed25519")
    second = records(again.stdout)
    assert again.returncode == 3 and len(second) == 1 and second.keys() != first.keys()
    name, = second
    publish(dns, {name: list(first.values())})
    assert "is not this key's" in server.tell("dkim", "rotate", "example.com").stderr
    assert verified(sent(server, count=3), first) == [True]
    publish(dns, {name: list(second.values())})
    server.command("dkim", "rotate", "example.com")
    assert verified(sent(server, count=4), second) == [True]
    rows = json.loads(server.command("dkim", "list", "--json"))
    assert [(r["state"], r["selector"] + "._domainkey.example.com") for r in rows] == [("retired", *first), ("active", name)]
    assert "may be removed" in rows[0]["note"]
    # Without a wait, and to the end.
    server.command("dkim", "rotate", "example.com", "--only", "rsa", "--now")
    assert [a for a, _, _ in signatures(sent(server, count=5))] == ["rsa-sha256"]
    server.command("dkim", "remove", "example.com", rows[0]["selector"])
    rows = json.loads(server.command("dkim", "list", "example.com", "--json"))
    assert [r["state"] for r in rows] == ["retired", "active"]
    server.command("dkim", "remove", "example.com")
    assert signatures(sent(server, count=6)) == []
    assert os.listdir(f"{server.data}/dkim/example.com") == ["keys"]


def test_mail_goes_on_without_the_signer_and_is_signed_again(server, keys):
    server.unclean = True
    assert len(signatures(sent(server))) == 2
    pid, = server.pids("telltale-signer")
    os.kill(pid, signal.SIGKILL)
    assert len(signatures(sent(server, count=2))) == 2  # its successor has it
    pid, = server.pids("telltale-signer")
    os.kill(pid, signal.SIGSTOP)
    assert signatures(sent(server, count=3)) == []
    assert "a message goes unsigned: " in server.said()
    os.kill(pid, signal.SIGCONT)
    assert len(signatures(sent(server, count=4))) == 2


def test_a_key_that_cannot_be_read_is_told_of_and_the_other_one_signs(server, keys):
    folder = f"{server.data}/dkim/example.com"
    rsa, = [f for f in os.listdir(folder) if f.endswith("r.pem")]
    with open(f"{folder}/{rsa}", "w", encoding="ascii") as f:
        f.write("nothing\n")
    os.utime(f"{folder}/keys")
    assert [a for a, _, _ in signatures(sent(server))] == ["ed25519-sha256"]
    assert "nothing is signed with" in server.said() and "no private key" in server.said()
    with open(f"{folder}/keys", "w", encoding="ascii") as f:
        f.write("../x rsa active 1\n")
    assert signatures(sent(server, count=2)) == []
    assert "nothing is signed for" in server.said()


WRONG = [(["add", "../etc"], "is no domain"), (["add", "a..b"], "is no domain"), (["add"], "takes a domain"),
         (["add", "a.example", "--bits", "512"], "1024 to 4096"), (["add", "a.example", "--only", "dsa"], "rsa or ed25519"),
         (["frobnicate", "a.example"], "usage"), (["list", "x.example", "y"], "takes no y")]


def test_wrong_words(server):
    server.write_files()
    for words, said in WRONG:
        done = server.tell("dkim", *words)
        assert done.returncode == 2 and said in done.stderr and not done.stdout, done


def test_what_is_not_there(server):
    server.write_files()
    for words in (["rotate", "a.example"], ["show", "a.example"], ["remove", "a.example"], ["list", "a.example"]):
        done = server.tell("dkim", *words)
        assert done.returncode == 1 and "has no keys" in done.stderr, done
    assert server.tell("dkim", "list", "--json").stdout == "[]\n"
    with open(server.conf, "a", encoding="utf-8") as f:
        f.write('dkim { headers = {"X-Y:"} }\n')
    assert '"X-Y:" is no name of a field' in server.tell("check").stderr
