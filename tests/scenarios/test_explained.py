"""What ``tocsin-hub explain`` foresees of a drill and of a door is what then happens."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from config.door_settings import DoorRule
from config.drill_settings import DrillsSettings
from hub.foresight import InDrill, foresee
from tests.scenarios.doors.house import GYM, KITCHEN, begun, door, doors_settings
from tests.scenarios.drills.drilling import start
from tests.scenarios.rig import Make, Rig
from tests.scenarios.school import PLANS, school


def foreseen(rig: Rig, kind: Any, room: int, **more: Any) -> set[tuple[float, str]]:
    """Return at which times which channels would be told for the first time, from now on."""
    directory = rig.site.directory
    seen = foresee(directory, kind, directory.place(f"room-{room}"), rig.now().wall, **more)
    first: dict[str, float] = {}
    for word in seen.words:
        if word.target is not None:
            first.setdefault(word.target.channel, rig.t + word.at_s)
    return {(at, channel) for channel, at in first.items()}


def told(rig: Rig, seconds: float) -> set[tuple[float, str]]:
    rig.notices.clear()
    rig.wait(seconds)
    return {(notice.at, notice.channel) for notice in rig.notices if notice.type == "incident.opened"}


@pytest.mark.parametrize("dispatch", ["not-told", "test"])
@pytest.mark.parametrize("leader", ["ortiz", "reyes", "nurse"])
def test_a_drill_s_press_is_told_to_whom_it_says(make_rig: Make, dispatch: Any, leader: str) -> None:
    """The plan's people but dispatch (or dispatch as a test), the officer and the leader, each once."""
    rig = make_rig(school(drills=DrillsSettings(dispatch=dispatch)))
    name = rig.site.directory.roster.people[leader].name
    start(rig, 101, leader=leader)
    asked = rig.site.directory.asked_of_drill(name, rig.now().wall)
    expected = foreseen(rig, "panic", 101, drill=InDrill(asked, dispatch == "test"))
    rig.notices.clear()
    rig.press(101)
    at_once = {(notice.at, notice.channel) for notice in rig.notices}
    assert at_once | told(rig, 150) == expected
    assert ("dispatch" in {channel for _, channel in expected}) is (dispatch == "test")


def test_a_plan_for_drills_alone_is_the_one(make_rig: Make) -> None:
    only = replace(PLANS["assist"], kinds=("panic",), drill="only")
    rig = make_rig(school(plans={"drills": only, **PLANS}))
    start(rig, 101)
    asked = rig.site.directory.asked_of_drill("Ortiz", rig.now().wall)
    expected = foreseen(rig, "panic", 101, drill=InDrill(asked))
    assert (0, "okafor") in expected
    rig.notices.clear()
    rig.press(101)
    assert {(notice.at, notice.channel) for notice in rig.notices} | told(rig, 150) == expected


@pytest.mark.parametrize(
    ("room", "rule", "posture", "after_s"),
    [(GYM, "held-open", None, 300), (KITCHEN, "held-open", None, 60), (GYM, "secure", "secure", 0)],
)
def test_a_door_is_told_to_whom_it_says(
    make_rig: Make, room: int, rule: DoorRule, posture: Any, after_s: float
) -> None:
    rig = begun(make_rig(doors_settings()))
    if posture is not None:
        rig.posture(posture)
    door(rig, room, "open")
    if after_s:
        rig.wait(after_s - 0.001)
        rig.t += 0.001
    expected = foreseen(rig, "door", room, rule=rule)
    assert expected
    opened = {(n.at, n.channel) for n in rig.notices if n.type == "incident.opened"}
    rig.wait(301)
    opened |= {(n.at, n.channel) for n in rig.notices if n.type == "incident.opened"}
    assert {(round(at), channel) for at, channel in opened} == {
        (round(at), channel) for at, channel in expected if at <= rig.t
    }
