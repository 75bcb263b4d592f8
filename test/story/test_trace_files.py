"""Log files as they are on a real machine: packed, rotated, growing, copied, torn and full of rubbish."""
import bz2
import gzip
import json
import os
import re
import shutil
import subprocess
import threading

import pytest

from questions import BUILD, ME, PROVIDER, Answer, ask, run

PACKERS = {"gz": ["gzip", "-n"], "zst": ["zstd", "-q", "--rm"], "xz": ["xz"]}
PATTERN = "from a@b.example to recipient@example.com on 2026-11-23"


def pack(path, kind):
    """As logrotate does it; the path of the archive."""
    subprocess.run([*PACKERS[kind], str(path)], check=True, timeout=60)
    return path.with_name(path.name + "." + kind)


def packed(text, kind):
    tool = {"gz": ["gzip", "-nc"], "zst": ["zstd", "-qc"], "xz": ["xz", "-c"]}[kind]
    return subprocess.run(tool, input=text, capture_output=True, check=True, timeout=60).stdout


def names(paths):
    return sorted(os.path.basename(p) for p in paths)


def why_not(answer):
    return {os.path.basename(x["file"]): x["why"] for x in answer.json["searched"]["not_searched"]}


def detail(answer, name):
    return [x for x in answer.json["searched"]["details"] if os.path.basename(x["file"]) == name][0]


def without_names(answer):
    """What was found, but for the files' names."""
    return json.dumps(answer.json["messages"]).replace(".gz", "").replace(".zst", "").replace(".xz", "").replace(".1", "")


# Packed


@pytest.mark.parametrize("kind", PACKERS)
def test_a_packed_log_gives_the_same_answer_as_a_plain_one(logs, kind):
    logs.accept(7, 11)
    logs.attempt(21, 11, 1, "success, did_1+0+0/")
    plain = ask("id:11", logs.folder)
    text = (logs.folder / "smtp-25.log").read_bytes()
    for name in ("smtp-25", "delivery", "spamdyke"):
        pack((logs.folder / (name + ".log")).rename(logs.folder / (name + ".log.1")), kind)
    a = ask("id:11", logs.folder)
    assert a.status == plain.status == 0 and without_names(a) == without_names(plain)
    word = {"gz": "gzip", "zst": "zstd", "xz": "xz"}[kind]
    assert f"smtp-25.log.1.{kind} ({word})" in a.section("Limits")
    assert detail(a, f"smtp-25.log.1.{kind}")["compressed"] == word
    evidence = [e["evidence"] for e in a.only["timeline"] if e["station"] == "smtp"]
    assert evidence
    for e in evidence:
        assert e["file"].endswith(f"smtp-25.log.1.{kind}")
        line = e["text"].encode() + b"\n"
        assert text[e["offset"]:e["offset"] + len(line)] == line and text[:e["offset"]].count(b"\n") + 1 == e["line"]


@pytest.mark.parametrize("kind", PACKERS)
def test_archives_that_were_put_together_are_one_log(logs, kind):
    logs.accept(7, 11)
    logs.accept(8, 12)
    path = logs.folder / "smtp-25.log"
    text = path.read_bytes()
    half = text.index(b"session, 8") - len("2026-11-23 10:00:00, ")
    path.unlink()
    (logs.folder / ("smtp-25.log.1." + kind)).write_bytes(packed(text[:half], kind) + packed(text[half:], kind))
    a = ask("port:25", logs.folder)
    assert a.json["found"] == 2 and detail(a, "smtp-25.log.1." + kind)["trouble"] is None
    assert detail(a, "smtp-25.log.1." + kind)["bytes"] == len(text)


def test_a_name_does_not_decide_what_a_file_is_packed_in(logs):
    logs.accept(7, 11)
    logs.attempt(21, 11, 1, "success, did_1+0+0/")
    pack(logs.folder / "smtp-25.log", "gz").rename(logs.folder / "smtp-25.log")
    (logs.folder / "delivery.log").rename(logs.folder / "delivery.log.1.gz")
    a = ask("port:25", logs.folder)
    assert a.json["found"] == 1 and detail(a, "smtp-25.log")["compressed"] == "gzip"
    assert detail(a, "delivery.log.1.gz")["compressed"] is None and why_not(a) == {}


