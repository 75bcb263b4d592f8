"""An index that was torn, half built or is of another time is never believed, and the next build mends it.

INDEX_CRASHES=N: so many places instead of a few (0: all); INDEXED_SEED has a failure again.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

import indexed
from harness import ROOT
from indexed import ALL, HOW, INJECT, PROGRAM, SEED, build, equal
from test_indexed import copy_of, fixture_day  # noqa: F401

sys.path.append(os.path.join(ROOT, "test", "crash"))
from inject_sites import read_record  # noqa: E402

PLACES = int(os.environ.get("INDEX_CRASHES", "2"))
CHANGES = re.compile(r"^(write|writev|pwrite64|pwritev|rename|renameat|renameat2|fsync|fdatasync|unlink|unlinkat|ftruncate|mkdir|"
                     r"mkdirat|open|openat|fallocate|copy_file_range|flock|link|linkat)$")

pytestmark = indexed.needs_index


def some(places, rng):
    return places if PLACES == 0 else rng.sample(places, min(PLACES, len(places)))


def command(logs, index):
    return [PROGRAM, "index", "build", "--logs", str(logs), "--index", str(index)]


def recorded(logs, index):
    """[(call, n)] that a build makes in its folder: those that change something."""
    with tempfile.NamedTemporaryFile() as record:
        subprocess.run([INJECT, "-r", record.name, "-p", str(index), *command(logs, index)], check=True, **HOW)
        return [(call, n) for _, call, n, path in read_record(record.name) if CHANGES.match(call) and str(index) in path]


def strike(logs, index, call, n, what):
    """A build that meets a fault; its status."""
    done = subprocess.run([INJECT, "-f", f"telltale:{call}:{n}:{what}", "-p", str(index), *command(logs, index)], check=False, **HOW)
    assert b"hit telltale" in done.stdout, (call, n, indexed.text(done.stdout + done.stderr))
    return done


def mended(logs, index, without=None):
    """After whatever it was: right, then built, and right."""
    without = equal(logs, index, *ALL, without=without)
    build(logs, index)
    equal(logs, index, *ALL, without=without)
    return without


@pytest.mark.parametrize("what, first", [("KILL", True), ("KILL", False), ("EIO", True), ("ENOSPC+", False)])
def test_a_build_that_is_cut_short_is_never_seen(day, tmp_path, what, first):
    rng = random.Random(SEED)
    logs, index = copy_of(day, tmp_path)
    if first:
        shutil.rmtree(index)
    else:
        more(logs)
    kept, without = tmp_path / "kept", None
    if not first:
        shutil.copytree(index, kept)
    for call, n in some(recorded(logs, index), rng):
        again(kept, index)
        done = strike(logs, index, call, n, what)
        print(f"INDEXED_SEED={SEED}: {what} at {call} {n}: status {done.returncode}")
        assert done.returncode != 0 or what != "KILL"
        without = mended(logs, index, without)


def more(logs):
    """A day's logs go on: the last tenth of the lines once more would be doubles, so they are others'."""
    with open(logs / "delivery.log", "a", encoding="utf-8") as f:
        f.write("2021-10-31 23:00:00, init, <late@far.example.net>\n2021-10-31 23:00:00, info, 9999999, qp 8888888, attempt 1, "
                "bytes 900, 1635717600.000\n2021-10-31 23:00:00, try, 9999999, local, recipient@example.com\n")


def again(kept, index):
    """As it was before; the logs are the same files."""
    shutil.rmtree(index, ignore_errors=True)
    if kept.exists():
        shutil.copytree(kept, index)


def files_of(index):
    return sorted(os.path.join(at, name) for at, _, names in os.walk(index) for name in names)


def tear(path, rng):
    """A file as no writer of ours leaves it; what was done to it."""
    size = os.path.getsize(path)
    how, at = rng.choice(["cut", "flip", "zeros", "longer", "empty"]), rng.randrange(max(1, size))
    with open(path, "r+b") as f:
        if how in ("cut", "empty"):
            f.truncate(at if how == "cut" else 0)
        elif how == "longer":
            f.seek(0, os.SEEK_END)
            f.write(rng.randbytes(100))
        else:
            f.seek(at)
            old = f.read(1)
            f.seek(at)
            f.write(bytes([old[0] ^ 1 << rng.randrange(8)]) if how == "flip" and old else bytes(min(4096, size - at)))
    return f"{os.path.basename(path)}: {how} at {at} of {size}"


def test_a_torn_index_is_never_believed(day, tmp_path):
    rng = random.Random(SEED)
    logs, index = copy_of(day, tmp_path)
    whole, without = tmp_path / "whole", None
    shutil.copytree(index, whole)
    for _ in range(PLACES * 4 or 2000):
        said = tear(rng.choice([f for f in files_of(index) if os.path.getsize(f) > 0]), rng)
        print(f"INDEXED_SEED={SEED}: {said}")
        without = equal(logs, index, *ALL, without=without)
        again(whole, index)
    tear(rng.choice([f for f in files_of(index) if os.path.getsize(f) > 0]), rng)
    mended(logs, index, without)


def test_what_is_no_index_is_none(day, tmp_path):
    """A folder of rubbish, and a file where the folder should be."""
    logs = day / "logs"
    rubbish, file = tmp_path / "rubbish", tmp_path / "file"
    shutil.copytree(day / "index", rubbish)
    for path in files_of(rubbish):
        with open(path, "wb") as f:
            f.write(random.Random(SEED).randbytes(3000))
    file.write_text("not a folder\n")
    without = equal(logs, file, *ALL)
    mended(logs, rubbish, without)
    done = subprocess.run(command(logs, file), check=False, **HOW)
    assert done.returncode != 0 and str(file) in indexed.text(done.stderr) and file.read_text() == "not a folder\n"


def test_an_index_of_another_version_is_none(day, tmp_path):
    """Reading and joining change from version to version, and the index keeps what came of them."""
    logs, index = copy_of(day, tmp_path)
    other = tmp_path / "telltale"
    build = (index / "chapter").read_bytes()[20:40]  # behind magic and version
    with open(PROGRAM, "rb") as f:
        whole = f.read()
    assert any(build) and build in whole
    other.write_bytes(whole.replace(build, build[:-1] + bytes([build[-1] ^ 1])))
    other.chmod(0o755)
    used = [subprocess.run([program, *command(logs, index)[1:2], "status", *command(logs, index)[3:]], check=False, **HOW).returncode
            for program in (PROGRAM, other)]
    assert used == [0, 1]
    without = equal(logs, index, *ALL)
    assert indexed.ask([other, "trace", *ALL, "--logs", str(logs), "--index", str(index)], HOW) == without


def test_two_builders_at_once_leave_one_index(day, tmp_path):
    logs, index = copy_of(day, tmp_path)
    without = equal(logs, index, *ALL)
    for _ in range(PLACES or 50):
        shutil.rmtree(index, ignore_errors=True)
        both = [subprocess.Popen(command(logs, index), stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
        equal(logs, index, *ALL, without=without)  # while they build
        said = [p.communicate(timeout=60) for p in both]
        assert sorted(p.returncode for p in both)[0] == 0 and all(p.returncode in (0, 1) for p in both), said
        mended(logs, index, without)
