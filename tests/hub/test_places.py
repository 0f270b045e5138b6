"""How much a channel holds, and who is next: nothing waits for ever, nothing is handed out unasked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.places import PLACES, Places
from tests.hub.channels.making import delivery


def test_a_place_that_is_freed_goes_to_whoever_waits_longest() -> None:
    """Of the same target and urgency; whoever gave up waiting is passed over."""
    places = Places()
    held = [delivery(number) for number in range(PLACES)]
    assert all(places.take(one) for one in held)
    first, second, third = (delivery(PLACES + number) for number in range(3))
    assert not any(places.take(one) for one in (first, second, third, first))
    assert places.leave(first) is None
    assert places.leave(held[0]) == second.id
    assert places.take(held[1])


def test_ends_and_urgencies_take_no_place_from_each_other() -> None:
    """A target that hangs, or a flood of updates, leaves the others theirs."""
    places = Places()
    for number in range(2 * PLACES):
        places.take(delivery(number, target="hung", urgency=10))
    assert places.take(delivery(900, target="live", urgency=10))
    assert places.take(delivery(901, target="hung", urgency=0))
    assert places.take(delivery(902, channel="mail", target="hung", urgency=10))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, PLACES + 40), st.sampled_from([0, 10]))))
def test_no_place_is_empty_while_somebody_waits(deeds: list[tuple[bool, int, int]]) -> None:
    """Whatever comes and goes: no more than the places are out, all of them while anybody waits."""
    places = Places()
    out: dict[int, set[str]] = {0: set(), 10: set()}
    waiting: dict[int, list[str]] = {0: [], 10: []}
    known = {(n, u): delivery(1000 * u + n, urgency=u) for n in range(PLACES + 41) for u in (0, 10)}
    by_id = {one.id: one for one in known.values()}
    filled = [(True, number, urgency) for urgency in (0, 10) for number in range(PLACES)]
    for comes, number, urgency in filled + deeds:
        one = known[number, urgency]
        if comes:
            if places.take(one):
                out[urgency].add(one.id)
            elif one.id not in waiting[urgency]:
                waiting[urgency].append(one.id)
        else:
            following = places.leave(one)
            if one.id in waiting[urgency]:
                waiting[urgency].remove(one.id)
            elif one.id in out[urgency]:
                out[urgency].remove(one.id)
                assert following == (waiting[urgency][0] if waiting[urgency] else None)
                if following is not None:
                    assert places.take(by_id[following])
                    out[urgency].add(waiting[urgency].pop(0))
        for each in (0, 10):
            assert len(out[each]) <= PLACES
            assert not waiting[each] or len(out[each]) == PLACES
