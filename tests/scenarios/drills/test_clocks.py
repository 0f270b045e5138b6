"""A drill lives through restarts, and goes by clocks that jump."""

from __future__ import annotations

from typing import Any

import pytest

from hub.asking import MakeReal, PartOfDrill, PlanDrill
from hub.inputs import ClockTrust
from tests.scenarios.drills.drilling import drill, of_drill, posture, presses, real, start, unexpected
from tests.scenarios.rig import WALL_0, Rig


@pytest.mark.parametrize("of", ["hub", "machine"])
def test_a_drill_lives_through_a_restart(rig: Rig, of: Any) -> None:
    rig.clock = ClockTrust(True)
    start(rig, posture="lockdown")
    rig.wait(20)
    rig.press(101)
    rig.restart(10, of=of)
    rig.wait(20)
    rig.press(102)
    assert presses(rig) == ["room-101 expected", "room-102 expected"]
    rig.press(101)
    assert presses(rig)[-1] == "room-102 expected"
    assert "room-101 not-expected" in presses(rig)
    rig.ask(PartOfDrill("1", "Reyes", "board"))
    rig.wait(551)
    assert drill(rig).state == "ended"
    assert posture(rig) == "normal"
    assert of_drill(rig) == []


@pytest.mark.parametrize("of", ["hub", "machine"])
def test_what_waits_for_an_answer_is_real_in_time_over_a_restart(rig: Rig, of: Any) -> None:
    start(rig)
    unexpected(rig)
    rig.restart(10, of=of)
    rig.wait(19)
    assert real(rig) == []
    rig.wait(2)
    assert len(real(rig)) == 1


def test_what_was_due_while_the_hub_was_away_is_real_at_its_start(rig: Rig) -> None:
    start(rig, for_s=300)
    unexpected(rig)
    rig.restart(1000)
    rig.wait(0.1)
    assert len(real(rig)) == 1
    assert drill(rig).state == "ended"


@pytest.mark.parametrize("jump", [-86_400.0, -40.0, 40.0, 86_400.0])
def test_a_clock_that_jumps_makes_nothing_early_or_late(rig: Rig, jump: float) -> None:
    """Neither what waits for an answer nor the drill's end; and when a press was is still known."""
    start(rig, for_s=300)
    unexpected(rig)
    rig.wait(10)
    rig.wall_jumps(jump)
    rig.wait(19)
    assert real(rig) == []
    rig.wait(2)
    (one,) = real(rig)
    assert one.events[0].at == rig.now().wall - 31_000
    rig.wait(198)
    assert drill(rig).state == "running"
    rig.wait(2)
    assert drill(rig).state == "ended"
    rig.press(140, age_s=250)
    assert presses(rig)[-1] == "room-140 expected"


def test_a_machine_that_was_off_for_an_hour_and_did_not_know_it_ends_the_drill(rig: Rig) -> None:
    """It started with the clock of before; once that is set right, the drill's time is over."""
    start(rig, for_s=1200)
    rig.wait(100)
    rig.wall_jumps_silently(-3600)
    rig.restart(3600)
    rig.wait(5)
    assert drill(rig).state == "running"
    rig.wall_jumps(3600)
    rig.wait(1)
    assert drill(rig).state == "ended"
    rig.press(101)
    assert len(real(rig)) == 1


def test_a_planned_drill_whose_time_passed_while_the_hub_was_away_does_not_begin(rig: Rig) -> None:
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 1800, start=WALL_0 + 60_000))
    rig.restart(300)
    rig.wait(6)
    assert drill(rig).state == "cancelled"
    rig.press(101)
    assert len(real(rig)) == 1


def test_a_planned_drill_goes_by_the_wall_clock(rig: Rig) -> None:
    """It is at ten o'clock, whatever a clock that was wrong has said meanwhile."""
    rig.ask(PlanDrill("lockdown", "Ortiz", "Lee", "board", 600, start=WALL_0 + 600_000))
    rig.wall_jumps(570)
    rig.wait(31)
    assert drill(rig).state == "running"


def test_a_repeat_of_a_press_that_became_real_changes_nothing(rig: Rig) -> None:
    start(rig)
    rig.wait(20)
    event = rig.press(101, seq=1)
    rig.ask(MakeReal("1", "Reyes", "board", "room-101", event))
    rig.press(101, id=event, seq=1, age_s=1)
    rig.restart(3)
    rig.press(101, id=event, seq=1, age_s=4)
    (one,) = real(rig)
    assert len(one.events) == 1


def test_a_press_is_covered_by_no_drill_that_is_forgotten(rig: Rig) -> None:
    """Eight drills are remembered; what was pressed in an older one and comes now is real."""
    for n in range(9):
        start(rig, for_s=60)
        rig.wait(70)
        assert len(rig.view.drills) == min(n + 1, 9)
    rig.press(101, age_s=9 * 70 - 30)
    assert real(rig) == []
    start(rig, for_s=60)
    assert "1" not in rig.view.drills
    rig.press(102, age_s=9 * 70 - 30)
    assert len(real(rig)) == 1
