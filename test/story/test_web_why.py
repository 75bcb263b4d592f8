"""The sender who was refused follows the link in the answer: this one decision, and nothing else."""
import http.client
import json
import os
import re

import pytest
from harness import free_port

OTHER = "127.0.0.7"
YOU, ME = "recipient@example.com", "sender@example.com"


@pytest.fixture(name="port")
def fixture_port(server, dns):
    port = free_port()
    server.config(f'web {{ bind = "127.0.0.1:{port}" }}\n'
                  'gate { policy-url = "https://mx.example.com/why/%ref" }')
    dns.ptr(OTHER, None)
    return port


def get(port, path, **fields):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        c.request("GET", path, headers=fields)
        reply = c.getresponse()
        return reply.status, reply.headers, reply.read().decode()
    finally:
        c.close()


def decision(port, ref):
    status, _, body = get(port, f"/api/why/{ref}")
    return status, json.loads(body)


def refs(replies):
    return [repr(r).split("/why/")[1] for r in replies]


def refuse(server, *recipients, sender="ann@far.example"):
    """Its references, after the log was written."""
    with server.client(source=OTHER) as c:
        c.send("EHLO client.test")
        assert c.send(f"MAIL FROM:<{sender}>").code == 250
        links = refs([c.send(f"RCPT TO:<{to}>") for to in recipients])
        c.send("QUIT")
    return links


def test_each_link_opens_its_own_decision_and_nothing_else(server, port):
    first, second = refuse(server, YOU, ME)
    with server.client(source="127.0.0.8") as c:  # somebody else, meanwhile
        c.send("EHLO stranger.test")
        c.send("MAIL FROM:<stranger@else.example>")
        c.send(f"RCPT TO:<{YOU}>")
        c.send("QUIT")
    status, one = decision(port, first)
    assert status == 200
    assert (one["from"], one["recipient"], one["reason"]) == ("ann@far.example", YOU, "DENIED_RDNS_MISSING")
    assert one["client"] == {"ip": OTHER, "name": None} and one["verdict"] == "refused"
    assert "no reverse DNS name" in one["sentence"] and one["who"] == "sender" and "PTR" in one["advice"]
    assert one["contact"] == "abuse@example.com" and one["reply"].endswith(first)
    text = json.dumps(one)
    assert ME not in text and "stranger" not in text and "127.0.0.8" not in text and "whitelist" not in text
    assert decision(port, second)[1]["recipient"] == ME


def test_the_page_says_the_same_without_a_script(server, port):
    ref, = refuse(server, YOU, sender='"a<b>&c"@far.example')
    status, fields, page = get(port, f"/why/{ref}")
    assert status == 200 and fields["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in fields["Content-Security-Policy"] and "<script" not in page
    assert "no reverse DNS name" in page and YOU in page and "abuse@example.com" in page
    assert f'href="mailto:abuse@example.com?subject=Refused%20mail%2C%20reference%20{ref}"' in page
    assert re.search(r"<dd>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d</dd>", page)
    assert "<b>" not in page and "a&#60;b&#62;&#38;c" in page
    for style in re.findall(r'href="\.\./([a-z]+\.css)"', page):
        assert get(port, f"/{style}")[0] == 200


def test_a_message_refused_at_its_end_names_nobody_of_several(server, port):
    server.config('gate { header-blacklist-entry = "Subject: *casino*"  reject-empty-rdns = false }')
    with server.client(source=OTHER) as c:
        c.envelope("ann@far.example", YOU, ME)
        ref, = refs([c.data(b"Subject: casino\r\n\r\nhello\r\n")])
        c.send("QUIT")
    status, one = decision(port, ref)
    assert status == 200 and one["recipient"] is None and one["reason"] == "DENIED_HEADER_BLACKLISTED"
    assert YOU not in json.dumps(one)


def test_what_was_put_off_and_came_again_is_still_that_decision(server, port):
    server.config('gate { reject-empty-rdns = false graylist-level = "always-create-dir" graylist-min-secs = 1 }')
    server.later(0)
    first, = refuse(server, YOU)
    server.later(60)
    with server.client(source=OTHER) as c:
        assert c.deliver("ann@far.example", YOU).code == 250
    server.arrived(YOU)
    status, one = decision(port, first)
    assert status == 200 and one["reason"] == "DENIED_GRAYLISTED" and one["verdict"] == "refused-temporarily"
    assert "tries again by itself" in one["meant"]


@pytest.mark.parametrize("change", ["forged", "cut", "longer", "nonsense", "empty"])
def test_a_link_that_is_not_ours_opens_nothing(server, port, change):
    ref, = refuse(server, YOU)
    wrong = {"forged": ref[:4] + ("A" if ref[4] != "A" else "B") + ref[5:], "cut": ref[:-1], "longer": ref + "A",
             "nonsense": "x" * 300, "empty": "%20"}[change]
    status, said = decision(port, wrong)
    assert status == 404 and "no link of ours" in said["error"]
    status, fields, page = get(port, f"/why/{wrong}")
    assert status == 404 and "no link of ours" in page and fields["Content-Type"].startswith("text/html")


def test_an_old_link_says_that_it_is_old(server, port):
    server.later(0)
    ref, = refuse(server, YOU)
    assert decision(port, ref)[0] == 200
    server.later(31 * 86400)
    status, said = decision(port, ref)
    assert status == 404 and "older than 30 days" in said["error"] and "abuse@example.com" in said["error"]


def test_when_the_logs_are_gone_it_says_so(server, port):
    ref, = refuse(server, YOU)
    for name in os.listdir(os.path.join(server.data, "logs")):
        if name.startswith(("smtp-", "spamdyke")):
            os.truncate(os.path.join(server.data, "logs", name), 0)
    status, said = decision(port, ref)
    assert status == 404 and "do not tell of that refusal any more" in said["error"]


def test_one_address_cannot_ask_without_end(server, port):
    ref, = refuse(server, YOU)
    answers = [get(port, f"/api/why/{ref[:-1]}") for _ in range(30)]
    late = [a for a in answers if a[0] == 429]
    assert len(late) >= 15 and int(late[-1][1]["Retry-After"]) >= 1
    assert {a[0] for a in answers} == {404, 429}


def test_what_is_for_telltale_search_is_not_for_strangers(server, port):
    refuse(server, YOU)
    number = server.log("spamdyke").last.connection
    status, said = decision(port, f"x?ref=why&connection={number}&form=json")
    assert status == 404 and "no link of ours" in said["error"]
