"""What would happen after a press, and when in a year too few would be told."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from config.hub_settings import AudienceSettings
from config.people_settings import AwaySettings
from config.plan_settings import PlanSettings, PostureSettings, StepSettings
from hub.directory import Directory
from hub.foresight import foresee, gaps
from hub.foresight_words import explained, listed
from hub.shape import Shape
from tests.scenarios.school import PLANS, person, school


def directory(**more: Any) -> Directory:
    settings = school(**more)
    return Directory(settings, dict.fromkeys(settings.channels, Shape("webhook", ("-",))))


def ms(of: Directory, text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=of.calendar.zone).timestamp() * 1000)


def told(of: Directory, kind: Any, text: str, device: str = "room-101") -> list[tuple[float, str]]:
    seen = foresee(of, kind, of.place(device), ms(of, text))
    return [(word.at_s, word.who) for word in seen.words if word.told]


def test_who_would_be_told_of_a_panic_on_a_school_day() -> None:
    """Each at their time, by name and end; the plan is walked until it has asked everybody."""
    assert told(directory(), "panic", "2026-09-21T10:02") == [
        (0, "Reyes (reyes)"),
        (0, "dispatch (dispatch)"),
        (30, "Okafor (okafor)"),
        (50, "Office (office)"),
        (120, "Reyes (reyes)"),
        (120, "Okafor (okafor)"),
        (140, "Office (office)"),
    ]


def test_the_words_say_which_plan_and_why_not_another() -> None:
    """With who is left out, and what waits for a confirmation."""
    night = PlanSettings(
        kinds=("panic",), during=("nights",), steps=(StepSettings(after_s=0, notify=("night",)),)
    )
    of = directory(plans={"night": night} | PLANS)
    at = datetime.fromisoformat("2026-09-22T10:00").replace(tzinfo=of.calendar.zone)
    seen = foresee(of, "panic", of.place("room-101"), round(at.timestamp() * 1000))
    lines = list(explained(seen, "panic", of.place("room-101"), at))
    assert lines[0] == "panic in Room 101, Tuesday 22 September 2026, 10:00 (CDT): plan panic"
    assert lines[1] == "  not plan night: not now: only during nights"
    assert "      0 s    of sro: step 1: nobody is on duty; Reyes off duty until 07:30 Wed" in lines
    assert lines[-1].endswith("again every 60 s until somebody answers")
    assert not any("posture" in line for line in lines)


@pytest.mark.parametrize(("kind", "said"), [("panic", 1), ("duress", 0)])
def test_the_words_say_that_the_posture_is_raised(kind: Any, said: int) -> None:
    """By a plan that says so; of a silent call never."""
    raising = replace(PLANS["panic"], kinds=("panic", "duress"), posture="lockdown")
    of = directory(plans=PLANS | {"panic": raising}, posture=PostureSettings(plans_may_raise=True))
    at = datetime.fromisoformat("2026-09-22T10:00").replace(tzinfo=of.calendar.zone)
    seen = foresee(of, kind, of.place("room-101"), round(at.timestamp() * 1000))
    lines = list(explained(seen, kind, of.place("room-101"), at))
    assert lines.count("      0 s  the posture is raised to lockdown, unless a person has set one") == said


def test_nobody_is_left_looking_for_a_plan_that_reaches_nobody() -> None:
    nobody = AudienceSettings(channels=())
    plan = PlanSettings(kinds=("panic",), steps=(StepSettings(after_s=0, notify=("night",)),))
    of = directory(audiences={"night": nobody}, plans={"p": plan})
    seen = foresee(of, "panic", of.place("room-101"), ms(of, "2026-09-22T10:00"))
    assert (seen.words[0].told, seen.ran_out) == (False, "plan p reaches nobody")


def found(first: str, last: str, within_s: float = 60, **more: Any) -> list[tuple[str, str, str, str]]:
    """Return (kind, from, to, finding), the moments as the school's clock reads them."""
    of = directory(**more)

    def clock(moment: int) -> str:
        return f"{of.calendar.local(moment):%a %H:%M}"

    return [
        (gap.kind, clock(gap.first_ms), clock(gap.last_ms), gap.finding)
        for gap in gaps(of, ms(of, first), ms(of, last), within_s)
    ]


def only(*steps: StepSettings, **audiences: AudienceSettings) -> dict[str, Any]:
    """One plan for panics alone, and audiences of its own."""
    plans = {"p": PlanSettings(kinds=("panic",), steps=steps)}
    return {"plans": plans, "audiences": dict(school().audiences) | audiences}


ALL_DAY = AudienceSettings(channels=(), members=("reyes", "okafor"))


def test_the_hours_in_which_nobody_is_on_duty_are_found_to_the_minute() -> None:
    """Over two school days with a holiday between: from the end of one shift to the next one's beginning."""
    rows = found("2026-09-21T00:00", "2026-09-24T00:00", **only(
        StepSettings(after_s=0, notify=("sro",)), sro=ALL_DAY
    ))  # fmt: skip
    why = "nobody is on duty: everybody of plan p would be told all the same"
    assert [row for row in rows if row[0] == "panic"] == [
        ("panic", "Mon 00:00", "Mon 07:30", why),
        ("panic", "Mon 16:00", "Wed 07:30", why),
        ("panic", "Wed 16:00", "Thu 00:00", why),
    ]
    assert {row[3] for row in rows if row[0] != "panic"} == {"plan none reaches nobody"}


