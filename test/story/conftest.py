"""Fixtures of the stories.  What a story can do with them stands in harness.py."""
import pytest

from harness import Dns, Server
from questions import Logs


def pytest_configure(config):
    config.addinivalue_line("markers", "smoke: runs in scripts/test --quick too")


def pytest_collection_modifyitems(items):
    # The long ones first, so that neither worker ends with one alone.
    items.sort(key=lambda item: "crash" not in item.nodeid and "test_model" not in item.nodeid)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call":
        item.failed = report.failed


@pytest.fixture(name="server")
def fixture_server(request):
    server = Server()
    Dns(server).ptr("127.0.0.1", "localhost")
    try:
        yield server
    finally:
        server.close(getattr(request.node, "failed", True))


@pytest.fixture(name="dns")
def fixture_dns(server):
    return Dns(server)


@pytest.fixture(name="logs")
def fixture_logs(tmp_path):
    return Logs(tmp_path)
