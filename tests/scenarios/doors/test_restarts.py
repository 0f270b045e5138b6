"""Doors over a restart of the hub, and over clocks that are set."""

from __future__ import annotations

import pytest

from tests.scenarios.doors.house import GYM, HALL, KITCHEN, at, door, told
from tests.scenarios.rig import Rig


def test_a_restart_loses_no_deadline_of_a_door(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(200)
    rig.restart(10)
    begun_again(rig)
    rig.all_speak(89)
    assert told(rig) == []
    rig.all_speak(2)
    assert told(rig) == ["300 s administration opened: held open for 5 min"]


def test_a_deadline_that_passed_while_the_hub_was_away_waits_for_the_rooms_to_be_heard(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(200)
    rig.restart(3600)
    rig.all_speak(20)
    rig.state(GYM, door="normal")  # it was closed meanwhile
    rig.all_speak(600)
    assert told(rig) == []


def test_a_deadline_that_passed_while_the_hub_was_away_is_told_of_a_door_that_is_open(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(200)
    rig.restart(3600)
    begun_again(rig)
    rig.all_speak(61)
    assert told(rig) == ["3860 s administration opened: LATE held open for 64 min"]


def begun_again(rig: Rig) -> None:
    rig.state(GYM, door="active")
    for room in (KITCHEN, HALL):
        rig.state(room, door="normal")


def test_an_incident_of_a_door_goes_on_over_a_restart(rig: Rig) -> None:
    at(rig, 18, 30)
    door(rig, GYM, "open")
    rig.restart(20)
    begun_again(rig)
    rig.all_speak(400)
    assert [one.split(" ", 2)[2] for one in told(rig)] == [
        "administration opened: opened after hours",
        "dispatch opened: opened after hours",
    ]
    door(rig, GYM, "closed")
    rig.restart(1)
    rig.state(GYM, door="normal")
    rig.all_speak(10)
    assert told(rig)[-1].endswith("closed again")


@pytest.mark.parametrize("jump_s", [86_400 * 2.0, -86_400.0, 3.0, -3.0])
def test_a_clock_that_is_set_moves_no_deadline_of_a_door(rig: Rig, jump_s: float) -> None:
    door(rig, GYM, "open")
    rig.all_speak(200)
    rig.wall_jumps(jump_s)
    rig.all_speak(99)
    assert told(rig) == []
    rig.all_speak(2)
    assert told(rig) == ["300 s administration opened: held open for 5 min"]


def test_a_clock_that_is_set_over_the_beginning_of_after_hours_tells_of_open_doors(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.wall_jumps(10 * 3600)
    rig.all_speak(1)
    assert told(rig) == ["0 s administration opened: stands open after hours, for 0 s by now"]


def test_a_clock_that_was_never_set_says_nothing_of_any_hours(rig: Rig) -> None:
    rig.wall_jumps(-50 * 365 * 86_400)
    for hour in range(24):
        door(rig, GYM, "open")
        rig.all_speak(10)
        door(rig, GYM, "closed")
        rig.all_speak(3600 - 10 + hour % 2)
    assert told(rig) == []
