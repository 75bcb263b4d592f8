"""The tools of scripts/bench do what they say.  How fast anything is, is no matter here."""
import filecmp
import json
import os
import re
import subprocess
import sys

import pytest

from harness import ROOT, until

sys.path.append(os.path.join(ROOT, "bench"))
import accept  # noqa: E402
import aims  # noqa: E402
import bench  # noqa: E402
import deliver  # noqa: E402
import figures  # noqa: E402
import place  # noqa: E402
import process  # noqa: E402
import relay  # noqa: E402
import report  # noqa: E402
import source  # noqa: E402
from ours import Ours  # noqa: E402
from postfix import Postfix  # noqa: E402
from sink import Sink  # noqa: E402

BUILD = os.path.realpath(os.environ.get("TELLTALE_BUILD", os.path.join(ROOT, "build-test")))
MESSAGES = 30
LOAD = source.Load(5, 4096, True)


def tool(name, *args, **more):
    return subprocess.run([os.path.join(BUILD, "bench", "bench-" + name), *map(str, args)], capture_output=True,
                          text=True, check=True, timeout=60, **more).stdout


@pytest.fixture(name="folder")
def fixture_folder():
    with place.folder() as path:
        yield path


@pytest.fixture(name="sink")
def fixture_sink(folder, monkeypatch):
    monkeypatch.setattr("sink.BYTES", 4 << 20)
    side = Sink(BUILD, folder)
    side.start(hold=True)
    yield side
    side.stop()


def test_the_sink_writes_and_syncs_before_it_answers(sink, folder):
    out = os.path.join(folder, "trace")
    tracer = process.spawn(["strace", "-f", "-e", "trace=pwritev,fdatasync,sendto", "-o", out,
                            f"--attach={sink.process.pid}"], out + ".said")
    until(lambda: os.path.getsize(out + ".said") > 0, "strace is there")
    source.send(sink.port, sink.recipients(), source.Load(1, 4096, True), 1)
    tracer.terminate()
    tracer.wait()
    with open(out, encoding="utf-8") as f:
        calls = re.findall(r"(?m)^\d+ +(?:<\.\.\. )?(\w+)[ (].*= \d+$", f.read())
    at = calls.index("pwritev")
    assert calls[at:at + 3] == ["pwritev", "fdatasync", "sendto"], calls


def test_the_sink_keeps_every_message(sink):
    source.send(sink.port, sink.recipients(), LOAD, MESSAGES)
    with open(sink.file, "rb") as f:
        assert f.read().count(b"\r\n.\r\n") == MESSAGES


@pytest.mark.parametrize("way", [("3", "4"), ("2", "8", "syncfs")])
def test_the_writer_of_maildirs_leaves_whole_messages_in_new(folder, way):
    floor = deliver.Writer(BUILD, folder, 2)
    boxes = os.path.join(folder, "kept")
    os.mkdir(boxes)
    with open(floor.sample, "w", encoding="utf-8") as f:
        f.write("Subject: sample\n\nText.\n")
    assert float(tool("maildir", boxes, 2, way[0], MESSAGES, way[1], floor.sample, *way[2:])) > 0
    found = [os.path.join(at, name) for at, _, names in os.walk(boxes) for name in names]
    assert len(found) == MESSAGES and all(os.path.basename(os.path.dirname(path)) == "new" for path in found)
    assert all(filecmp.cmp(path, floor.sample, shallow=False) for path in found)


@pytest.mark.parametrize("way", ["kept", "each"])
def test_the_lone_client_tells_both_times_of_every_message(sink, folder, way):
    reference = os.path.join(folder, "reference")
    place.zeros(reference, 1 << 20)
    rows = tool("lone", sink.port, "a@example.com", 7, 4096, way, reference, 4800).splitlines()
    assert len(rows) == 7 and all(int(n) > 0 for row in rows for n in row.split())
    with open(reference, "rb") as f:
        assert f.read(7 * 4800 + 1).find(b"\0") == 7 * 4800


@pytest.mark.parametrize("kind", ["plain", "tls"])
def test_idle_sessions_are_held_until_they_are_let_go(server, kind):
    server.start()
    before = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in server.pids("telltale-smtpd"))
    with subprocess.Popen([os.path.join(BUILD, "bench", "bench-idle"), str(server.ports["25"]), "20", kind],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as idle:
        assert idle.stdout.readline().startswith("held 20 ")
        assert sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in server.pids("telltale-smtpd")) > before + 19
        idle.stdin.close()
        assert idle.stdout.readline() == "lost 0\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix wants root")
