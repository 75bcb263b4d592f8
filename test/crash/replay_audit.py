"""After a crash and a recovery: has every message of the recording become what it must, once and whole?"""
import collections
import os
import re

from replay_record import BOUNCE, BOX, FORWARD, REMOTE

NAME = re.compile(rb"^X-Id: (\S+)$", re.M)
FAILED = re.compile(rb"^Final-Recipient: rfc822; (\S+)$", re.M)
# What stands before the message as it came: our lines alone.
OURS = re.compile(rb"(?:(?:Return-Path|Delivered-To|Authentication-Results|Received): .*\n(?:[ \t].*\n)*)*")
FORWARDED = re.compile(rb"Delivered-To: (\S+)\n")
END = re.compile(rb'boundary="([^"]+)"')

Verdict = collections.namedtuple("Verdict", "lost doubled torn strange")


class Found:
    """What lies in mailboxes and waits in the queue: how often each fate has come true."""

    def __init__(self, messages):
        self.messages = {m.name: m for m in messages}
        self.count = {m.name: collections.Counter() for m in messages}
        self.torn, self.strange = [], []

    def see(self, where, raw, fate):
        """A message in a mailbox or in the queue.  fate: (kind, address, via), kind None where the content decides."""
        named = NAME.search(raw)
        m = self.messages.get(named[1].decode()) if named else None
        if m is None:
            self.torn.append(f"{where} is none of ours, or its name is gone: {raw[:300]!r}")
        elif raw.startswith(b"Return-Path: <>\n") or fate[2] == "":
            self.see_bounce(where, raw, m, fate[1])
        elif not self.whole(raw, m):
            self.torn.append(f"{where}, {m.name}, is not what its client sent ({len(raw)} bytes)")
        else:
            self.count[m.name][fate] += 1

    @staticmethod
    def whole(raw, m):
        content = m.content.replace(b"\r\n", b"\n")
        return raw.endswith(content) and OURS.fullmatch(raw[:len(raw) - len(content)]) is not None

    def see_bounce(self, where, raw, m, to):
        boundary = END.search(raw)
        if boundary is None or not raw.rstrip(b"\n").endswith(b"--" + boundary[1] + b"--"):
            self.torn.append(f"{where}, the bounce of {m.name}, is cut")
        for address in FAILED.findall(raw):
            self.count[m.name][BOUNCE, address.decode(), to] += 1

    def see_mailboxes(self, mail):
        for folder, _, files in os.walk(mail):
            if os.path.basename(folder) not in ("new", "cur"):
                continue
            domain, user = folder.split("/")[-4:-2]
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    self.see(os.path.join(folder, name), f.read(), (BOX, f"{user}@{domain}", None))

    def see_queue(self, held):
        """held: [(row of the queue's list, the message's bytes)]"""
        for row, raw in held:
            raw = raw.replace(b"\r\n", b"\n")
            for r in row["recipients"]:
                via = FORWARDED.match(raw)
                kind = FORWARD if via else REMOTE
                fate = (kind, r["address"], via[1].decode() if via else None)
                self.see(f"queued {row['qp']}", raw, fate if row["sender"] else (BOUNCE, r["address"], ""))


def judge(found, acked):
    """acked: names of the messages that had their 250 before the crash."""
    lost, doubled, strange = [], [], list(found.strange)
    for name, m in found.messages.items():
        want, got = collections.Counter(tuple(f) for f in m.fates), found.count[name]
        if not got and name not in acked:
            continue  # its client never heard of it again, and may send it once more
        lost += [f"{name}: {fate}" for fate in (want - got)]
        for fate in got - want:
            (doubled if fate in want else strange).append(f"{name}: {fate}")
    return Verdict(lost, doubled, found.torn, strange)
