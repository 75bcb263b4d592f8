"""An index goes on with Postfix's and Exim's logs as with our own: they grow, are rotated, and every answer is that of the logs
as they are.

GROW_SEEDS=N: so many logs instead of a few; INDEXED_SEED has a failure again.
"""
import datetime
import gzip
import json
import lzma
import os
import random
import shutil
import subprocess

import pytest
from exim_log import EximLog
from indexed import ALL, PROGRAM, SEED, GrowingLogs, answer, build, equal, needs_index
from postfix_log import PostfixLog
from qmail_log import QmailLog

SEEDS = int(os.environ.get("GROW_SEEDS", "1"))
FRAMES = os.path.join(os.path.dirname(PROGRAM), "bench", "bench-trace-frames")
LOGS = {"mail.log": PostfixLog, "mainlog": EximLog, "current": QmailLog}
QUESTIONS = [("verdict:refused-temporarily",), ("verdict:waiting", "--json"), ("text:Greylisted", "--limit", "20"), ("to:ann@a.example",)]

pytestmark = needs_index


class Growing(GrowingLogs):
    """A log that is written bit by bit, in the middle of lines too, and renamed and packed as logrotate does."""

    def __init__(self, name, lines, rng, tmp_path):
        self.name, self.text, self.rng, self.written, self.rotated = name, "".join(lines).encode(), rng, 0, 0
        self.logs, self.index = tmp_path / "logs", tmp_path / "index"
        self.logs.mkdir()

    def grow(self, to):
        if self.rng.random() < 0.8:
            to = self.text.find(b"\n", to - 1) + 1 or len(self.text)
        to = max(to, self.written)
        with open(self.logs / self.name, "ab") as f:
            f.write(self.text[self.written:to])
        self.written = to

    def rotate(self):
        log = self.logs / self.name
        if not self.text[:self.written].endswith(b"\n") or not log.stat().st_size:
            return
        for n in range(self.rotated, 0, -1):
            for old in self.logs.glob(f"{self.name}.{n}*"):
                packed = old.suffix if old.suffix in PACKERS else ""
                old = old.rename(self.logs / f"{self.name}.{n + 1}{packed}")
                if not packed and self.rng.random() < 0.6:
                    pack(old, self.rng.choice(list(PACKERS)))
        log.rename(self.logs / f"{self.name}.1")
        if self.rng.random() < 0.5:
            log.touch()
        self.rotated += 1

    def compare(self):
        equal(self.logs, self.index, *ALL)
        question = self.rng.choice([*QUESTIONS, None, None])
        equal(self.logs, self.index, *(question or ["--json"]), what="trace" if question else "stats")


def zstd(text, path):
    """As our own rotation packs, with frames."""
    path.write_bytes(text)
    subprocess.run([FRAMES, str(path)], check=True, timeout=60)
    return path.with_name(path.name + ".zst").read_bytes()


PACKERS = {".gz": lambda text, _: gzip.compress(text), ".xz": lambda text, _: lzma.compress(text), ".zst": zstd}


def pack(path, how):
    to, room = path.with_name(path.name + how), path.parent.with_name("packing")
    to.write_bytes(PACKERS[how](path.read_bytes(), room))
    shutil.copystat(path, to)
    path.unlink()


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("nth", range(SEEDS))
def test_while_it_grows_and_is_rotated_an_index_answers_as_it_does(tmp_path, name, nth):
    seed = SEED + nth
    print(f"INDEXED_SEED={seed}")
    rng = random.Random(seed)
    world = Growing(name, LOGS[name](seed, 30, dated=seed % 2 == 1).lines, rng, tmp_path)

    def then():
        if rng.random() < 0.6:
            world.rotate()
            if rng.random() < 0.3:
                build(world.logs, world.index)
    world.grow_by([*sorted(rng.randrange(len(world.text)) for _ in range(rng.randint(1, 2))), len(world.text)], then)


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("nth", range(SEEDS))
def test_a_log_that_is_joined_window_by_window_answers_as_a_whole(tmp_path, name, nth):
    seed = SEED + nth
    print(f"INDEXED_SEED={seed}")
    world = Growing(name, LOGS[name](seed, 600, dated=seed % 2 == 1).lines, random.Random(seed), tmp_path)
    world.grow(len(world.text))
    build(world.logs, world.index, "--window", "128K")
    assert name != "mail.log" or len(os.listdir(world.index)) > 3  # others may have what is joined as a whole
    world.compare()


@pytest.mark.parametrize("name", LOGS)
def test_what_is_new_is_answered_from_the_index_and_a_build_reads_nothing_else(tmp_path, name):
    """Else all that is equal here would be so because nobody uses the index."""
    world = Growing(name, LOGS[name](5, 60).lines, random.Random(5), tmp_path)
    for share in (0.5, 0.7, 0.9):
        world.grow(int(len(world.text) * share))
        if share > 0.5:
            assert world.used()
            equal(world.logs, world.index, *ALL)
        build(world.logs, world.index)
        world.rotate()
    assert len([p for p in os.listdir(world.index) if p.startswith("chapter.")]) > 0


