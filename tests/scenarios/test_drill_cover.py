"""Something real comes in a drill: from when on it covers nothing, and what becomes real by that."""

from __future__ import annotations

from typing import Any

import pytest

from hub.asking import (
    CancelDrill,
    DrillDone,
    EndDrill,
    MakeReal,
    PartOfDrill,
    PlanDrill,
    PostureSet,
    Refused,
)
from hub.drills import Drills
from hub.inputs import ClockTrust
from tests.scenarios.drills.drilling import drill, of_drill, presses, real, start, unexpected
from tests.scenarios.rig import Make, Rig
from tests.scenarios.school import school


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


# --- another posture than its own ---


@pytest.mark.parametrize("shown", [None, "lockdown"])
def test_a_real_lockdown_that_a_person_calls_ends_the_cover(rig: Rig, shown: Any) -> None:
    start(rig, posture=shown)
    rig.wait(5)
    rig.press(102)
    rig.wait(5)
    assert isinstance(rig.posture("lockdown"), PostureSet)
    rig.press(101)
    rig.press(140)
    assert rooms(rig) == ["room-101", "room-140"]
    assert presses(rig) == ["room-102 expected"]
    assert drill(rig).state == "running"
    said = "Drill 1 (lockdown): lockdown was called, and not as a drill: EVERY PRESS IS REAL NOW"
    assert rig.drill_news == [f"10 s reyes: {said}", f"10 s ortiz: {said}"]
    rig.wait(600)
    assert rig.view.posture.posture == "lockdown"


def test_normal_in_the_place_of_its_posture_ends_the_drill(rig: Rig) -> None:
    start(rig, posture="lockdown")
    rig.wait(10)
    assert isinstance(rig.posture("normal", confirm=rig.view.posture.n), PostureSet)
    assert drill(rig).state == "ended"
    assert drill(rig).ended_by == "Reyes"
    rig.wait(1)
    rig.press(101)
    assert rooms(rig) == ["room-101"]


def test_an_end_that_only_the_rooms_heard_of_ends_the_drill(rig: Rig) -> None:
    """The disk hung, and the hub died: its record lost the word, and the rooms have it."""
    start(rig, posture="lockdown")
    rig.wait(30)
    rig.disk = "hung"
    rig.ask(EndDrill("1", "Lee", "board"))
    rig.wait(1)
    rig.restart(2, of="hub")
    assert drill(rig).state == "ended"
    rig.wait(20)
    rig.press(101)
    assert rooms(rig) == ["room-101"]


def test_what_only_the_rooms_heard_was_real_ends_the_cover_from_then_on(rig: Rig) -> None:
    start(rig, posture="lockdown")
    rig.wait(10)
    rig.press(102)
    rig.wait(20)
    rig.disk = "hung"
    rig.posture("lockdown")
    rig.wait(1)
    rig.press(103)
    rig.wait(1)
    rig.restart(2, of="hub")
    rig.press(101)
    assert rooms(rig) == ["room-103", "room-101"]
    assert presses(rig) == ["room-102 expected"]


def test_a_record_in_which_a_real_posture_stands_beside_a_drill_ends_its_cover_at_a_start(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a release left it that did not look."""
    start(rig)
    rig.wait(10)
    with monkeypatch.context() as before:
        before.setattr(Drills, "heed_posture", lambda *_: None)
        rig.posture("lockdown")
        rig.wait(5)
        rig.press(101)
        assert rooms(rig) == []
    rig.restart(2, of="hub")
    assert rooms(rig) == ["room-101"]


# --- a machine that was off, and does not know how long ---


def off_for_an_hour(rig: Rig) -> None:
    """The power fails; the machine has no clock of its own, and starts with the time of before."""
    rig.wall_jumps_silently(-3600)
    rig.restart(3600)


def test_a_drill_of_before_the_power_failed_covers_nothing_until_the_clock_is_right(rig: Rig) -> None:
    start(rig)
    rig.wait(60)
    off_for_an_hour(rig)
    rig.wait(20)
    rig.press(101)
    assert rooms(rig) == ["room-101"]
    rig.wait(20)
    rig.wall_jumps(3600)
    rig.wait(1)
    assert drill(rig).state == "ended"
    assert presses(rig) == []


def test_nor_does_one_that_had_ended_cover_a_press_of_while_the_machine_was_off(rig: Rig) -> None:
    """By its clock it was pressed in the drill, in truth nearly an hour after."""
    start(rig)
    rig.wait(610)
    off_for_an_hour(rig)
    rig.press(101, age_s=120)
    assert rooms(rig) == ["room-101"]


def test_once_the_clock_is_right_a_drill_is_when_it_was(rig: Rig) -> None:
    """A press of it that comes late is the drill's, one of after it is real."""
    start(rig)
    rig.wait(300)
    rig.press(101)
    rig.wait(310)
    off_for_an_hour(rig)
    rig.clock_is_set(3600)
    rig.press(102, age_s=3610 + 100)
    rig.press(103, age_s=3600 - 60)
    assert presses(rig) == ["room-101 expected", "room-102 expected"]
    assert rooms(rig) == ["room-103"]


@pytest.mark.parametrize("synced", [True, False, None])
def test_a_machine_whose_clock_is_kept_right_goes_on_with_its_drill(rig: Rig, *, synced: bool | None) -> None:
    start(rig)
    rig.wait(60)
    rig.clock = ClockTrust(synced)
    rig.restart(30)
    rig.press(101)
    assert rooms(rig) == ([] if synced else ["room-101"])


def test_what_was_covered_before_the_clock_jumped_is_judged_again(rig: Rig) -> None:
    """The machine said that its clock was right, and was wrong."""
    start(rig)
    rig.wait(60)
    rig.press(102)
    rig.clock = ClockTrust(True)
    off_for_an_hour(rig)
    rig.wait(20)
    rig.press(101)
    assert presses(rig) == ["room-102 expected", "room-101 expected"]
    rig.wall_jumps(3600)
    assert presses(rig) == ["room-102 expected", "room-101 real"]
    assert rooms(rig) == ["room-101"]


# --- what a person may say, and what is forgotten ---


def test_an_event_without_its_room_answers_nothing(rig: Rig) -> None:
    """It would have answered what came before it in other rooms."""
    start(rig)
    rig.wait(10)
    rig.press(101)
    rig.press(102)
    rig.wait(60)
    rig.press(101)
    rig.wait(5)
    event = rig.press(102)
    refused = rig.ask(PartOfDrill("1", "Ortiz", "api", None, event))
    assert isinstance(refused, Refused)
    assert refused.allowed == ("device and event",)
    assert presses(rig).count("room-101 not-expected") == presses(rig).count("room-102 not-expected") == 1


def test_cancelled_drills_are_forgotten_and_push_out_none_that_ran(rig: Rig) -> None:
    start(rig, for_s=60)
    rig.wait(70)
    for _ in range(20):
        answer = rig.ask(PlanDrill("fire", "Ortiz", "Lee", "board", 300, start=rig.now().wall + 600_000))
        assert isinstance(answer, DrillDone)
        assert isinstance(rig.ask(CancelDrill(answer.drill.id, "Lee", "board")), DrillDone)
    assert list(rig.view.drills) == ["1", *map(str, range(14, 22))]
    rig.press(101, age_s=40)
    assert rooms(rig) == []
