"""Promises that hold for every test."""

import logging
import os
from collections.abc import Generator
from random import SystemRandom

import pytest
import structlog
from hypothesis import HealthCheck, settings

# how fast the machine is says nothing about what is tested
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


# one for all processes of a run, each of which must find the same tests
os.environ.setdefault("FRESH_SEED", str(SystemRandom().randrange(10**6)))


def pytest_xdist_auto_num_workers() -> int:
    """A third of the time a test waits for a server, or for a clock."""
    return (os.cpu_count() or 1) + 1


def pytest_report_header() -> str:
    return f"FRESH_SEED={os.environ['FRESH_SEED']}"


@pytest.fixture(autouse=True)
def _log_as_before() -> Generator[None]:
    """A daemon that ran within a test logs to what is closed after it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


MISSING = "not run, and nothing may be left out in CI: "


def _refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    """In CI a test that did not run has failed."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{MISSING}{reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse(report)
    return report