HOST, OTHER = "H=m [192.0.2.1]:99", "H=n [192.0.2.2]:99"
REFUSED = f"{HOST} F=<ann@a.example> temporarily rejected RCPT <bob@b.example>: later"
COMES = f"1lJabc-0001Ab-CD <= ann@a.example {HOST} P=esmtp S=5 for carl@b.example"
CLOSED = f"SMTP connection from {HOST[2:]} closed by QUIT"
FAILED = f"login authenticator failed for {HOST[2:]}: 535 Incorrect authentication data"
QUIET = f"{OTHER} F=<x@y.example> rejected RCPT <bob@b.example>: no"
AGAIN = f"{OTHER} F=<ann@a.example> temporarily rejected RCPT <bob@b.example>: later"


@pytest.mark.parametrize("before,after,used", [
    ([(0, REFUSED)], [(30, COMES)], True),
    ([(0, REFUSED), (500, FAILED)], [(1000, COMES)], True),
    ([(0, REFUSED)], [(601, COMES)], True),
    ([(0, REFUSED), (700, QUIET)], [(590, COMES)], True),
    ([(0, REFUSED), (1300, QUIET)], [(590, COMES)], False),
    ([(0, REFUSED), (1, CLOSED)], [(30, COMES)], True),
    ([(0, REFUSED), (1, CLOSED)], [(20, AGAIN), (30, COMES)], True),
    ([(0, REFUSED), (1, CLOSED), (30, COMES)], [(40, AGAIN), (50, "1lJabc-0001Ab-CD Completed")], True),
    ([(0, f"{HOST} rejected MAIL <ann@a.example>: no"), (20, COMES), (200, QUIET)], [(210, QUIET)], True),
    ([(0, REFUSED), (20, COMES)], [(30, REFUSED), (40, COMES.replace("Ab-CD", "Ab-CE"))], True),
    ([(0, REFUSED), (700, COMES), (800, REFUSED)], [(810, COMES.replace("Ab-CD", "Ab-CE")), (820, AGAIN)], True),
], ids=["a message", "silent for less", "silent for too long", "the clock ran back", "far back", "closed", "closed, and read again",
        "closed, and read again with a message", "a message of its own",
        "a message, and one more", "silent, and again"])
def test_what_a_connection_had_refused_is_told_with_its_message_as_long_as_it_lasts(tmp_path, before, after, used):
    begin = datetime.datetime(2026, 3, 9, 12, 0)
    text = [f"{begin + datetime.timedelta(seconds=at)} [7] {line}\n" for at, line in before + after]
    world = Growing("mainlog", text, random.Random(7), tmp_path)
    (world.logs / "mainlog").write_text("".join(text[:len(before)]))
    build(world.logs, world.index)
    (world.logs / "mainlog").write_text("".join(text))
    assert world.used() == used
    equal(world.logs, world.index, *ALL)


def message(number, qp, sender="ann@a.example"):
    return [f"new msg {number}", f"info msg {number}: bytes 1 from <{sender}> qp {qp} uid 0"]


FAILS = [*message(5, 7), "starting delivery 1: msg 5 to remote bob@b.example", "delivery 1: failure: no/"]
BEGINS = "starting delivery 9: msg 5 to remote carl@b.example"


@pytest.mark.parametrize("before,after", [
    ([(0, [*FAILS, "bounce msg 5 qp 99", "end msg 5"]), (600, message(8, 9))], [(601, message(6, 99, "")), (9000, message(10, 99))]),
    ([(0, [*FAILS, "end msg 5"]), (7000, ["bounce msg 5 qp 99"])], [(7001, message(6, 99, ""))]),
    ([(0, FAILS[:3]), (9000, message(6, 8))], [(9100, ["delivery 1: success: did_0+1+0/qp_99/", "end msg 5"]), (9101, message(5, 99))]),
    ([(0, FAILS[:3]), (10, [*message(5, 8), "end msg 5"]), (9000, [BEGINS])], [(9010, ["delivery 9: success: no/"])]),
    ([(0, FAILS[:3]), (10, [*message(5, 8), "end msg 5"]), (9000, message(6, 9))], [(9010, [BEGINS])]),
    ([(0, FAILS[:3]), (10, ["exiting", *message(6, 8), FAILS[2].replace("msg 5", "msg 6"), FAILS[3], "end msg 6"]), (9000, message(8, 9))],
     [(9010, ["delivery 1: success: no/"])]),
], ids=["a bounce", "a bounce behind the end", "a delivery", "a number again, read again", "a number again", "a delivery's number again"])
def test_what_qmails_numbers_lead_to_is_left_open(tmp_path, before, after):
    text = ["".join(f"@{(1 << 62) + 10 + 1773057600 + at:016x}00000000 {line}\n" for at, lines in part for line in lines)
            for part in (before, before + after)]
    world = Growing("current", [], random.Random(7), tmp_path)
    (world.logs / "current").write_text(text[0])
    build(world.logs, world.index)
    (world.logs / "current").write_text(text[1])
    assert world.used()
    equal(world.logs, world.index, *ALL)


