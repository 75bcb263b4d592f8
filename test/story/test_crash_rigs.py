"""What runs the crash rigs (test/crash/rigs.py) passes none that is broken, and leaves none behind when it is ended."""
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from harness import ROOT, until

GOOD = {"rig": "kill", "runs": 7, "acked": 9, "lost": 0, "doubled": 0, "torn": 0, "violations": 0, "control": "caught",
        "skipped": None, "seconds": 1}
UNABLE = GOOD | {"runs": 0, "acked": 0, "control": "missed", "skipped": "no root"}
ROWS = {  # what a rig says at its end and its status: (passed, failed)
    "all is well": (json.dumps(GOOD), 0, (1, 0)),
    "it cannot run here": (json.dumps(UNABLE), 0, (0, 0)),
    "mail was lost": (json.dumps(GOOD | {"lost": 1}), 0, (0, 1)),
    "the control was missed": (json.dumps(GOOD | {"control": "missed"}), 0, (0, 1)),
    "nothing was done": (json.dumps(GOOD | {"runs": 0}), 0, (0, 1)),
    "nothing was acknowledged": (json.dumps(GOOD | {"acked": 0}), 0, (0, 1)),
    "its status says otherwise": (json.dumps(GOOD), 1, (0, 1)),
    "it is another": (json.dumps(GOOD | {"rig": "sync"}), 0, (0, 1)),
    "a count is missing": (json.dumps({k: v for k, v in GOOD.items() if k != "torn"}), 0, (0, 1)),
    "it was skipped and found something": (json.dumps(UNABLE | {"violations": 2}), 0, (0, 1)),
    "it was skipped with a status": (json.dumps(UNABLE), 1, (0, 1)),
    "it says nothing": ("", 0, (0, 1)),
    "it says no object": ("[1]", 0, (0, 1)),
    "it breaks off": ("Traceback", 1, (0, 1)),
}
WAITS = """\
import os, sys, time
try:
    os.mkdir(os.path.join(sys.argv[1], "busy"))
    time.sleep(60)
finally:
    time.sleep(0.3)
    os.rmdir(os.path.join(sys.argv[1], "busy"))
"""


def rigs(folder, kill):
    """The runner beside a `kill` of ours."""
    shutil.copy(os.path.join(ROOT, "test", "crash", "rigs.py"), folder)
    (folder / "kill.py").write_text(kill, encoding="utf-8")
    return [sys.executable, str(folder / "rigs.py"), str(folder), "kill"]


@pytest.mark.parametrize("said, status, counts", ROWS.values(), ids=ROWS.keys())
def test_what_a_rig_says_decides(tmp_path, said, status, counts):
    command = rigs(tmp_path, f"import sys\nprint({said!r})\nsys.exit({status})\n")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    passed, failed = counts
    assert done.stdout.splitlines()[-1] == f"{passed} passed, {failed} failed", done.stdout + done.stderr
    assert done.returncode == (1 if failed else 0)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_who_is_ended_leaves_nothing(tmp_path, how):
    """SIGKILL: the rig hears SIGTERM then, and each rig knows what that is."""
    knows = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(1))\n"
    with subprocess.Popen(rigs(tmp_path, knows + WAITS), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as runner:
        until((tmp_path / "busy").exists, "the rig works", 20)
        runner.send_signal(how)
        assert runner.wait(20) != 0
    until(lambda: not (tmp_path / "busy").exists(), "the rig has cleaned up", 20)