def test_rotated_names_give_the_port(logs):
    logs.accept(7, 11)
    text = (logs.folder / "smtp-25.log").read_bytes()
    shutil.rmtree(logs.folder)
    for name in ("smtp-25.2026-11-23.zst", "smtp-25.log-20261123.gz", "smtp-25.log.1", "smtp-25.log.2.gz",
                 "smtp-25.log.2026-11-23.xz"):
        logs.folder.mkdir()
        kind = name.rsplit(".", 1)[1]
        (logs.folder / name).write_bytes(packed(text, kind) if kind in PACKERS else text)
        a = ask("port:25", logs.folder)
        assert a.json["found"] == 1 and detail(a, name)["port"] == "25", name
        # and when the content does not tell, because nothing in it can be read
        (logs.folder / name).write_bytes(packed(b"rubbish\n", kind) if kind in PACKERS else b"rubbish\n")
        a = ask("port:25", logs.folder)
        assert (detail(a, name)["port"], detail(a, name)["family"]) == ("25", "smtp"), name
        assert a.json["searched"]["unreadable"] == 1
        shutil.rmtree(logs.folder)
    logs.folder.mkdir()


def test_bzip2_is_said_not_to_be_read(logs):
    logs.accept(7, 11)
    path = logs.folder / "delivery.log.2026-11-22.bz2"
    path.write_bytes(bz2.compress(b"2026-11-22 10:00:00, init, <a@b.example>\n"))
    a = ask("id:11", logs.folder)
    assert why_not(a) == {path.name: "compressed, not read"}
    assert f"not searched: {path} (compressed, not read)" in a.section("Limits")
    assert ask("id:11", path).status == 1


# Cut, damaged, too large


@pytest.mark.parametrize("kind", PACKERS)
def test_a_cut_archive_gives_what_it_has_and_says_so(logs, kind):
    for i in range(400):
        logs.accept(1000 + i, 20000 + i * 7919 % 10007)
    archive = pack(logs.folder / "smtp-25.log", kind)
    whole = archive.read_bytes()
    assert ask("port:25", logs.folder, "--limit", "1000").json["found"] == 400
    archive.write_bytes(whole[:-9])
    a = ask("port:25", logs.folder, "--limit", "1000")
    assert 1 <= a.json["found"] <= 400
    assert f"{archive}: cut short at byte {len(whole) - 9}" in a.section("Limits")
    assert f"cut short at byte {len(whole) - 9}" in detail(a, archive.name)["trouble"]
    b = ask("from:nobody@nowhere.example", logs.folder)
    assert b.status == 1 and "could not be read" in b.headline


@pytest.mark.parametrize("kind", PACKERS)
def test_a_damaged_archive_says_at_which_byte(logs, kind):
    for i in range(3000):
        logs.accept(1000 + i, 20000 + i * 7919 % 10007)
    archive = pack(logs.folder / "smtp-25.log", kind)
    raw = bytearray(archive.read_bytes())
    at = len(raw) * 3 // 4
    raw[at:at + 32] = b"\xff" * 32
    archive.write_bytes(raw)
    a = ask("port:25", logs.folder, "--limit", "10000")
    said = detail(a, archive.name)["trouble"]
    assert "damaged at byte" in said and f"of {len(raw)}" in said
    assert 0 < a.json["found"] and f"{archive}: damaged at byte" in a.section("Limits")


def test_an_archive_without_a_readable_byte_is_named(logs):
    logs.accept(7, 11)
    (logs.folder / "smtp-25.log.1.gz").write_bytes(b"")
    (logs.folder / "smtp-25.log.2.gz").write_bytes(b"\x1f\x8b")
    (logs.folder / "smtp-25.log.3.gz").write_bytes(b"not gzip at all, whatever it is called\n")
    (logs.folder / "smtp-25.log.4.xz").write_bytes(b"\xfd7zXZ\x00" + b"\xff" * 30)
    a = ask("id:11", logs.folder)
    assert a.json["found"] == 1 and "cut short at byte 0" in why_not(a)["smtp-25.log.1.gz"]
    assert "cut short at byte 2" in why_not(a)["smtp-25.log.2.gz"]
    assert "damaged at byte 0" in why_not(a)["smtp-25.log.3.gz"]
    assert "damaged at byte" in why_not(a)["smtp-25.log.4.xz"]


