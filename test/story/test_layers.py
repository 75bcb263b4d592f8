"""The keeper of the house is watched too: what it must find, it finds."""
import importlib.machinery
import importlib.util
import os
import shutil

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


@pytest.fixture(name="layers", scope="module")
def load():
    loader = importlib.machinery.SourceFileLoader("layers", os.path.join(ROOT, "tools", "layers"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("layers", loader))
    loader.exec_module(module)
    return module


def check(layers, tmp_path, path, text, with_format=False):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    shutil.copy(os.path.join(ROOT, ".clang-format"), tmp_path)
    return layers.check(str(tmp_path), with_format)[0]


@pytest.mark.parametrize("folder, include, allowed", [
    ("gate", "dns/dns.h", True),
    ("gate", "queue/spool.h", False),
    ("gate", "logs/logs.h", False),
    ("trace", "queue/spool.h", False),
    ("base", "words/words.h", False),
    ("mail", "mail/addr.h", True),
    ("cli", "trace/trace.h", True),
    ("cli", "bin/main.h", False),
    ("bin", "cli/cli.h", True),
    ("queue", "spool.h", False),
    ("cellar", "base/str.h", False),
])
def test_an_include_points_back_along_the_walk(layers, tmp_path, folder, include, allowed):
    wrong = check(layers, tmp_path, f"src/{folder}/x.c", f'#include <stdio.h>\n#include "{include}"\n')
    assert bool(wrong) != allowed, wrong
    assert all(":2: " in w for w in wrong)


def test_the_messages_of_a_far_station_are_an_include_too(layers, tmp_path):
    assert check(layers, tmp_path, "src/gate/x.h", '#define IPC_PROTO "queue/proto.def"\n')


def test_a_function_is_not_over_60_lines(layers, tmp_path):
    body = "int f(void)\n{\n%s}\n"
    assert not check(layers, tmp_path / "a", "src/base/x.c", body % ("\tg();\n" * 58))
    assert "f has 61 lines" in check(layers, tmp_path / "b", "src/base/x.c", body % ("\tg();\n" * 59))[0]


def test_a_file_is_not_over_400_lines(layers, tmp_path):
    assert "401 lines" in check(layers, tmp_path, "src/base/x.c", "\n" * 401)[0]


def test_c_is_formatted(layers, tmp_path):
    assert not check(layers, tmp_path / "a", "src/base/x.c", "int x;\n", with_format=True)
    assert "not formatted" in check(layers, tmp_path / "b", "src/base/x.c", "int  x ;\n", with_format=True)[0]
