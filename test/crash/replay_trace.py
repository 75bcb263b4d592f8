"""A recorded run as the operations that a crash may have kept or lost, each on one file or one folder.

What is written here is the model of test/crash/replay_states.py's crash: strict POSIX.
* A file's bytes last only when a sync of that file has returned that began after the write had returned.
* A name lasts only when a sync of its folder has; a sync of the file says nothing about its name.
* Folders are independent of each other.  A rename within one folder is one operation: the old name or the new one,
  never both or neither.  A rename from one folder to another is two: the new name belongs to the one folder, the loss
  of the old one to the other, and a crash may keep either, both or none of them.  (ext4, xfs and btrfs promise more;
  POSIX and a disk without a journal do not.)
* sync_file_range promises nothing.  syncfs covers the one of spool, mail and logs that its folder lies in, and the way
  to it: these three may be three disks, and what another one gains is luck.
"""
import re

from strace import STRING, calls

TRACED = ("write,writev,pwrite64,pwritev,pwritev2,fdatasync,fsync,syncfs,sync,sync_file_range,open,creat,openat,"
          "openat2,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,"
          "truncate,ftruncate,fallocate,mmap,copy_file_range,sendfile,splice,sendto,sendmsg,lseek")
SHOWN = 4 << 20  # all of every buffer
SCOPE = ("spool", "mail", "logs")  # of the data folder
QUEUED = re.compile(rb"(?:^|\r\n)250 (?:2\.0\.0 )?ok \d+ qp (\d+)(?=\r\n)")
FOLDER, FILE = "folder", "file"
NEVER = float("inf")
RELATIVE = ("open", "creat", "mkdir", "rename", "link", "symlink", "unlink", "rmdir", "truncate")  # without a folder
FIRST_NUMBER = re.compile(r", (-?\d+)(?:,|$)")
FALLOCATE = re.compile(r", (\S+), (\d+), (\d+)$")


class Unknown(Exception):
    """The program did something that this model does not know: no verdict is possible."""


class Node:
    """A file or a folder, whatever its names are."""

    def __init__(self, number, kind, path, disk):
        self.number, self.kind, self.path = number, kind, path  # path: the first one
        self.disk = disk  # spool, mail or logs; "": the data folder itself
        self.ops = []
        self.entries = {}  # a folder's, as the running programs see them
        self.at = self.size = 0  # where the next plain write goes; how long the file is
        self.append = False

    def __repr__(self):
        return self.path


class Op:
    """One change of one node.  begin and end are moments (strace.py); zobrist-like keys are given by the states."""

    def __init__(self, node, call, **what):
        self.node, self.begin, self.end = node, call.begin, call.end if call.end is not None else NEVER
        self.add = what.get("add", {})    # folder: names and the nodes that they lead to
        self.drop = what.get("drop", ())  # folder: names that go
        self.data, self.offset = what.get("data"), what.get("offset", 0)  # file
        self.cut = what.get("cut")  # file: its new length
        self.grows = False  # file: it goes beyond what was there
        self.number = 0

    def __repr__(self):
        if self.node.kind == FOLDER:
            return f"{self.node}: " + " ".join([f"+{n}" for n in self.add] + [f"-{n}" for n in self.drop])
        if self.data is None:
            return f"{self.node}: cut to {self.cut}"
        return f"{self.node}: {len(self.data)} bytes at {self.offset}"


class Sync:
    """A sync that returned without an error."""

    def __init__(self, call, node):
        self.begin, self.end, self.node = call.begin, call.end, node
        self.tree = call.name == "syncfs"

    def covers(self, node):
        return node is self.node or (self.tree and (node.disk == self.node.disk or node.disk == ""))


