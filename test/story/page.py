"""A browser at the page: the scripts of test/page, run with node on a server of the story's."""
import fcntl
import json
import os
import shutil
import subprocess

from harness import ROOT, free_port, until

FOLDER = os.path.join(ROOT, "test", "page")
CHROMIUM = "/usr/bin/chromium"
PATIENCE = 300  # seconds of a whole script on a machine that does much else


def installed():
    """node_modules as the lock file says; one of the workers installs, the others wait."""
    with open(os.path.join(FOLDER, "package-lock.json"), "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted, done = lock.read(), os.path.join(FOLDER, "node_modules", ".made-of")
        if os.path.exists(done):
            with open(done, "rb") as f:
                if f.read() == wanted:
                    return
        for tool in ("node", "npm", CHROMIUM):
            assert shutil.which(tool), f"the tests of the page need {tool}: scripts/bootstrap test installs it"
        npm = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], cwd=FOLDER,
                             capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert npm.returncode == 0, f"npm ci in test/page could not bring what the tests of the page need; is the registry reachable?\n{npm.stderr}"
        with open(done, "wb") as f:
            f.write(wanted)


def node(script, world=None, check=False):
    """Run test/page/SCRIPT; it must find nothing wrong.  What it printed."""
    installed()
    words = ["node", os.path.join(FOLDER, script)] + ([json.dumps(world)] if world is not None else []) + (["--check"] if check else [])
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


class Page:
    """The page of a server."""

    def __init__(self, server, prefix="/", more=""):
        self.server = server
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}{prefix}"
        server.config(f'web {{ bind = {{"127.0.0.1:{self.port}"}} prefix = "{prefix}" {more} }}')

    def enter(self):
        """A one-time link for an administrator."""
        return json.loads(self.server.command("web", "link", "--json"))["url"]

    def run(self, script, **world):
        return node(script, {"base": self.base, "port": int(self.server.ports["25"]), **world})

    def settled(self):
        """Everything that was sent has been tried, and the logs say so."""
        until(lambda: all(r["state"] != "trying" for m in self.server.queue() for r in m["recipients"]), "nothing is under way")
