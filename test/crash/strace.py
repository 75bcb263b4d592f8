"""What strace saw of a whole Telltale, as a list of calls in the order in which they began.

strace stops a thread before its call begins and again before what came after it: a call whose line stands behind the
end of another one began after that one had returned, whatever thread and program made it.
"""
import functools
import os
import re

TRACED = ("write,writev,pwrite64,pwritev,pwritev2,fdatasync,fsync,syncfs,sync,sendto,sendmsg,openat,mkdir,mkdirat,"
          "rename,renameat,renameat2")
SHOWN = 4096  # bytes of a buffer that are printed; of a longer one there is only its beginning
LINE = re.compile(r"(\d+) +\d+\.\d+ (.*)\n")
BEGUN = re.compile(r"(\w+)\((.*)$")
RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)$")
ENDED = re.compile(r"(.*)\) += (-?\d+|\?)(.*)$")
UNFINISHED = " <unfinished ...>"
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
IOVEC = re.compile(r'iov_base=(?:"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?|NULL|0x[0-9a-f]+), iov_len=(\d+)')
PLAIN = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?, (\d+)')
DESCRIPTOR = re.compile(r"(\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>")


def command(out, traced=TRACED, shown=SHOWN):
    """What to put before a command: it, and all that it starts, is traced into that file; its process is the caller's
    child as before."""
    return ["strace", "-DD", "-f", "--seccomp-bpf", "-ttt", "-y", "-xx", "-v", "-s", str(shown), "-e", "signal=none",
            "-e", "trace=" + traced, "-o", out]


def finished(out, pid):
    """Has it written all?  The end of its first process is the last that there is to say."""
    with open(out, "rb") as f:
        f.seek(max(0, os.fstat(f.fileno()).st_size - 200))
        return re.search(rb"\n%d +\d+\.\d+ \+\+\+ \w+ [^\n]*\n\Z" % pid, f.read()) is not None


def octets(text):
    return bytes.fromhex(text.replace("\\x", ""))


class Call:
    """One system call; begin and end are moments: line numbers.  end and result are None while it has not returned."""

    def __init__(self, name, args, begin):
        self.name, self.args, self.begin = name, args, begin
        self.end = self.result = None
        self.text = ""  # what follows the result

    def finish(self, more, moment):
        m = ENDED.match(self.args + more)
        assert m, f"a line of no known form: {self.name}({self.args[:80]} {more[-80:]!r}"
        self.args, self.end, self.text = m[1], moment, m[3]
        self.result = None if m[2] == "?" else int(m[2])

    @property
    def good(self):
        return self.result is not None and self.result >= 0

    @property
    def folders(self):
        """The paths of its descriptors."""
        return [octets(p).decode(errors="replace") for _, p in DESCRIPTOR.findall(self.args)]

    @functools.cached_property
    def path(self):
        """The path of the descriptor that it is about."""
        return next(iter(self.folders), "")

    @functools.cached_property
    def named(self):
        """What its arguments name, as whole paths: a name is looked up in the folder that stands before it."""
        found, folder = [], ""
        for m in re.finditer(f"{DESCRIPTOR.pattern}|{STRING.pattern}", self.args):
            if m[1] is not None:
                folder = octets(m[2]).decode(errors="replace")
                continue
            name = octets(m[3]).decode(errors="replace")
            found.append(name if name.startswith("/") else f"{folder}/{name}")
            folder = ""
        return found

    @functools.cached_property
    def buffers(self):
        """What it writes: (bytes, as far as they are printed; length)."""
        pieces = IOVEC if "iov_base=" in self.args else PLAIN
        return [(octets(text or ""), int(n)) for text, n in pieces.findall(self.args)]

    @functools.cached_property
    def offset(self):
        """Where it writes: of pwrite64, pwritev, pwritev2."""
        return int(self.args[self.args.rindex("]" if "v" in self.name else '"'):].split(", ")[2])


def calls(path):
    """All calls of a trace, in the order in which they began."""
    found, open_ = [], {}
    with open(path, encoding="ascii") as f:
        for moment, line in enumerate(f):
            m = LINE.fullmatch(line)
            if m is None or m[2][:3] in ("+++", "---"):
                continue
            thread, text = m.groups()
            again = RESUMED.match(text)
            if again:
                open_.pop(thread).finish(again[1], moment)
                continue
            begun = BEGUN.match(text)
            assert begun, f"a line of no known form: {text[:200]!r}"
            unfinished = begun[2].endswith(UNFINISHED)
            call = Call(begun[1], begun[2].removesuffix(UNFINISHED), moment)
            found.append(call)
            if unfinished:
                open_[thread] = call
            else:
                call.finish("", moment)
    return found
