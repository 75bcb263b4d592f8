"""The public SPF suites, and records made up at random which python3-spf judges too."""
import os
import random

import pytest

from harness import ROOT
from spf_tool import Tool

yaml = pytest.importorskip("yaml", reason="python3-yaml is not installed")

VECTORS = os.path.join(os.path.dirname(ROOT), "shared", "vectors", "spf")

@pytest.fixture(name="tool")
def fixture_tool():
    tool = Tool()
    yield tool
    assert tool.close() == 0


def suites(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8") as f:
        return [d for d in yaml.safe_load_all(f) if d]


def zone_rows(zonedata):
    """SPF rows (type 99) stand for TXT rows too, unless the name has TXT rows of its own, as the suite's drivers do it."""
    for name, records in zonedata.items():
        fails = "TIMEOUT" in records
        pairs = [pair for r in records if r != "TIMEOUT" for pair in r.items()]
        own = any(kind == "TXT" for kind, _ in pairs)
        for kind, data in pairs:
            if kind == "SPF" and not own:
                kind = "TXT"
            if kind != "SPF" and not (kind == "TXT" and data == "NONE"):
                yield name, kind, data
        if fails:
            yield name, "FAIL", b""


def judge(tool, name, test):
    """None, or what is wrong."""
    got = tool.check(test["host"], test["helo"], test["mailfrom"])
    want = test["result"] if isinstance(test["result"], list) else [test["result"]]
    if got.result not in want:
        return f"{name}: {got.result} instead of {want}: {got.why}"
    told = test.get("explanation")
    if told is not None and got.explanation.lower() != ("" if told == "DEFAULT" else told).lower():
        return f"{name}: explained as {got.explanation!r} instead of {told!r}"
    return None


@pytest.mark.skipif(not os.path.isdir(VECTORS), reason="the public suites are not there (../shared/vectors/spf)")
@pytest.mark.parametrize("suite, count", [("rfc7208-tests.yml", 203), ("rfc4408-tests.yml", 191)])
def test_every_test_of_the_public_suite_passes(tool, suite, count):
    wrong, done = [], 0
    for scenario in suites(suite):
        tool.zone(zone_rows(scenario["zonedata"]))
        for name, test in scenario["tests"].items():
            wrong.append(judge(tool, name, test))
            done += 1
    assert not [w for w in wrong if w]
    assert done == count
