"""An index goes on with the provider's logs, which say no zone and no numbers: they grow, are rotated and packed, and every
answer is that of the logs as they are.

GROW_SEEDS=N: so many worlds instead of a few; INDEXED_SEED has a failure again.
"""
import calendar
import os
import random
import re
import subprocess

import pytest
from indexed import ALL, HOW, PROGRAM, SEED, GrowingLogs, ask, build, equal, needs_index
from test_indexed import truth

SEEDS = int(os.environ.get("GROW_SEEDS", "3"))
MESSAGES = int(os.environ.get("INDEXED_MESSAGES", "40"))
QUESTIONS = [("verdict:refused-temporarily",), ("verdict:waiting", "--json"), ("text:qp_", "--limit", "20"), ("verdict:returned",)]
PACKERS = [["gzip"], ["xz"], ["zstd", "-q", "--rm"]]

pytestmark = needs_index


class Plain(truth.Old):
    """No change of the clock: with one, the logs are read as a whole."""
    name = "provider, plain"
    begin = 1633000000


class Dense(Plain):
    """Few people who write often, so that lines of one second may be anybody's; a retry has an init of its own."""
    name = "provider, dense"
    inits_again = True

    def __init__(self, seed, messages):
        super().__init__(seed, messages)
        self.span, self.start = 2 * messages, self.begin

    def people(self):
        super().people()
        self.far = self.far[:6]


class Again(Plain):
    """Few senders, refused for now and accepted in turns for days: seconds apart, and more than the joins look at."""
    name = "provider, again"
    waits = [20, 60, 3600, 7 * 3600, 15 * 3600, 40 * 3600]

    def make(self):
        at = self.begin
        while len(self.messages) < self.want:
            at += self.rng.random() * self.rng.choice(self.waits)
            who, to = f"again{self.rng.randrange(3)}@fresh.example.net", self.locals[self.rng.randrange(2)]
            if self.rng.random() < 0.5:
                self.refused(at, who, to, "421 Your address has been graylisted. Try again later.", "DENIED_GRAYLISTED")
            else:
                self.accept(at, who, [to])


class AgainSoon(Again):
    """The same within three weeks, in which no clock is changed."""
    waits = [20, 60, 600, 3600, 5 * 3600]


class Growing(GrowingLogs):
    """A world's logs, which are written up to one moment after the other; a rotation renames, and later packs."""

    def __init__(self, world, seed, tmp_path, messages=MESSAGES):
        self.rng, self.made = random.Random(seed), world(seed, messages)
        self.made.make()
        self.made.write(str(tmp_path / "whole"))
        self.logs, self.index = tmp_path / "logs", tmp_path / "index"
        self.logs.mkdir()
        self.text = {p.name: p.read_bytes() for p in sorted((tmp_path / "whole").iterdir())}
        self.written, self.rotated = dict.fromkeys(self.text, 0), dict.fromkeys(self.text, 0)
        self.stamps = sorted(s for text in self.text.values() for s, _ in lines_of(text))

    def grow(self, moment, anyhow=True):
        for name, text in self.text.items():
            to = next((at for s, at in lines_of(text) if s > moment), len(text))
            if name.startswith("smtp") and 0 < to < len(text) and self.rng.random() < 0.9:
                to = text.index(b"\n\n", to - 2) + 2
            elif anyhow and self.rng.random() < 0.2:
                to = min(len(text), to + self.rng.randrange(60))
            to = max(to, self.written[name])
            with open(self.logs / name, "ab") as f:
                f.write(text[self.written[name]:to])
            self.written[name] = to
            if anyhow and self.rng.random() < 0.25 and text[:to].endswith(b"\n\n" if name.startswith("smtp") else b"\n"):
                self.rotate(name)

    def rotate(self, name):
        if (self.logs / name).stat().st_size == 0:
            return
        for n in range(self.rotated[name], 0, -1):
            for old in self.logs.glob(f"{name}.{n}*"):
                new = old.rename(self.logs / old.name.replace(f"{name}.{n}", f"{name}.{n + 1}"))
                if new.suffix not in (".gz", ".xz", ".zst") and self.rng.random() < 0.6:
                    subprocess.run([*self.rng.choice(PACKERS), str(new)], check=True, timeout=60)
        (self.logs / name).rename(self.logs / f"{name}.1")
        self.rotated[name] += 1
        if self.rng.random() < 0.5:
            (self.logs / name).touch()

    def compare(self):
        equal(self.logs, self.index, *ALL)
        equal(self.logs, self.index, *self.rng.choice(QUESTIONS))
        equal(self.logs, self.index, self.rng.choice(self.made.messages).sender or "<>")
        equal(self.logs, self.index, ALL[0], what="stats")


STAMP = re.compile(rb"(?:\d{4}-(\d\d)-(\d\d)|([A-Z][a-z]{2}) ([ \d]\d)) (\d\d:\d\d:\d\d)")
MONTHS = [name.encode() for name in calendar.month_abbr]


