"""Drills in doubt: what nobody is sure of is real, and what was true of a drill is told no longer."""

from __future__ import annotations

from typing import Any

import pytest

from config.clock import stamp
from config.contract import Posture
from config.drill_settings import DrillsSettings, DueSettings
from hub.asking import DrillDone, EndDrill, MakeReal, PartOfDrill, PlanDrill
from hub.inputs import ClockTrust, PostureHeard
from hub.posture import Question
from tests.scenarios.drills.drilling import drill, of_drill, posture, presses, real, start
from tests.scenarios.rig import WALL_0, Make, Rig
from tests.scenarios.school import school
from tests.scenarios.test_drill_cover import off_for_an_hour


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    return make_rig(school())


def asked(rig: Rig) -> str:
    question = rig.view.posture.asked
    return "" if question is None else question.why


def questions(rig: Rig) -> list[str]:
    return [f"{told.at:g} s" for told in rig.told_of_troubles if told.type == "posture.asked"]


# --- a real panic while a drill that is over still shows its posture ---


@pytest.mark.parametrize("answered", [True, False])
def test_a_real_panic_after_the_end_takes_the_word_drill_off_what_still_stands(
    rig: Rig, *, answered: bool
) -> None:
    """The drill is over and waits for one answer; that answer must not lower the lockdown of a real panic."""
    start(rig, posture="lockdown", for_s=60)
    rig.press(101)
    rig.wait(55)
    event = rig.press(101)
    rig.wait(6)
    assert posture(rig) == "lockdown drill"
    rig.press(140)
    assert posture(rig) == "lockdown"
    assert "a real panic, came during drill 1" in asked(rig)
    if answered:
        rig.ask(PartOfDrill("1", "Reyes", "board", "room-101", event))
    rig.wait(60)
    assert posture(rig) == "lockdown"


def test_a_panic_that_the_hub_failed_on_ends_what_the_drill_covers(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(rig, posture="lockdown")
    rig.wait(20)
    judge = rig.site.drills.judge
    fails = [True]

    def planted(*given: Any) -> Any:
        if fails and fails.pop():
            raise RuntimeError("planted")
        return judge(*given)

    monkeypatch.setattr(rig.site.drills, "judge", planted)
    rig.press(101)
    assert not fails
    assert [incident.kind for incident in real(rig)] == ["panic"]
    assert posture(rig) == "lockdown"
    assert asked(rig)
    rig.press(102)
    assert {room.place.device for room in real(rig)[0].rooms} == {"room-101", "room-102"}
    rig.wait(700)
    assert posture(rig) == "lockdown"


@pytest.mark.parametrize(("zone", "kind"), [("quiet", "duress"), ("nurse", "medical")])
def test_a_room_that_has_called_for_real_means_its_next_press(rig: Rig, zone: str, kind: str) -> None:
    start(rig)
    rig.wait(5)
    rig.press(101, zone, kind)
    rig.press(102)
    assert presses(rig) == ["room-102 expected"]
    rig.press(101)
    assert [room.kind for room in real(rig)[0].rooms if room.place.device == "room-101"] == ["panic"]


def test_a_room_that_asked_for_help_has_its_press_of_the_drill(rig: Rig) -> None:
    rig.press(101, "help", "assist")
    start(rig)
    rig.press(101)
    assert presses(rig) == ["room-101 expected"]


def test_a_drills_mark_that_the_rooms_hold_goes_with_a_real_panic(rig: Rig) -> None:
    """This hub's record knows nothing of the drill whose lockdown it found with the broker."""
    kept = Posture(v=1, n=rig.now().wall + 1, posture="lockdown", drill=True, since=stamp(rig.now().wall))
    rig._input(PostureHeard(kept))
    assert posture(rig) == "lockdown drill"
    rig.press(101)
    assert posture(rig) == "lockdown"
    assert "a real panic, came" in asked(rig)


def test_what_is_expected_is_told_together_also_while_another_press_waits(rig: Rig) -> None:
    start(rig)
    rig.press(101)
    rig.wait(15)
    rig.press(101)
    rig.wait(3)
    rig.said()
    for room in range(110, 150):
        rig.press(room)
        rig.wait(0.1)
    rig.wait(3)
    assert len(rig.said("sro")) <= 6  # at the two ends of theirs


# --- the time ---


def test_a_planned_drill_does_not_begin_by_a_clock_that_stood_still(rig: Rig) -> None:
    """The machine was off for an hour, and believes that the drill is about to begin."""
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 1800, start=WALL_0 + 600_000, posture="lockdown"))
    rig.wait(300)
    rig.clock = ClockTrust(False)
    off_for_an_hour(rig)
    rig.wait(310)
    assert drill(rig).state == "planned"
    assert posture(rig) == "normal"
    rig.press(101)
    assert [incident.drill for incident in real(rig)] == [False]
    rig.wait(60)
    assert drill(rig).state == "cancelled"
    assert "nobody keeps its clock right yet" in (drill(rig).why or "")
    assert "did NOT begin" in rig.drill_news[-1]


def test_a_planned_drill_begins_once_its_time_is_sure(rig: Rig) -> None:
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 1800, start=WALL_0 + 600_000))
    rig.clock = ClockTrust(False)
    rig.restart(590)
    rig.wait(20)
    assert drill(rig).state == "planned"
    rig.clock_is_set(0)
    rig.wait(6)
    assert drill(rig).state == "running"


