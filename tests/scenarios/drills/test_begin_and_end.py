"""Drills are planned, begun, ended and cancelled; what no drill can be is refused."""

from __future__ import annotations

from typing import Any

import pytest

from hub.asking import CancelDrill, DrillDone, PlanDrill, Refused, StartDrill
from tests.scenarios.drills.drilling import drill, presses, real, rows, start
from tests.scenarios.rig import WALL_0, Rig


def test_a_planned_drill_begins_at_its_time_and_ends_by_itself(rig: Rig) -> None:
    answer = rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 300, start=WALL_0 + 600_000))
    assert isinstance(answer, DrillDone)
    rig.wait(599)
    assert drill(rig).state == "planned"
    rig.press(101)
    assert len(real(rig)) == 1
    rig.resolve("false-alarm")
    rig.wait(2)
    assert drill(rig).state == "running"
    rig.press(102)
    assert presses(rig) == ["room-102 expected"]
    rig.wait(300)
    assert drill(rig).state == "ended"
    assert rows(rig, "drill-ended") == ["its time was over"]


def test_a_planned_drill_is_started_before_its_time_or_cancelled(rig: Rig) -> None:
    for at in (600_000, 1_200_000):
        rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 300, start=WALL_0 + at))
    assert isinstance(rig.ask(CancelDrill("2", "Lee", "board")), DrillDone)
    assert isinstance(rig.ask(StartDrill("1", "Lee", "board")), DrillDone)
    assert rig.view.drills["1"][0].state == "running"
    refused = rig.ask(CancelDrill("1", "Lee", "board"))
    assert isinstance(refused, Refused)
    assert refused.allowed == ("planned",)
    rig.wait(2000)
    assert [rig.view.drills[n][0].state for n in ("1", "2")] == ["ended", "cancelled"]


def test_no_drill_begins_while_something_is_real(rig: Rig) -> None:
    """Nor a second one; a planned one does not begin, and its leader hears of that."""
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 300, start=WALL_0 + 60_000))
    rig.wait(10)
    rig.press(101)
    answer = rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 300))
    assert isinstance(answer, Refused)
    assert "incident 1 of kind panic is not resolved" in answer.detail
    rig.wait(60)
    assert drill(rig).state == "cancelled"
    assert [one.partition(": ")[2][:37] for one in rig.drill_news] == [
        "Drill 1 (lockdown) did NOT begin: can"
    ] * 2


def test_one_drill_at_a_time(rig: Rig) -> None:
    start(rig)
    answer = rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 300))
    assert isinstance(answer, Refused)
    assert answer.state == "running"


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"for_s": 1801}, "for_s"),
        ({"for_s": 0}, "for_s"),
        ({"rooms": ("room-999",)}, "rooms"),
        ({"buildings": ("Moon",)}, "buildings"),
        ({"posture": "normal"}, "posture"),
        ({"start": WALL_0 - 1}, "start"),
        ({"name": " "}, "name"),
        ({"leader": ""}, "leader"),
    ],
)
def test_what_no_drill_can_be_is_refused_by_its_name(rig: Rig, more: dict[str, Any], word: str) -> None:
    whole: dict[str, Any] = {"name": "lockdown", "leader": "Ortiz", "by": "Lee", "via": "board", "for_s": 60}
    answer = rig.ask(PlanDrill(**(whole | more)))
    assert isinstance(answer, Refused)
    assert word in answer.detail
    assert rig.view.drills == {}


def test_the_leader_and_the_officer_are_reminded_of_its_end_without_sound(rig: Rig) -> None:
    start(rig)
    rig.wait(481)
    assert rig.drill_news == [
        "480 s reyes: Drill 1 (lockdown) ends by itself in 120 s",
        "480 s ortiz: Drill 1 (lockdown) ends by itself in 120 s",
    ]
    rig.wait(600)
    assert rig.drill_news[2:] == [
        "600 s reyes: Drill 1 (lockdown) is over: every press is real",
        "600 s ortiz: Drill 1 (lockdown) is over: every press is real",
    ]


def test_where_the_drill_has_an_incident_the_reminder_is_of_that(rig: Rig) -> None:
    start(rig)
    rig.wait(5)
    rig.press(101)
    rig.wait(476)
    reminded = [n for n in rig.notices if n.reminder]
    assert [(n.channel, n.quiet, n.reminder) for n in reminded] == [
        ("reyes", True, "Drill 1 (lockdown) ends by itself in 120 s"),
        ("ortiz", True, "Drill 1 (lockdown) ends by itself in 120 s"),
    ]
