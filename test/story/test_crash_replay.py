"""The strict replay is shown writers that do right and writers that forget something, and must know them apart."""
import os
import subprocess
import sys

import pytest

from harness import ROOT

sys.path.insert(0, os.path.join(ROOT, "test", "crash"))
import strace  # noqa: E402  pylint: disable=wrong-import-position
from replay_states import Layer, States  # noqa: E402  pylint: disable=wrong-import-position
from replay_trace import SHOWN, TRACED, Recording, Unknown  # noqa: E402  pylint: disable=wrong-import-position

TEXT = b"all of it\n" * 200  # more than a sector
# Writes a message, does something for it, says 250, and does something more.
WRITER = """\
import os, socket
us, client = socket.socketpair()
os.mkdir('spool'); os.mkdir('spool/new'); os.mkdir('spool/tmp')
for folder in ('.', 'spool'):
    os.fsync(os.open(folder, os.O_RDONLY))
f = os.open('spool/tmp/1', os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
text = %r
tmp, new = os.open('spool/tmp', os.O_RDONLY), os.open('spool/new', os.O_RDONLY)
os.write(f, text[:700]); os.pwrite(f, text[700:], 700)
%s
os.write(us.fileno(), b"250 2.0.0 ok 1 qp 7\\r\\n")
%s
"""
LINKED = "os.fsync(f); os.link('spool/tmp/1', 'spool/new/1'); os.fsync(new)"
CASES = {
    "linked and synced": (LINKED, "os.unlink('spool/tmp/1')", True),
    "renamed, the old folder synced last": (
        "os.fsync(f); os.fsync(tmp); os.rename('spool/tmp/1', 'spool/new/1'); os.fsync(new); os.fsync(tmp)", "", True),
    "no sync of the file": (LINKED.replace("os.fsync(f); ", ""), "", False),
    "no sync of the folder": (LINKED.replace("; os.fsync(new)", ""), "", False),
    "the sync comes after the answer": (LINKED.replace("; os.fsync(new)", ""), "os.fsync(new)", False),
    "the old folder alone is synced": (LINKED.replace("os.fsync(new)", "os.fsync(tmp)"), "", False),
    "written after its sync": ("os.pwrite(f, b'', 0); " + LINKED.replace("os.fsync(f)", "os.fsync(f); "
                               "os.ftruncate(f, 0); os.pwrite(f, text, 0)"), "", False),
}


def recorded(tmp_path, before, after):
    data, trace = str(tmp_path / "data"), str(tmp_path / "trace")
    os.mkdir(data)
    program = (WRITER % (TEXT, before, after)).replace("'spool", f"'{data}/spool")
    subprocess.run(["strace", *strace.command(trace, TRACED, SHOWN)[2:], "/usr/bin/python3", "-c", program], cwd=data,
                   check=True, timeout=60)
    return Recording(trace, data)


def wrong(recording, tmp_path):
    """The states in which the message was acknowledged and is not there, or is there in part."""
    layer, found = Layer(recording), []
    for number, state in enumerate(States(recording).all()):
        folder = tmp_path / str(number)
        layer.lay(state, str(folder))
        at = folder / "spool" / "new" / "1"
        content = at.read_bytes() if at.exists() else None
        if content != TEXT and (state.acked > 0 or content is not None):
            found.append(state)
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_writer_is_judged_by_what_a_crash_may_leave(case, tmp_path):
    before, after, right = CASES[case]
    recording = recorded(tmp_path, before, after)
    assert len(recording.acks) == 1
    assert (wrong(recording, tmp_path) == []) == right


def test_a_rename_between_folders_may_lose_both_names(tmp_path):
    recording = recorded(tmp_path, "os.fsync(f); os.fsync(tmp); os.rename('spool/tmp/1', 'spool/new/1')", "")
    seen, layer = set(), Layer(recording)
    for number, state in enumerate(s for s in States(recording).all() if s.acked):
        folder = tmp_path / str(number)
        layer.lay(state, str(folder))
        seen.add(tuple((folder / "spool" / name / "1").exists() for name in ("tmp", "new")))
    assert seen == {(True, False), (False, True), (True, True), (False, False)}


def test_what_the_model_does_not_know_is_not_passed_over(tmp_path):
    with pytest.raises(Unknown, match="writable mapping"):
        recorded(tmp_path, "f = os.open('spool/tmp/1', os.O_RDWR); import mmap; mmap.mmap(f, 100)", "")
