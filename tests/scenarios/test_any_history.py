"""Whatever happens, in whatever order: see :mod:`tests.scenarios.history`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from hypothesis.utils.conventions import not_set

from tests.scenarios.history import AnyHistory


def run(record: Path, examples: int, steps: int, *, until_one_is_found: bool = False) -> None:
    """Run histories; for a fault that is to be found, one is enough, however long its history."""
    machine = type("Machine", (AnyHistory,), {"record": record})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=(Phase.generate,) if until_one_is_found else tuple(Phase),
            report_multiple_bugs=not until_one_is_found,
            derandomize=until_one_is_found,
            database=None if until_one_is_found else not_set,
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
