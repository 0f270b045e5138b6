"""Marks and times: a trouble opens at one, ends at another, and what lies between changes nothing."""

from __future__ import annotations

from hub.watch import RESTORED, Rule, Watch

HOT = Rule("hot", "c", lambda c: c >= 80, lambda c: c < 75, "{:.0f} °C")
LATE = Rule("late", "x", bool, lambda x: not x, "late", after_s=60)
DIPS = Rule("dips", "x", bool, lambda x: not x, "dips", well_for_s=60)


def look(watch: Watch, rule: Rule, reading: object, mono: float, *, is_open: bool) -> str | None:
    return watch.look(rule, reading, mono, is_open=is_open)


def test_it_opens_at_one_mark_and_ends_at_another() -> None:
    """79 is well enough before, 76 not yet after."""
    watch = Watch()
    assert look(watch, HOT, 79.9, 0, is_open=False) is None
    assert look(watch, HOT, 80.0, 1, is_open=False) == "80 °C"
    assert look(watch, HOT, 76.0, 2, is_open=True) is None
    assert look(watch, HOT, 74.9, 3, is_open=True) == RESTORED
    assert look(watch, HOT, 76.0, 4, is_open=False) is None


def test_a_missing_reading_says_nothing() -> None:
    """Neither that it is wrong nor that it is well, and it stops no clock."""
    watch = Watch()
    assert look(watch, LATE, True, 0, is_open=False) is None
    assert look(watch, LATE, None, 30, is_open=False) is None
    assert look(watch, LATE, True, 60, is_open=False) == "late"
    assert look(watch, LATE, None, 61, is_open=True) is None


def test_it_must_be_wrong_for_its_time_without_a_break() -> None:
    """A well reading between begins it anew."""
    watch = Watch()
    look(watch, LATE, True, 0, is_open=False)
    look(watch, LATE, False, 50, is_open=False)
    assert look(watch, LATE, True, 70, is_open=False) is None
    assert look(watch, LATE, True, 129, is_open=False) is None
    assert look(watch, LATE, True, 130, is_open=False) == "late"


def test_it_must_then_be_well_for_its_time_without_a_break() -> None:
    """A dip between begins it anew; it is one trouble throughout."""
    watch = Watch()
    assert look(watch, DIPS, True, 0, is_open=False) == "dips"
    assert look(watch, DIPS, False, 10, is_open=True) is None
    assert look(watch, DIPS, True, 40, is_open=True) is None
    assert look(watch, DIPS, False, 50, is_open=True) is None
    assert look(watch, DIPS, False, 109, is_open=True) is None
    assert look(watch, DIPS, False, 110, is_open=True) == RESTORED
