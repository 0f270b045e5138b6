"""In CI a test that is skipped fails, unless ``tests/skips.toml`` names it with its reason.

A suite that skips quietly looks the same as one that passes.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Generator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ALLOWED = Path(__file__).with_name("skips.toml")


class Allowed(NamedTuple):
    """One skip that is known: which test, words of its reason, and why it is so."""

    test: str
    reason: str
    why: str


def read_allowed(file: Path) -> tuple[Allowed, ...]:
    """Read the skips that are allowed; raises where one lacks its test, reason or why."""
    rows = tomllib.loads(file.read_text(encoding="utf-8")).get("skip", ())
    allowed = tuple(Allowed(**row) for row in rows)
    for row in allowed:
        if not all(row):
            raise ValueError(f"{file}: {row} needs a test, a reason and a why")
    return allowed


def is_allowed(test: str, reason: str, allowed: tuple[Allowed, ...]) -> bool:
    """Tell whether this test may be skipped for this reason."""
    return any(fnmatchcase(test, row.test) and row.reason in reason for row in allowed)


def _judge(report: Any) -> None:
    """Turn a skip that nobody allowed into a failure."""
    if os.environ.get("CI") != "true" or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not is_allowed(report.nodeid, reason, read_allowed(ALLOWED)):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} is not in tests/skips.toml, so it may not be skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Judge a test that was skipped."""
    report = yield
    _judge(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """Judge a whole file that was skipped."""
    report = yield
    _judge(report)
    return report
