"""Incident numbers: reserved ahead, never given twice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.numbers import MARGIN, Numbers, Reserve


def again(kept: str, at_once: int = 0) -> Numbers:
    """Return the numbers of the next start."""
    return Numbers(msgspec.json.decode(kept, type=Reserve), at_once)


def test_a_site_begins_with_one() -> None:
    """And counts up."""
    numbers = Numbers(None, at_once=0)
    assert [numbers.take() for _ in range(3)] == [1, 2, 3]


def test_a_clean_stop_skips_nothing() -> None:
    """The next start goes on where it stood."""
    numbers = Numbers(None, at_once=0)
    numbers.reserve()
    numbers.take()
    assert again(numbers.stopped()).take() == 2


@pytest.mark.parametrize("at_once", [0, 1, 60, 1000])
@pytest.mark.parametrize("before", range(0, 2 * MARGIN, 7))
def test_a_crash_goes_on_behind_what_was_said_while_the_disk_hung(at_once: int, before: int) -> None:
    """However much of the reserve is used when it hangs: all that may open at once have numbers of it."""
    numbers = Numbers(None, at_once)
    kept = numbers.reserve()
    for _ in range(before):
        numbers.take()
        kept = numbers.reserve() or kept
    assert kept is not None
    said = []
    for _ in range(at_once):
        said.append(numbers.take())
        numbers.reserve()  # which no disk takes
    assert again(kept, at_once).take() > max(said, default=0)


def test_a_reserve_is_renewed_long_before_it_is_used_up() -> None:
    """At half, so that the commit has time."""
    numbers = Numbers(None, at_once=0)
    numbers.reserve()
    for _ in range(MARGIN // 2):
        assert numbers.reserve() is None
        numbers.take()
    numbers.take()
    assert numbers.reserve() is not None


@given(st.lists(st.sampled_from(["take", "stop", "crash"]), max_size=200))
def test_no_number_is_given_twice(steps: list[str]) -> None:
    """Over any takes, clean stops and crashes, as the site uses it: taken, then the reserve renewed."""
    numbers = Numbers(None, at_once=0)
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
