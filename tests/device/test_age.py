"""How old an event is, across restarts of the agent and of its machine."""

from __future__ import annotations

import pytest

from config.contract import MAX_AGE_MS
from device.age import Moment, age_ms

DAY = 86_400_000


@pytest.mark.parametrize(
    ("then", "now", "age"),
    [
        # Within one run of the machine the monotonic clock alone counts, whatever the wall clock did.
        (Moment("k1", 100.0, 5 * DAY, True), Moment("k1", 102.5, 4 * DAY, True), 2500),
        (Moment("k1", 100.0, 0, None), Moment("k1", 100.0, 0, None), 0),
        # After a restart of the machine: the wall clock, if it was right at both ends.
        (Moment("k1", 900.0, DAY, True), Moment("k2", 30.0, DAY + 90_000, True), 90_000),
        # Else what is certain: it was before this machine started.
        (Moment("k1", 900.0, DAY, None), Moment("k2", 30.0, DAY + 90_000, True), 30_000),
        (Moment("k1", 900.0, DAY, True), Moment("k2", 30.0, 0, False), 30_000),
        # A wall clock that ran back can't make it younger than the machine.
        (Moment("k1", 900.0, DAY, True), Moment("k2", 30.0, DAY - 5, True), 30_000),
        # Never outside what the contract allows.
        (Moment("k1", 5.0, 0, None), Moment("k1", 4.0, 0, None), 0),
        (Moment("k1", 0.0, 0, True), Moment("k2", 1.0, 99 * 366 * DAY, True), MAX_AGE_MS),
    ],
)
def test_age(then: Moment, now: Moment, age: int) -> None:
    """Each pair of moments gives this age in ms."""
    assert age_ms(then, now) == age
