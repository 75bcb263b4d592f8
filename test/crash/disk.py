"""A file system of our own in a file, whose power can be cut.

The kernel's FS_IOC_SHUTDOWN makes a file system forget, at once and for good, all that it has not yet written: what is
there after the next mount is what a machine would find whose power went at that moment.
"""
import ctypes
import errno
import fcntl
import os
import shutil
import struct
import subprocess
import time

SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
DEFAULT, LOGFLUSH, NOLOGFLUSH = 0, 1, 2  # write all that waits and stop; the journal only; nothing: the power cut
SIZE = 768 << 20
CLONE_NEWNS = 0x20000
PATIENCE = 30  # seconds until the last program must have let go
MKFS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}


def run(*command):
    """A command that must succeed."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise OSError(errno.EIO, f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")


def unavailable():
    """Why there can be no disks here, or None."""
    if os.geteuid() != 0:
        return "mounting takes root"
    if not os.path.exists("/dev/loop-control"):
        return "no /dev/loop-control"
    return next((f"no {command[0]}" for command in MKFS.values() if shutil.which(command[0]) is None), None)


def private_mounts():
    """Why there can be none, or None. From here on our mounts, and the loop devices behind them, are seen by us and our children only, and are gone
    when the last of us is: however we end."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        return f"no mounts of our own: {os.strerror(ctypes.get_errno())}"
    done = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True, check=False)
    return f"no mounts of our own: {done.stderr.strip()}" if done.returncode else None


class Disk:
    """An empty file system of that kind, mounted at .path until close()."""

    def __init__(self, kind, folder):
        self.kind, self.image, self.path = kind, os.path.join(folder, "image"), os.path.join(folder, "disk")
        self.switch = -1
        with open(self.image, "wb") as f:
            f.truncate(SIZE)
        os.makedirs(self.path, exist_ok=True)
        run(*MKFS[kind], self.image)
        self.mount()

    def mount(self):
        run("mount", "-o", "loop", "-t", self.kind, self.image, self.path)
        self.switch = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)

    def cut(self, how=NOLOGFLUSH):
        """The power is gone when this returns."""
        fcntl.ioctl(self.switch, SHUTDOWN, struct.pack("I", how))

    def unmount(self):
        """Whoever still has files open there is waited for."""
        os.close(self.switch)
        self.switch = -1
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return run("umount", self.path)
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def close(self):
        if self.switch >= 0:
            self.unmount()
        os.unlink(self.image)
