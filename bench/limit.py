"""limit: how much smtp-source itself can send, from one process and from two, to a sink that keeps nothing."""
import sys

import accept
import figures
import place
import source
from sink import Sink


def one_round(side, load, seconds, sources):
    side.stop()
    side.start(hold=True)
    count = source.enough(side, load, seconds)
    return count / source.send(side.port, side.recipients(), load, count, sources)


def bench(options):
    found = []
    with place.disk("own") as at:
        side = Sink(options.build, at, keep=False)
        try:
            for load in accept.loads(options):
                rounds = [{n: one_round(side, load, options.seconds, n) for n in (1, 2)} for _ in range(options.rounds)]
                print(f"  {load.title}: {rounds[-1][1]:.0f}/s, two: {rounds[-1][2]:.0f}/s", file=sys.stderr)
                found.append({"title": load.title, "rounds": [{str(n): v for n, v in r.items()} for r in rounds]})
        finally:
            side.stop()
    return {"loads": found}


def tables(result):
    rows = [[load["title"], *(figures.text(figures.spread([r[n] for r in load["rounds"]]), "{:.0f}") for n in "12"),
             figures.text(figures.ratios(load["rounds"], "2", "1"))] for load in result["loads"]]
    yield ("smtp-source into a sink that keeps nothing, messages/s",
           figures.table(["load", "one source", "two sources", "two/one"], rows))
