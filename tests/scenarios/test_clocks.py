"""A wall clock that jumps neither delays nor repeats anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.drill_settings import DrillsSettings, DueSettings
from config.hub_settings import HubSettings
from hub.asking import PlanDrill
from tests.scenarios.replay import differences
from tests.scenarios.rig import WALL_0, Rig
from tests.scenarios.school import school

DAY = 86_400
TO_1970 = -WALL_0 / 1000 + 100
"""Seconds from the true time to a clock that was never set: 100 s after 1970 began."""
PLAN = ["30 s principal opened r1: 101", "60 s dispatch opened r1: 101", "90 s sro updated r1: 101"]
AFTER_A_KILL = [*PLAN[:2], "90 s sro updated r1001: 101"]


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
    assert rig.said() == AFTER_A_KILL


def test_a_clock_set_back_while_the_hub_is_down_delays_no_step_by_more_than_the_downtime(rig: Rig) -> None:
    """A box without a clock battery starts a day ago: the plan goes on as if no time had passed."""
    rig.press(101)
    rig.wait(10)
    rig.acknowledge(revision=0)
    rig.said()
    rig._wall_off_ms -= DAY * 1000
    rig.restart(5)
    rig.wait(90)
    assert [line.split(" ", 2)[2] for line in rig.said()] == [line.split(" ", 2)[2] for line in AFTER_A_KILL]
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
        "15 s sro updated r1001: 101",
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


@pytest.mark.parametrize("jump", [DAY, -DAY, 3600, TO_1970])
def test_a_clock_set_while_the_hub_alone_is_down_moves_no_step(rig: Rig, jump: float) -> None:
    """The kernel ran on, and its own clock knows how long that was: each step at its time, once."""
    rig.press(101)
    rig.wait(10)
    rig.said()
    rig._wall_off_ms += round(jump * 1000)
    rig.restart(5, of="hub")
    assert rig.said() == []
    rig.wait(80)
    assert rig.said() == AFTER_A_KILL
    (line,) = [row for row in rig.record() if row[0] == "clock-jumped"]
    assert line[2]["moved_ms"] == pytest.approx(jump * 1000, abs=1)


@pytest.mark.parametrize(("since_beat", "back"), [(0, 2), (5, 4)])
def test_a_clock_set_back_a_little_while_it_is_down_leaves_a_door_where_the_record_has_it(
    rig: Rig, since_beat: float, back: float
) -> None:
    """By no more than counts as a jump, or by what no beat can tell from time that passed.

    No door can have changed at a time to come: what the start makes of it is stored.
    """
    rig.wait(since_beat)
    rig.state(101, door="normal")
    rig.wall_jumps_silently(-back)
    rig.restart(0 if since_beat == 0 else 1)
    for seconds in (0, 20):
        rig.wait(seconds)
        now = rig.now()
        assert differences(rig.site, rig.loaded_site(rig.journal.load(), now), now) == []


def test_no_clock_at_boot_and_then_the_true_time(rig: Rig) -> None:
    """The machine starts in 1970 in the middle of a plan, and is set to today while it runs."""
    rig.press(101)
    rig.wait(10)
    rig.said()
    rig._wall_off_ms = round(TO_1970 * 1000)
    rig.restart(5)
    assert rig.said() == []
    rig.press(102)
    rig.wait(10)
    assert rig.said("sro") == ["15 s sro updated r1002: 101, 102"]
    rig.wall_jumps(-TO_1970)
    assert rig.said() == []
    rig.wait(100)  # no time at all is the least that can have passed: later by the 5 s it was down
    assert rig.said() == [
        "35 s principal opened r1002: 101, 102",
        "65 s dispatch opened r1002: 101, 102",
        "95 s sro updated r1002: 101, 102",
    ]
    told = rig.notices[-1].incident
    assert [event["at"][:10] for event in told["events"]][-1] == "2026-09-21"
    assert told["late"] is False


def test_a_press_of_1970_is_of_today_once_the_clock_is_right(rig: Rig) -> None:
    """The board's "how long ago" is right, the next notice names the true time; one incident."""
    rig._wall_off_ms = round(TO_1970 * 1000)
    rig.restart(0)
    rig.press(101)
    assert rig.notices[-1].incident["opened_at"].startswith("1970")
    rig.wait(20)
    rig.wall_jumps(-TO_1970)
    rig.wait(20)
    assert rig.notices[-1].incident["opened_at"] == "2026-09-21T14:13:20.000Z"
    assert len(rig.incidents) == 1
    assert rig.notices[-1].incident["late"] is False


@pytest.mark.parametrize("jump", [DAY, -DAY, TO_1970])
def test_a_jump_moves_no_reminder(make_rig: Callable[[HubSettings], Rig], jump: float) -> None:
    """Nothing heard for 5 min of true time: reminded once, quietly; the stand-in 2 min later."""
    rig = make_rig(school())
    rig.press(101)
    rig.acknowledge()
    rig.wait(100)
    rig.wall_jumps(jump)
    rig.asked()
    rig.wait(199)
    assert not [n for n in rig.notices if n.reminder]
    rig.wait(122)
    reminded = [(n.at, n.channel, n.quiet) for n in rig.notices if n.reminder]
    assert reminded == [(300, "reyes", True), (420, "ortiz", False)]


@pytest.mark.parametrize("jump", [DAY, -DAY, -TO_1970])
def test_updates_stay_2_s_apart_and_retries_in_their_pauses_over_a_jump(rig: Rig, jump: float) -> None:
    rig.press(101)
    rig.wait(1)
    rig.press(102)
    rig.wall_jumps(jump)
    rig.wait(0.5)
    rig.press(103)
    rig.wait(3)
    assert rig.said("sro") == ["0 s sro opened r1: 101", "2 s sro updated r3: 101, 102, 103"]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_rule_of_drills_that_came_by_a_clock_that_was_ahead_asks_in_time(
    make_rig: Callable[..., Rig], *, restarts: bool
) -> None:
    """Somebody sets the clock a year ahead, the rule is written down, and the clock is put right."""
    rig = make_rig(school())
    rig.wall_jumps(365 * DAY)
    due = DueSettings(name="lockdown", every="month")
    rig.reload(school(drills=DrillsSettings(due=(due,))))
    rig.ask(PlanDrill("lockdown", "Ortiz", "Reyes", "board", 600.0))
    rig.press(101)
    rig.wait(700)
    assert rig.view.drills_due[0].last is not None
    if restarts:
        rig.wall_jumps_silently(-365 * DAY)
        rig.restart(5)
    else:
        rig.wall_jumps(-365 * DAY)
    rig.wait(60)
    last = rig.view.drills_due[0].last
    assert last is not None
    assert 0 <= rig.now().wall - last < 900_000
    rig.wait(75 * DAY)
    assert rig.troubles("drill-overdue") == ["drill-overdue lockdown"]
