"""Whatever happens, in whatever order: see :mod:`tests.scenarios.history`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.scenarios.history import AnyHistory


def run(record: Path, examples: int, steps: int, *, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    machine = type("Machine", (AnyHistory,), {"record": record})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_history(empty_record: Path) -> None:
    """Short histories, many of them."""
    run(empty_record, 25, 25)


@pytest.mark.long
def test_any_longer_history(empty_record: Path) -> None:
    """The same for minutes."""
    run(empty_record, 200, 50)