class Recording:
    """The operations, syncs and acknowledgements of a run, from strace's file."""

    def __init__(self, trace, data):
        self.data = data
        self.nodes, self.ops, self.acks = [], [], []
        self.syncs = []
        self.former = {}  # path: the node that had it last
        self.root = self.node(FOLDER, data)
        for call in sorted(calls(trace), key=lambda c: c.end if c.end is not None else NEVER):
            self.see(call)
        self.ops.sort(key=lambda op: (op.begin, op.end))
        for number, op in enumerate(self.ops):
            op.number = number

    def node(self, kind, path):
        self.nodes.append(Node(len(self.nodes), kind, path, path[len(self.data):].strip("/").partition("/")[0]))
        self.former[path] = self.nodes[-1]
        return self.nodes[-1]

    # -- names

    def inside(self, path):
        return path.startswith(self.data + "/") and path[len(self.data) + 1:].split("/")[0] in SCOPE

    def find(self, path):
        """The node of that name now, or None."""
        node = self.root
        for name in path[len(self.data):].strip("/").split("/"):
            node = node.entries.get(name) if name else node
            if node is None or (node.kind != FOLDER and not path.endswith("/" + name)):
                return None
        return node

    def opened(self, call):
        """The node of its first descriptor; that one may have another name by now, or none."""
        node = None if "(deleted)" in call.args.split(",")[0] else self.find(call.path)
        node = node or self.former.get(call.path)
        if node is None:
            raise Unknown(f"{call.name} of {call.path}, which nobody made")
        return node

    def folder(self, path):
        up = self.find(path.rpartition("/")[0])
        if up is None or up.kind != FOLDER:
            raise Unknown(f"no folder for {path}")
        return up, path.rpartition("/")[2]

    def add(self, op):
        op.node.ops.append(op)
        self.ops.append(op)
        for name in op.drop:
            op.node.entries.pop(name, None)
        for name, node in op.add.items():
            op.node.entries[name] = node
            self.former[f"{op.node.path}/{name}"] = node

    # -- calls

    def see(self, call):
        if call.path.startswith("socket:"):
            self.see_reply(call)
        elif call.name in ("sync", "syncfs", "fsync", "fdatasync"):
            self.see_sync(call)
        elif call.name in ("write", "writev", "pwrite64", "pwritev", "pwritev2"):
            if self.inside(call.path):
                self.see_write(call)
        elif call.name == "sync_file_range" or call.name.startswith("send") and not self.inside(call.path):
            return
        else:
            names = STRING.findall(call.args) if call.name in RELATIVE and call.good else []
            if not all(name.startswith("\\x2f") for name, _ in names):
                raise Unknown(f"{call.name} of a path that begins nowhere: {call.args[:200]}")
            paths = [p for p in call.named + call.folders[:1] if self.inside(p)]
            if paths:
                self.see_other(call, paths)

    def see_reply(self, call):
        if call.name in ("write", "sendto"):
            data = b"".join(shown for shown, _ in call.buffers)
            self.acks += [(call.begin, int(qp)) for qp in QUEUED.findall(data)]

    def see_sync(self, call):
        if call.result != 0:
            return
        if call.name == "sync":
            raise Unknown("a sync of everything")
        if self.inside(call.path) or call.path == self.data:
            self.syncs.append(Sync(call, self.opened(call)))

    def see_write(self, call):
        if call.result is not None and call.result < 0:
            return
        node = self.opened(call)
        data = b"".join(shown for shown, _ in call.buffers)
        if any(len(shown) != n for shown, n in call.buffers):
            raise Unknown(f"{call.name}: not all of its bytes are in the trace")
        data = data[:call.result] if call.result is not None else data
        plain = call.name in ("write", "writev")
        offset = (node.size if node.append else node.at) if plain else call.offset
        op = Op(node, call, data=data, offset=offset)
        op.grows = offset + len(data) > node.size
        node.size = max(node.size, offset + len(data))
        if plain:
            node.at = offset + len(data)
        self.add(op)

    def see_other(self, call, paths):
        if call.name == "mmap":
            if "PROT_WRITE" in call.args and "MAP_SHARED" in call.args:
                raise Unknown(f"a writable mapping of {paths[0]}")
            return
        if call.result is None:
            raise Unknown(f"{call.name} of {paths[0]} was cut short: nobody knows whether it happened")
        if call.result >= 0:
            kind = call.name.rstrip("2").removesuffix("at")
            seer = getattr(self, "see_" + kind, None)
            if seer is None:
                raise Unknown(f"{call.name} of {paths[0]}")
            seer(call, paths)

    def see_open(self, call, paths):
        path = paths[0]
        node = self.find(path)
        if node is None and "O_CREAT" in call.args:
            up, name = self.folder(path)
            node = self.node(FILE, path)
            self.add(Op(up, call, add={name: node}))
        elif node is not None and "O_TRUNC" in call.args and node.size > 0:
            self.cut(node, call, 0)
        if node is not None and node.kind == FILE and ("O_WRONLY" in call.args or "O_RDWR" in call.args):
            node.at, node.append = 0, "O_APPEND" in call.args

    def see_mkdir(self, call, paths):
        up, name = self.folder(paths[0])
        self.add(Op(up, call, add={name: self.node(FOLDER, paths[0])}))

    def see_unlink(self, call, paths):
        up, name = self.folder(paths[0])
        self.add(Op(up, call, drop=(name,)))

    see_rmdir = see_unlink

    def see_link(self, call, paths):
        old, new = paths[0], paths[1]
        up, name = self.folder(new)
        self.add(Op(up, call, add={name: self.find(old)}))

    def see_rename(self, call, paths):
        (up, name), (to, new) = self.folder(paths[0]), self.folder(paths[1])
        node = up.entries[name]
        if node.kind == FOLDER:
            raise Unknown(f"a folder gets another name: {paths[0]}")
        if up is to:
            self.add(Op(up, call, add={new: node}, drop=(name,)))
        else:
            self.add(Op(to, call, add={new: node}))
            self.add(Op(up, call, drop=(name,)))

    def see_ftruncate(self, call, _):
        self.cut(self.opened(call), call, int(FIRST_NUMBER.search(call.args)[1]))

    def see_fallocate(self, call, _):
        mode, begin, length = FALLOCATE.search(call.args).groups()
        if mode != "0":
            raise Unknown(f"fallocate with a mode: {call.args}")
        node = self.opened(call)
        if int(begin) + int(length) > node.size:
            self.cut(node, call, int(begin) + int(length))

    def see_lseek(self, call, _):
        node = self.opened(call)
        if node.kind == FILE and not node.append:
            node.at = call.result

    def cut(self, node, call, size):
        op = Op(node, call, cut=size)
        op.grows = size > node.size
        node.size = size
        self.add(op)

    # -- what lasts

    def leave_out(self, what):
        """A control: the run as it would be if its programs left out these syncs: sync (all), dirsync (of folders)."""
        self.syncs = [s for s in self.syncs if what == "dirsync" and s.node.kind == FILE]
