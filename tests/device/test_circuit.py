"""What each circuit's contact means, and what voltage it puts on a pin."""

from __future__ import annotations

import pytest

from device.circuit import TABLES, Circuit, Condition, Pull, condition, is_closed, level


@pytest.mark.parametrize(
    ("circuit", "closed", "means"),
    [("no", False, "normal"), ("no", True, "active"), ("nc", True, "normal"), ("nc", False, "active")],
)
def test_position_means(circuit: Circuit, closed: bool, means: Condition) -> None:
    """A button closes when pressed; a door's contact opens with the door."""
    assert condition(circuit, closed=closed) == means
    assert is_closed(circuit, means) is closed


def test_every_circuit_has_both_positions() -> None:
    """No reading of a contact is without a meaning, and neither meaning is without a reading."""
    for table in TABLES.values():
        assert set(table) == {True, False}
        assert set(table.values()) == {"normal", "active"}


def test_no_position_reads_a_fault() -> None:
    """A plain contact can't show a cut wire."""
    with pytest.raises(KeyError):
        is_closed("no", "cut")


@pytest.mark.parametrize(
    ("pull", "closed", "high"),
    [("up", True, False), ("up", False, True), ("down", True, True), ("down", False, False)],
)
def test_voltage(pull: Pull, closed: bool, high: bool) -> None:
    """Pulled up, a closed contact takes the pin to ground; pulled down, to 3.3 V."""
    assert level(pull, closed=closed) is high
