"""`telltale gate import`: real configurations of spamdyke as our gate { }."""
import os
import re
import shutil
import subprocess

import pytest

from harness import ROOT

SAMPLES = os.path.join(ROOT, "test", "golden", "spamdyke")


def run(server, *args):
    return subprocess.run([os.path.join(server.build, "telltale"), "gate", "import", *args], capture_output=True,
                          text=True, timeout=60, check=False)


def check(server, text):
    """What `telltale check` says of a configuration with that gate."""
    path = os.path.join(server.folder, "imported.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return server.tell("check", "-c", path)


@pytest.mark.parametrize("name, status", [("small", 0), ("toaster", 1), ("tricky", 1)])
def test_a_sample_becomes_what_is_written_beside_it(server, name, status):
    """NAME.conf gives NAME.gate; @ there is the folder of the samples.  The result is valid as it is."""
    done = run(server, os.path.join(SAMPLES, name + ".conf"))
    with open(os.path.join(SAMPLES, name + ".gate"), encoding="utf-8") as f:
        assert done.stdout.replace(SAMPLES, "@") == f.read()
    assert done.returncode == status
    count = [int(n) for n in re.findall(r"\d+", done.stderr)]
    assert len(count) == 3 and (count[1] > 0) == (status == 1), done.stderr
    # What is wrong in config-dir is told, and is still wrong.
    text = re.sub(r'(?m)^\tconfig-dir = .*\n', "", done.stdout)
    checked = check(server, text)
    assert checked.returncode == 0, checked.stderr


def test_every_option_of_spamdyke_is_known():
    """It is ours by the same name, or a row of gate_import.def says what becomes of it; and no row is of an option of ours."""
    def names(pattern, *path):
        with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
            return set(re.findall(pattern, f.read(), re.M))
    spamdykes = names(r"^([a-z-]+)$", "test", "golden", "vocabulary", "spamdyke-options.txt")
    ours = names(r'^CONF_[A-Z]+\(gate, \w+, "([^"]+)"', "src", "base", "options_gate.def")
    rows = names(r'^[A-Z]+\("([^"]+)"', "src", "cli", "gate_import.def")
    assert len(spamdykes) > 100 and spamdykes <= ours | rows | {"config-file"}
    assert not ours & rows


def test_config_dir_is_tried_and_stays_where_it_is(server):
    folder = os.path.join(server.folder, "config.d")
    shutil.copytree(os.path.join(SAMPLES, "config.d"), folder)
    done = run(server, os.path.join(SAMPLES, "small.conf"), "--config-dir", folder)
    assert done.returncode == 1
    assert f'\tconfig-dir = "{folder}"\n' in done.stdout
    assert f"\t# {folder}/_recipient_/com/example/_at_/kid:2: graylist-dir is not needed: " in done.stdout
    assert f"\t# {folder}/_ip_/192/0/2:1: the last line has no newline" in done.stdout
    os.unlink(os.path.join(folder, "_recipient_/com/example/_at_/kid"))
    with open(os.path.join(folder, "_ip_/192/0/2"), "a", encoding="utf-8") as f:
        f.write("\n")
    done = run(server, os.path.join(SAMPLES, "small.conf"), "--config-dir", folder)
    assert (done.returncode, "#" in done.stdout) == (0, False), done.stdout
    assert check(server, done.stdout).returncode == 0


def test_what_cannot_be_asked(server):
    assert run(server).returncode == 2
    assert run(server, "a", "b").returncode == 2
    assert run(server, "/nonexistent/spamdyke.conf").returncode == 1
    assert run(server, "--help").returncode == 0


def test_hostile_bytes_do_not_come_out_raw(server):
    path = os.path.join(server.folder, "spamdyke.conf")
    with open(path, "wb") as f:
        f.write(b"policy-url=\x1b[31m\xff\nfoo\x00bar=1\nsender-blacklist-entry=\x07@x\n" + b"a" * 70000 + b"\n")
    done = run(server, path)
    assert done.returncode == 1
    assert not re.search(r"[^\n\t\x20-\x7e]", done.stdout + done.stderr)
    assert check(server, done.stdout).returncode == 0


def test_a_folder_on_the_command_line_is_where_it_was_typed(server):
    folder = os.path.join(server.folder, "conf")
    os.makedirs(os.path.join(folder, "config.d"))
    with open(os.path.join(folder, "spamdyke.conf"), "w", encoding="utf-8") as f:
        f.write("max-recipients=5\n")
    done = subprocess.run([os.path.join(os.path.realpath(server.build), "telltale"), "gate", "import", "conf/spamdyke.conf", "--config-dir",
                           "conf/config.d"], cwd=server.folder, capture_output=True, text=True, timeout=60, check=False)
    assert f'\tconfig-dir = "{os.path.realpath(folder)}/config.d"\n' in done.stdout and done.returncode == 0, done.stdout


@pytest.mark.parametrize("lines, told", [("graylist-dir=/g\n", True), ("graylist-dir=/g\ngraylist-level=none\n", False),
                                         ("max-recipients=5\n", False)])
def test_graylisting_of_spamdyke_3_is_not_lost_without_a_word(server, lines, told):
    conf = os.path.join(server.folder, "old.conf")
    with open(conf, "w", encoding="utf-8") as f:
        f.write(lines)
    assert ("graylist-dir without graylist-level" in run(server, conf).stdout) == told
