"""Faults that were once answered wrongly (test/crash/inject.py found them): each alone, at the file that it is about."""
import os
import sys
import tempfile

import pytest

from harness import ROOT

sys.path.append(os.path.join(ROOT, "test", "crash"))

from inject_run import Run, make_template  # noqa: E402
from inject_sites import site_of  # noqa: E402

BUILD = os.path.realpath(os.environ.get("TELLTALE_BUILD", os.path.join(ROOT, "build-test")))

ROWS = {  # what happens: the fault, and the part of a path that it is about
    "the header of a segment cannot be read at the start: its mail is not given up":
        ("telltale-queue:pread64:1:EIO+", "/segments/"),
    "a segment cannot be opened at the start":
        ("telltale-queue:openat:2:EIO+", ".segment"),
    "a big file cannot be looked at: it is not damaged for that":
        ("telltale-queue:newfstatat:1:EIO", "/big/"),
    "a mailbox cannot be synced: server.log says so":
        ("telltale-local:fsync:1:EIO+", "/staging"),
    "sessions cannot be counted under a lock: they go on":
        ("telltale-smtpd:fcntl:1:ENOMEM+", "census"),
    "the trust anchor cannot be read: telltale-dns says so and is started again":
        ("telltale-dns:read:1:EIO+", "root.key"),
    "the data folder cannot be reached when the sandbox is entered: that is not for life":
        ("telltale-lookup:newfstatat:1:EIO", "/data"),
    "/proc cannot be read: nobody takes that for a second thread":
        ("telltale-queue:getdents64:1:EIO", "/proc"),
}


@pytest.fixture(name="house", scope="module")
def fixture_house():
    """Where houses are made, and what they begin with."""
    with tempfile.TemporaryDirectory(prefix="tti-") as folder:
        yield folder, make_template(BUILD, folder)


@pytest.mark.parametrize("fault, part", ROWS.values(), ids=ROWS.keys())
def test_a_fault_harms_nobody(house, fault, part):
    folder, template = house
    result = Run(BUILD, folder, template, site_of(fault), part=part).whole()
    assert result.hits, "it never struck"
    assert not result.wrong, f"{result.wrong}\n{result.story}"
