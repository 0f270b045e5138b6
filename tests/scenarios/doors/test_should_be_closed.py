"""A door that is opened, or stands open, while it should be closed: after hours and in secure."""

from __future__ import annotations

from hub.decision import Decision
from tests.scenarios.doors.house import GYM, HALL, at, door, posture, told
from tests.scenarios.rig import Rig

# --- after hours ---


def test_a_door_that_is_opened_after_hours_is_told_at_once(rig: Rig) -> None:
    at(rig, 18, 30)
    start = rig.t
    door(rig, GYM, "open")
    assert told(rig) == [f"{start:g} s administration opened: opened after hours"]


def test_after_hours_goes_by_holidays(rig: Rig) -> None:
    """The next day is one: at ten in the morning the house is to be closed."""
    at(rig, 24 + 10)
    door(rig, GYM, "open")
    assert len(told(rig)) == 1


def test_on_a_day_of_school_the_same_door_may_be_opened(rig: Rig) -> None:
    at(rig, 48 + 10)
    door(rig, GYM, "open")
    assert told(rig) == []


def test_a_door_that_stands_open_as_after_hours_begin_is_told(rig: Rig) -> None:
    at(rig, 17, 58)
    door(rig, GYM, "open")
    rig.all_speak(119)
    assert told(rig) == []
    rig.all_speak(2)
    assert told(rig) == ["120 s administration opened: stands open as after hours began, for 2 min by now"]


def test_later_steps_of_an_opening_after_hours_are_taken_once_though_it_is_closed(rig: Rig) -> None:
    at(rig, 18, 30)
    door(rig, GYM, "open")
    rig.all_speak(5)
    door(rig, GYM, "closed")
    rig.all_speak(3600)
    assert told(rig) == [
        "0 s administration opened: opened after hours",
        "10 s administration updated: closed again",
        "300 s dispatch opened: closed again",
    ]


def test_summer_time_ends_and_after_hours_begin_by_the_clock_on_the_wall(rig: Rig) -> None:
    """On Sunday 1 November 2026 it goes back: 18:00 is an hour later in UTC than the day before."""
    rig.wall_jumps((40 * 24 + 25) * 3600 + 7 * 3600 + 44 * 60 - rig.t)  # 1 November, 16:57:20 by that clock
    assert rig.site.directory.calendar.local(rig.now().wall).strftime("%d %H:%M") == "01 16:57"
    door(rig, GYM, "open")
    rig.all_speak(3 * 60)
    door(rig, GYM, "closed")
    rig.all_speak(57 * 60)
    door(rig, GYM, "open")
    rig.all_speak(170)
    (said,) = told(rig)
    assert said.endswith("opened: stands open as after hours began, for 2 min by now")


# --- secure ---


def test_a_door_that_is_opened_in_secure_is_the_officers_at_once(rig: Rig) -> None:
    posture(rig, "secure")
    door(rig, GYM, "open")
    assert told(rig) == ["0 s sro opened: opened in secure"]


def test_a_door_that_stands_open_as_the_school_becomes_secure_is_told(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(30)
    posture(rig, "secure")
    rig.all_speak(1)
    assert told(rig) == ["30 s sro opened: stands open as the posture became secure, for 30 s by now"]


def test_a_held_open_door_becomes_the_officers_as_the_school_becomes_secure(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(301)
    rig.acknowledge()
    told(rig)
    posture(rig, "secure")
    rig.all_speak(3)
    assert told(rig) == [
        "301 s sro opened: stands open as the posture became secure, for 5 min by now",
        "303 s administration updated: stands open as the posture became secure, for 5 min by now",
    ]
    (incident,) = rig.view.incidents.values()
    assert (incident.state, incident.rule) == ("open", "secure")


def test_an_inner_door_may_be_opened_in_secure(rig: Rig) -> None:
    posture(rig, "secure")
    door(rig, HALL, "open")
    assert told(rig) == []


def test_in_a_drill_of_secure_a_door_is_no_incident(rig: Rig) -> None:
    rig.site.postures.begin_drill(decision := Decision(rig.now().mono), "secure", "d-1", rig.now())
    rig._do(decision)
    door(rig, GYM, "open")
    assert told(rig) == []
