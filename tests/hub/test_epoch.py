"""The numbers of a restored hub: none that any hub of the site may have given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.epoch import (
    A_DAY,
    A_ROOM_A_DAY,
    DAY_MS,
    HOUR_MS,
    UNKNOWN_DAYS,
    Epoch,
    first_number,
    following,
    read_epoch,
)
from tests.hub.making import T0

ROOMS = 60
MOST_A_DAY = A_DAY + A_ROOM_A_DAY * ROOMS


def test_epochs_follow_each_other() -> None:
    """The first was never restored; each names the backup that it came of."""
    assert read_epoch(None) == Epoch()
    second = following(None, T0, (7, "f" * 64), T0 + 5)
    assert second == Epoch(2, T0 + 5, T0, (7, "f" * 64), begun=False)
    assert read_epoch(second.kept()) == second
    assert following(second.kept(), T0, None, T0 + 9).n == 3


def test_a_clock_that_says_that_no_time_has_passed_is_not_believed() -> None:
    """A machine without a battery for its clock wakes in the past."""
    epoch = following(None, T0, None, T0)
    assert first_number(epoch, 7, ROOMS, 0) == 8 + UNKNOWN_DAYS * MOST_A_DAY


def test_a_site_that_has_had_more_than_any_school_goes_on_behind_them() -> None:
    """Each day that has begun counts, and one more."""
    epoch, many = following(None, T0, None, T0), 10_000_000
    assert first_number(epoch, many, ROOMS, T0) == many + 1 + MOST_A_DAY
    assert first_number(epoch, many, ROOMS, T0 + 1) == many + 1 + 2 * MOST_A_DAY
    assert first_number(epoch, many, ROOMS, T0 + DAY_MS) == many + 1 + 2 * MOST_A_DAY


HOURS = st.integers(0, 40 * 24)
WEEKS = st.integers(7 * 24, 40 * 24)


@given(st.lists(st.tuples(HOURS, WEEKS, st.booleans()), min_size=1, max_size=8), st.integers(0, 500))
def test_no_number_is_given_twice(history: list[tuple[int, int, bool]], before: int) -> None:
    """However often a box dies, and whichever of all backups is restored.

    Each life: hours until it takes a backup, then a week or more until its death, with 100 incidents a day;
    the next one starts from the newest backup, or again from the very first.
    """
    now, last = T0, before
    given: list[tuple[int, int]] = [(0, before)]
    backups = [(now, last)]
    for to_backup, to_death, from_first in history:
        first = last + 1
        for hours, backed_up in ((to_backup, True), (to_death, False)):
            now += hours * HOUR_MS
            last += 100 * hours // 24
            if backed_up:
                backups.append((now, last))
        if first <= last:
            assert all(last < low or first > high for low, high in given)
            given.append((first, last))
        now += HOUR_MS  # another box is found, and the backup restored
        at, known = backups[0] if from_first else backups[-1]
        last = first_number(following(None, at, None, now), known, 2, now) - 1
    assert last + 1 > max(high for _, high in given)
