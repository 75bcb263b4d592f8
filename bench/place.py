"""Where a side keeps its spool and mail: a folder on the machine's own disk, or on an ext4 of its own in a file there."""
import contextlib
import os
import shutil
import subprocess
import tempfile

LOOP_BYTES = 3 << 30


def run(*command):
    """A command that must succeed; its output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def zeros(path, size):
    """A file written through, so that later writes into it move no metadata."""
    block = bytes(1 << 20)
    with open(path, "wb") as f:
        for _ in range(-(-size // len(block))):
            f.write(block)
        f.truncate(size)
        os.fsync(f.fileno())


@contextlib.contextmanager
def folder():
    """A private folder on the machine's own disk (not /tmp, which may be memory), gone afterwards."""
    path = tempfile.mkdtemp(prefix="tb-", dir="/var/tmp")
    os.chmod(path, 0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def loop(around):
    """A fresh ext4 with a journal, in a file within `around`, by direct reads and writes where the disk has them."""
    image, at = os.path.join(around, "ext4"), os.path.join(around, "loop")
    zeros(image, LOOP_BYTES)
    run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
    os.mkdir(at)
    device = run("losetup", "--find", "--show", "--direct-io=on", image).strip()
    try:
        run("mount", "-t", "ext4", device, at)
        try:
            os.chmod(at, 0o711)
            yield at
        finally:
            run("umount", "--lazy", at)
    finally:
        run("losetup", "--detach", device)


@contextlib.contextmanager
def disk(kind):
    """The folder that a bench works in: kind is `own` or `loop`."""
    with folder() as path:
        if kind == "own":
            yield path
        else:
            with loop(path) as at:
                yield at


def described(path):
    """File system, options and device of a folder, as mount says it."""
    fields = run("findmnt", "--noheadings", "--output", "SOURCE,FSTYPE,OPTIONS", "--target", path).split()
    features = subprocess.run(["dumpe2fs", "-h", fields[0]], capture_output=True, text=True, check=False).stdout
    journal = "has_journal" in features if features else None
    return {"source": fields[0], "type": fields[1], "options": fields[2], "journal": journal}
