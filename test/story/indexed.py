"""The index is a cache: an answer with it is the answer without it, byte for byte.

With TELLTALE_INDEXED=1 every question of every story is asked once more, with an index that was just built of the same
files, and the story fails where the two answers differ (test_indexed.py does so always, with questions of its own).
"""
import contextlib
import functools
import os
import random
import subprocess
import tempfile

import pytest

HERE = os.path.dirname(os.path.realpath(__file__))
PROGRAM = os.path.realpath(os.path.join(os.environ.get("TELLTALE_BUILD", os.path.join(HERE, "..", "..", "build-test")), "telltale"))
INJECT = os.path.join(os.path.dirname(PROGRAM), "test", "crash-inject")
SEED = int(os.environ.get("INDEXED_SEED", random.SystemRandom().randrange(1 << 32)))  # of the stories of the index
ALL = ("after:1990-01-01", "--limit", "1000000", "--json")  # every story, and all that was searched
OWNERS = [("reason:reverse", "--domain", "example.com"),  # what one domain's or mailbox's owner sees, compared with masked texts
          ("any:*@example.com", "before:2021-12-31", "--domain", "example.com", "--json"),
          ("from:p*@*.example.net", 'after:"2021-10-31 02:00"', "--domain", "shop.example", "--json"),
          ("to:*a*", "port:25", "--domain", "example.com", "--json"), ("ip:192.0.2.0/24", "--domain", "shop.example"),
          ("on:2021-10-31", "--mailbox", "anna0@shop.example", "--json"), ("from:anna*@shop.example", "verdict:delivered", "--domain", "shop.example")]
HOW = {"capture_output": True, "timeout": 120, "env": {**os.environ, "TZ": "UTC"}}
ALWAYS = os.environ.get("TELLTALE_INDEXED") == "1"
ANSWERS = ("trace", "stats")
TRIES = 4  # a server may write between two answers


@functools.cache
def available(program):
    """Has this build an index that trace can be asked with?"""
    said = [subprocess.run([program, name, "--help"], capture_output=True, text=True, timeout=60, check=False)
            for name in ("index", "trace")]
    return all(s.returncode == 0 for s in said) and "--index" in said[1].stdout + said[1].stderr


def run(command, **how):
    """subprocess.run of `telltale ...`, and of its answer with an index, where one is wanted."""
    done = subprocess.run(command, check=False, **how)
    if ALWAYS and len(command) > 1 and command[1] in ANSWERS and not {"--help", "--follow", "--index", "--no-index"} & set(command):
        if available(command[0]):
            compare(command, how)
    return done


def compare(command, how):
    """Ask without an index and with one; if the logs moved meanwhile, once more, and in the end not at all."""
    for _ in range(TRIES):
        logs, before = state(command, how), ask([*command, "--no-index"], how)
        with tempfile.TemporaryDirectory(prefix="tt-index-") as index:
            built = build_for(command, index, how)
            if built.returncode != 0 and before[0] == 2:
                return  # the question, or its logs, are no good for either
            after = ask([*command, "--index", index], how)
        if built.returncode == 0 and after == before:
            return
        if state(command, how) == logs and ask([*command, "--no-index"], how) == before:
            assert built.returncode == 0, f"{shown(command)}: no index of its logs: {built.returncode}\n{text(built.stderr)}"
            raise AssertionError(f"{shown(command)}\n{difference(after, before)}")


def state(command, how):
    """What can be seen of the files that it names."""
    found = []
    for path in source(command[2:], how.get("cwd")):
        top = os.path.join(how.get("cwd") or "", path)
        for at, _, names in [(top, [], ["."]), *os.walk(top)]:
            for name in names:
                with contextlib.suppress(OSError):
                    s = os.stat(os.path.join(at, name))
                    found.append((at, name, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns))
    return found


def ask(command, how):
    done = subprocess.run(command, check=False, **how)
    return done.returncode, text(done.stdout), text(done.stderr)


def build_for(command, index, how):
    """The index of what that command reads."""
    return subprocess.run([command[0], "index", "build", "--index", index, *source(command[2:], how.get("cwd"))], check=False,
                          **how)


def source(words, cwd=None):
    """`--logs PATH...` as cli/trace.c takes it (further paths must exist), `-c FILE` and the like."""
    taken, i = [], 0
    while i < len(words):
        if words[i] in ("-c", "--unpack-limit") and i + 1 < len(words):
            taken += words[i:i + 2]
            i += 1
        elif words[i] == "--logs" and i + 1 < len(words):
            first = i + 1
            while i + 1 < len(words) and not words[i + 1].startswith("-") and \
                    (i + 1 == first or os.path.exists(os.path.join(cwd or "", words[i + 1]))):
                i += 1
            taken += ["--logs", *words[first:i + 1]]
        i += 1
    return taken


def text(output):
    return output.decode(errors="surrogateescape") if isinstance(output, bytes) else output


def shown(command):
    return " ".join(map(str, command))


def difference(with_it, without):
    """Where two answers part, and what stands around there."""
    a, b = (f"status {x[0]}\n{x[1]}{x[2]}" for x in (with_it, without))
    parts = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    at = max(0, parts - 200)
    return f"at byte {parts}, without an index: {b[at:at + 500]}\nwith one: {a[at:at + 500]}"


# -- for stories about the index itself

needs_index = pytest.mark.skipif(not available(PROGRAM), reason="this build has no index")


def answer(logs, question, *more, what="trace"):
    return ask([PROGRAM, what, *question, "--logs", str(logs), *more], HOW)


def equal(logs, index, *question, without=None, what="trace"):
    """The same answer with this index, whatever it has become, and without: that answer (which a caller whose logs stay as
    they are gives back, to save time)."""
    with_it = answer(logs, question, "--index", str(index), what=what)
    without = without or answer(logs, question, "--no-index", what=what)
    assert with_it == without, f"{shown(question)}\n{difference(with_it, without)}"
    return without


def build(logs, index, *options):
    done = subprocess.run([PROGRAM, "index", "build", *options, "--logs", str(logs), "--index", str(index)], check=False, **HOW)
    assert done.returncode == 0, text(done.stdout + done.stderr)


class GrowingLogs:
    """Logs that grow, with an index of them: what all such worlds have in common.  Theirs are rng, logs, index, grow(), compare()."""

    def used(self):
        return ask([PROGRAM, "index", "status", "--logs", str(self.logs), "--index", str(self.index)], HOW)[0] == 0

    def grow_by(self, steps, then=lambda: None):
        """Asked when something is new, and once more when that is in the index, which not every step is."""
        for step in steps:
            self.grow(step)
            if self.index.exists():
                self.compare()
            if self.rng.random() < 0.7 or not self.index.exists():
                build(self.logs, self.index)
                self.compare()
            then()
