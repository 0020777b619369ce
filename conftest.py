"""What every test may use, and what a whole run must show."""

import os

import hypothesis
import pytest
from django.core.cache import cache

from core.caching import forget

pytest_plugins = ["commercia.tests.browser"]
PROVE = bool(os.environ.get("PROVE"))
_skipped: list[str] = []

# Property tests that name no count of their own: CI repeats the same examples, `make prove` looks for new ones.
hypothesis.settings.register_profile("bounded", max_examples=50, deadline=None, derandomize=True)
hypothesis.settings.register_profile("prove", max_examples=1000, deadline=None, print_blob=True)
hypothesis.settings.load_profile("prove" if PROVE else "bounded")


@pytest.fixture(autouse=True)
def _empty_cache():
    """Counters of throttles and cached data never leak from test to test."""
    cache.clear()
    forget()
    yield
    cache.clear()
    forget()


@pytest.fixture
def client():
    """A browser without pages. Its `force_login` takes staff through the second factor."""
    # Imported here: Django is not set up yet when this file is read.
    from accounts.tests.signing import ShopClient

    return ShopClient()


@pytest.fixture
def bounded(request):
    """Return how often a long test runs: `ci` times, or `prove` times under `make prove`. The run's end prints it."""

    def count(*, ci, prove):
        chosen = prove if PROVE else ci
        request.node.user_properties.append(("repetitions", chosen))
        return chosen

    return count


def pytest_runtest_logreport(report):
    """A test that is skipped proves nothing; under CI it counts as a failure (see pytest_sessionfinish)."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report):
    """A module skipped as a whole counts like a skipped test."""
    if report.skipped:
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session):
    """Fail a CI run that skipped something."""
    if _skipped and os.environ.get("CI") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    """Say how often the long tests ran, and what was skipped although CI forbids it."""
    counts = {
        report.nodeid: value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "repetitions" and report.when == "call"
    }
    if counts:
        terminalreporter.section("repetitions" + (" (make prove)" if PROVE else ""))
        for nodeid, value in sorted(counts.items()):
            terminalreporter.line(f"{value:>7}  {nodeid}")
    if _skipped and os.environ.get("CI"):
        terminalreporter.section("skipped tests count as failures")
        for nodeid in _skipped:
            terminalreporter.line(nodeid, red=True)
