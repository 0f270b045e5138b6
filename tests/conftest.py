"""What every suite shares: a real broker, and no skip that goes unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.mosquitto import Mosquitto
from tests.skips import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["broker", "pytest_make_collect_report", "pytest_runtest_makereport"]

# A machine that is shared is slow now and then; that is no fault of what is tested.
settings.register_profile("tocsin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tocsin")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A mosquitto of this test's own, with persistence, started."""
    with Mosquitto(tmp_path / "broker") as running:
        yield running
