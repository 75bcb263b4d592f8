"""Where a fault can strike: every file-system call of every program, as a recorded run made them."""
import collections
import random
import re

ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EMFILE", "ENOMEM")
# Calls of the loader before main(), of the C library and of SQLite: others have tested those.  They meet the kinds of
# faults in turn, not all of them at each call.
OTHERS = re.compile(r"^(/usr)?/lib|^/etc/(ld\.so|localtime|ssl)|^/(proc|sys)/|^/usr/share/zoneinfo|/accounts\.db")
MORE = 2  # calls beyond those of the recording that are tried: no two runs are quite the same

# rank: what is tried first when there is not the time for all.
Site = collections.namedtuple("Site", "program call n what persistent path rank")


def fault_of(site):
    """As the injector wants it."""
    return f"{site.program}:{site.call}:{site.n}:{site.what}{'+' if site.persistent else ''}"


def site_of(fault):
    program, call, n, what = fault.split(":")
    return Site(program, call, int(n), what.rstrip("+"), what.endswith("+"), "", 0)


def read_record(path):
    """[(program, call, n, path)]; a program called `crash-inject` is ours before it became one of them."""
    with open(path, encoding="utf-8", errors="replace") as f:
        rows = [line.rstrip("\n").split(" ", 3) for line in f]
    return [(r[0], r[1], int(r[2]), r[3] if len(r) > 3 else "") for r in rows if r[0].startswith("telltale")]


def kinds_at(path, turn):
    """[(what, persistent, rank)] to be tried at one call.  Our code hardly ever asks which error it was: at each call
    the death, EIO and one other in turn come first, the rest later."""
    if OTHERS.search(path):
        return [("KILL" if turn % 4 == 0 else ERRORS[turn % 5], False, 1), (ERRORS[(turn + 2) % 5], True, 1)]
    first = {"EIO", ERRORS[turn % 5]}
    return [("KILL", False, 0)] + [(e, p, 0 if e in first else 2) for e in ERRORS for p in (False, True)]


def plan(record):
    """Every site."""
    sites, most = [], collections.Counter()
    for turn, (program, call, n, path) in enumerate(record):
        sites += [Site(program, call, n, what, lasts, path, rank) for what, lasts, rank in kinds_at(path, turn)]
        most[program, call] = max(most[program, call], n)
    for (program, call), n in most.items():
        sites += [Site(program, call, n + i, "EIO", False, "", 1) for i in range(1, MORE + 1)]
    return sites


def order(sites, seed):
    """The same sites as chance has it, but what matters most first."""
    return sorted(random.Random(seed).sample(sites, len(sites)), key=lambda s: s.rank)