@pytest.mark.parametrize("kind", PACKERS)
def test_a_bomb_is_stopped_at_the_limit(logs, kind):
    logs.accept(7, 11)
    (logs.folder / ("smtp-587.log.1." + kind)).write_bytes(packed(b"x" * 30_000_000 + b"\n", kind))
    (logs.folder / ("smtp-587.log.2." + kind)).write_bytes(packed(b"2026-11-23 10:00:00, end, quit\n", kind))
    a = ask("id:11", logs.folder, "--unpack-limit", "2M")
    assert a.json["found"] == 1 and detail(a, "smtp-587.log.1." + kind)["bytes"] == 2 << 20
    assert "limit was reached after 2097152 bytes" in a.section("Limits")
    assert "limit of 2097152 unpacked bytes" in why_not(a)["smtp-587.log.2." + kind]
    assert ask("id:11", logs.folder).json["searched"]["not_searched"] == []
    assert run("id:11", "--unpack-limit", "much", "--logs", str(logs.folder)).returncode == 2


# The same thing twice


def test_a_log_beside_its_archive_is_read_once(logs):
    logs.accept(7, 11)
    path = logs.folder / "smtp-25.log"
    (logs.folder / "smtp-25.log.1.gz").write_bytes(packed(path.read_bytes(), "gz"))
    path.rename(logs.folder / "smtp-25.log.1")
    a = ask("port:25", logs.folder)
    assert a.json["found"] == 1
    assert why_not(a) == {"smtp-25.log.1.gz": f"the same content as {logs.folder}/smtp-25.log.1"}
    # gzip is not yet done with it
    (logs.folder / "smtp-25.log.1.gz").write_bytes(packed(path.with_name("smtp-25.log.1").read_bytes()[:200], "gz"))
    a = ask("port:25", logs.folder)
    assert a.json["found"] == 1
    assert why_not(a) == {"smtp-25.log.1.gz": f"only the beginning of {logs.folder}/smtp-25.log.1"}


def test_a_link_is_read_once_and_under_the_logs_own_name(logs):
    logs.accept(7, 11)
    (logs.folder / "a-link").symlink_to("smtp-25.log")
    (logs.folder / "nothing").symlink_to("nowhere")
    os.link(logs.folder / "smtp-25.log", logs.folder / "a-second-name")
    a = ask("port:25", logs.folder)
    same = f"the same file as {logs.folder}/smtp-25.log"
    assert a.json["found"] == 1 and why_not(a) == {"a-link": same, "a-second-name": same, "nothing": "a link to nothing"}
    a = Answer(*[run("port:25", "--logs", str(logs.folder / "smtp-25.log"), str(logs.folder), *more)
                 for more in ([], ["--json"])])
    assert a.json["found"] == 1 and names(a.json["searched"]["files"]) == ["delivery.log", "smtp-25.log", "spamdyke.log"]


def test_two_ports_that_begin_alike_are_two_logs(logs):
    shutil.copy(logs.folder / "smtp-25.log", logs.folder / "smtp-587.log")
    logs.accept(7, 11)
    a = ask("id:11", logs.folder)
    assert why_not(a) == {} and "smtp-587.log" in names(a.json["searched"]["files"])


# Lines


def test_odd_lines_are_counted_and_do_not_break_their_neighbours(logs):
    (logs.folder / "smtp-25.log").write_bytes(b"\xef\xbb\xbf" + (logs.folder / "smtp-25.log").read_bytes())
    for i, rubbish in enumerate((b"\0" * 4096, b"x" * 70_000, b"y" * 1_500_000, b"2026-11-23 10:00:00, from, z\0@b.example",
                                 b"2026-11-23 10:00:00, from, " + b"a" * 70_000 + b"@b.example")):
        with open(logs.folder / "smtp-25.log", "ab") as f:
            f.write(rubbish + b"\n")
        logs.accept(700 + i, 11 + i)
    for name in ("smtp-25", "spamdyke"):
        path = logs.folder / (name + ".log")
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    a = ask("port:25", logs.folder)
    assert [m["ids"]["qp"] for m in a.json["messages"]] == [15, 14, 13, 12, 11]
    assert all(m["verdict"] == "waiting" or m["verdict"] == "unknown" for m in a.json["messages"])
    assert a.json["searched"]["unreadable"] == 5
    assert ask("id:11", logs.folder).only["timeline"][-1]["evidence"]["text"][-1] != "\r"


