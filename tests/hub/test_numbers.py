"""Incident numbers: reserved ahead, never given twice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.numbers import MARGIN, STORM_MARGIN, Numbers, Reserve


def again(kept: str, *, storm: bool = False) -> Numbers:
    """Return the numbers of the next start."""
    return Numbers(msgspec.json.decode(kept, type=Reserve), storm)


def test_a_site_begins_with_one() -> None:
    """And counts up."""
    numbers = Numbers(None, may_storm=False)
    assert [numbers.take() for _ in range(3)] == [1, 2, 3]


def test_a_clean_stop_skips_nothing() -> None:
    """The next start goes on where it stood."""
    numbers = Numbers(None, may_storm=False)
    numbers.reserve()
    numbers.take()
    assert again(numbers.stopped()).take() == 2


@pytest.mark.parametrize(("storm", "margin"), [(False, MARGIN), (True, STORM_MARGIN)])
def test_a_crash_goes_on_behind_what_was_reserved(storm: bool, margin: int) -> None:
    """Whatever was taken since the reserve was stored may have been said."""
    numbers = Numbers(None, storm)
    kept = numbers.reserve()
    assert kept is not None
    said = [numbers.take() for _ in range(margin // 2)]
    assert again(kept, storm=storm).take() > max(said)


def test_a_reserve_is_renewed_long_before_it_is_used_up() -> None:
    """At half, so that the commit has time."""
    numbers = Numbers(None, may_storm=False)
    numbers.reserve()
    for _ in range(MARGIN // 2):
        assert numbers.reserve() is None
        numbers.take()
    numbers.take()
    assert numbers.reserve() is not None


@given(st.lists(st.sampled_from(["take", "stop", "crash"]), max_size=200))
def test_no_number_is_given_twice(steps: list[str]) -> None:
    """Over any takes, clean stops and crashes, as the site uses it: taken, then the reserve renewed."""
    numbers = Numbers(None, may_storm=False)
    kept = numbers.reserve()
    assert kept is not None
    given: list[int] = []
    for step in steps:
        if step == "take":
            given.append(numbers.take())
            kept = numbers.reserve() or kept
        else:
            kept = numbers.stopped() if step == "stop" else kept
            numbers = again(kept)
            kept = numbers.reserve() or kept
    assert given == sorted(set(given))