def lines_of(text):
    """Each line's moment (these worlds begin and end in one year), never less than the one before, and where it stands."""
    at, latest = 0, ""
    for line in text.splitlines(keepends=True):
        if found := STAMP.match(line):
            month, day = int(found[1] or MONTHS.index(found[3])), int(found[2] or found[4])
            latest = max(latest, f"{month:02} {day:02} {found[5].decode()}")
        yield latest, at
        at += len(line)


@pytest.mark.parametrize("nth", range(SEEDS))
def test_while_they_grow_and_are_rotated_an_index_answers_as_they_do(tmp_path, nth):
    seed = SEED + nth
    print(f"INDEXED_SEED={seed}")
    world = Growing((Dense, Plain, Again)[nth % 3], seed, tmp_path)
    world.grow_by([*sorted(world.rng.choice(world.stamps) for _ in range(world.rng.randint(1, 3))), "99"])


@pytest.mark.parametrize("nth", range(SEEDS))
def test_logs_that_are_joined_window_by_window_answer_as_a_whole(tmp_path, nth):
    seed = SEED + nth
    print(f"INDEXED_SEED={seed}")
    world = Growing((AgainSoon, Dense, Plain)[nth % 3], seed, tmp_path, messages=20 * MESSAGES)
    world.grow("99", anyhow=False)
    build(world.logs, world.index, "--window", "128K")
    assert len([p for p in os.listdir(world.index) if p.startswith("chapter.")]) > 1
    world.compare()


def test_what_is_new_is_answered_from_the_index_and_a_build_reads_nothing_else(tmp_path):
    """Else all that is equal here would be so because nobody uses the index."""
    world = Growing(Plain, 7, tmp_path, messages=60)
    for share in (0.5, 0.7, 0.9):
        world.grow(world.stamps[int(len(world.stamps) * share)], anyhow=False)
        if share > 0.5:
            assert world.used()
            world.compare()
        build(world.logs, world.index)
    assert len([p for p in os.listdir(world.index) if p.startswith("chapter.")]) > 0


# -- what cannot be gone on with for sure is built as a whole


@pytest.mark.parametrize("log, line", [
    ("delivery.log", "2021-09-30 10:00:00, try, 7, local, recipient@example.com"),
    ("delivery.log", "2021-10-01 10:00:00, zone, +03:00, 1633071600"),
    ("spamdyke.log", "Oct  1 10:00:00 server last message repeated 2 times"),
    ("smtp-25.log", "2021-10-01 10:00:00, from, a@b.example\n2021-10-01 10:00:00, size, 5\n"
     "2021-10-01 10:00:00, resp, 250 ok 1633070000 qp 5\n"),
], ids=["a line of long ago", "a zone", "repeated", "another moment"])
def test_what_it_cannot_go_on_with_is_read_as_a_whole(tmp_path, log, line):
    world = Growing(Plain, 7, tmp_path, messages=15)
    world.grow("99", anyhow=False)
    build(world.logs, world.index)
    assert world.used()
    with open(world.logs / log, "a", encoding="ascii") as f:
        f.write(line + "\n")
    assert not world.used()
    without = equal(world.logs, world.index, *ALL)
    build(world.logs, world.index)
    assert world.used()
    equal(world.logs, world.index, *ALL, without=without)


# -- lines that are a story's own, and another one's rival

MAIL = """{at}, from, anna@shop.example
{at}, resp, 250 ok
{at}, to, <{to}>
{at}, resp, 250 ok
{at}, size, 900
{at}, resp, 250 ok {epoch} qp {qp}

"""
TWO_FORWARDS = """2021-10-01 10:00:00, init, <anna@shop.example>
2021-10-01 10:00:00, try, 1, local, first@shop.example
2021-10-01 10:00:02, init, <anna@shop.example>
2021-10-01 10:00:02, try, 2, local, second@shop.example
2021-10-01 10:00:05, init, <anna@shop.example>
2021-10-01 10:00:05, try, 3, remote, x@far.example
2021-10-01 10:00:05, result, 1, success, did_0+1+0/
2021-10-01 10:00:06, result, 3, success, 192.0.2.1_accepted_message./
2021-10-01 10:00:07, init, <anna@shop.example>
2021-10-01 10:00:07, try, 4, remote, y@far.example
2021-10-01 10:00:07, result, 2, success, did_0+1+0/
2021-10-01 10:00:08, result, 4, success, 192.0.2.1_accepted_message./
"""