def test_the_lines_not_understood_are_shown_on_demand(logs):
    logs.accept(7, 11)
    with open(logs.folder / "smtp-25.log", "ab") as f:
        f.write(b"rub\x1b[31mbish of john@other.example to me@example.com\n" + b"\0" * 50 + b"\n" + b"x" * 200_000 + b"\n"
                + b"2026-11-23 10:00:00, to, <torn@exam")
    packed_log = pack(logs.folder / "smtp-25.log", "zst")
    lines = packed_text = subprocess.run(["zstd", "-qdc", str(packed_log)], capture_output=True, check=True).stdout
    first = packed_text[:packed_text.index(b"rub")].count(b"\n") + 1
    why = ["no known form", "a NUL byte", "longer than 64 KiB", "torn: it has no end"]

    for question in ([], ["id:11"]):
        a = Answer(*[run("--unreadable", *question, "--logs", str(logs.folder), *j) for j in ([], ["--json"])])
        assert a.status == 0 and a.json["found"] == len(question)
        shown = a.section("Lines not understood").splitlines()
        assert [line.split(": ")[0] for line in shown] == [f"  {packed_log}:{first + i}" for i in range(4)]
        assert [line.split(": ")[1] for line in shown] == ["no known form", "a NUL byte", "longer than 64 KiB", "torn"]
        assert "\x1b" not in a.text and "rub\\x1b[31mbish" in shown[0] and "\\x00\\x00" in shown[1]
        assert shown[2].endswith("xxx...") and len(shown[2]) < 400
        listed = a.json["unreadable_lines"]
        assert [x["why"] for x in listed] == why and [x["line"] for x in listed] == [first + i for i in range(4)]
        assert listed[0]["text"] == "rub\\x1b[31mbish of john@other.example to me@example.com" and listed[1]["text"] == "\\x00" * 50
        for x in listed:
            assert lines[x["offset"]:x["offset"] + 3] == (b"rub", b"\0\0\0", b"xxx", b"202")[why.index(x["why"])]
        assert (a.json["searched"]["lines"], a.json["searched"]["unreadable"]) == (first + 5, 4)
        assert detail(a, packed_log.name)["unreadable"] == 4 and detail(a, packed_log.name)["torn"] is True
    assert "unreadable_lines" not in ask("id:11", logs.folder).json

    limited = Answer(*[run("--unreadable", "--limit", "2", "--logs", str(logs.folder), *j) for j in ([], ["--json"])])
    assert len(limited.json["unreadable_lines"]) == 2
    assert "the limit was reached: 2 of 4 lines are shown" in limited.section("Lines not understood")
    scoped = Answer(*[run("--unreadable", "--domain", "example.com", "--logs", str(logs.folder), *j)
                      for j in ([], ["--json"])])
    assert "j***n@other.example to me@example.com" in scoped.text and "torn@" not in scoped.text + json.dumps(scoped.json)
    assert [x["text"] is None for x in scoped.json["unreadable_lines"]] == [False, True, True, True]
    assert scoped.text.count("(it names none of the scope's mailboxes: not shown)") == 3
    assert "john" not in scoped.text + json.dumps(scoped.json) and "addresses of others are masked" in scoped.text


def test_without_a_line_that_is_not_understood_the_list_is_empty(logs):
    a = Answer(*[run("--unreadable", "--logs", str(logs.folder), *j) for j in ([], ["--json"])])
    assert a.status == 0 and a.section("Lines not understood") == "  none\n" and a.json["unreadable_lines"] == []
    assert a.headline == "0 of 2 lines in 3 files could not be understood."
    assert run("--logs", str(logs.folder)).returncode == 2


def test_empty_files_are_searched_and_say_nothing(logs):
    for name in ("smtp-587.log", "smtp-587.log.1.gz", "delivery.log.1"):
        (logs.folder / name).write_bytes(packed(b"", "gz") if name.endswith("gz") else b"")
    logs.accept(7, 11)
    a = ask("id:11", logs.folder)
    assert len(a.json["searched"]["files"]) == 6 and a.json["searched"]["unreadable"] == 0 and why_not(a) == {}
    empty = ask("id:11", logs.folder / "smtp-587.log")
    assert empty.status == 1 and "prove nothing" in empty.text


# syslog's repetitions


@pytest.mark.parametrize("again", ["mx last message repeated 2 times",
                                   "mx spamdyke[9]: message repeated 2 times: [ {}]"])
def test_a_repetition_is_the_same_event_again(logs, again):
    logs.session(9, "from, a@b.example", "resp, 250 ok", f"to, <{ME}>", "resp, 554 Refused.", "end, quit")
    logs.gate(9, "DENIED_RBL_MATCH", "a@b.example", ME, "bl.example")
    line = (logs.folder / "spamdyke.log").read_text().splitlines()[-1]
    logs.write("spamdyke", line[:16] + again.format(line.split("]: ", 1)[1]))
    a = ask(PATTERN, logs.folder)
    assert a.status == 0 and len(a.only["recipients"]) == 1 and a.only["verdict"] == "refused"
    assert any("stands for 3" in w for w in a.only["warnings"]) and "stands for 3" in a.section("Confidence")
    assert "repeated 2 times" in a.section("Evidence") and a.json["searched"]["unreadable"] == 0


