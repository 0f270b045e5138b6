"""What every suite shares: a real broker, and no skip that goes unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mosquitto import Mosquitto
from tests.skips import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["broker", "pytest_make_collect_report", "pytest_runtest_makereport"]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto of this test's own, with persistence, started."""
    with Mosquitto(tmp_path / "broker") as running:
        yield running
