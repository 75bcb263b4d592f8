"""What the figures should be, and whether they are: (figure, aim, found, reached) of a result."""
import figures
from deepqueue import bytes_each

ACCEPT_POSTFIX, ACCEPT_SINK = 5.0, 0.7
DELIVER_POSTFIX, DELIVER_FLOOR = 3.0, 0.7
RELAY_POSTFIX = 4.0
START, EACH, DEEP_RATE = 10.0, 400.0, 0.8
LONE, IDLE_KIB, IDLE_RATE, GATE = 1.3, 64.0, 0.9, 0.85
TRACE_SCAN, TRACE_ARCHIVE, TRACE_SIZE, TRACE_HEAP, TRACE_CORES = 0.7, 3.0, 15.0, 150.0, 1.6
TRACE_HEAP_OF = 500e6  # bytes of logs
# Case, side, what it is, ms at most.
TRACE_ANSWERS = (("exact", "telltale", "exact question, warm", 20.0), ("part", "telltale", "part of an address, warm", 50.0),
                 ("stats", "with the index", "statistics over all rows", 100.0),
                 ("rows", "telltale", "tables over 700,000 rows in memory", 100.0))


def at_least(figure, aim, spread):
    return figure, f"at least {aim:g}", figures.text(spread), spread["median"] >= aim


def at_most(figure, aim, spread):
    return figure, f"at most {aim:g}", figures.text(spread), spread["median"] <= aim


def accept(result):
    for disk in result["disks"]:
        for load in disk["loads"]:
            if load["sessions"] == 100:
                where = f"accept, {disk['disk']} disk, {load['title']}"
                yield at_least(where + ", times Postfix", ACCEPT_POSTFIX, figures.ratios(load["rounds"], "ours", "postfix"))
                yield at_least(where + ", of the sink", ACCEPT_SINK, figures.ratios(load["rounds"], "ours", "sink"))


def deliver(result):
    for disk in result["disks"]:
        for case in disk["cases"]:
            where = f"deliver, {disk['disk']} disk, {case['boxes']} mailboxes, {case['size'] // 1024} KiB"
            yield at_least(where + ", times Postfix", DELIVER_POSTFIX, figures.ratios(case["rounds"], "ours", "postfix"))
            yield at_least(where + ", of the floor", DELIVER_FLOOR, figures.ratios(case["rounds"], "ours", "floor"))


def deepqueue(result):
    for disk in result["disks"]:
        where = f"{disk['messages']} deferred messages, {disk['disk']} disk, "
        yield at_most(where + "start, s", START, figures.spread([s["deep"]["seconds"] for s in disk["starts"]]))
        yield at_most(where + "bytes each", EACH, bytes_each(disk))
        yield at_least(where + "accept beside an empty queue", DEEP_RATE, figures.ratios(disk["rates"], "deep", "empty"))


def relay(result):
    for disk in result["disks"]:
        for case in disk["cases"]:
            where = f"relay, {disk['disk']} disk, {case['domains']} domains, {case['size'] // 1024} KiB, times Postfix"
            yield at_least(where, RELAY_POSTFIX, figures.ratios(case["rounds"], "ours", "postfix"))


def lone(result):
    for disk in result["disks"]:
        for way in disk["ways"]:
            rounds = [r["ours"] for r in way["rounds"]]
            where = "many" if way["way"] == "kept" else "one"
            yield at_most(f"lone client, {disk['disk']} disk, {where} per connection, times write and sync", LONE,
                          figures.ratios(rounds, "reply", "sync"))


def idle(result):
    for kind in result["kinds"]:
        each = figures.spread([r["each"]["Pss"] for r in kind["rounds"]])
        yield at_most(f"{result['idle']} idle sessions, {kind['kind']}, KiB each", IDLE_KIB, each)
        yield at_least(f"{result['idle']} idle sessions, {kind['kind']}, rate kept by others", IDLE_RATE,
                       figures.ratios(kind["rounds"], "with", "without"))


def gate(result):
    for load in result["loads"]:
        if load["sessions"] == 100:
            yield at_least(f"gate, {load['title']}, {result['lists']} lists, of the rate without", GATE,
                           figures.ratios(load["rounds"], "cold", "none"))


def trace(result):
    found = {(case["world"], case["name"]): case for case in result["cases"] if case["rounds"]}
    for kind, least in (("provider", 300), ("postfix", 400)):
        yield from trace_build(found.get((kind, "build")), kind, least, result)
    for name, side, what, most in TRACE_ANSWERS:
        for (kind, of), case in found.items():
            if of == name and side in case["rounds"][0] and kind in ("provider", "postfix"):
                yield at_most(f"trace, {kind}: {what}, ms", most,
                              figures.spread([1000 * r[side]["wall"] for r in case["rounds"]]))
    for (kind, of), case in found.items():
        rounds = [{side: run["wall"] for side, run in r.items()} for r in case["rounds"]]
        if of == "scan":
            yield at_least(f"trace, {kind}: exact scan without an index, speed of grep -F", TRACE_SCAN,
                           figures.ratios(rounds, "grep -F", "telltale"))
        if of == "archive-index":
            yield at_most(f"trace, {kind}: exact question over archives with an index, times plain", TRACE_ARCHIVE,
                          figures.ratios(rounds, "frames", "plain"))
        elif of.startswith("archive"):
            yield at_most(f"trace, {kind}: exact question over {of[8:]} without an index, times plain", TRACE_ARCHIVE,
                          figures.ratios(rounds, "telltale", "telltale, plain"))


def trace_build(case, kind, least, result):
    if case is None:
        return
    one = [r["one core"] for r in case["rounds"]]
    about = next(w for w in result["worlds"] if w["kind"] == kind)
    yield at_least(f"trace, {kind}: build, MB/s", least, figures.spread([case["bytes"] / 1e6 / r["wall"] for r in one]))
    yield at_most(f"trace, {kind}: index, % of the logs", TRACE_SIZE, figures.spread([100 * about["index"] / about["bytes"]]))
    if case["bytes"] >= TRACE_HEAP_OF:  # of less it says nothing: a build goes through the logs in windows
        yield at_most(f"trace, {kind}: build, heap, MB for 500 MB", TRACE_HEAP,
                      figures.spread([r["heap"] / 1e6 * TRACE_HEAP_OF / case["bytes"] for r in one]))
    yield at_least(f"trace, {kind}: build, two cores beside one", TRACE_CORES,
                   figures.ratios([{s: x["wall"] for s, x in r.items()} for r in case["rounds"]], "one core", "two cores"))


AIMS = {"accept": accept, "deliver": deliver, "relay": relay, "deepqueue": deepqueue, "lone": lone, "idle": idle, "gate": gate, "trace": trace}


def table(results):
    rows = [[figure, aim, found, "yes" if reached else "no"]
            for kind, of in AIMS.items() if kind in results for figure, aim, found, reached in of(results[kind])]
    return figures.table(["figure", "aim", "median (least..most)", "reached"], rows)
