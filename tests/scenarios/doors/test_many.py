"""Doors that swing, hundreds at once, and a stranger's: told of, within bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.hub_settings import HubSettings, RoomSettings, ZoneSettings
from hub.asking import Acknowledge
from hub.door_telling import MOST
from hub.doors import AT_ONCE
from tests.scenarios.doors.house import GYM, at, door, doors_settings, lines, lockdown, posture, told
from tests.scenarios.rig import Rig


def test_a_door_that_swings_is_told_of_a_few_times_and_no_more(rig: Rig) -> None:
    at(rig, 18, 30)
    for _ in range(400):
        door(rig, GYM, "open")
        rig.wait(0.5)
        door(rig, GYM, "closed")
        rig.wait(5.5)
    assert len(told(rig)) < 20
    rig.all_speak(700)
    assert told(rig)[-1].endswith("closed again")
    counts = rig.view.door_counts["room-101", "door"]
    assert (counts.opened, counts.longest_ms) == (400, 500)


def test_a_swinging_door_writes_few_lines_into_a_calls_timeline(rig: Rig) -> None:
    lockdown(rig)
    for _ in range(200):
        door(rig, GYM, "open")
        door(rig, GYM, "closed")
    assert len(lines(rig)) == 10


def many_doors() -> HubSettings:
    rooms = tuple(
        RoomSettings(
            device=f"room-{n}",
            room=f"Room {n}",
            zones=(
                ZoneSettings(zone="wall", kind="panic"),
                ZoneSettings(zone="door", kind="door", exterior=True),
            ),
        )
        for n in range(1, 201)
    )
    return doors_settings(rooms=rooms)


def test_of_hundreds_of_doors_so_many_have_an_incident_and_a_trouble_tells_of_the_rest(
    make_rig: Callable[[HubSettings], Rig],
) -> None:
    rig = make_rig(many_doors())
    for n in range(1, 201):
        door(rig, n, "open")
    posture(rig, "secure")
    rig.t += 0.02
    first = rig.site.tick(rig.now())
    assert len(first.incidents) <= AT_ONCE
    rig._do(first)
    rig.press(1)
    assert told(rig, "panic") != []
    rig.wait(5)
    assert sum(one.kind == "door" for one in rig.view.incidents.values()) == MOST
    (many,) = [t for t in rig.view.troubles.values() if t.what == "doors-many"]
    assert "136 more" in many.detail
    for n in range(1, 201):
        door(rig, n, "closed")
    rig.wait(10)
    for incident in [one for one in rig.incidents if rig.site.incidents.get(one)]:
        rig.ask(Acknowledge(incident, "Reyes", "board"))
    rig.wait(5)
    assert sum(one.kind == "door" for one in rig.view.incidents.values()) == 2 * MOST
    (many,) = [t for t in rig.view.troubles.values() if t.what == "doors-many"]
    assert "72 more" in many.detail


def test_every_door_that_no_incident_told_of_has_one_once_others_are_answered(
    make_rig: Callable[[HubSettings], Rig],
) -> None:
    rig = make_rig(many_doors())
    for n in range(1, MOST + 4):
        door(rig, n, "open")
    posture(rig, "secure")
    rig.wait(5)
    assert rig.troubles("doors-many") == ["doors many"]
    for n in range(1, 4):
        rig.resolve("false-alarm", which=n)
    rig.wait(1)
    assert rig.troubles("doors-many") == []
    assert sum(one.kind == "door" for one in rig.view.incidents.values()) == MOST


def test_a_clock_that_is_set_moves_when_an_untold_door_was_opened(
    make_rig: Callable[[HubSettings], Rig],
) -> None:
    """It is told of as opened a minute ago, and not a day; over a restart, too."""
    rig = make_rig(many_doors())
    for n in range(1, MOST + 2):
        door(rig, n, "open")
    posture(rig, "secure")
    rig.wait(5)
    rig.wall_jumps(86_400)
    rig.restart(30, of="hub")
    rig.wait(100)
    rig.resolve("false-alarm", which=1)
    rig.wait(1)
    opened = [one.events[-1] for one in rig.view.incidents.values() if one.kind == "door"]
    assert len(opened) == MOST
    assert {round((rig.now().wall - event.at) / 1000) for event in opened} == {136}


def test_a_strangers_doors_are_bounded(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.door_states.STRANGE_DOORS", 5)
    for n in range(900, 920):
        door(rig, n, "open")
        door(rig, n, "closed")
    assert len(rig.view.doors) == 5
    door(rig, GYM, "open")
    assert rig.view.doors["room-101", "door"].state == "open"
