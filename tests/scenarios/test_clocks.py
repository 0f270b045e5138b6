"""A wall clock that jumps neither delays nor repeats anything."""

from __future__ import annotations

import pytest

from tests.scenarios.rig import Rig

DAY = 86_400
PLAN = ["30 s principal opened r1: 101", "60 s dispatch opened r1: 101", "90 s sro updated r1: 101"]


@pytest.mark.parametrize("jump", [DAY, -DAY, 3600, -3600, 2.5])
def test_a_jump_moves_no_step(rig: Rig, jump: float) -> None:
    """Set forward or back in the middle of a plan: every step comes at its own time, once."""
    rig.press(101)
    rig.wait(10)
    rig.said()
    rig.wall_jumps(jump)
    assert rig.said() == []
    rig.wait(85)
    assert rig.said() == PLAN


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_jump_and_then_a_restart_moves_no_step(rig: Rig, jump: float) -> None:
    """What was stored is anchored anew at the jump, so that a restart after it reads what is true."""
    rig.press(101)
    rig.wait(10)
    rig.said()
    rig.wall_jumps(jump)
    rig.restart(5)
    assert rig.said() == []
    rig.wait(80)
    assert rig.said() == PLAN


def test_a_clock_set_back_while_the_hub_is_down_delays_no_step_by_more_than_the_downtime(rig: Rig) -> None:
    """A box without a clock battery starts a day ago: the plan goes on as if no time had passed."""
    rig.press(101)
    rig.wait(10)
    rig.acknowledge(revision=0)
    rig.said()
    rig._wall_off_ms -= DAY * 1000
    rig.restart(5)
    rig.wait(90)
    assert [line.split(" ", 2)[2] for line in rig.said()] == [line.split(" ", 2)[2] for line in PLAN]
    times = [notice.at for notice in rig.notices[1:]]
    assert all(due <= at <= due + 15 for at, due in zip(times, (30, 60, 90), strict=True))


def test_a_clock_set_forward_while_the_hub_is_down_tells_at_once(rig: Rig) -> None:
    """It can't be told from a day of downtime: whoever was to be told meanwhile is told now, once."""
    rig.press(101)
    rig.wait(10)
    rig.said()
    rig._wall_off_ms += DAY * 1000
    rig.restart(5)
    assert rig.said() == [
        "15 s principal opened r1: 101",
        "15 s dispatch opened r1: 101",
        "15 s sro updated r1: 101",
    ]
    rig.wait(20)
    assert rig.said() == []


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_a_jump_moves_no_retry(rig: Rig, jump: float) -> None:
    """A far side that comes back is told within the longest pause, wherever the wall clock stands."""
    rig.far["sro"] = "down"
    rig.press(101)
    rig.wait(20)
    rig.wall_jumps(jump)
    rig.far["sro"] = "takes"
    rig.wait(61 * 1.1)
    assert rig.said("sro")[0].endswith("sro opened r1: 101")


def test_a_clock_set_back_while_the_hub_is_down_delays_no_retry(rig: Rig) -> None:
    """A pause that was at most a minute is at most a minute after the start."""
    rig.far["sro"] = "down"
    rig.press(101)
    rig.wait(20)
    rig._wall_off_ms -= DAY * 1000
    rig.restart(5)
    rig.far["sro"] = "takes"
    rig.wait(61 * 1.1)
    assert rig.said("sro")[0].endswith("sro opened r1: 101")
