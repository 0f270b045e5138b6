"""What a drill covers, and who is told of that: dispatch is not."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from config.drill_settings import DrillsSettings
from config.plan_settings import PlanSettings, StepSettings
from tests.scenarios.drills.drilling import of_drill, presses, real, rows, start, titles
from tests.scenarios.rig import Make, Rig
from tests.scenarios.school import PLANS, school


def test_a_drill_covers_one_press_of_each_room_and_dispatch_is_not_called(rig: Rig) -> None:
    """The officer and the leader are told of it as expected; the plan goes on, but for dispatch."""
    start(rig)
    rig.wait(30)
    rig.press(101)
    assert titles(rig) == [
        "reyes: DRILL 1, EXPECTED: PANIC Room 101 (wall), Main bldg, floor 1, 14:13:50",
        "ortiz: DRILL 1, EXPECTED: PANIC Room 101 (wall), Main bldg, floor 1, 14:13:50",
    ]
    rig.wait(5)
    rig.press(140)
    rig.wait(2)
    said = titles(rig)
    assert len(said) == 2
    assert all("DRILL 1, EXPECTED: PANIC (update) Room 101 (wall)" in one for one in said)
    (one,) = of_drill(rig)
    assert real(rig) == []
    assert [room.place.device for room in one.rooms] == ["room-101", "room-140"]
    rig.wait(500)
    assert not any(notice.channel == "dispatch" for notice in rig.notices)
    assert presses(rig) == ["room-101 expected", "room-140 expected"]


def test_every_channels_record_says_that_it_was_not_sent_because_of_the_drill(rig: Rig) -> None:
    start(rig)
    rig.press(101)
    row = next((reason, detail) for what, reason, detail in rig.record() if what == "not-sent")
    assert row[0] == "not sent because of drill 1"
    assert row[1]["channel"] == row[1]["audience"] == "dispatch"
    assert ("not-sent", "not sent because of drill 1") in rig.timeline()


def test_dispatch_gets_its_test_code_where_the_school_has_it_so(make_rig: Make) -> None:
    """By setting: then it is told, and each word of it says that it is a test."""
    rig = make_rig(school(drills=DrillsSettings(dispatch="test")))
    start(rig)
    rig.press(101)
    (told,) = [n for n in rig.notices if n.channel == "dispatch"]
    assert msgspec.json.decode(told.body)["test"] is True
    assert told.incident["drill"] is True
    assert told.title.startswith("DRILL 1, EXPECTED: TEST PANIC")
    assert all(msgspec.json.decode(n.body)["test"] is False for n in rig.notices if n.channel != "dispatch")


def test_an_alarm_receiver_is_not_called_whatever_its_audience_is_named(make_rig: Make) -> None:
    """A DC-09 receiver in the officer's own audience is dispatch all the same."""
    settings = school()
    audiences = settings.audiences | {"sro": replace(settings.audiences["sro"], channels=("nurse",))}
    rig = make_rig(replace(settings, audiences=audiences), kinds={"nurse": "dc-09"})
    start(rig)
    rig.press(101)
    rig.press(102)
    assert {n.channel for n in rig.notices} == {"reyes", "ortiz"}
    assert rows(rig, "not-sent") == ["not sent because of drill 1"] * 3


def test_the_plan_is_chosen_with_drill(make_rig: Make) -> None:
    """A plan for drills alone is taken in a drill, and by nothing else."""
    only = PlanSettings(
        kinds=("panic",), drill="only", steps=(StepSettings(after_s=0, notify=("nurse", "sro")),)
    )
    rig = make_rig(school(plans={"practice": only} | PLANS))
    start(rig, 101)
    rig.wait(5)
    rig.press(101)
    assert sorted(n.channel for n in rig.notices) == ["nurse", "ortiz", "reyes"]
    rig.press(102)
    assert "dispatch" in {n.channel for n in rig.notices if not n.incident["drill"]}


def test_a_drill_asks_nobody_twice(rig: Rig) -> None:
    """Its plan runs once and does not nag, no trouble says that nobody answers, and it ends by itself."""
    start(rig)
    rig.press(101)
    rig.wait(590)
    told = [f"{n.channel} {n.type}" for n in rig.notices if n.reminder is None]
    assert told == [
        "reyes incident.opened",
        "ortiz incident.opened",
        "okafor incident.opened",
        "office incident.opened",
    ]
    assert rig.troubles("unanswered") == []
    rig.wait(20)
    assert rig.view.incidents == {}


@pytest.mark.parametrize("again", [0.1, 5.0, 10.0])
def test_presses_within_10_s_of_the_first_belong_to_it(rig: Rig, again: float) -> None:
    start(rig)
    rig.wait(20)
    rig.press(101)
    rig.wait(again)
    rig.press(101, "desk")
    assert presses(rig) == ["room-101 expected"] * 2
    rig.wait(120)
    assert real(rig) == []
