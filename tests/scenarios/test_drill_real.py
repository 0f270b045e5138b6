"""What turns out real in a drill: who is told, and what its posture comes to, also when the drill is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from config.drill_settings import DrillsSettings
from hub.asking import DrillDone, PartOfDrill, PlanDrill, Refused
from hub.drill_record import name_of
from hub.drill_report import report
from hub.store.reading import Reading
from tests.scenarios.drills.drilling import posture, real, rows, start
from tests.scenarios.rig import WALL_0, Make, Rig, site_settings
from tests.scenarios.school import school


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    return make_rig(school())


def asked(rig: Rig) -> str:
    question = rig.view.posture.asked
    return "" if question is None else question.why


# --- after the drill's end ---


@pytest.mark.parametrize("of", ["", "hub", "machine"])
def test_a_posture_stays_while_something_of_its_drill_waits_for_an_answer(rig: Rig, of: Any) -> None:
    """The drill is over 5 s after a press that was not expected: it is real, and so is the lockdown then."""
    start(rig, posture="lockdown", for_s=60)
    rig.press(101)
    rig.wait(55)
    rig.press(101)
    rig.wait(6)
    assert posture(rig) == "lockdown drill"
    if of:
        rig.restart(2, of=of)
    rig.wait(30)
    assert len(real(rig)) == 1
    assert posture(rig) == "lockdown"
    assert "the lockdown of a drill is real from now on" in asked(rig)
    assert rows(rig, "drill-real") == [
        f"Room 101: real: it was not expected, and nobody answered in time; incident {real(rig)[0].number}"
    ]


def test_an_answer_lowers_the_posture_of_a_drill_that_is_over(rig: Rig) -> None:
    start(rig, posture="lockdown", for_s=60)
    rig.press(101)
    rig.wait(55)
    event = rig.press(101)
    rig.wait(6)
    rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", event))
    assert posture(rig) == "normal"
    assert asked(rig) == ""


def test_a_real_press_of_the_drill_that_is_heard_of_after_it_asks_for_the_posture(rig: Rig) -> None:
    start(rig, posture="lockdown", for_s=60)
    rig.wait(65)
    assert posture(rig) == "normal"
    rig.press(101, age_s=20, held=True)
    assert len(real(rig)) == 1
    assert asked(rig) == "incident 1, a real panic, came during drill 1"
    assert rows(rig, "drill-real") == ["Room 101: real: held; incident 1"]


def test_a_real_press_of_after_the_drill_is_none_of_it(rig: Rig) -> None:
    start(rig, posture="lockdown", for_s=60)
    rig.wait(65)
    rig.press(101)
    assert rows(rig, "drill-real") == []
    assert asked(rig) == ""


# --- who is told ---


@pytest.mark.parametrize(
    "press",
    [
        {"number": 150},
        {"number": 101, "held": True},
        {"number": 101, "zone": "quiet", "kind": "duress"},
        {"number": 101, "zone": "nurse", "kind": "medical"},
        {"number": 101, "zone": "help", "kind": "assist"},
    ],
    ids=["a room that is not in it", "held", "duress", "medical", "assist"],
)
def test_the_leader_and_the_officer_are_told_of_each_real_press(rig: Rig, press: dict[str, Any]) -> None:
    """By their own channels, once, whatever the plan says; of a duress its room sees nothing."""
    start(rig, 101, leader="nurse")
    rig.press(press.pop("number"), **press)
    (one,) = real(rig)
    for channel in ("reyes", "nurse"):
        assert [n.type for n in rig.notices if n.channel == channel and n.incident["id"] == one.id] == [
            "incident.opened"
        ], channel


def test_the_leader_is_told_of_what_becomes_real_because_nobody_answered(rig: Rig) -> None:
    start(rig, leader="nurse")
    rig.press(101)
    rig.wait(20)
    rig.press(101)
    rig.wait(31)
    (one,) = real(rig)
    assert [n for n in rig.notices if n.channel == "nurse" and n.incident["id"] == one.id]


# --- its end ---


def test_nobody_is_reminded_of_a_drills_end_that_is_real(rig: Rig) -> None:
    start(rig, posture="lockdown", for_s=300)
    rig.wait(5)
    rig.press(101)
    rig.press(102, held=True)
    rig.wait(300)
    assert rows(rig, "drill-reminder") == []
    assert [n for n in rig.notices if n.reminder and "ends by itself" in n.reminder] == []


@pytest.mark.parametrize(("for_s", "before_s", "at"), [(120, 120, 60), (900, 120, 780), (100, 60, 50)])
def test_a_short_drill_is_reminded_of_halfway(
    make_rig: Make, for_s: float, before_s: float, at: float
) -> None:
    rig = make_rig(school(drills=DrillsSettings(remind_before_s=before_s)))
    start(rig, for_s=for_s)
    rig.wait(for_s)
    words = f"Drill 1 (lockdown) ends by itself in {for_s - at:g} s"
    assert rig.drill_news[:2] == [f"{at:g} s reyes: {words}", f"{at:g} s ortiz: {words}"]


def test_a_drill_that_begins_and_ends_by_itself_says_so_to_leader_and_officer(rig: Rig) -> None:
    """By its number, with what it covers; its report has who was told, and when."""
    rig.ask(PlanDrill("lockdown", "nurse", "Lee", "board", 300, start=WALL_0 + 60_000, rooms=("room-101",)))
    rig.wait(400)
    begun = "Drill 1 (lockdown) has begun, for 5 min: one short press (panic) of room-101"
    over = "Drill 1 (lockdown) is over: every press is real"
    assert [one for one in rig.drill_news if "ends by itself" not in one] == [
        f"60 s reyes: {begun}",
        f"60 s nurse: {begun}",
        f"360 s reyes: {over}",
        f"360 s nurse: {over}",
    ]
    told = report(Reading(rig._reader, rig.settings.site).rows_of(name_of("1")), {}, [])
    assert [(row["channel"], row["type"], row["state"]) for row in told["deliveries"]] == [
        ("reyes", "drill.news", "delivered"),
        ("nurse", "drill.news", "delivered"),
    ] * 3
    assert [row["what"] for row in told["rows"]] == [
        "drill-planned",
        "drill",
        "drill-reminder",
        "drill-ended",
    ]


@pytest.mark.parametrize(("leader", "told"), [("ortiz", True), ("Ortiz", True), ("Lee", False)])
def test_whoever_starts_a_drill_hears_where_its_leader_is_told_of_nothing(
    rig: Rig, leader: str, told: bool
) -> None:
    """Lee, who asks for it, has no channel in the settings, and may lead it all the same."""
    answer = rig.ask(PlanDrill("lockdown", leader, "Lee", "board", 300))
    assert isinstance(answer, DrillDone)
    assert answer.leader_told is told


def test_a_drill_whose_leader_nobody_knows_does_not_begin(rig: Rig) -> None:
    """Nobody could be told of its presses: who is known is named."""
    answer = rig.ask(PlanDrill("lockdown", "Ortis", "Lee", "board", 300))
    assert isinstance(answer, Refused)
    assert (answer.error, answer.detail) == ("bad-input", "leader: the settings know nobody as 'Ortis'")
    assert "Ortiz" in answer.allowed
    assert not rig.view.drills


def test_without_people_in_the_settings_anybody_may_lead(make_rig: Callable[..., Rig]) -> None:
    """A school that has named nobody yet can still exercise."""
    rig = make_rig(site_settings())
    assert isinstance(rig.ask(PlanDrill("lockdown", "Ortis", "Lee", "board", 300)), DrillDone)
