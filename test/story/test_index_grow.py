"""An index of our own logs goes on with them: they grow, are rotated and packed, and every answer is that of the logs as they are.

GROW_SEEDS=N: so many worlds instead of a few; INDEXED_SEED has a failure again; INDEX_CRASHES as in test_index_crash.py.
"""
import calendar
import json
import os
import random
import re
import shutil
import subprocess
import time

import pytest
from harness import until
from indexed import ALL, HOW, OWNERS, PROGRAM, SEED, GrowingLogs, answer, ask, build, equal, needs_index
from test_index_crash import CHANGES, again, recorded, some, strike  # noqa: F401
from test_indexed import truth

SEEDS = int(os.environ.get("GROW_SEEDS", "2"))
MESSAGES = int(os.environ.get("INDEXED_MESSAGES", "30"))
FRAMES = os.path.join(os.path.dirname(PROGRAM), "bench", "bench-trace-frames")
QUESTIONS = [("any:*ali*", "--json"), ("verdict:waiting", "--json"), ("text:mailbox", "--limit", "50"), ("verdict:refused-temporarily",),
             *OWNERS]

pytestmark = needs_index


class Growing(GrowingLogs):
    """A world's logs that are written bit by bit into a folder, as our writers do: whole groups or, now and then, a part of
    one.  A rotation renames, and some time later packs."""

    def __init__(self, world, seed, tmp_path, messages=MESSAGES):
        self.rng, self.made = random.Random(seed), world(seed, messages)
        self.made.make()
        self.made.write(str(tmp_path / "whole"))
        self.logs, self.index = tmp_path / "logs", tmp_path / "index"
        self.logs.mkdir()
        self.text = {p.name: p.read_bytes() for p in sorted((tmp_path / "whole").iterdir())}
        self.written, self.day = dict.fromkeys(self.text, 0), 0

    def grow(self, share):
        together = self.rng.random() < 0.5
        for name, text in self.text.items():
            to = int(len(text) * (share if together or share == 1 else share + self.rng.uniform(-0.05, 0.05)))
            to = max(self.written[name], min(to, len(text)))
            end = b"\n\n" if name.startswith("smtp") else b"\n"
            if self.rng.random() < 0.8 and (at := text.find(end, max(0, to - len(end)))) >= 0:
                to = max(to, at + len(end))
            with open(self.logs / name, "ab") as f:
                f.write(text[self.written[name]:to])
            self.written[name] = to
            if self.rng.random() < 0.2 and text[:to].endswith(end) and name.endswith(".log"):
                self.rotate(name, text, to)

    def rotate(self, name, text, to):
        if (self.logs / name).stat().st_size == 0:
            return
        self.day += 1
        old = self.logs / f"{name}.2026-11-{self.day:02d}"
        (self.logs / name).rename(old)
        (self.logs / name).write_bytes(b"" if name == "spamdyke.log" or to == len(text) else zone_line(text, to))
        if self.rng.random() < 0.5:
            pack(old, self.logs / f"{name[:-4]}.2026-11-{self.day:02d}.zst")

    def compare(self):
        without = equal(self.logs, self.index, *ALL)
        equal(self.logs, self.index, "--json", what="stats")
        for question in (*self.rng.sample(QUESTIONS, 2), (self.rng.choice(self.made.messages).sender or "<>",)):
            equal(self.logs, self.index, *question)
        return without


class Again(truth.Ours):
    """Few senders, refused for now and accepted in turns for weeks: seconds apart, and more than the joins look at."""
    waits = [60, 3600, 7 * 3600, 15 * 3600, 40 * 3600]

    def make(self):
        at = self.begin
        while len(self.messages) < self.want:
            at += self.rng.random() * self.rng.choice(self.waits)
            who, to = f"again{self.rng.randrange(3)}@fresh.example.net", self.locals[self.rng.randrange(2)]
            if self.rng.random() < 0.5:
                self.refused(at, who, to, "421 Your address has been graylisted. Try again later.", "DENIED_GRAYLISTED", "graylisted",
                             "first contact, 1 ms")
            else:
                self.accept(at, who, [to])


class AgainSoon(Again):
    """The same within three weeks, in which no clock is changed."""
    begin, waits = truth.OursNewYear.begin, [60, 600, 3600, 5 * 3600]


def zone_line(text, to):
    """With which our writer begins a log that goes on there."""
    stamp, zone = text[to:to + 19].decode(), re.findall(rb", zone, ([^,]*),", text[:to])[-1].decode()
    east = int(zone[0] + zone[1:3]) * 3600 + int(zone[0] + zone[4:6]) * 60
    epoch = calendar.timegm(time.strptime(stamp, "%Y-%m-%d %H:%M:%S")) - east
    return f"{stamp}, zone, {zone}, {epoch}\n".encode() + (b"\n" if b", session, " in text else b"")


def pack(path, to):
    room = path.with_name(".packing")
    shutil.copy2(path, room)
    subprocess.run([FRAMES, str(room)], check=True, timeout=60)
    room.with_name(".packing.zst").rename(to)
    path.unlink()


def chapters(index):
    return [p for p in os.listdir(index) if p.startswith("chapter")]