SMTPD = "Mar  9 12:00:{} mx1 postfix/smtpd[7]: "
TURNED_DOWN = SMTPD + "NOQUEUE: reject: RCPT from m[192.0.2.1]: 450 4.2.0 later; from=<ann@a.example> to=<{}> proto=ESMTP helo=<m>\n"


@pytest.mark.parametrize("name,before,after", [
    ("mainlog", f"2026-03-09 12:00:00 [7] {REFUSED}\n2026-03-09 12:00:01 [7] {CLOSED}\n", f"2026-03-09 12:00:30 [7] {COMES}\n"),
    ("mail.log", (SMTPD + "connect from m[192.0.2.1]\n").format("00") + TURNED_DOWN.format("01", "bob@b.example") +
     (SMTPD + "disconnect from m[192.0.2.1]\n").format("02"), TURNED_DOWN.format("30", "carl@b.example")),
], ids=["Exim", "Postfix"])
def test_a_connection_that_was_over_stays_so_when_a_build_finds_nothing_new(tmp_path, name, before, after):
    world = Growing(name, [], random.Random(7), tmp_path)
    (world.logs / name).write_text(before)
    build(world.logs, world.index)
    (world.logs / name).rename(world.logs / f"{name}.1")
    build(world.logs, world.index)
    (world.logs / name).write_text(after)
    assert world.used()
    equal(world.logs, world.index, *ALL)


@pytest.mark.parametrize("name", LOGS)
def test_the_empty_log_that_a_rotation_leaves_is_growth(tmp_path, name):
    world = Growing(name, LOGS[name](5, 30).lines, random.Random(5), tmp_path)
    world.grow(len(world.text) // 2)
    (world.logs / name).rename(world.logs / f"{name}.1")
    (world.logs / name).touch()
    for to in (0, len(world.text)):
        build(world.logs, world.index)
        world.grow(to)
        assert world.used()
    world.compare()


def test_exims_reject_log_is_read_once_with_its_main_log(tmp_path):
    """Else every refusal would be told of twice, and no index could go on with two logs that grow side by side."""
    world = Growing("mainlog", EximLog(5, 30).lines, random.Random(5), tmp_path)
    for share in (0.5, 1):
        world.grow(int(len(world.text) * share))
        refusals = [line for line in world.text[:world.written].decode().splitlines() if "rejected" in line]
        for name, lines in (("rejectlog", refusals), ("paniclog", refusals[:1]), ("rejectlog.1", refusals[:3])):
            (world.logs / name).write_text("".join(f"{line}\nEnvelope-from: <x@y.example>\n" for line in lines))
        if world.index.exists():
            assert world.used()
        build(world.logs, world.index)
        world.compare()
    told = json.loads(answer(world.logs, ALL)[1])
    assert [x["why"] for x in told["searched"]["not_searched"]] == ["Exim's main log says the same"] * 3
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "mainlog").write_bytes(world.text)
    assert told["found"] == json.loads(answer(alone, ALL)[1])["found"]
    (alone / "mainlog").rename(alone / "rejectlog")
    assert told["found"] == json.loads(answer(alone, ALL)[1])["found"], "without a main log it is what there is"


# -- what cannot be gone on with for sure is built as a whole


@pytest.mark.parametrize("line", [
    "Jan  1 00:00:00 mx2 postfix/qmgr[400]: 4F00000001: removed",
    "Jan  1 00:00:00 mx1 postfix/smtpd[2000]: message repeated 3 times: [ connect from unknown[192.0.2.1]]",
    "Jan  1 00:00:00 mx1 exim[77]: 2021-03-09 12:43:51 1lJabc-0001Ab-CD Completed",
], ids=["another host", "repeated", "another server"])
def test_what_it_cannot_go_on_with_is_read_as_a_whole(tmp_path, line):
    world = Growing("mail.log", PostfixLog(7, 20).lines, random.Random(7), tmp_path)
    world.grow(len(world.text))
    build(world.logs, world.index)
    with open(world.logs / "mail.log", "ab") as f:
        f.write(line.encode() + b"\n")
    assert not world.used()
    world.compare()
    build(world.logs, world.index)
    assert world.used()
    world.compare()


def test_a_clock_that_ran_backwards_through_a_new_year_is_read_as_a_whole(tmp_path):
    """The year of a line is told by the line before it, of which an index knew no more than the latest stamp of all."""
    logs, index, when = tmp_path / "logs", tmp_path / "index", datetime.datetime(2026, 11, 29).timestamp()
    logs.mkdir()
    for stamps in (("Nov 27", "Jun 20", "Jan  3", "Dec 20"), ("Nov 28",)):
        with open(logs / "mail.log", "a", encoding="ascii") as f:
            for day in stamps:
                f.write(f"{day} 10:00:00 mx1 postfix/qmgr[400]: 4F0000000{day[-1]}: from=<ann@a.example>, size=1, nrcpt=1 (queue active)\n")
        os.utime(logs / "mail.log", (when, when))
        if index.exists():
            equal(logs, index, *ALL)
        build(logs, index)
        equal(logs, index, *ALL)
