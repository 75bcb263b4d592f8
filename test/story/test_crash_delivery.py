"""telltale-queue, telltale-local and their client die at random moments, without a supervisor between them and the test."""
import os
import subprocess
import sys

from harness import ROOT


def test_what_was_promised_lies_in_each_mailbox_once():
    build = os.path.realpath(os.environ.get("TELLTALE_BUILD", os.path.join(ROOT, "build-test")))
    done = subprocess.run([sys.executable, os.path.join(ROOT, "test", "crash", "deliver.py"), build, "12"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout
    assert "AddressSanitizer" not in done.stdout and "runtime error" not in done.stdout, done.stdout
