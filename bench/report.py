"""report: RESULTS.md, written from the results that were kept (--keep) and from our notes beside them."""
import importlib
import json
import os

import aims

HERE = os.path.dirname(os.path.abspath(__file__))
# Kind of bench, and the module that does it.
KINDS = {"accept": "accept", "deliver": "deliver", "relay": "relay", "lone": "lone", "idle": "idle",
         "limit": "limit", "deepqueue": "deepqueue", "gate": "gate", "profile": "costs", "trace": "trace_speed"}
TITLES = {"accept": "Accepting", "deliver": "Delivering", "relay": "Relay", "lone": "A lone client", "idle": "Idle sessions",
          "limit": "What the client can send", "deepqueue": "A queue of a million", "gate": "Lists in DNS",
          "profile": "Where the time goes", "trace": "The tracer"}
HEAD = """\
# How fast

Written by `scripts/bench report` from `bench/results/` and `bench/notes/`; do not edit it here.  Everything can be had
again with `scripts/bench KIND` (accept, deliver, relay, lone, idle, limit, deepqueue, gate, profile, trace).  Figures are medians of rounds, with the
least and the most; a ratio is taken within a round, in which the sides take turns in short slices.
"""


def path(kind):
    return os.path.join(HERE, "results", kind + ".json")


def keep(result):
    """The newest figures of this kind, and the report with them."""
    os.makedirs(os.path.dirname(path(result["kind"])), exist_ok=True)
    with open(path(result["kind"]), "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    write()


def kept():
    """{kind: result} of all that were kept."""
    found = {}
    for kind in KINDS:
        if os.path.exists(path(kind)):
            with open(path(kind), encoding="utf-8") as f:
                found[kind] = json.load(f)
    return found


def note(name):
    """What we have to say: free text that no run writes over."""
    at = os.path.join(HERE, "notes", name + ".md")
    if not os.path.exists(at):
        return ""
    with open(at, encoding="utf-8") as f:
        return f.read().strip() + "\n\n"


def conditions(result):
    """When, where and how it was run."""
    m, o = result["machine"], result["options"]
    default = f"{o['rounds']} rounds of {o['seconds']:g} s each"
    text = (f"{m['when']}, commit {m['commit']}, {m['cores']} x {m['processor']}, {m['memory'] >> 30} GiB, Linux {m['kernel']}, "
            f"Postfix {m['postfix']}; {result.get('how', default)}, {result['took'] / 60:.0f} minutes; "
            f"load of the machine at the start {m['load']:.1f}, at the end {result['load']:.1f}.\n\n")
    for disk in result.get("disks", []):
        p = disk["place"]
        journal = {True: "with a journal", False: "without a journal", None: "journal unknown"}[p["journal"]]
        text += f"The {disk['disk']} disk: {p['type']} {journal}, {p['options']}.\n\n"
    return text


def sides(results):
    """The configuration of all sides, as it was last used."""
    shown = {}
    for result in results.values():
        for found in [result, *result.get("disks", [])]:
            for name, files in found.get("shown", {}).items():
                shown.setdefault(name, files)
    text = "## Configuration\n\n" + note("sides")
    for name, files in shown.items():
        for file, content in files.items():
            text += f"{name}, {file}:\n\n```\n{content.strip()}\n```\n\n"
    return text


def write():
    results = kept()
    text = HEAD + "\n" + note("summary") + "## Aims\n\n" + aims.table(results) + "\n\n"
    for kind, result in results.items():
        text += f"## {TITLES[kind]}\n\n" + note(kind) + conditions(result)
        for title, table in importlib.import_module(KINDS[kind]).tables(result):
            text += f"### {title}\n\n{table}\n\n"
    text += sides(results)
    with open(os.path.join(HERE, "RESULTS.md"), "w", encoding="utf-8") as f:
        f.write(text.rstrip("\n") + "\n")
