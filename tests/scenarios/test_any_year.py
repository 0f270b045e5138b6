"""A clock that says any year at all, at a start, over a restart, or by a jump: the hub goes on.

One wrong ``date -s`` or one bad source of time is enough for each of these.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from config.clock import Now
from config.drill_settings import DrillsSettings, DueSettings
from config.hub_settings import HubSettings
from hub.asking import OpenWalkTest, PlanDrill
from hub.inputs import ClockTrust, Measured
from tests.scenarios.doors.house import GYM, KITCHEN, begun, door, doors_settings
from tests.scenarios.rig import WALL_0, Rig

YEARS = (1900, 1970, 2000, 2038, 2150, 2199, 2200, 2201, 9999)
PATIENCE_S = 20
"""Seconds of computing: far more than any of these scripts takes; a loop without an end takes longer."""


class Late(Rig):
    """A rig whose wall clock says another time from the very beginning."""

    off_ms = 0

    def now(self) -> Now:
        now = super().now()
        return Now(now.mono, now.wall + self.off_ms)


@pytest.fixture(autouse=True)
def an_end() -> Iterator[None]:
    """A hub that hangs is a failed test, not a hung one."""

    def hung(*_: Any) -> None:
        raise AssertionError("the hub hangs")

    before = signal.signal(signal.SIGVTALRM, hung)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_S)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


def settings() -> HubSettings:
    """A school with everything that looks at a calendar."""
    due = (DueSettings(name="fire", every="month"), DueSettings(name="lockdown", days=30))
    return replace(doors_settings(), drills=DrillsSettings(due=due))


def weeks(rig: Rig) -> list[str]:
    """Return the weeks of doors that the record has."""
    return [detail["week"] for what, _, detail in rig.record() if what == "door-week"]


def to_the_end_of(year: int) -> float:
    """Return the seconds from a script's beginning to a little before midnight of a year's last day."""
    then = datetime(year, 12, 31, 23, 55, tzinfo=UTC).timestamp()
    return then - WALL_0 / 1000


def lives(rig: Rig) -> None:
    """Everything that keeps times is done, the year may end, and then a press is told at once."""
    begun(rig)
    door(rig, GYM, "open")
    rig.zone_says(KITCHEN, "tamper", cause="cut")
    rig.bypass(KITCHEN)
    rig._input(ClockTrust(False))
    rig._input(Measured(disk_free_mb=1000.0, cert_ends={"hub": WALL_0}))
    rig.ask(OpenWalkTest(f"room-{KITCHEN}", "Lee", "board", for_s=300))
    rig.ask(PlanDrill("fire", "Ortiz", "Lee", "board", 200))
    rig.wait(400)
    door(rig, GYM, "closed")
    rig.posture("secure")
    rig.wait(400)
    pressed = rig.press(GYM)
    rig.wait(1)
    told = [n for n in rig.notices if any(event["id"] == pressed for event in n.incident["events"])]
    assert {"sro", "dispatch"} <= {notice.channel for notice in told}
    rig.acknowledge()
    rig.resolve()


@pytest.mark.parametrize("year", YEARS)
def test_a_clock_that_jumps_to_any_year_and_back(make_rig: Callable[..., Rig], year: int) -> None:
    rig = begun(make_rig(settings()))
    rig.wall_jumps(to_the_end_of(year))
    lives(rig)
    rig.wall_jumps(-to_the_end_of(year))
    lives(rig)


@pytest.mark.parametrize("year", YEARS)
def test_a_hub_that_starts_anew_in_any_year(make_rig: Callable[..., Rig], year: int) -> None:
    rig = begun(make_rig(settings()))
    rig.wall_jumps_silently(to_the_end_of(year))
    rig.restart(60)
    rig.settle()
    lives(rig)
    rig.wall_jumps_silently(-to_the_end_of(year))
    rig.restart(60)
    rig.settle()
    lives(rig)


@pytest.mark.parametrize("year", YEARS)
def test_a_hub_whose_first_start_is_in_any_year(empty_record: Path, tmp_path: Path, year: int) -> None:
    shutil.copy(empty_record, tmp_path / "tocsin.db")
    Late.off_ms = round(to_the_end_of(year) * 1000)
    rig = Late(tmp_path, settings())
    rig.settle()
    lives(rig)


def test_a_year_beyond_every_calendar_is_looked_at_now_and_then(make_rig: Callable[..., Rig]) -> None:
    """The week of doors goes on from the year in which the clock is put right."""
    rig = begun(make_rig(settings()))
    rig.wall_jumps(to_the_end_of(2201))
    rig.wait(60)
    before = len(weeks(rig))
    looked: list[float] = []
    look = rig.site.doors.weeks.look

    def counting(*given: Any) -> None:
        looked.append(rig.t)
        look(*given)

    rig.site.doors.weeks.look = counting  # type: ignore[method-assign]
    rig.wait(600)
    assert 1 <= len(looked) <= 11
    assert len(weeks(rig)) == before
    rig.wall_jumps(-to_the_end_of(2201))
    rig.wait(8 * 86_400)
    assert weeks(rig)[-1] == "2026-W39"