def test_who_names_a_folder_of_folders_is_told_that_those_are_not_searched(logs):
    logs.accept(7, 11)
    inside = logs.folder / "mx1"
    inside.mkdir()
    for name in ("smtp-25.log", "delivery.log", "spamdyke.log"):
        os.rename(logs.folder / name, inside / name)
    assert ask("port:25", inside).json["found"] == 1
    a = ask("port:25", logs.folder)
    assert a.status == 1 and "folders inside a folder are not searched: name them with --logs" in a.section("Limits")


@pytest.mark.parametrize("words, option", [
    (["trace", "x@y.example", "--domain", "--logs", "."], "trace: --domain"), (["trace", "x@y.example", "--tz"], "trace: --tz"),
    (["stats", "--top", "--logs", "."], "stats: --top"), (["index", "build", "--index", "--logs", "."], "index: --index"),
    (["index", "build", "--threads"], "index: --threads")])
def test_an_option_is_not_the_value_of_the_one_before_it(words, option):
    done = subprocess.run([os.path.join(BUILD, "telltale"), *words], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"telltale: {option} needs a value\n")


# Files that change


def test_a_growing_log_ends_at_its_last_whole_line(logs):
    logs.accept(7, 11)
    with open(logs.folder / "smtp-25.log", "a", encoding="utf-8") as f:
        f.write("2026-11-23 10:00:00, session, 8, 192.0.2.12, 4242, 17954")
    a = ask("port:25", logs.folder)
    assert a.json["found"] == 1 and detail(a, "smtp-25.log")["torn"] is True
    assert "1 line not understood (the last one has no end)" in a.section("Limits")


class Rotating:
    """Appends messages and rotates all the while, as logrotate does with delaycompress; nothing is ever deleted.  It is
    `ahead` rotations at most before who asks has asked once more: however slow the machine, the logs stay as long."""

    def __init__(self, logs, ahead=8):
        self.logs, self.written, self.rotations, self.stop = logs, 0, 0, threading.Event()
        self.turns = threading.Semaphore(ahead)
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.turns.release()
        self.thread.join()

    def asked(self):
        self.turns.release(4)

    def work(self):
        while not self.stop.is_set():
            for _ in range(5):
                self.logs.accept(1000 + self.written, 50000 + self.written)
                self.written += 1
            self.turns.acquire()
            self.rotate("smtp-25.log")
            self.rotations += 1

    def rotate(self, name):
        folder, kind = self.logs.folder, list(PACKERS)[self.rotations % 3]
        for old in sorted(folder.glob(name + ".*.*"), key=lambda p: -int(p.name.split(".")[2])):
            number = int(old.name.split(".")[2])
            old.rename(old.with_name(f"{name}.{number + 1}.{old.suffix[1:]}"))
        if (folder / (name + ".1")).exists():
            pack((folder / (name + ".1")).rename(folder / (name + ".2")), kind)
        (folder / name).rename(folder / (name + ".1"))
        (folder / name).touch()
        self.stop.wait(0.05)


def test_a_rotation_during_the_query_hides_nothing(logs):
    complete = asked = 0
    with Rotating(logs) as rotating:
        while rotating.rotations < 2:
            rotating.stop.wait(0.01)
        while asked < 25 or (rotating.rotations <= 5 and asked < 1000):
            asked += 1
            before = rotating.written
            done = run("port:25", "--limit", "100000", "--json", "--logs", str(logs.folder))
            assert done.returncode == 0, done.stderr
            answer = json.loads(done.stdout)
            found = [m["ids"]["qp"] for m in answer["messages"] if m["ids"]["qp"] is not None]
            assert len(found) == len(set(found))
            missing = set(range(50000, 50000 + before)) - set(found)
            said = [x["why"] for x in answer["searched"]["not_searched"]]
            said = [w for w in said if "gone before" in w or "kept changing" in w]
            assert not missing or said, (sorted(missing), answer["searched"])
            complete += not missing
            rotating.asked()
    assert rotating.rotations > 5 and complete > 0