def test_one_person_on_every_step_is_found() -> None:
    """Reyes at once and Reyes again: if that phone is off, nobody hears."""
    steps = StepSettings(after_s=0, notify=("sro",)), StepSettings(after_s=60, notify=("sro",))
    rows = found("2026-09-21T08:00", "2026-09-21T15:00", **only(*steps))
    assert [row for row in rows if row[0] == "panic"] == [
        ("panic", "Mon 08:00", "Mon 15:00", "one alone is told, whatever step comes: Reyes (plan p)")
    ]


def test_a_first_word_that_comes_late_is_found_and_not_where_it_is_in_time() -> None:
    """Only the officer's audience is empty: the next step begins at once, so 90 s are no gap."""
    steps = StepSettings(after_s=90, notify=("sro",)), StepSettings(after_s=120, notify=("administration",))
    rows = found("2026-09-21T08:00", "2026-09-21T15:00", **only(*steps))
    assert ("panic", "Mon 08:00", "Mon 15:00", "nobody is told within 60 s (plan p)") in rows
    assert not [
        row for row in found("2026-09-21T08:00", "2026-09-21T15:00", 90, **only(*steps)) if row[0] == "panic"
    ]


def test_a_stand_in_that_ended_is_found_on_the_days_it_is_missing() -> None:
    """Away on Wednesday with nobody standing in: that day, and no other."""
    away = person("Reyes", away=(AwaySettings(first=date(2026, 9, 23), last=date(2026, 9, 23)),))
    more = only(
        StepSettings(after_s=0, notify=("sro",)),
        sro=AudienceSettings(channels=("dispatch",), members=("reyes",)),
    )
    rows = found(
        "2026-09-21T00:00", "2026-09-25T00:00", people=dict(school().people) | {"reyes": away}, **more
    )
    assert [row for row in rows if row[0] == "panic"] == [
        ("panic", "Wed 00:00", "Thu 00:00", "one alone is told, whatever step comes: sro (dispatch) (plan p)")
    ]


def test_rooms_with_a_plan_of_their_own_are_looked_at_by_themselves() -> None:
    """The pool's plan reaches nobody at night; every other room's does."""
    pool = PlanSettings(
        kinds=("medical",), rooms=("room-150",), steps=(StepSettings(after_s=0, notify=("nurse",)),)
    )
    of = directory(plans={"pool": pool} | PLANS)
    rooms = {
        gap.rooms
        for gap in gaps(of, ms(of, "2026-09-21T20:00"), ms(of, "2026-09-21T21:00"), 60)
        if gap.finding.endswith("plan pool would be told all the same")
    }
    assert rooms == {"Room 150"}


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_every_minute_between_two_edges_is_as_its_first(hour: int) -> None:
    """By brute force over a day: what is said of a stretch is true of each quarter of an hour in it."""
    of = directory()
    first = ms(of, "2026-09-21T00:00")
    stretches = [g for g in gaps(of, first, first + 86_400_000, 60) if g.kind == "assist"]
    for quarter in range(12):
        at = first + round(timedelta(hours=hour, minutes=15 * quarter).total_seconds() * 1000)
        names = {who.partition(" (")[0] for _, who in told_at(of, at)}
        is_gap = any(g.first_ms <= at < g.last_ms for g in stretches)
        assert is_gap == (names == {"Reyes", "Okafor", "Office"} and not on_duty(of, at)), at


def told_at(of: Directory, at: int) -> list[tuple[float, str]]:
    seen = foresee(of, "assist", of.place("room-101"), at)
    return [(word.at_s, word.who) for word in seen.words if word.told]


def on_duty(of: Directory, at: int) -> bool:
    return any(of.roster.members(name, at).told for name in ("administration", "sro"))


def test_what_comes_every_week_is_one_line() -> None:
    """With how often, and from when to when."""
    of = directory(**only(StepSettings(after_s=0, notify=("sro",)), sro=ALL_DAY))
    some = (
        gap
        for gap in gaps(of, ms(of, "2026-10-01T00:00"), ms(of, "2026-12-01T00:00"), 60)
        if gap.kind == "panic"
    )
    lines = list(listed(some, of.calendar))
    assert lines[0].startswith("panic, every room: nobody is on duty: everybody of plan p")
    assert "  Mon 16:00 to Tue 07:30, 8 times from 2026-10-05 to 2026-11-24" in lines


def test_a_school_always_covered_has_no_gap() -> None:
    """Two people at every hour."""
    both = AudienceSettings(channels=("dispatch",), members=("ortiz",))
    plan = {"p": PlanSettings(
        kinds=("panic", "duress", "medical", "assist"), steps=(StepSettings(after_s=0, notify=("sro",)),)
    )}  # fmt: skip
    of = directory(plans=plan, audiences={"sro": both})
    assert list(gaps(of, ms(of, "2026-08-17T00:00"), ms(of, "2027-06-05T00:00"), 60)) == []
