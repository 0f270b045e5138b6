"""Who waits for whom: no room for another's second press, and nobody for longer than their turn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.asking import Acknowledge
from hub.inputs import Asked, DeviceMessage, EventCame, Input, Link
from hub.turns import Turns
from tests.hub.making import at, came, event_bytes


def press(room: str, n: int) -> EventCame:
    return came(event_bytes(id=f"{room}-{n}"), device=room)


def names(facts: list[Input]) -> list[str]:
    return [fact.event.id for fact in facts if isinstance(fact, EventCame)]  # type: ignore[union-attr]


def test_a_rooms_first_press_waits_for_no_others_second() -> None:
    """A button that bounces has called 100 times when another room calls."""
    turns = Turns()
    for n in range(100):
        turns.put(press("a", n))
    assert names(turns.take(3, 1000)) == ["a-0", "a-1", "a-2"]
    turns.put(press("b", 0))
    assert names(turns.take(2, 1000)) == ["b-0", "a-3"]
    assert len(turns) == 96


def test_a_room_that_called_before_has_the_next_turn_all_the_same() -> None:
    """What it pressed long ago doesn't count against it: it waits for the present turn alone."""
    turns = Turns()
    for n in range(10):
        turns.put(press("a", n))
        turns.put(press("b", n))
    turns.put(press("c", 0))
    assert names(turns.take(17, 1000)).count("c-0") == 1
    turns.put(press("c", 1))
    assert names(turns.take(1, 1000)) == ["c-1"]


def test_a_persons_word_waits_for_no_press() -> None:
    """Nor for the first of any room; several are taken as they came."""
    turns = Turns()
    for n in range(50):
        turns.put(press("a", n))
        turns.put(press(f"room-{n}", n))
    words = [Asked(Acknowledge("i", by, "board"), lambda _: None) for by in ("Reyes", "Ortiz")]
    for word in words:
        turns.put(word)
    assert turns.take(2, 1000) == words
    turns.put(words[0])
    assert turns.take(1, 1000) == words[:1]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3))))
def test_nothing_is_lost_and_each_rooms_order_is_kept(history: list[tuple[str, int]]) -> None:
    """However presses come and are taken."""
    turns, put, taken = Turns(), [], []
    for n, (room, take) in enumerate(history):
        turns.put(press(room, n))
        put.append(f"{room}-{n}")
        taken += names(turns.take(take, 1000))
    taken += names(turns.take(len(history), 1000))
    assert sorted(taken) == sorted(put)
    for room in "abcd":
        assert [name for name in taken if name[0] == room] == [name for name in put if name[0] == room]
    assert len(turns) == 0


def test_what_is_of_a_device_that_had_its_turn_may_be_held_back() -> None:
    """While the disk is busy: another room's first word is taken all the same."""
    turns = Turns()
    for n in range(10):
        turns.put(press("a", n))
    assert names(turns.take(128, 0)) == ["a-0"]
    assert not turns.has(0)
    assert turns.take(128, 0) == []
    turns.put(press("b", 0))
    assert turns.has(0)
    assert names(turns.take(128, 0)) == ["b-0"]
    assert turns.has(1)
    assert names(turns.take(128, 3)) == ["a-1", "a-2", "a-3"]


def test_what_is_put_back_keeps_its_place() -> None:
    """A round may end before all that it took was decided."""
    turns = Turns()
    for n in range(3):
        turns.put(press("a", n))
    assert names(turns.take(3, 3)) == ["a-0", "a-1", "a-2"]
    turns.back(2)
    turns.put(press("b", 0))
    turns.put(press("a", 3))
    assert names(turns.take(9, 9)) == ["a-1", "a-2", "b-0", "a-3"]
    turns.back(0)
    assert len(turns) == 0


def test_states_and_healths_have_turns_like_events() -> None:
    """And what is of no device goes before them all, as it came."""
    turns = Turns()
    flood = [DeviceMessage("a", "state", b"%d" % n, False, at(0)) for n in range(100)]
    for fact in flood:
        turns.put(fact)
    health = DeviceMessage("b", "health", b"", False, at(0))
    turns.put(health)
    links = [Link("rest", False, "gone"), Link("rest", True, "")]
    for link in links:
        turns.put(link)
    assert turns.take(5, 1) == [*links, flood[0], health, flood[1]]


def test_names_that_are_made_up_have_one_turn_together() -> None:
    """Over the quota of all that nobody has set up: a room waits for one of them, not for each."""
    turns = Turns()
    for n in range(1000):
        turns.put(replace(press(f"made-up-{n}", 0), over="shared"))
    turns.put(press("a", 0))
    assert names(turns.take(3, 3)) == ["made-up-0-0", "a-0", "made-up-1-0"]
    assert len(turns._last) == 2
