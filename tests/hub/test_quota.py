"""How much each agent may send: an honest one is never over, a flood soon is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.owed import MOST_OWED
from hub.quota import (
    EVENTS,
    PAYLOAD_KEPT,
    RATES,
    SHARED,
    STRANGERS_EVENTS,
    STRANGERS_KEPT,
    Bucket,
    Quotas,
    Rate,
)

SMALL = 300
"""Bytes of an event."""


def quotas(*known: str) -> Quotas:
    return Quotas(lambda device: device in known)


def passed(quotas: Quotas, device: str, count: int, mono: float = 0.0, size: int = SMALL) -> int:
    """Send so many events; returns how many are within the quota."""
    return sum(quotas.over(device, "event", size, mono) is None for _ in range(count))


@pytest.mark.parametrize(
    ("spent", "wait", "tokens", "allowed"),
    [
        (0, 0.0, 10, True),
        (0, 0.0, 11, False),
        (10, 0.0, 1, False),
        (10, 0.4, 1, False),
        (10, 0.5, 1, True),
        (10, 1e9, 10, True),
        (10, 1e9, 11, False),
        (4, -5.0, 6, True),
        (4, -5.0, 7, False),
    ],
)
def test_a_bucket(spent: float, wait: float, tokens: float, allowed: bool) -> None:
    """10 at once, 2 a second; a clock that stands still or goes back brings nothing."""
    bucket = Bucket(Rate(10, 2), 100.0)
    assert bucket.spend(spent, 100.0)
    assert bucket.spend(tokens, 100.0 + wait) is allowed


def test_what_an_honest_agent_owes_at_its_worst_is_within_its_quota() -> None:
    """A full outbox, each event of it twice: once as the link comes up, once as the hub is heard."""
    assert passed(quotas("room-101"), "room-101", 2 * MOST_OWED) == 2 * MOST_OWED
    assert STRANGERS_EVENTS.at_once == MOST_OWED


def test_an_honest_day_is_within_its_quota_though_the_outbox_was_full_in_the_morning() -> None:
    """A door of a busy hall, opened and closed every 10 s for 8 hours."""
    one = quotas("room-101")
    assert passed(one, "room-101", 2 * MOST_OWED) == 2 * MOST_OWED
    assert all(passed(one, "room-101", 1, 10.0 * n) for n in range(1, 8 * 360))


def test_a_flood_is_soon_over_and_a_day_of_it_is_bounded() -> None:
    """2,000 a second for a day: what is decided one by one, and so has rows of its own."""
    one = quotas("room-101")
    within = passed(one, "room-101", 20_000)
    for second in range(1, 86_400):
        within += passed(one, "room-101", 2, float(second))  # the rest of that second is over, too
    assert within == EVENTS.at_once + (86_400 - 1) * EVENTS.a_second - 0.5


def test_one_device_takes_nothing_of_anothers() -> None:
    one = quotas("room-101", "room-102")
    passed(one, "room-101", 20_000)
    assert one.over("room-101", "event", SMALL, 0.0) == "own"
    assert one.over("room-102", "event", SMALL, 0.0) is None
    assert one.over("room-101", "health", SMALL, 0.0) is None, "its heartbeat is counted apart"


@pytest.mark.parametrize(
    ("size", "tokens"), [(0, 1), (1023, 1), (1024, 2), (PAYLOAD_KEPT, 17), (1 << 20, 17)]
)
def test_a_large_message_costs_what_of_it_is_kept(size: int, tokens: int) -> None:
    assert passed(quotas("room-101"), "room-101", 20_000, size=size) == EVENTS.at_once // tokens


def test_a_stranger_that_floods_leaves_the_others_room() -> None:
    one = quotas()
    assert passed(one, "garage-1", 20_000) == STRANGERS_EVENTS.at_once
    assert one.over("garage-1", "event", SMALL, 0.0) == "own"
    assert one.over("garage-2", "event", SMALL, 0.0) is None


def test_names_that_are_made_up_have_one_quota_and_a_bounded_memory() -> None:
    one = quotas("room-101")
    over = [one.over(f"made-up-{n}", "event", SMALL, 0.0) for n in range(30_000)]
    assert over.count(None) == SHARED["event"].at_once
    assert set(over[-1000:]) == {"shared"}
    assert len(one._strangers) == STRANGERS_KEPT
    assert one.over("room-101", "event", SMALL, 0.0) is None


def test_a_room_that_the_settings_take_or_drop_is_counted_anew() -> None:
    known = {"room-101"}
    one = Quotas(lambda device: device in known)
    passed(one, "room-101", 20_000)
    known.clear()
    assert one.over("room-101", "event", SMALL, 0.0) is None
    assert not one._own
    known.add("room-101")
    assert one.over("room-101", "event", SMALL, 0.0) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(("a", "b", "x", "y")), st.floats(0, 50), st.integers(0, 40_000)),
        max_size=300,
    )
)
def test_nobody_passes_more_than_their_rate(sent: list[tuple[str, float, int]]) -> None:
    """However messages come: tokens spent never exceed what was there and what came since."""
    one, mono, spent = quotas("a", "b"), 0.0, {}
    for device, wait, size in sent:
        mono += wait
        if one.over(device, "state", size, mono) is None:
            spent[device] = spent.get(device, 0) + 1 + min(size, PAYLOAD_KEPT) // 1024
        rate = RATES["state"]
        assert spent.get(device, 0) <= rate.at_once + mono * rate.a_second + 1e-6
