"""Logs whose truth is known: what `telltale trace` joins, it joins rightly, and what it cannot know it does not claim."""
import argparse
import os
import random
import sys

import pytest

from harness import ROOT

sys.path.append(os.path.join(ROOT, "bench"))
import truth  # noqa: E402

BUILD = os.path.realpath(os.environ.get("TELLTALE_BUILD", os.path.join(ROOT, "build-test")))
FIXED = 20211031


def judge(world, seed, messages, folder):
    row = truth.judge(world, seed, argparse.Namespace(build=BUILD, messages=messages), str(folder))
    assert not row["broken"], (seed, row["broken"], row["examples"])
    assert sum(t.get("determined", 0) for t in row["kinds"].values()) > messages
    return row


@pytest.mark.parametrize("world", truth.WORLDS, ids=lambda w: w.__name__)
def test_the_stories_of_known_logs_are_told_right(world, tmp_path):
    judge(world, FIXED, 1000, tmp_path)


def test_and_those_of_a_day_nobody_has_seen_before(tmp_path):
    """A failure prints its seed; the truth of it can be had again with scripts/bench truth --seed N --messages 1000."""
    seed = random.SystemRandom().randrange(1 << 32)
    world = truth.WORLDS[seed % len(truth.WORLDS)]
    print(f"{world.__name__}, seed {seed}")
    judge(world, seed, 1000, tmp_path)


def test_a_wrong_answer_would_be_seen(tmp_path):
    """The grader itself: two deliveries of one second, exchanged in the log, are a wrong join to it."""
    world = truth.Ours(FIXED, 200)
    world.make()
    folder = str(tmp_path / "logs")
    world.write(folder)
    path = os.path.join(folder, "delivery.log")
    with open(path, encoding="utf-8") as f:
        lines = f.readlines()
    tries = [i for i, x in enumerate(lines) if ", info, " in x][:40]
    for a, b in zip(tries[::2], tries[1::2]):
        qp_a, qp_b = lines[a].split(" qp ")[1].split(",")[0], lines[b].split(" qp ")[1].split(",")[0]
        lines[a], lines[b] = lines[a].replace(f" qp {qp_a},", f" qp {qp_b},"), lines[b].replace(f" qp {qp_b},", f" qp {qp_a},")
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(lines)
    grader = truth.Grader(world, truth.Answer(BUILD, folder)).grade()
    assert grader.table["delivery"]["wrong exact"] > 0
