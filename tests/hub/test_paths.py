"""Several brokers bring one device's word: which of it is news."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from hub.paths import BOOTS_KEPT, HELD_BACK_S, Paths

State: Literal["state"] = "state"
Health: Literal["health"] = "health"


def takes(paths: Paths, *messages: tuple[Any, ...]) -> list[bool]:
    """Each message: (what, broker, boot, count, second)."""
    return [paths.takes(*message) for message in messages]


def test_within_one_broker_everything_is_news() -> None:
    """Its order is the device's own, whatever the numbers say."""
    told = [
        (Health, 0, "a", 7, 0.0),
        (Health, 0, "a", 7, 1.0),
        (Health, 0, "b", 1, 2.0),
        (State, 0, "a", 1, 3.0),
    ]
    assert all(takes(Paths(), *told))


def test_a_copy_over_another_broker_is_no_news_and_what_follows_it_is() -> None:
    """Health and state are counted each by itself; a message without a number is taken as it comes."""
    told = [
        (Health, 0, "a", 7, 0.0, True),
        (Health, 1, "a", 7, 0.1, False),
        (Health, 1, "a", 6, 0.2, False),
        (State, 1, "a", 1, 0.3, True),
        (Health, 0, "a", 7, 0.4, False),
        (Health, 0, "a", 8, 15.0, True),
        (State, 1, "a", None, 15.1, True),
    ]
    assert takes(Paths(), *(one[:5] for one in told)) == [one[5] for one in told]


def test_the_word_of_an_earlier_boot_changes_nothing() -> None:
    """One broker held it back while another brought the next boot's."""
    told = [
        (State, 1, "a", 9, 0.0),
        (State, 0, "b", 1, 1.0),
        (State, 1, "a", 10, 2.0),
        (State, 1, "b", 2, 3.0),
    ]
    assert takes(Paths(), *told) == [True, True, False, True]


@pytest.mark.parametrize(("later", "news"), [(HELD_BACK_S, False), (HELD_BACK_S + 0.1, True)])
def test_a_broker_holds_back_for_no_longer_than_it_may_be_silent(later: float, news: bool) -> None:
    """A wrong order comes right by itself, long before the device would count as silent."""
    told = [(State, 1, "a", 9, 0.0), (State, 0, "b", 1, 1.0), (State, 1, "a", 9, 1.0 + later)]
    assert takes(Paths(), *told)[-1] is news


def test_a_device_that_starts_for_ever_is_remembered_by_its_last_boots() -> None:
    paths = Paths()
    assert all(paths.takes(State, 0, str(n), 1, n / 100) for n in range(1000))
    assert len(paths._boots) == BOOTS_KEPT