def injected(path, fault, *args):
    """trace, with a fault in what it does with that file."""
    done = subprocess.run(["strace", "-o", os.devnull, "-P", str(path), "-e", "inject=" + fault,
                           os.path.join(BUILD, "telltale"), "trace", *args, "--logs", str(path.parent), "--json"],
                          capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "TZ": "UTC", "ASAN_OPTIONS": "detect_leaks=0"})
    assert done.returncode in (0, 1, 3), done.stderr
    return json.loads(done.stdout)


def whys(answer):
    return " ".join(x["why"] for x in answer["searched"]["not_searched"])


def test_a_log_that_goes_between_listing_and_opening_is_looked_for(logs):
    logs.accept(7, 11)
    path = (logs.folder / "smtp-25.log").rename(logs.folder / "smtp-25.log.1")
    answer = injected(path, "openat:error=ENOENT:when=1", "port:25")
    assert answer["found"] == 1 and whys(answer) == ""
    answer = injected(path, "openat:error=ENOENT", "port:25")
    assert answer["found"] == 0 and "it was gone before it could be read" in whys(answer)


@pytest.mark.parametrize("kind", PACKERS)
def test_a_log_that_is_packed_between_listing_and_opening_is_found(logs, kind):
    logs.accept(7, 11)
    path = (logs.folder / "smtp-25.log").rename(logs.folder / "smtp-25.log.1")
    later = threading.Timer(0.5, lambda: pack(path, kind))
    later.start()
    answer = injected(path, "openat:delay_enter=1500000", "port:25")
    later.join()
    assert answer["found"] == 1 and whys(answer) == ""
    assert not path.exists() and len(answer["searched"]["files"]) == 3


def test_a_log_that_shrinks_or_cannot_be_read_is_said_to(logs):
    for i in range(1000):
        logs.accept(1000 + i, 20000 + i)
    path = logs.folder / "smtp-25.log"
    answer = injected(path, "pread64:retval=0:when=4+", "port:25")
    trouble = [x["trouble"] for x in answer["searched"]["details"] if x["file"] == str(path)]
    assert trouble == [f"became shorter while it was read, at byte 0 of {path.stat().st_size}"]
    answer = injected(path, "pread64:error=EIO:when=2+", "port:25")
    assert f"damaged at byte 0 of {path.stat().st_size} (the disk cannot be read)" in whys(answer)
    answer = injected(path, "openat:error=EACCES", "port:25")
    assert whys(answer) == "could not be read: Permission denied"


def test_a_log_that_is_cut_to_nothing_meanwhile_does_no_harm(logs):
    stop = threading.Event()
    text = (logs.folder / "smtp-25.log").read_bytes()

    def churn():
        while not stop.is_set():
            with open(logs.folder / "smtp-25.log", "r+b") as f:
                f.truncate(0)
                f.write((text + b"2026-11-23 10:00:00, from, a@b.example\n") * 20000)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(15):
            done = run("port:25", "--json", "--logs", str(logs.folder))
            assert done.returncode in (0, 1, 3) and json.loads(done.stdout) and done.stderr == ""
    finally:
        stop.set()
        thread.join()


def test_gzip_of_python_and_of_the_shell_are_one(logs):
    logs.accept(7, 11)
    path = logs.folder / "smtp-25.log"
    with gzip.open(logs.folder / "smtp-25.log.1.gz", "wb") as f:
        f.write(path.read_bytes())
    path.unlink()
    assert ask("port:25", logs.folder).json["found"] == 1


def test_where_no_delivery_log_was_searched_that_is_why_the_end_is_not_known(tmp_path):
    shutil.copy(os.path.join(PROVIDER, "smtp-25.log"), tmp_path)
    answer = ask("id:15309", tmp_path)
    assert answer.recipient["verdict"] == "unknown"
    assert "No delivery log was among the logs searched." in answer.section("Why")


@pytest.mark.parametrize("columns", [70, 80, 120, 150, 200])
def test_a_table_fits_the_terminal(columns):
    """Where a row has no room, who and why stand below it."""
    said = subprocess.run([os.path.join(BUILD, "telltale"), "trace", "after:2000-01-01", "--logs", str(PROVIDER)], capture_output=True,
                          text=True, timeout=60, check=False, env={**os.environ, "TZ": "UTC", "COLUMNS": str(columns)}).stdout
    table = said[:said.index("\nNext\n")]
    assert max(map(len, table.splitlines())) <= columns, table
    assert ("FROM to TO" in table) == (columns < 150), table
    assert len(re.findall(r"^  \d{4}-\d\d-\d\d ", table, re.M)) >= 3
