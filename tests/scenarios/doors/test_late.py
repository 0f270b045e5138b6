"""What doors tell late, twice or out of order is told by when it was."""

from __future__ import annotations

from tests.scenarios.doors.house import GYM, KITCHEN, at, door, posture, told
from tests.scenarios.rig import Rig


def test_an_opening_of_an_outage_is_told_once_as_late(rig: Rig) -> None:
    at(rig, 24 + 1)
    door(rig, GYM, "open", age_s=3600)
    door(rig, GYM, "closed", age_s=3000)
    rig.all_speak(3 * 3600)
    said = told(rig)
    assert said[0] == "0 s administration opened: LATE opened after hours"
    assert [one.split(" ", 2)[2] for one in said[1:]] == [
        "administration updated: LATE closed again",
        "dispatch opened: LATE closed again",
    ]


def test_a_door_that_was_held_open_in_an_outage_and_is_closed_is_told_to_nobody(rig: Rig) -> None:
    rig.all_speak(7000)
    door(rig, GYM, "open", age_s=5000)
    door(rig, GYM, "closed", age_s=1000)
    rig.all_speak(1000)
    assert told(rig) == []


def test_a_door_that_is_heard_of_late_and_stands_open_still_is_told(rig: Rig) -> None:
    rig.all_speak(7000)
    door(rig, GYM, "open", age_s=5000)
    rig.all_speak(11)
    assert told(rig) == ["7010 s administration opened: LATE held open for 83 min"]


def test_a_door_is_judged_by_when_it_was_opened(rig: Rig) -> None:
    """Opened at 17:59 and heard of at 18:05: it was within hours, and is closed by now."""
    at(rig, 18, 5)
    door(rig, GYM, "open", age_s=360)
    door(rig, GYM, "closed", age_s=300)
    rig.all_speak(600)
    assert told(rig) == []


def test_a_closing_that_comes_before_its_opening_still_tells_of_the_opening(rig: Rig) -> None:
    at(rig, 18, 30)
    rig.all_speak(100)
    door(rig, GYM, "closed", age_s=10)
    door(rig, GYM, "open", age_s=20)
    rig.all_speak(6)
    assert told(rig) == [
        "100 s administration opened: opened after hours",
        "105 s administration updated: closed again",
    ]
    assert rig.view.doors["room-101", "door"].state == "closed"


def test_the_same_opening_by_state_and_by_event_is_told_once(rig: Rig) -> None:
    at(rig, 18, 30)
    rig.state(GYM, door="active")
    door(rig, GYM, "open", age_s=0.2)
    rig.all_speak(30)
    assert told(rig) == ["0 s administration opened: opened after hours"]


def test_an_event_that_says_its_opening_was_some_seconds_before_its_state_tells_of_no_other(rig: Rig) -> None:
    """It broke one rule once; the incident has no line of another opening."""
    at(rig, 18, 30)
    rig.all_speak(30)
    rig.state(GYM, door="active")
    door(rig, GYM, "open", age_s=5)
    rig.all_speak(10)
    assert rig.view.door_counts["room-101", "door"].after_hours == 1
    assert [reason for what, reason in rig.timeline() if what == "door"] == ["opened after hours"]


def test_a_clock_that_is_set_moves_what_the_posture_was(rig: Rig) -> None:
    rig.all_speak(100)
    posture(rig, "secure")
    rig.all_speak(300)
    posture(rig, "normal")
    rig.all_speak(100)
    rig.wall_jumps(2 * 3600)
    door(rig, GYM, "open", age_s=200)
    door(rig, GYM, "closed", age_s=190)
    assert told(rig)[0].endswith("sro opened: LATE opened in secure")


def test_secure_of_an_hour_ago_is_what_an_opening_of_then_is_judged_by(rig: Rig) -> None:
    rig.all_speak(100)
    posture(rig, "secure")
    rig.all_speak(1000)
    posture(rig, "normal")
    rig.all_speak(1000)
    door(rig, GYM, "open", age_s=1500)
    door(rig, GYM, "closed", age_s=1490)
    assert told(rig)[0].endswith("sro opened: LATE opened in secure")
    door(rig, KITCHEN, "open", age_s=500)
    door(rig, KITCHEN, "closed", age_s=490)
    rig.all_speak(20)
    assert not any("KITCHEN" in said for said in told(rig))
    assert {one.rooms[0].place.room for one in rig.view.incidents.values()} == {"Gym"}


def test_an_older_opening_that_comes_late_closes_no_open_door(rig: Rig) -> None:
    """A closing of before the opening that stands says nothing of now."""
    rig.all_speak(100)
    door(rig, GYM, "open", age_s=1)
    door(rig, GYM, "open", age_s=60)
    door(rig, GYM, "closed", age_s=50)
    assert rig.view.doors[f"room-{GYM}", "door"].state == "open"
    rig.all_speak(700)
    assert rig.view.doors[f"room-{GYM}", "door"].state == "open"
    assert not any("closed again" in said for said in told(rig))