@pytest.mark.parametrize("nth", range(SEEDS))
def test_while_its_logs_grow_and_are_rotated_an_index_answers_as_they_do(tmp_path, nth):
    seed = SEED + nth
    print(f"INDEXED_SEED={seed}")
    world = Growing((truth.OursNewYear, Again, truth.Ours)[nth % 3], seed, tmp_path)
    world.grow_by([*sorted(world.rng.random() for _ in range(world.rng.randint(1, 2))), 1.0])


@pytest.mark.parametrize("nth", range(SEEDS))
def test_logs_that_are_joined_window_by_window_answer_as_a_whole(tmp_path, nth):
    seed = SEED + nth
    print(f"INDEXED_SEED={seed}")
    world = Growing((AgainSoon, truth.OursNewYear)[nth % 2], seed, tmp_path, 30 * MESSAGES)
    world.rng.random = lambda: 0.6  # whole groups, no rotation
    world.grow(1.0)
    build(world.logs, world.index, "--window", "128K")
    assert len(chapters(world.index)) > 1
    world.compare()


def test_what_is_new_is_answered_from_the_index_and_a_build_reads_nothing_else(tmp_path):
    """Else all that is equal here would be so because nobody uses the index."""
    world = Growing(truth.OursNewYear, SEED, tmp_path)
    world.rng.random = lambda: 0.6  # whole groups, no rotation
    world.grow(0.9)
    build(world.logs, world.index)
    for share in (0.95, 1.0):
        world.grow(share)
        assert world.used(), f"INDEXED_SEED={SEED}"
        world.compare()
        build(world.logs, world.index)
        world.compare()
    assert len(chapters(world.index)) > 1, f"INDEXED_SEED={SEED}"


def begun(tmp_path):
    """Logs that have grown since their index was made."""
    world = Growing(truth.OursNewYear, SEED, tmp_path)
    world.rng.random = lambda: 0.6
    world.grow(0.8)
    build(world.logs, world.index)
    world.grow(0.9)
    return world


@pytest.mark.parametrize("what", ["KILL", "ENOSPC+"])
def test_a_build_that_goes_on_and_is_cut_short_leaves_the_index_as_it_was(tmp_path, what):
    world, kept = begun(tmp_path), tmp_path / "kept"
    shutil.copytree(world.index, kept)
    without = None
    for call, n in some(recorded(world.logs, world.index), random.Random(SEED)):
        again(kept, world.index)
        done = strike(world.logs, world.index, call, n, what)
        print(f"INDEXED_SEED={SEED}: {what} at {call} {n}: status {done.returncode}")
        without = equal(world.logs, world.index, *ALL, without=without)
        build(world.logs, world.index)
        equal(world.logs, world.index, *ALL, without=without)


def test_a_chapter_that_is_missing_or_another_one_is_not_believed(tmp_path):
    world = begun(tmp_path)
    build(world.logs, world.index)
    older = [p for p in chapters(world.index) if re.fullmatch(r"chapter\.[0-9a-f]{16}", p)]
    assert older and world.used()
    path = world.index / older[0]
    text = path.read_bytes()
    without = equal(world.logs, world.index, *ALL)
    for bad in (None, (world.index / "chapter").read_bytes(), text[:len(text) // 2], text[:70] + bytes([text[70] ^ 1]) + text[71:]):
        path.unlink()
        if bad is not None:
            path.write_bytes(bad)
        assert not world.used()
        equal(world.logs, world.index, *ALL, without=without)
        path.write_bytes(text)
    assert world.used()
    path.unlink()
    build(world.logs, world.index)
    equal(world.logs, world.index, *ALL, without=without)
    assert world.used()


def test_two_builders_go_on_with_one_index(tmp_path):
    world = begun(tmp_path)
    command = [PROGRAM, "index", "build", "--logs", str(world.logs), "--index", str(world.index)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    without = equal(world.logs, world.index, *ALL)
    said = [p.communicate(timeout=60) for p in both]
    assert 0 in (p.returncode for p in both) and all(p.returncode in (0, 1) for p in both), said
    equal(world.logs, world.index, *ALL, without=without)


def test_the_mail_of_a_server_that_runs_is_answered_from_an_index_made_before(server, tmp_path):
    server.start()
    logs, index = os.path.join(server.data, "logs"), tmp_path / "index"

    def deliver(sender):
        with server.client() as c:
            assert c.deliver(sender, "recipient@example.com").code == 250
            c.send("QUIT")

    def refused(sender):
        with server.client() as c:
            c.send("EHLO client.test"), c.send(f"MAIL FROM:<{sender}>")
            assert c.send("RCPT TO:<nobody@example.com>").code == 550
            c.send("QUIT")

    def settled(delivered, refusals):
        """Until the logs hold all of it, so that they do not move while they are asked."""
        until(lambda: verdicts() == ["delivered"] * delivered + ["refused"] * refusals, "the mail is delivered")

    def verdicts():
        return sorted(m["verdict"] for m in json.loads(answer(logs, ALL, "--no-index")[1] or '{"messages": []}')["messages"])

    for n in range(8):
        deliver(f"a{n}@client.test")
    settled(8, 0)
    build(logs, index)
    for n in (1, 2):
        deliver("b@client.test")
        refused("a1@client.test")
        settled(8 + n, n)
        assert ask([PROGRAM, "index", "status", "--logs", logs, "--index", str(index)], HOW)[0] == 0
        for question in (ALL, ("a1@client.test",), ("to:recipient@example.com", "--json"), ("verdict:refused",)):
            equal(logs, index, *question)
        build(logs, index)
    equal(logs, index, *ALL)
