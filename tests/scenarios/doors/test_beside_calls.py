"""Doors beside a call: lines of its timeline in a lockdown, and never before it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from config.hub_settings import HubSettings
from config.plan_settings import StepSettings
from hub.asking import OpenWalkTest, PlanDrill
from tests.scenarios.doors.house import (
    DOORS,
    GYM,
    HALL,
    KITCHEN,
    SECURE,
    at,
    begun,
    door,
    doors_settings,
    lines,
    lockdown,
    posture,
    told,
)
from tests.scenarios.rig import Rig
from tests.scenarios.school import PLANS


def test_in_a_lockdown_doors_are_lines_of_the_calls_timeline(rig: Rig) -> None:
    door(rig, KITCHEN, "open")
    lockdown(rig)
    door(rig, GYM, "open")
    rig.all_speak(10)
    door(rig, GYM, "closed")
    door(rig, HALL, "open")
    rig.all_speak(120)
    assert told(rig) == []
    assert lines(rig) == [
        "kitchen door (Kitchen): open for 0 s",
        "Door 3 (Gym): opened",
        "Door 3 (Gym): closed",
        "door (Hall): opened",
        "kitchen door (Kitchen): held open for 60 s",
    ]
    assert len(rig.view.incidents) == 1


def test_a_door_that_becomes_unknown_in_a_lockdown_is_a_line(rig: Rig) -> None:
    lockdown(rig)
    rig.all_speak(60, GYM)
    assert "Door 3 (Gym): not known now: its device is silent" in lines(rig)


def test_a_plan_of_doors_may_ask_to_be_told_in_a_lockdown(make_rig: Callable[[HubSettings], Rig]) -> None:
    asking = msgspec.structs.replace(SECURE, in_lockdown="notice")
    rig = begun(make_rig(doors_settings(plans=PLANS | {"doors-secure": asking, "doors": DOORS})))
    lockdown(rig)
    door(rig, GYM, "open")
    assert told(rig) == ["1 s sro opened: opened in lockdown"]
    assert "Door 3 (Gym): opened" in lines(rig, 0)


def test_a_lockdown_without_a_call_tells_of_doors_as_secure_does(rig: Rig) -> None:
    posture(rig, "lockdown")
    door(rig, GYM, "open")
    assert told(rig) == ["0 s sro opened: opened in lockdown"]


def test_in_a_drill_a_door_is_told_as_on_any_day(rig: Rig) -> None:
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 600, posture="lockdown"))
    rig.press(HALL)
    door(rig, KITCHEN, "open")
    rig.all_speak(61)
    assert [said.split(": ")[1] for said in told(rig)] == ["held open for 60 s"]


def test_what_stands_open_when_the_lockdown_becomes_secure_is_told(rig: Rig) -> None:
    lockdown(rig)
    door(rig, GYM, "open")
    assert told(rig) == []
    posture(rig, "secure")
    rig.all_speak(2)
    assert told(rig) == ["1 s sro opened: stands open as the posture became secure, for 0 s by now"]


# --- a panic's word and a door's ---


def test_a_door_never_joins_delays_or_renames_a_call(rig: Rig) -> None:
    at(rig, 18, 30)
    door(rig, HALL, "open")
    door(rig, GYM, "open")
    rig.press(GYM)
    door(rig, KITCHEN, "open")
    kinds = sorted((one.kind, one.group) for one in rig.view.incidents.values())
    assert kinds == [
        ("door", "door room-101 door"),
        ("door", "door room-102 door"),
        ("panic", "site"),
    ]
    panic = next(one for one in rig.view.incidents.values() if one.kind == "panic")
    assert (panic.revision, [room.place.room for room in panic.rooms]) == (1, ["Gym"])


def test_a_channel_tells_calls_before_doors(rig: Rig) -> None:
    at(rig, 18, 30)
    rig.far = dict.fromkeys(rig.settings.channels, "hangs")
    door(rig, GYM, "open")
    rig.press(HALL)
    rig.press(HALL, "quiet", "duress")
    rig.wait(3)
    rig.press(GYM)
    rig.wait(3)
    order = [d.type + " " + str(d.number) for d in sorted(rig.in_hand.values(), key=lambda d: d.urgency)]
    doors = [d.urgency for d in rig.in_hand.values() if d.number == 1]
    calls = [d.urgency for d in rig.in_hand.values() if d.number != 1]
    assert max(calls) < min(doors), order


def test_a_door_moves_no_lamp_and_bars_no_walk_test(rig: Rig) -> None:
    at(rig, 18, 30)
    door(rig, GYM, "open")
    rig.acknowledge()
    rig.ask(OpenWalkTest("room-101", "Lee", "board"))
    rig.resolve("false-alarm")
    assert [command.do for _, command in rig.commands] == ["walk-test"]


def test_a_door_whose_plan_is_changed_in_a_lockdown_waits_as_before(rig: Rig) -> None:
    """A step that is new, and whose time has passed, is taken when the lockdown is over."""
    posture(rig, "secure")
    rig.all_speak(5)
    door(rig, GYM, "open")
    rig.all_speak(3)
    lockdown(rig)
    rig.all_speak(5)
    told(rig)
    more = replace(SECURE, steps=(*SECURE.steps, StepSettings(after_s=0, notify=("dispatch",))))
    rig.reload(doors_settings(plans=PLANS | {"doors-secure": more, "doors": DOORS}))
    rig.all_speak(60)
    assert told(rig) == []
    (call,) = [one.id for one in rig.site.incidents.unresolved() if one.kind == "panic"]
    rig.resolve(which=rig.incidents.index(call))
    posture(rig, "secure")
    rig.all_speak(60)
    assert any("dispatch" in line for line in told(rig))