@pytest.mark.parametrize("kind", [Ours, Postfix])
def test_a_side_holds_its_mail_and_delivers_it_when_released(folder, kind):
    side = kind(BUILD, folder, 2)
    try:
        side.start(hold=True)
        source.send(side.port, side.recipients(), LOAD, MESSAGES)
        assert deliver.lying(side) == 0
        side.release()
        deliver.arrived(side, MESSAGES)
        side.stop()
        side.empty()
        assert deliver.lying(side) == 0
        assert deliver.through(side, LOAD, MESSAGES) > 0
        assert deliver.lying(side) == MESSAGES + 2
    finally:
        side.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix wants root")
@pytest.mark.parametrize("kind", [relay.OurRelay, relay.PostfixRelay])
def test_a_side_holds_mail_for_others_and_lets_it_out_when_released(folder, kind):
    receiver = relay.Receiver(folder)
    side = kind(BUILD, folder, 2, receiver.port)
    receiver.start()
    try:
        side.start(hold=True)
        source.send(side.port, side.recipients(), LOAD, MESSAGES)
        assert receiver.taken() == 0
        side.release()
        receiver.wait(MESSAGES)
        assert relay.fresh(side, relay.through, receiver, LOAD, MESSAGES) > 0
        assert receiver.taken() == MESSAGES + 2
    finally:
        side.stop()
        receiver.stop()


@pytest.mark.parametrize("kind", ["provider", "ours", "postfix", "exim"])
def test_made_up_logs_are_the_same_each_time_and_every_line_is_read(kind, tmp_path):
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        (tmp_path / name).mkdir()
        tool("trace-logs", kind, 1, seed, tmp_path / name)
    names = sorted(os.listdir(tmp_path / "one"))
    assert filecmp.cmpfiles(tmp_path / "one", tmp_path / "same", names, shallow=False) == (names, [], [])
    assert filecmp.cmpfiles(tmp_path / "one", tmp_path / "other", names, shallow=False) == ([], names, [])
    done = subprocess.run([os.path.join(BUILD, "telltale"), "trace", "after:1990-01-01", "--logs", tmp_path / "one", "--json",
                           "--limit", "1"], capture_output=True, check=False, timeout=60)
    told = json.loads(done.stdout)
    assert told["searched"]["unreadable"] == 0 and told["found"] > 500


def test_the_tracer_is_measured_beside_grep_and_what_is_missing_is_said(tmp_path, capsys):
    options = bench.arguments(["trace", "--build", BUILD, "--mb", "1", "--rounds", "1", "--world", "exim", "--only", "scan,peers", "--folder",
                               str(tmp_path)])
    result = bench.run(options)
    scan, peers = result["cases"]
    assert all(r["wall"] > 0 for r in scan["rounds"][0].values()) and {"telltale", "grep -F"} <= set(scan["rounds"][0])
    assert "exigrep" in peers["skipped"] or "exigrep" in peers["rounds"][0]
    assert [figure for figure, *_ in aims.trace(result)] == ["trace, exim: exact scan without an index, speed of grep -F"]
    assert "exim: an exact address, no index" in capsys.readouterr().out


def test_a_ratio_is_taken_within_a_round_and_an_aim_is_judged_by_the_median():
    rounds = [{"ours": 10, "postfix": 1, "sink": 20}, {"ours": 40, "postfix": 10, "sink": 50},
              {"ours": 12, "postfix": 2, "sink": 15}]
    assert figures.ratios(rounds, "ours", "postfix") == {"median": 6, "min": 4, "max": 10, "n": 3}
    load = {"sessions": 100, "size": 4096, "kept": True, "title": "t", "rounds": rounds}
    found = list(aims.accept({"disks": [{"disk": "own", "loads": [load]}]}))
    assert [reached for *_, reached in found] == [True, True]
    load["rounds"] = [{"ours": 10, "postfix": 3, "sink": 20, "keeper": 15}]
    assert [reached for *_, reached in aims.accept({"disks": [{"disk": "own", "loads": [load]}]})] == [False, False]
    assert list(accept.tables({"disks": [{"disk": "own", "loads": [load]}]}))


def test_the_report_holds_notes_and_figures(monkeypatch, folder):
    monkeypatch.setattr(report, "HERE", folder)
    os.mkdir(os.path.join(folder, "notes"))
    with open(os.path.join(folder, "notes", "limit.md"), "w", encoding="utf-8") as f:
        f.write("What we found.\n")
    machine = {"when": "now", "commit": "c", "cores": 2, "processor": "p", "memory": 1 << 30, "kernel": "k", "postfix": "3",
               "load": 0.5}
    report.keep({"kind": "limit", "machine": machine, "options": {"rounds": 1, "seconds": 1.0}, "took": 60, "load": 1.0,
                 "loads": [{"title": "a load", "rounds": [{"1": 100.0, "2": 150.0}]}]})
    with open(os.path.join(folder, "RESULTS.md"), encoding="utf-8") as f:
        text = f.read()
    assert "What we found." in text and "| a load | 100 (100..100) | 150 (150..150) | 1.50 (1.50..1.50) |" in text
