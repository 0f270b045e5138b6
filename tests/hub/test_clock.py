"""The wall clock is set, lost, or was never right: what is decided goes by the clock that nobody sets."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from config.clock import Now
from config.hub_settings import AudienceSettings, PersonSettings, ScheduleSettings
from config.people_settings import HoursSettings
from config.plan_settings import PlanSettings, StepSettings
from hub.asking import Acknowledge, Resolve
from hub.clearing import QUIET_S
from hub.decision import Decision
from hub.inputs import Asked, ClockTrust
from hub.kept_course import ANCHOR, Anchor, kept_clock
from hub.loaded import Loaded
from hub.site import Site
from tests.hub.making import T0, at, came, event_bytes, heard, new_site, reasons, shown, take, tick
from tests.scenarios.rig import site_settings

DAY_MS = 86_400_000
YEARS_MS = 56 * 365 * DAY_MS


def by(second: float, moved_ms: int) -> Now:
    """A moment by a wall clock that was moved by this much."""
    return at(second)._replace(wall=at(second).wall + moved_ms)


def press(site: Site, now: Now, **event: Any) -> Decision:
    fact = replace(came(event_bytes(**event)), arrived=now)
    return shown(site.decide(fact, now, {}))


@pytest.mark.parametrize("moved_ms", [-60_000, -DAY_MS, DAY_MS, YEARS_MS])
def test_more_than_60_s_after_is_so_whatever_the_clock_was_set_to(moved_ms: int) -> None:
    """The same button 61 s after the press that was answered opens it again; 59 s after doesn't."""
    for second, state in ((59.0, "acknowledged"), (61.5, "open")):
        site = new_site()
        (incident,) = take(site, event_bytes()).incidents
        site.decide(Asked(Acknowledge(incident, "Reyes", "board"), str), at(3))
        site.rewritten(by(50, moved_ms), moved_ms)
        decision = press(site, by(second, moved_ms), id="e2")
        assert decision.incidents[incident][0].state == state


def test_an_incidents_moments_are_by_the_clock_as_it_is_now() -> None:
    """From 1970 to today: when it opened, when its rooms called and who answered; what was recorded stays."""
    site = new_site()
    press(site, Now(1000.0, 5_000), age_ms=2000)
    (incident,) = site.view.incidents
    site.decide(Asked(Acknowledge(incident, "Reyes", "board"), str), Now(1003.0, 8_000))
    decision = site.rewritten(Now(1010.0, 15_000 + T0), T0, "b-1")
    moved, _ = decision.incidents[incident]
    assert moved.acknowledged is not None
    (room,) = moved.rooms
    (event,) = moved.events
    found = (
        moved.opened_at,
        room.asked_at,
        room.waits_from,
        event.at,
        event.received_at,
        moved.acknowledged.at,
    )
    assert [moment - T0 for moment in found] == [3000, 3000, 3000, 3000, 5000, 8000]
    assert moved.revision == 2
    (line,) = [row for row in decision.record if row.what == "clock-jumped"]
    assert (line.what, line.detail["moved_ms"], line.detail["clock"]) == ("clock-jumped", T0, "not known")
    assert decision.facts[ANCHOR] == Anchor("b-1", 1010.0, 15_000 + T0).kept()


def test_a_repeat_after_a_jump_is_not_reckoned_a_day_earlier() -> None:
    """The agent sends it again with a fresh age: by the new clock it is the moment that is known."""
    site = new_site()
    take(site, event_bytes())
    site.rewritten(by(10, -DAY_MS), -DAY_MS)
    again = press(site, by(20, -DAY_MS), age_ms=20_000)
    assert reasons(again, "reckoned-earlier") == []
    assert again.incidents == {}


def test_what_came_just_before_the_clock_was_set_is_reckoned_by_the_new_one() -> None:
    """Stamped by the intake a moment before, decided a moment after: neither late nor in the future."""
    for moved_ms in (YEARS_MS, -DAY_MS):
        site = new_site()
        site.rewritten(by(1, moved_ms), moved_ms)
        fact = replace(came(event_bytes(age_ms=500)), arrived=at(0.9))
        decision = site.decide(fact, by(1, moved_ms), {})
        (incident, _), *_ = decision.incidents.values()
        assert incident.opened_at == at(0.4).wall + moved_ms
        assert not incident.late


def test_an_old_flaw_is_quiet_for_a_day_of_true_time() -> None:
    """Neither a jump of years ends it at once, nor does one back keep it for ever; a start counts on."""
    for moved_ms in (YEARS_MS, -YEARS_MS):
        site = new_site()
        flawed = take(site, event_bytes(zone="nowhere"))
        (trouble,) = (t for t in flawed.troubles if t.key == "flaw zone room-101")
        site.rewritten(by(10, moved_ms), moved_ms)
        assert not _restored(site, by(QUIET_S - 3600, moved_ms))
        assert _restored(site, by(QUIET_S + 3601, moved_ms)) == {trouble.key}
        started = new_site(loaded=Loaded(troubles=[trouble]), start=7200)
        assert not _restored(started, at(QUIET_S - 3600))
        assert _restored(started, at(QUIET_S + 7201)) == {trouble.key}


def _restored(site: Site, now: Now) -> set[str]:
    return {trouble.key for trouble in site.tick(now).troubles if trouble.key.startswith("flaw")}


