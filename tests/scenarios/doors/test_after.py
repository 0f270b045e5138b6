"""Doors, as scripts: what is told of them once what kept them silent is over."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from config.hub_settings import HubSettings
from hub.asking import DoorWeekSigned, Refused, SignDoorWeek
from hub.door_telling import MOST
from tests.scenarios.doors.house import GYM, KITCHEN, at, begun, door, doors_settings, lockdown, posture, told
from tests.scenarios.doors.test_many import many_doors
from tests.scenarios.doors.test_week import over_the_week
from tests.scenarios.rig import Rig

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


def test_a_doors_plan_waits_while_doors_are_lines_of_a_call_and_goes_on_after_it(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(310)
    assert told(rig) == ["300 s administration opened: held open for 5 min"]
    lockdown(rig)
    rig.all_speak(900)
    assert told(rig) == []
    waits = [reason for _, reason in rig.timeline(0) if "its plan waits" in reason]
    assert waits == ["its plan waits: in the lockdown doors are lines of the call's timeline"]
    posture(rig, "normal")
    rig.all_speak(60)
    assert [line.split(" s ")[1] for line in told(rig) if "dispatch" in line] == [
        "dispatch opened: held open for 5 min"
    ]


def test_nobody_is_reminded_of_a_door_while_doors_are_lines_of_a_call(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(310)
    rig.acknowledge()
    told(rig)
    lockdown(rig)
    rig.all_speak(1800)
    assert told(rig) == []


def test_a_plan_that_asks_to_be_told_in_a_lockdown_goes_on_in_it(make_rig: Callable[..., Rig]) -> None:
    settings = doors_settings()
    asking = replace(settings.plans["doors"], in_lockdown="notice")
    rig = begun(make_rig(replace(settings, plans=settings.plans | {"doors": asking})))
    door(rig, GYM, "open")
    rig.all_speak(310)
    lockdown(rig)
    told(rig)
    rig.all_speak(400)
    assert any("dispatch" in line for line in told(rig))


# --- a restart ---


def test_of_more_doors_than_may_have_an_incident_each_is_told_after_a_restart_too(
    make_rig: Callable[[HubSettings], Rig],
) -> None:
    rig = make_rig(many_doors())
    for n in range(1, MOST + 4):
        door(rig, n, "open")
    posture(rig, "secure")
    rig.wait(5)
    rig.restart(5)
    rig.wait(100)
    assert rig.troubles("doors-many") == ["doors many"]
    for n in range(1, 4):
        rig.resolve("false-alarm", which=n)
    rig.wait(1)
    assert rig.troubles("doors-many") == []
    assert sum(one.kind == "door" for one in rig.view.incidents.values()) == MOST


# --- a room is gone ---


def test_a_door_of_a_room_that_is_gone_is_gone_too(rig: Rig) -> None:
    door(rig, KITCHEN, "open")
    rig.all_speak(1)
    rig.reload(replace(rig.settings, rooms=(rig.settings.rooms[0], rig.settings.rooms[2])))
    assert ("room-102", "door") not in rig.view.doors
    rig.all_speak(400, KITCHEN)
    assert told(rig) == []
    rig.restart(5)
    assert ("room-102", "door") not in rig.view.doors


def test_a_door_of_a_room_that_went_while_the_hub_was_down_is_gone_soon(rig: Rig) -> None:
    door(rig, KITCHEN, "open")
    rig.all_speak(1)
    rig.settings = replace(rig.settings, rooms=(rig.settings.rooms[0], rig.settings.rooms[2]))
    rig.restart(5)
    rig.all_speak(61, KITCHEN)
    assert ("room-102", "door") not in rig.view.doors
    rig.restart(5)
    assert ("room-102", "door") not in rig.view.doors


def test_a_door_that_is_gone_stays_while_an_incident_tells_of_it(rig: Rig) -> None:
    """Whoever was sent there is to hear that it is closed; then it goes as the incident does."""
    door(rig, KITCHEN, "open")
    rig.all_speak(61)
    assert told(rig) == ["60 s administration opened: held open for 60 s"]
    rig.reload(replace(rig.settings, rooms=(rig.settings.rooms[0], rig.settings.rooms[2])))
    assert rig.view.doors["room-102", "door"].state == "open"
    door(rig, KITCHEN, "closed")
    rig.all_speak(10)
    assert [said.partition(" ")[2] for said in told(rig)] == ["s administration updated: closed again"]
    rig.resolve("false-alarm")
    rig.restart(5)
    rig.all_speak(61, KITCHEN)
    assert ("room-102", "door") not in rig.view.doors


# --- the weekly record ---


def test_a_door_found_open_by_its_state_is_counted_as_opened_once(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(doors_settings())
    rig.state(GYM, door="active")
    rig.all_speak(400)
    door(rig, GYM, "closed")
    rig.all_speak(1)
    count = rig.view.door_counts["room-101", "door"]
    assert (count.opened, count.held_open, count.longest_ms) == (1, 1, 400_000)


def test_a_state_and_the_event_that_comes_after_it_are_one_opening(rig: Rig) -> None:
    rig.all_speak(300)
    rig.state(GYM, door="active")
    door(rig, GYM, "open", age_s=60)
    rig.all_speak(10)
    door(rig, GYM, "closed")
    rig.all_speak(1)
    count = rig.view.door_counts["room-101", "door"]
    assert (count.opened, count.longest_ms) == (1, 70_000)


def test_who_signs_a_week_says_what_they_found_of_its_exceptions(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(400)
    door(rig, GYM, "closed")
    over_the_week(rig)
    refused = rig.ask(SignDoorWeek("2026-W39", "Ortiz", "board"))
    assert isinstance(refused, Refused)
    assert refused.error == "bad-input"
    assert "Door 3 held open" in refused.detail
    assert isinstance(rig.ask(SignDoorWeek("2026-W39", "Ortiz", "board", "a delivery")), DoorWeekSigned)
    assert isinstance(rig.ask(SignDoorWeek("2026-W39", "Okafor", "board")), DoorWeekSigned)
