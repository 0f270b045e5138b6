"""Something real comes in a drill: from when on it covers nothing, and what becomes real by that."""

from __future__ import annotations

from typing import Any

import pytest

from hub.asking import DrillDone, EndDrill, MakeReal, PartOfDrill
from tests.scenarios.rig import Rig
from tests.scenarios.school import school
from tests.scenarios.test_drills import Make, drill, of_drill, presses, real, start, unexpected


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    return make_rig(school())


def rooms(rig: Rig) -> list[str]:
    """The rooms of what is real and unresolved."""
    return [room.place.device for one in real(rig) for room in one.rooms]


# --- what was taken already ---


def test_what_was_pressed_after_a_press_that_becomes_real_is_real_with_it(rig: Rig) -> None:
    """101 presses again and is asked about; 102 and 140 press meanwhile. It was real: so are they."""
    start(rig)
    rig.wait(5)
    rig.press(104)
    unexpected(rig)
    rig.wait(5)
    rig.press(102)
    rig.wait(5)
    rig.press(140)
    assert rooms(rig) == []
    rig.wait(24)
    assert rooms(rig) == ["room-101", "room-102", "room-140"]
    assert presses(rig) == [
        "room-104 expected",
        "room-101 expected",
        "room-101 real",
        "room-102 real",
        "room-140 real",
    ]
    assert {e["device"] for n in rig.notices if n.channel == "dispatch" for e in n.incident["events"]} == {
        "room-101",
        "room-102",
        "room-140",
    }


@pytest.mark.parametrize("real_one", [{"held": True, "age_s": 40}, {"age_s": 70}], ids=["in it", "before it"])
def test_what_was_pressed_after_a_real_press_that_comes_late_is_real(
    rig: Rig, real_one: dict[str, Any]
) -> None:
    start(rig)
    rig.wait(40)
    rig.press(101)
    rig.wait(20)
    rig.press(140, **real_one)
    assert sorted(rooms(rig)) == ["room-101", "room-140"]


def test_what_a_person_called_part_of_the_drill_stays_so(rig: Rig) -> None:
    start(rig)
    event = unexpected(rig)
    rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", event))
    rig.press(140, held=True, age_s=1)
    assert rooms(rig) == ["room-140"]
    assert presses(rig) == ["room-101 expected", "room-101 part-of-drill"]


def test_what_a_person_called_part_of_the_drill_is_real_with_all_of_it(rig: Rig) -> None:
    start(rig)
    event = unexpected(rig)
    rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", event))
    rig.ask(MakeReal("1", "Ortiz", "board"))
    assert presses(rig) == ["room-101 real", "room-101 real"]


def test_a_press_that_becomes_real_after_its_drill_makes_real_what_came_after_it(rig: Rig) -> None:
    """The drill was ended while it waited, and another one runs."""
    start(rig)
    unexpected(rig)
    rig.wait(5)
    rig.press(102)
    rig.ask(EndDrill("1", "Lee", "board"))
    start(rig)
    rig.wait(2)
    rig.press(103)
    rig.wait(30)
    assert rooms(rig) == ["room-101", "room-102", "room-103"]
    assert [one.group for one in of_drill(rig)] == ["drill 2 site"]  # that of the first is closed


def test_two_that_wait_become_real_once(rig: Rig) -> None:
    start(rig)
    rig.wait(5)
    rig.press(101)
    rig.press(102)
    rig.wait(60)
    rig.press(101)
    rig.press(102)
    rig.wait(31)
    (one,) = real(rig)
    assert [event.place.device for event in one.events] == ["room-101", "room-102"]
    assert len([1 for what, _, _ in rig.record() if what == "drill-real"]) == 2


# --- all of it is real ---


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("panic", [False, True])
def test_a_press_of_before_that_comes_after_all_of_it_was_made_real_is_real(
    rig: Rig, *, over: bool, panic: bool
) -> None:
    """Also where something real had come meanwhile, which ended the cover only from then on."""
    start(rig, 101, 102)
    rig.wait(100)
    rig.press(101)
    rig.wait(20)
    if panic:
        rig.press(103)
    if over:
        rig.ask(EndDrill("1", "Lee", "board"))
    assert isinstance(rig.ask(MakeReal("1", "Ortiz", "board")), DrillDone)
    rig.wait(5)
    rig.press(102, age_s=30)
    assert "room-102" in rooms(rig)
    assert presses(rig) == ["room-101 real"]
    assert drill(rig).state == "ended"
    assert of_drill(rig) == []
