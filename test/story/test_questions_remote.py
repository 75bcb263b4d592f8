"""Questions 9 to 15 and 26 of a support desk, about mail for and from other servers: the situation is made with the real
server, then the tracer is asked."""
import pytest

from harness import Dns, Server, free_port, until
from questions import in_order
from remote import ME, Script
from test_remote import send

YOU = "recipient@example.com"
LATER = {  # what the other server says; what the answer makes of it; who acts if it lasts
    "451 4.7.1 Greylisting in action, please come back later": ("(graylisting)", None),
    "450 4.2.0 <x@a.test>: Recipient address rejected: Greylisted, see http://pg.test/help/a.html": ("(graylisting)", None),
    "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\r\n421 4.7.28 from your IP address.":
        ("Google has seen much unwanted mail from this server and takes only a little", "Our postmaster looks for whoever sends"),
    "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.":
        ("", "Our postmaster"),
    "421 4.7.0 mx.a.test Error: too many connections from 192.0.2.1":
        ("Too many connections came at once", "Our postmaster lowers the number of connections"),
    "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]":
        ("dislikes the reverse DNS name of this server's address", "Our postmaster publishes a reverse DNS (PTR)"),
    "450 4.7.1 <mx.example.com>: Helo command rejected: Host not found":
        ("dislikes the name with which this server greets", "Our postmaster lets the server greet with its own full name"),
    "450 4.1.8 <sender@example.com>: Sender address rejected: Domain not found":
        ("The sender's address is not accepted", "The sender uses an existing address"),
    "421 Service not available": ("Something on the server that said it does not work", "The postmaster of that server mends it."),
}


class House:
    """Our server, and one other server for each thing that it may say."""

    def __init__(self):
        self.server, self.scripts = Server(), []
        self.dns = Dns(self.server)
        self.dns.ptr("127.0.0.1", "localhost")
        self.far("good.test")

    def far(self, domain, **replies):
        ip = f"127.0.5.{len(self.scripts) + 1}"
        self.scripts.append(Script(ip, self.scripts[0].port if self.scripts else 0, **replies))
        self.dns.record(domain, f"MX 10 mx.{domain}")
        self.dns.record(f"mx.{domain}", f"A {ip}")

    def close(self, failed):
        for script in self.scripts:
            script.__exit__()
        self.server.close(failed)


def dup():
    """The first time it hangs up."""
    asked = []

    def say(_conn):
        asked.append(1)
        return None if len(asked) == 1 else "250 ok queued as 5XYZ"
    return say


@pytest.fixture(name="asked", scope="module")
def fixture_asked(request):
    """All the situations at once, a day later: a question by the number of each."""
    h, qp = House(), {}
    server = h.server
    server.later(0)
    for n, reply in enumerate(LATER):
        h.far(f"later{n}.test", RCPT=reply)
    h.far("no.test", RCPT="550 5.1.1 <x@no.test>: Recipient address rejected: User unknown in virtual mailbox table")
    h.far("full.test", RCPT="552 5.2.2 <x@full.test>: Recipient address rejected: Mailbox is over quota")
    h.far("dup.test", **{".": dup()})
    h.dns.record("dead.test", "A 127.0.9.9")
    server.config(f"relay {{ enabled = true port = {h.scripts[0].port} }}\nqueue {{ first-retry = 1h }}\n"
                  f'dns {{ server = {{"127.0.0.1@{free_port()}"}} deadline = 1s }}')
    try:
        server.command("alias", "add", "away@example.com", "x@no.test")
        server.command("alias", "add", "there@example.com", "x@good.test")
        qp["three"] = send(server, YOU, "x@good.test", "x@no.test")
        for name, to in (("left", "a@good.test"), ("no", "x@no.test"), ("full", "x@full.test"), ("full again", "x@full.test"),
                         ("dup", "x@dup.test"), ("dead", "x@dead.test"), ("nodns", "x@outside.invalid")):
            qp[name] = send(server, to)
        for n, reply in enumerate(LATER):
            qp[reply] = send(server, f"x@later{n}.test")
        with server.client() as c:
            for name in ("away", "there"):
                qp[name] = int(c.deliver("anna@good.test", f"{name}@example.com").text.split()[-1])
        until(lambda: len(server.log("delivery").verb("next")) >= len(LATER) + 3, "each that waits was tried once")
        until(lambda: len(server.queue()) == len(LATER) + 3, "the rest waits")
        server.later(4 * 3600 + 300)
        until(lambda: len(server.log("delivery").verb("next")) >= 2 * len(LATER) + 4, "all were tried again")
        until(lambda: len(server.queue()) == len(LATER) + 2, "the rest waits")
        server.ask = lambda name: server.trace(f"id:{qp[name]}")
        yield server
    finally:
        h.close(request.session.testsfailed > 0)


def flat(text):
    return " ".join(text.split())


def recipients(answer):
    return {r["address"]: r for r in answer.only["recipients"]}


def test_9_three_recipients_of_whom_one_did_not_get_it(asked):
    a = asked.ask("three")
    of = recipients(a)
    assert a.only["verdict"] == "mixed"
    assert {to: r["verdict"] for to, r in of.items()} == {YOU: "delivered", "x@good.test": "relayed", "x@no.test": "returned"}
    in_order(a.headline, f"{YOU}: Delivered", "x@good.test: Passed on at ", "x@no.test: Not delivered, returned to the sender",
             "(the bounce)")
    why = a.text.split("\nWhy\n")[1].split("\nNext\n")[0]
    assert "mx.no.test[127.0.5." in why and "good.test" not in why, "only the one that failed is explained"


