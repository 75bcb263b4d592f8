"""scripts/bench truth: logs whose truth is known, and what `telltale trace` makes of them."""
import os
import random
import tempfile

import figures
from truth_grade import GRADES, KINDS, Answer, Grader
from truth_old import Old, OldNewYear, OldNoGate, OldSpring
from truth_ours import Ours, OursNewYear

WORLDS = [Ours, OursNewYear, Old, OldNewYear, OldSpring, OldNoGate]
LEAST = 0.995  # of the joins that the data of the provider's formats determines


def bench(options):
    """Every world: made, asked, judged."""
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}, {options.messages} messages a world")
    with tempfile.TemporaryDirectory(prefix="truth-") as folder:
        folder = options.folder or folder
        return {"seed": seed, "messages": options.messages,
                "worlds": [judge(world, seed, options, folder) for world in WORLDS]}


def judge(kind, seed, options, folder):
    world = kind(seed, options.messages)
    world.make()
    at = os.path.join(folder, kind.name.replace(", ", "-").replace(" ", "-"))
    world.write(at)
    answer = Answer(options.build, at)
    grader = Grader(world, answer).grade()
    verdicts, moments = grader.verdicts(), grader.moments()
    row = {"world": world.name, "ours": world.logs_ours, "lines": answer.searched["lines"], "took": answer.took,
           "kinds": {k: dict(grader.table[k]) for k in KINDS}, "loose": {k: dict(grader.loose[k]) for k in KINDS},
           "verdicts": verdicts, "moments": moments, "examples": grader.examples}
    row["broken"] = list(broken(row))
    return row


def broken(row):
    """The bounds that this world breaks, as sentences."""
    total, right = 0, 0
    for kind, t in row["kinds"].items():
        total, right = total + t.get("determined", 0), right + t.get("right", 0)
        if t.get("wrong exact", 0) + row["loose"][kind].get("wrong exact", 0) > 0:
            yield f"{kind}: a wrong join is called exact"
        # Strong may err where the data leaves it open, as exact may not: one in fifty, or a handful in a small world.
        if not row["ours"] and row["loose"][kind].get("wrong strong", 0) > max(4, row["loose"][kind].get("n", 0) // 50):
            yield f"{kind}: what the data does not determine is joined wrongly, and called strong"
        if row["ours"] and t.get("right", 0) < t.get("determined", 0):
            yield f"{kind}: {t['determined'] - t.get('right', 0)} of {t['determined']} are not right"
        if row["ours"] and kind not in ("graylist", "tries") and t.get("right strong", 0) + t.get("right guess", 0) > 0:
            yield f"{kind}: {t.get('right strong', 0) + t.get('right guess', 0)} are not exact"
        if not row["ours"] and t.get("right", 0) < LEAST * t.get("determined", 0) - 2:
            yield f"{kind}: {t.get('right', 0)} of {t['determined']} are right"
    if right < LEAST * total:
        yield f"{right} of {total} joins are right"
    for name in ("verdicts", "moments"):
        good, bad = row[name]
        if bad > (0 if row["ours"] else (good + bad) * (1 - LEAST)):
            yield f"{name}: {bad} of {good + bad} are wrong"


def share(part, whole):
    return f"{100 * part / whole:.2f} %" if whole else "-"


def kind_row(kind, t, loose):
    n, right, wrong = (t.get(k, 0) for k in ("determined", "right", "wrong"))
    graded = [f"{t.get('right ' + g, 0)}/{t.get('wrong ' + g, 0)}" for g in GRADES]
    apart = f"{loose.get('n', 0)}: {loose.get('exact', 0)}/{loose.get('strong', 0)}/{loose.get('guess', 0)}, wrong " + \
        "/".join(str(loose.get("wrong " + g, 0)) for g in GRADES)
    return [kind, str(n), str(right), str(wrong), str(t.get("missed", 0)), share(right, right + wrong), share(right, n),
            *graded, apart if loose.get("n") else "-"]


def tables(result):
    head = ["join", "determined", "right", "wrong", "missed", "precision", "recall", *(g + ", right/wrong" for g in GRADES),
            "not determined: exact/strong/guess"]
    for row in result["worlds"]:
        rows = [kind_row(k, row["kinds"][k], row["loose"][k]) for k in KINDS if row["kinds"][k] or row["loose"][k]]
        good, bad = row["verdicts"]
        on, off = row["moments"]
        told = f"verdicts {good} right, {bad} wrong; moments {on} right, {off} wrong; {row['lines']} lines, {row['took']:.2f} s of processor"
        yield f"{row['world']} ({told})", figures.table(head, rows)


def verdict(result):
    """The exit status, after a word on every bound that is broken."""
    for row in result["worlds"]:
        for text in row["broken"]:
            print(f"broken: {row['world']}: {text}")
    return 1 if any(row["broken"] for row in result["worlds"]) else 0
