"""Outboxes for the tests that open some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.device.outboxes import Open, Opened


@pytest.fixture
def open_outbox(tmp_path: Path) -> Iterator[Open]:
    opened: list[Opened] = []

    def start(**options: Any) -> Opened:
        opened.append(Opened(tmp_path / "agent" / "outbox.db", **options))
        return opened[-1]

    yield start
    for each in opened:
        each.outbox.close()