def test_one_step_of_a_clock_that_nobody_keeps_right_ends_no_doubt(rig: Rig) -> None:
    start(rig, for_s=1800)
    rig.wait(60)
    rig.clock = ClockTrust(False)
    off_for_an_hour(rig)
    rig.wall_jumps(3)
    rig.press(101)
    assert presses(rig) == []
    assert len(real(rig)) == 1


# --- what counts as held ---


@pytest.mark.parametrize("how", ["a person", "a press that came late"])
def test_a_drill_that_becomes_real_after_its_end_was_none(make_rig: Make, how: str) -> None:
    due = DrillsSettings(due=(DueSettings(name="lockdown", every="month", count=1),))
    rig = make_rig(school(drills=due))
    start(rig)
    rig.press(101)
    rig.wait(60)
    rig.ask(EndDrill("1", "Reyes", "board"))
    assert drill(rig).counts
    assert rig.view.drills_due[0].held == 1
    if how == "a person":
        assert isinstance(rig.ask(MakeReal("1", "Reyes", "board")), DrillDone)
    else:
        rig.press(102, held=True, age_s=30)
    assert not drill(rig).counts
    assert rig.view.drills_due[0].held == 0


# --- what is said no longer ---


def test_that_a_drill_runs_is_told_nobody_once_it_is_over(rig: Rig) -> None:
    """The officer's channel is down throughout: back again it says that every press is real, and no more."""
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 600, start=WALL_0 + 60_000))
    rig.far = {"reyes": "down", "ortiz": "down"}
    rig.wait(60 + 600 + 60)
    assert drill(rig).state == "ended"
    rig.far = {}
    rig.wait(120)
    assert rig.drill_news
    assert all("is over: every press is real" in said for said in rig.drill_news)


def test_nobody_hears_that_a_drill_runs_once_something_real_came(rig: Rig) -> None:
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 600, start=WALL_0 + 60_000))
    rig.far = {"reyes": "down", "ortiz": "down"}
    rig.wait(70)
    rig.press(101, held=True)
    rig.far = {}
    rig.wait(120)
    assert not [said for said in rig.drill_news if "has begun" in said]


def test_an_answered_question_is_asked_nobody(rig: Rig) -> None:
    start(rig, posture="lockdown")
    rig.far = {"reyes": "down"}
    rig.press(101, held=True)
    assert asked(rig)
    rig.posture("lockdown", by="Ortiz")
    assert asked(rig) == ""
    rig.far = {}
    rig.wait(120)
    assert questions(rig) == []


# --- what the officer is asked ---


def test_an_old_question_keeps_no_new_one_from_being_asked(rig: Rig) -> None:
    start(rig)
    rig.press(101, "quiet", "duress")
    rig.resolve("real")
    rig.wait(700)
    assert len(questions(rig)) == 1
    first = asked(rig)
    start(rig)
    rig.press(105, "quiet", "duress")
    rig.wait(1)
    assert len(questions(rig)) == 2
    assert "came during drill 2" in asked(rig)
    assert first in asked(rig)
    rig.press(106, "quiet", "duress")
    rig.wait(1)
    assert len(questions(rig)) == 2


def test_a_drill_answers_no_question(rig: Rig) -> None:
    start(rig)
    rig.press(101, "nurse", "medical")
    rig.wait(700)
    first = rig.view.posture.asked
    assert isinstance(first, Question)
    start(rig, posture="lockdown")
    assert posture(rig) == "lockdown drill"
    assert rig.view.posture.asked == first
    rig.wait(700)
    assert (posture(rig), rig.view.posture.asked) == ("normal", first)
    assert of_drill(rig) == []


# --- a hub that was killed ---


@pytest.mark.parametrize("who", ["a panic", "a person"])
def test_a_drill_that_is_over_at_a_start_lowers_nothing_before_the_rooms_are_heard(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """The disk hung as the lockdown became real: the rooms know it, and the record doesn't."""
    start(rig, posture="lockdown")
    rig.wait(300)
    rig.disk = "hung"
    if who == "a panic":
        rig.press(102, held=True)
    else:
        rig.posture("lockdown")
    rig.wait(5)
    assert rig.rooms is not None
    assert (rig.rooms.posture, rig.rooms.drill) == ("lockdown", False)
    meet = rig._meet_broker
    with monkeypatch.context() as broker:  # it is connected some time after the first thing is due
        broker.setattr(rig, "_meet_broker", lambda: None)
        kept, rig.retained = rig.retained, None
        events = dict(rig.broker)
        rig.broker.clear()
        rig.restart(400)
        rig.wait(5)
        rig.retained = kept
        rig.broker.update(events)
    assert posture(rig) == "lockdown drill"
    meet()
    assert posture(rig) == "lockdown"
    for ack in sorted(events):
        rig._bring(ack)
    rig.wait(60)
    assert drill(rig).state == "ended"
    assert posture(rig) == "lockdown"
    assert (rig.rooms.posture, rig.rooms.drill) == ("lockdown", False)
    assert asked(rig)


def test_a_drill_that_is_over_at_a_start_ends_its_posture_once_the_brokers_have_been_heard(rig: Rig) -> None:
    start(rig, posture="lockdown")
    rig.restart(700)
    assert posture(rig) == "lockdown drill"
    rig.wait(5)
    assert posture(rig) == "normal"
