"""The order in which a channel takes its deliveries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.channels.lane import LONGEST, Lane
from tests.hub.channels.making import delivery


def drained(lane: Lane) -> list[str]:
    order = []
    while found := lane.begin():
        order.append(found.id)
        lane.end(found)
    return order


def test_the_most_urgent_is_first_and_then_what_was_owed_longest() -> None:
    """A panic's first notice overtakes updates; among equals the older goes first, then by arrival."""
    lane = Lane(at_once=1, targets=1)
    for each in (
        delivery(1, urgency=10, owed_at=1),
        delivery(2, urgency=0, owed_at=9),
        delivery(3, urgency=0, owed_at=5),
        delivery(4, urgency=0, owed_at=5),
    ):
        assert lane.take(each)
    assert drained(lane) == ["d-3", "d-4", "d-2", "d-1"]


def test_no_more_are_under_way_than_the_channel_has_places() -> None:
    """The next begins only when one has ended."""
    lane = Lane(at_once=2, targets=1)
    for number in range(3):
        lane.take(delivery(number))
    first, second = lane.begin(), lane.begin()
    assert first
    assert second
    assert lane.begin() is None
    lane.end(first)
    third = lane.begin()
    assert third
    assert third.id == "d-2"


def test_an_id_is_not_taken_twice() -> None:
    """Not while it waits, not while it is under way; after its end it may come again."""
    lane = Lane(at_once=1, targets=1)
    assert lane.take(delivery(1))
    assert not lane.take(delivery(1))
    begun = lane.begin()
    assert begun
    assert not lane.take(delivery(1))
    lane.end(begun)
    assert lane.take(delivery(1))


def test_a_withdrawn_delivery_never_begins_and_may_be_taken_again() -> None:
    """Withdrawing drops what waits, once, and nothing that is under way."""
    lane = Lane(at_once=1, targets=1)
    for number in (1, 2):
        lane.take(delivery(number))
    begun = lane.begin()
    assert begun
    assert not lane.withdraw(begun.id)
    assert lane.withdraw("d-2")
    assert not lane.withdraw("d-2")
    lane.end(begun)
    assert lane.begin() is None
    assert lane.take(delivery(2, urgency=5))
    assert lane.take(delivery(3, urgency=1))
    assert drained(lane) == ["d-3", "d-2"]


def test_a_target_that_hangs_leaves_the_others_their_places() -> None:
    """However much is owed to one target, it holds no more than its share."""
    lane = Lane(at_once=4, targets=2)
    for number in range(6):
        lane.take(delivery(number, target="hung"))
    lane.take(delivery(9, target="live", urgency=10))
    begun = [found.target.name for _ in range(4) if (found := lane.begin())]
    assert sorted(begun) == ["hung", "hung", "live"]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from("abc"), st.booleans())),
    st.integers(1, 6),
    st.integers(1, 3),
)
def test_everything_taken_is_begun_once_unless_it_was_withdrawn(
    owed: list[tuple[int, int, str, bool]], at_once: int, targets: int
) -> None:
    """Whatever the mix, nothing is lost, doubled or begun after its withdrawal."""
    lane = Lane(at_once, targets)
    kept = set()
    for number, (urgency, owed_at, target, withdrawn) in enumerate(owed):
        lane.take(delivery(number, urgency=urgency, owed_at=owed_at, target=target))
        if withdrawn:
            lane.withdraw(f"d-{number}")
        else:
            kept.add(f"d-{number}")
    order = drained(lane)
    assert sorted(order) == sorted(kept)


def test_a_lane_holds_no_more_than_its_places() -> None:
    """Whatever is handed out to it: what it refuses stays owed in the record, and comes again."""
    lane = Lane(at_once=1, targets=1)
    assert all(lane.take(delivery(number)) for number in range(LONGEST))
    assert not lane.take(delivery(LONGEST))
    assert lane.take(delivery(LONGEST, target="another"))
    assert lane.withdraw("d-3")
    assert lane.take(delivery(LONGEST))