@pytest.mark.parametrize("moved_ms", [YEARS_MS, -YEARS_MS])
def test_a_birth_hears_of_a_resolution_for_an_hour_of_true_time(moved_ms: int) -> None:
    site = new_site()
    (incident,) = take(site, event_bytes()).incidents
    site.decide(Asked(Resolve(incident, "Reyes", "board", "real"), str), at(5))
    site.rewritten(by(10, moved_ms), moved_ms)
    heard(site, "state", 20, online=True, boot="b2")
    for second, told in ((3000, True), (3700, False)):
        decision = heard(site, "state", second, online=True, boot=f"b{second}")
        assert bool(decision.commands) is told


def test_a_door_is_heard_after_the_clock_went_back() -> None:
    """While the hub runs, and where it was set back before the start."""
    opened = event_bytes(zone="door", kind="door", what="open")
    closed = event_bytes(id="e2", zone="door", kind="door", what="closed")
    site = new_site()
    take(site, opened)
    site.rewritten(by(10, -DAY_MS), -DAY_MS)
    shown(site.decide(replace(came(closed), arrived=by(20, -DAY_MS)), by(20, -DAY_MS), {}))
    assert [door.state for door in site.view.doors.values()] == ["closed"]
    (door,) = take(new_site(), opened).doors.values()
    behind = new_site(loaded=Loaded(doors=[door]), start=-86_400)
    take(behind, closed, -86_390)
    assert [door.state for door in behind.view.doors.values()] == ["closed"]


def test_a_start_of_the_hub_alone_knows_how_long_it_was_away() -> None:
    """By the kernel's monotonic clock; after a start of the machine the wall clock is all there is."""
    anchor = Anchor("boot-1", 1000.0, T0).kept()
    ahead = Now(1060.0, T0 + YEARS_MS)
    assert kept_clock(anchor, "boot-1", ahead) == Now(1060.0, T0 + 60_000)
    for other in ("boot-2", None):
        assert kept_clock(anchor, other, ahead) == ahead
    assert kept_clock(None, "boot-1", ahead) == ahead
    assert kept_clock("not to be read", "boot-1", ahead) == ahead
    assert kept_clock(anchor, "boot-1", Now(10.0, T0 + 9)) == Now(10.0, T0 + 9)
    assert kept_clock(anchor, "boot-2", Now(10.0, 5000)) == Now(10.0, T0), "no time at all has passed"
    steady = Now(1060.0, T0 + 60_400)
    assert kept_clock(anchor, "boot-1", steady) == steady


def test_the_record_says_how_far_the_clock_was_trusted() -> None:
    """At each change, and with each press; what has not changed is not repeated."""
    site = new_site()
    synced, lost, unknown = ClockTrust(True, 4), ClockTrust(False), ClockTrust(None)
    lines = [
        (row.what, row.detail["clock"], row.detail["error_ms"], row.detail["was"])
        for second, fact in enumerate((unknown, lost, synced, ClockTrust(True, 9), lost))
        for row in site.decide(fact, at(second)).record
    ]
    assert lines == [
        ("clock-lost", "not synchronised", None, "not known"),
        ("clock-synchronised", "synchronised", 4, "not synchronised"),
        ("clock-lost", "not synchronised", None, "synchronised"),
    ]
    rows = take(site, event_bytes(), 10).record
    assert [row.detail["clock"] for row in rows if row.what in ("alarm", "event")] == ["not synchronised"] * 2


def _by_schedule() -> Site:
    """A night watch on a plan of its own, an officer who is on duty in school hours."""
    hours = HoursSettings(days=("mon", "tue", "wed", "thu", "fri"), start="07:30", end="16:00")
    nights = HoursSettings(days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), start="16:00", end="07:30")
    return new_site(
        site_settings(
            timezone="America/Chicago",
            schedules={
                "school": ScheduleSettings(hours=(hours,)),
                "nights": ScheduleSettings(hours=(nights,)),
            },
            people={"reyes": PersonSettings(name="Reyes", reach=("sro",), on_duty=("school",))},
            audiences={
                "sro": AudienceSettings(channels=(), members=("reyes",)),
                "watch": AudienceSettings(channels=("principal",)),
            },
            plans={
                "night": PlanSettings(
                    kinds=("panic",), during=("nights",), steps=(StepSettings(after_s=0, notify=("watch",)),)
                ),
                "panic": PlanSettings(kinds=("panic",), steps=(StepSettings(after_s=0, notify=("sro",)),)),
            },
        )
    )


@pytest.mark.parametrize("wall", [0, 86_400_000 * 365 * 30, 1_730_000_000_000])
def test_by_a_clock_that_was_never_set_nobody_is_off_duty(wall: int) -> None:
    """1970, 2000, when the system was built: the plan is the one without a schedule, all are on duty."""
    decision = press(_by_schedule(), Now(1000.0, wall))
    assert [d.target.channel for d in decision.owed] == ["sro"]
    night = press(_by_schedule(), Now(1000.0, 1_790_049_600_000))  # 22:00 in Chicago
    assert [d.target.channel for d in night.owed] == ["principal"]


def test_a_reminder_after_a_start_by_a_clock_years_ahead_names_no_years() -> None:
    site = new_site()
    (incident,) = take(site, event_bytes()).incidents
    answered = site.decide(Asked(Acknowledge(incident, "Reyes", "board"), str), at(3))
    back = new_site(loaded=Loaded(incidents=[answered.incidents[incident]]), start=YEARS_MS / 1000)
    (line,) = (row for row in tick(back, YEARS_MS / 1000).record if row.what == "reminded")
    assert "for more than a day" in line.reason
