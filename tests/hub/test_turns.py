"""Who waits for whom: no room for another's second press, and nobody for longer than their turn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.asking import Acknowledge
from hub.inputs import Asked, EventCame, Input
from hub.turns import Turns
from tests.hub.making import came, event_bytes


def press(room: str, n: int) -> EventCame:
    return came(event_bytes(id=f"{room}-{n}"), device=room)


def names(facts: list[Input]) -> list[str]:
    return [fact.event.id for fact in facts if isinstance(fact, EventCame)]  # type: ignore[union-attr]


def test_a_rooms_first_press_waits_for_no_others_second() -> None:
    """A button that bounces has called 100 times when another room calls."""
    turns = Turns()
    for n in range(100):
        turns.put(press("a", n))
    assert names(turns.take(3)) == ["a-0", "a-1", "a-2"]
    turns.put(press("b", 0))
    assert names(turns.take(2)) == ["b-0", "a-3"]
    assert len(turns) == 96


def test_a_room_that_called_before_has_the_next_turn_all_the_same() -> None:
    """What it pressed long ago doesn't count against it: it waits for the present turn alone."""
    turns = Turns()
    for n in range(10):
        turns.put(press("a", n))
        turns.put(press("b", n))
    turns.put(press("c", 0))
    assert names(turns.take(17)).count("c-0") == 1
    turns.put(press("c", 1))
    assert names(turns.take(1)) == ["c-1"]


def test_a_persons_word_waits_for_no_press() -> None:
    """Nor for the first of any room; several are taken as they came."""
    turns = Turns()
    for n in range(50):
        turns.put(press("a", n))
        turns.put(press(f"room-{n}", n))
    words = [Asked(Acknowledge("i", by, "board"), lambda _: None) for by in ("Reyes", "Ortiz")]
    for word in words:
        turns.put(word)
    assert turns.take(2) == words
    turns.put(words[0])
    assert turns.take(1) == words[:1]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3))))
def test_nothing_is_lost_and_each_rooms_order_is_kept(history: list[tuple[str, int]]) -> None:
    """However presses come and are taken."""
    turns, put, taken = Turns(), [], []
    for n, (room, take) in enumerate(history):
        turns.put(press(room, n))
        put.append(f"{room}-{n}")
        taken += names(turns.take(take))
    taken += names(turns.take(len(history)))
    assert sorted(taken) == sorted(put)
    for room in "abcd":
        assert [name for name in taken if name[0] == room] == [name for name in put if name[0] == room]
    assert len(turns) == 0