def test_11_did_it_leave(asked):
    a = asked.ask("left")
    assert a.only["verdict"] == "relayed" and a.only["confidence"] == "exact"
    assert "mx.good.test[127.0.5.1] took the message over and said: 250 ok queued as 4XYZ" in a.headline
    event, = [e for e in a.only["timeline"] if "handed to" in e["what"]]
    at = event["time"].replace("T", " ")
    assert f"Passed on at {at[:19]} {at[19:]}: mx.good" in a.headline, "and when"
    assert "The way there was not encrypted." in a.text
    assert "ask the postmaster of mx.good.test[127.0.5.1] for their number 4XYZ of that time" in flat(a.text)
    assert asked.trace("a@good.test this morning" if at[11] == "0" else "to:a@good.test").json["found"] >= 1
    assert asked.trace("to:*@good.test verdict:relayed").json["found"] >= 1


def test_12_it_is_stuck(asked):
    a = asked.ask("dead")
    said = asked.log("delivery")
    numbers = [e["what"].split()[1] for e in a.only["timeline"] if e["what"].endswith("to another server begins")]
    when = [n.split(", ")[1] for n in said.verb("next") if n.split(", ")[0] == numbers[-1]][0]
    assert a.only["verdict"] == "waiting" and len(numbers) == 2
    in_order(a.headline, "Waiting in the queue after 2 attempts:", "wasn't able to establish an SMTP connection", "tried again at", when)
    assert "None of the mail servers of the recipient's domain could be reached." in flat(a.text)
    assert "the sender gets it back when its time there is over: at about" in flat(a.text)
    assert asked.ask("left").only["verdict"] == "relayed", "others do not wait for it"


@pytest.mark.parametrize("reply", LATER, ids=lambda r: "-".join(r.split()[:3]))
def test_13_the_other_server_said_4xx(asked, reply):
    a = asked.ask(reply)
    meaning, who = LATER[reply]
    r, = a.only["recipients"]
    assert r["verdict"] == "waiting" and f"said: {reply}".replace("\r\n", " ") in r["summary"]
    assert "after 2 attempts" in r["summary"] and "tried again at" in r["summary"]
    assert meaning in r["explanation"] and "The message is safe in the queue and is tried again by itself." in r["explanation"]
    advice = " ".join(x["what"] for x in r["advice"])
    assert advice.startswith("Nothing at first: it is tried again by itself.")
    assert who is None or f"If it goes on for hours: {who}" in advice


def test_13_dns_is_told_apart(asked):
    r, = asked.ask("nodns").only["recipients"]
    assert r["verdict"] == "waiting" and "couldn't find any host by that name. (#4.1.2)" in r["summary"]
    assert "DNS gave no answer about the recipient's domain." in r["explanation"]
    assert "our postmaster checks our DNS servers" in r["advice"][0]["what"]


def test_14_is_it_us_or_them(asked):
    r, = asked.ask("no").only["recipients"]
    assert r["verdict"] == "returned"
    assert r["explanation"].startswith("It was the recipient's mail server (mx.no.test[127.0.5.") and "not ours" in r["explanation"]
    assert r["advice"] == [{"who": "sender", "what": "The sender checks the spelling and asks the recipient for the right address."}]
    with asked.client() as c:
        c.send("EHLO x.test")
        c.send("MAIL FROM:<anna@good.test>")
        assert c.send("RCPT TO:<recipent@example.com>").code == 550
        c.send("QUIT")
    ours = asked.trace("to:recipent@example.com")
    assert ours.only["verdict"] == "refused" and "on this server" in ours.only["recipients"][0]["explanation"]
    assert YOU in ours.json["nearest"], "and whom he may have meant"


def test_15_over_quota(asked):
    first, second = (asked.ask(name).only for name in ("full", "full again"))
    r, = second["recipients"]
    assert r["address"] == "x@full.test" and r["verdict"] == "returned"
    at = first["time"].replace("T", " ")
    assert f"the mailbox has been full since {at[:19]} {at[19:]} at the latest; 2 messages were turned away since then" in r["explanation"]
    assert r["advice"] == [{"who": "recipient", "what": "The recipient deletes or moves messages, or asks for more room."}]


def test_a_duplicate_is_possible_and_the_answer_says_so(asked):
    r, = asked.ask("dup").only["recipients"]
    assert r["verdict"] == "relayed" and "250 ok queued as 5XYZ" in r["summary"]
    assert "so the recipient may have it twice" in r["explanation"]
    assert "Possible duplicate! (#4.4.2)" in asked.ask("dup").text


def test_26_it_was_forwarded_and_bounced_there(asked):
    a = asked.ask("away")
    r, = a.only["recipients"]
    assert r["verdict"] == "forwarded"
    in_order(a.headline, "Forwarded: the rules of this address sent it on (away@example.com stands for x@no.test). The copy, message ",
             "Not delivered, returned to the sender", "said: 550 5.1.1", "The whole chain",
             "to away@example.com: forwarded (this one)", "(the forward) to x@no.test: Not delivered, returned",
             "(the bounce) to srs0=", "stands for anna@good.test", "(the forward) to anna@good.test: Passed on at ")
    assert "The copy did not arrive. It was the recipient's mail server (mx.no.test" in r["explanation"]
    there = asked.ask("there")
    assert "The copy, message" in there.headline and "Passed on at" in there.headline and "did not arrive" not in there.text
    bounce = [m for m in asked.trace("from:<> to:anna@good.test").messages]
    assert bounce and asked.trace(f"id:{bounce[0]['ids']['qp']}").headline.count("(the forward)") == 2, "from its end too"
