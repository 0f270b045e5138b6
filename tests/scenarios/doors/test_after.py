"""Doors, as scripts: what is told of them once what kept them silent is over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.hub_settings import HubSettings
from tests.scenarios.rig import Rig
from tests.scenarios.test_doors import GYM, HALL, at, begun, door, doors_settings, posture, told


@pytest.fixture
def rig(make_rig: Callable[[HubSettings], Rig]) -> Rig:
    return begun(make_rig(doors_settings()))


def lockdown(rig: Rig) -> None:
    rig.press(HALL)
    posture(rig, "lockdown")
    rig.all_speak(1)


# --- a lockdown is over ---


def test_a_door_that_was_a_line_of_a_lockdown_is_told_once_it_is_over(rig: Rig) -> None:
    at(rig, 19)
    lockdown(rig)
    door(rig, GYM, "open")
    rig.all_speak(60)
    assert told(rig) == []
    posture(rig, "normal")
    rig.all_speak(3600)
    assert told(rig)[0] == "61 s administration opened: stands open after hours, for 60 s by now"


def test_a_door_that_was_held_open_in_a_lockdown_is_told_once_it_is_over(rig: Rig) -> None:
    lockdown(rig)
    door(rig, GYM, "open")
    rig.all_speak(400)
    rig.resolve("real")
    posture(rig, "normal")
    rig.all_speak(1)
    assert told(rig)[0] == "401 s administration opened: held open for 6 min"
    assert rig.view.door_counts["room-101", "door"].held_open == 1


def test_a_door_that_was_held_open_in_a_lockdown_is_told_once_though_the_hub_restarted(rig: Rig) -> None:
    lockdown(rig)
    door(rig, GYM, "open")
    rig.all_speak(400)
    rig.restart(5)
    rig.state(GYM, door="active")
    posture(rig, "normal")
    rig.all_speak(120)
    assert [line for line in told(rig) if "opened:" in line] == [
        "406 s administration opened: held open for 6 min"
    ]


def test_a_door_that_stands_open_in_a_lockdown_is_told_when_its_call_is_resolved(rig: Rig) -> None:
    lockdown(rig)
    door(rig, GYM, "open")
    rig.all_speak(10)
    rig.resolve("false-alarm")
    rig.all_speak(1)
    assert told(rig) == ["11 s sro opened: stands open in lockdown, for 10 s by now"]


def test_a_door_that_was_told_before_a_lockdown_is_not_told_again_after_it(rig: Rig) -> None:
    at(rig, 19)
    door(rig, GYM, "open")
    rig.all_speak(1)
    rig.acknowledge()
    lockdown(rig)
    told(rig)
    posture(rig, "normal")
    rig.all_speak(60)
    assert [line for line in told(rig) if "stands open" in line] == []