def test_a_rival_that_is_another_ones_reason_keeps_its_line(tmp_path):
    """Two forwards and their copies within two seconds: each result may have made either copy, and is named by both."""
    logs, index = tmp_path / "logs", tmp_path / "index"
    logs.mkdir()

    def mail(second, to, qp):
        at = f"2021-10-01 10:{second // 60:02}:{second % 60:02}"
        with open(logs / "smtp-25.log", "a", encoding="ascii") as f:
            f.write(MAIL.format(at=at, to=to, epoch=1633071600 + second, qp=qp))
        return at

    mail(0, "first@shop.example", 11), mail(2, "second@shop.example", 12)
    (logs / "delivery.log").write_text(TWO_FORWARDS)
    build(logs, index)
    for minutes in range(1, 4):
        at = mail(60 * minutes, f"third{minutes}@far.example", 20 + minutes)
        with open(logs / "delivery.log", "a", encoding="ascii") as f:
            f.write(f"{at}, init, <anna@shop.example>\n{at}, try, {10 + minutes}, remote, third{minutes}@far.example\n"
                    f"{at}, result, {10 + minutes}, success, 192.0.2.1_accepted_message./\n")
        assert ask([PROGRAM, "index", "status", "--logs", str(logs), "--index", str(index)], HOW)[0] == 0
        equal(logs, index, *ALL)
        equal(logs, index, "anna@shop.example")
        build(logs, index)
        assert len(list(index.glob("chapter.*"))) == 1, "it was built as a whole"


# -- ends that come late

class Day:
    """Some hours of the logs, line by line; what was not written yet is appended."""

    def __init__(self, folder):
        self.logs, self.smtp, self.delivery, self.written = folder / "logs", [], [], {}
        self.logs.mkdir()
        for k in range(20):  # from which the zone is known
            self.mail(10 * k, f"a{k}@shop.example", f"z{k}@far.example", 500 + k)
            self.tried(10 * k, 10 + k, f"z{k}@far.example", f"a{k}@shop.example")
            self.ends(10 * k + 1, 10 + k, "success, 192.0.2.1_accepted_message./")

    @staticmethod
    def stamp(second):
        return f"2021-10-01 {10 + second // 3600}:{second // 60 % 60:02}:{second % 60:02}"

    def mail(self, second, sender, to, qp):
        self.smtp.append((second, MAIL.format(at=self.stamp(second), to=to, epoch=1633071600 + second, qp=qp)
                          .replace("anna@shop.example", sender)))

    def tried(self, second, number, to, sender=None):
        init = f"{self.stamp(second)}, init, <{sender}>\n" if sender else ""
        self.delivery.append((second, f"{init}{self.stamp(second)}, try, {number}, remote, {to}\n"))

    def ends(self, second, number, report):
        self.delivery.append((second, f"{self.stamp(second)}, result, {number}, {report}\n"))

    def write(self, until):
        for name, lines in (("smtp-25.log", self.smtp), ("delivery.log", self.delivery)):
            text = "".join(line for second, line in sorted(lines, key=lambda x: x[0]) if second < until)
            with open(self.logs / name, "a", encoding="ascii") as f:
                f.write(text[self.written.get(name, 0):])
            self.written[name] = len(text)


LATER, TAKEN = "deferral, Connection_timed_out/", "success, 192.0.2.1_accepted_message./"


def test_a_guessed_retry_that_ends_late_leaves_those_who_were_tried_meanwhile_to_others(tmp_path):
    """At 60 it is guessed that x is tried again, so 61 is his too; when 60 is put off as late as that, 61 is somebody else's."""
    day, index = Day(tmp_path), tmp_path / "index"
    day.mail(300, "x@shop.example", "far@far.example", 700)
    day.tried(300, 50, "far@far.example", "x@shop.example"), day.ends(302, 50, LATER)
    day.tried(600, 60, "far@far.example")
    day.tried(640, 61, "far@far.example", "x@shop.example"), day.ends(642, 61, TAKEN)
    for k in range(20, 60):
        second = 1200 + 10 * (k - 20)
        day.mail(second, f"a{k}@shop.example", f"z{k}@far.example", 500 + k)
        day.tried(second, 100 + k, f"z{k}@far.example", f"a{k}@shop.example"), day.ends(second + 1, 100 + k, TAKEN)
    day.write(1600)
    build(day.logs, index)
    day.ends(1700, 60, LATER)
    day.mail(1705, "b@shop.example", "q@far.example", 990)
    day.tried(1705, 300, "q@far.example", "b@shop.example"), day.ends(1706, 300, TAKEN)
    day.write(9999)
    assert ask([PROGRAM, "index", "status", "--logs", str(day.logs), "--index", str(index)], HOW)[0] == 0
    without = equal(day.logs, index, "from:x@shop.example", "--json")
    assert '"waiting"' in without[1]
    build(day.logs, index)
    equal(day.logs, index, *ALL)


def test_a_second_result_of_a_number_is_read_with_all_that_came_since(tmp_path):
    """Its own try is missing, so the logs say that the old one ended anew: nobody knows what that changes."""
    day, index = Day(tmp_path), tmp_path / "index"
    day.tried(600, 72, "dimo@shop.example"), day.ends(601, 72, LATER)
    day.tried(700, 84, "dimo@shop.example")
    day.mail(4000, "b@shop.example", "q@far.example", 990)
    day.tried(4000, 300, "q@far.example", "b@shop.example"), day.ends(4001, 300, TAKEN)
    day.write(4100)
    build(day.logs, index)
    day.ends(4200, 72, "failure, Sorry,_no_mailbox_here_by_that_name._(#5.1.1)/")
    day.write(9999)
    equal(day.logs, index, *ALL)
    build(day.logs, index)
    equal(day.logs, index, *ALL)
