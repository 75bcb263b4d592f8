"""doc/GATE.md tells of every option of the gate, and of every option of spamdyke; nothing else."""
import os
import re

from harness import ROOT


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def table(title):
    """The options named in the first column of the table under a heading."""
    part = read("doc", "GATE.md").split(f"\n## {title}\n")[1].split("\n## ")[0]
    rows = [line.split(" | ")[0] for line in part.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def ours():
    return re.findall(r'^CONF_[A-Z]+\(gate, \w+, "([^"]+)"', read("src", "base", "options_gate.def"), re.M)


def spamdykes():
    return [line for line in read("test", "golden", "vocabulary", "spamdyke-options.txt").splitlines()
            if line and not line.startswith("#")]


def test_every_option_is_told_of_once():
    told = table("Options")
    assert len(told) == len(set(told))
    assert set(told) == set(ours())


def test_every_option_of_spamdyke_works_or_has_a_successor():
    instead = table("Options of spamdyke that are not here, and what takes their place")
    assert len(instead) == len(set(instead))
    assert not set(instead) & set(ours())
    assert set(instead) <= set(spamdykes())
    assert set(spamdykes()) <= set(instead) | set(ours())


def test_the_order_is_the_one_that_is_judged():
    order = re.findall(r"^FILTER\(filter_(\w+)\)", read("src", "gate", "filters.def"), re.M)
    told = re.findall(r"^\| (?:connect|sender|recipient|data) .*?\| (.*) \|$", read("doc", "GATE.md"), re.M)
    names = [name.replace("-", "_") for row in told for name in row.split(", ")]
    # The second half of a filter that is in two stages, or has two reasons, has a suffix of its own in the sources.
    plain = [re.sub(r"_(again|sender|domain)$", "", f) if f not in names else f for f in order]
    plain = ["graylisted" if f == "graylist" else f for f in plain]
    plain = [f for i, f in enumerate(plain) if i == 0 or plain[i - 1] != f]
    assert names == plain


def test_what_one_recipient_can_have_of_its_own_is_marked():
    part = read("doc", "GATE.md").split("\n## Options\n")[1].split("\n## ")[0]
    whole = set(re.findall(r'^WHOLE\("([^"]+)"', read("src", "gate", "settings.def"), re.M))
    for row in (line.split(" | ", 1) for line in part.splitlines() if line.startswith("| `")):
        names, marked = re.findall(r"`([^`]+)`", row[0]), re.search(r"\bG\b", row[1])
        some = re.findall(r"G: `(\w+)`, `(\w+)`\.? \|$", row[1])
        for name in [n for n in names if not n.startswith("rejection-text-")]:
            if name in ("spf", "dkim", "arc", "dmarc"):
                assert (name in some[0]) != (name in whole)
            else:
                assert bool(marked) != (name in whole), name
