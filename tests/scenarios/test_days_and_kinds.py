"""What a plan makes of weekdays, of days that come seldom, of a kind that rises, and of an answer."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from config.hub_settings import HubSettings, ScheduleSettings
from config.people_settings import HoursSettings
from config.plan_settings import PlanSettings, StepSettings
from hub.inputs import ClockTrust
from hub.store.chain import said
from tests.scenarios.rig import Make, Rig
from tests.scenarios.school import PLANS, school

CHICAGO = ZoneInfo("America/Chicago")


def go_to(rig: Rig, *moment: int) -> None:
    """Nothing happens until it is this moment in Chicago."""
    there = datetime(*moment, tzinfo=CHICAGO)  # type: ignore[arg-type, misc]
    rig.wall_jumps(there.timestamp() - rig.now().wall / 1000)


def days(*names: str, start: str = "00:00", end: str = "24:00") -> ScheduleSettings:
    return ScheduleSettings(hours=(HoursSettings(days=names, start=start, end=end),), on_holidays=True)  # type: ignore[arg-type]


def during(schedule: ScheduleSettings, audience: str) -> HubSettings:
    """A school with a plan of its own for some hours, before its general ones."""
    special = PlanSettings(
        kinds=("panic",), during=("special",), steps=(StepSettings(after_s=0, notify=(audience,)),)
    )
    return school(
        schedules=dict(school().schedules) | {"special": schedule}, plans={"special": special, **PLANS}
    )


def test_a_plan_for_a_weekday(make_rig: Make) -> None:
    """On Fridays the principal alone is told at once; on a Monday the plan is never looked at."""
    rig = make_rig(during(days("fri"), "administration"))
    rig.press(101)
    assert rig.asked() == ["0 s reyes opened", "0 s dispatch opened"]
    rig.resolve("false-alarm")
    go_to(rig, 2026, 9, 25, 10)
    rig.asked()
    rig.press(101)
    assert rig.asked() == ["0 s okafor opened"]


def test_the_29th_of_february_is_a_day_like_any_other(make_rig: Make) -> None:
    """It is a Tuesday, with the plan of Tuesdays; the day after it is a Wednesday."""
    rig = make_rig(during(days("tue"), "nurse"))
    go_to(rig, 2028, 2, 29, 10)
    rig.press(101)
    assert rig.asked() == ["0 s nurse opened"]
    rig.resolve("false-alarm")
    rig.asked()
    go_to(rig, 2028, 3, 1, 10)
    rig.press(101)
    assert rig.asked() == ["0 s reyes opened", "0 s dispatch opened"]


def test_the_hour_that_comes_twice_asks_nobody_twice(make_rig: Make) -> None:
    """Pressed at 01:59:30 on the night on which clocks go back: every step at its own second, once."""
    rig = make_rig(during(days("sun", start="01:00", end="03:00"), "night"))
    go_to(rig, 2026, 11, 1, 1, 59, 30)
    assert datetime.fromtimestamp(rig.now().wall / 1000, UTC).hour == 6
    rig.press(101)
    assert rig.asked() == ["0 s custodian opened"]
    rig.wait(30)
    assert datetime.fromtimestamp(rig.now().wall / 1000, CHICAGO).strftime("%H:%M:%S") == "01:00:00"
    rig.wait(30)
    assert rig.asked() == ["60 s custodian updated"]
    rig.wait(3600)
    assert rig.asked() == [f"{60 * n} s custodian updated" for n in range(2, 62)]


def test_the_hour_that_is_skipped_skips_no_step(make_rig: Make) -> None:
    """Clocks go forward 30 s after the press: dispatch, who alone is there, is asked on each minute."""
    rig = make_rig(school())
    go_to(rig, 2027, 3, 14, 1, 59, 30)
    rig.press(101)
    rig.wait(240)
    assert datetime.fromtimestamp(rig.now().wall / 1000, CHICAGO).strftime("%H:%M:%S") == "03:03:30"
    assert rig.asked() == [
        "0 s dispatch opened",
        *(f"{30 + 60 * n} s dispatch updated" for n in (0, 1, 2, 3)),
    ]


def test_help_that_becomes_an_emergency_tells_officer_and_dispatch_at_once(make_rig: Make) -> None:
    """An assist that the principal answered; then the same room's panic: the plan of the panic begins."""
    rig = make_rig(school())
    rig.press(101, "help", "assist")
    rig.wait(5)
    rig.acknowledge(by="Okafor")
    assert rig.asked() == ["0 s okafor opened", "5 s okafor acknowledged"]
    rig.wait(5)
    rig.press(101, "wall", "panic")
    assert rig.asked() == ["10 s reyes opened", "10 s dispatch opened", "10 s okafor updated"]
    (incident,) = rig.view.incidents.values()
    assert (incident.kind, incident.state) == ("panic", "open")


@pytest.mark.parametrize(
    ("zone", "kind", "response", "words"),
    [
        ("wall", "panic", "lockdown", "Lockdown! Locks, Lights, Out of Sight"),
        ("nurse", "medical", "hold", "Hold! In your Room or Area. Clear the Halls"),
        ("help", "assist", None, "One adult to the room; the school goes on"),
    ],
)
def test_every_notice_says_what_the_school_does(
    rig: Rig, zone: str, kind: str, response: str | None, words: str
) -> None:
    """In the words of the Standard Response Protocol, where it has some for the kind."""
    rig.press(101, zone, kind)
    told: dict[str, Any] = rig.notices[0].incident["response"]
    assert (told["posture"], told["words"]) == (response, words)


def test_what_asks_until_it_is_over_goes_on_after_an_answer(make_rig: Make) -> None:
    """``until = "resolved"``: the principal is asked each minute although Reyes has it in hand."""
    steps = (
        StepSettings(after_s=0, notify=("sro", "dispatch")),
        StepSettings(after_s=30, notify=("administration",), until="resolved", repeat_s=60),
    )
    rig = make_rig(school(plans=dict(PLANS) | {"panic": replace(PLANS["panic"], steps=steps)}))
    rig.press(101)
    rig.wait(5)
    rig.acknowledge(by="Reyes")
    rig.asked()
    rig.wait(160)
    assert [line for line in rig.asked() if "okafor" in line] == [
        "30 s okafor opened",
        "90 s okafor updated",
        "150 s okafor updated",
    ]
    rig.resolve("real")
    rig.asked()
    rig.wait(600)
    assert rig.asked() == []


def test_a_restoral_closes_nothing_and_changes_nothing(rig: Rig) -> None:
    """Whether somebody has it in hand or not: only a person ends an incident."""
    rig.press(101)
    rig.wait(5)
    for state in ("open", "acknowledged"):
        (before,) = rig.view.incidents.values()
        assert before.state == state
        rig.said()
        rig.press(101, what="restoral")
        assert list(rig.view.incidents.values()) == [before]
        assert rig.said() == []
        rig.acknowledge()
    rig.resolve()
    assert rig.view.incidents == {}


def test_who_did_what_and_through_which_channel_is_in_the_record(rig: Rig) -> None:
    """By name and way, for each word of a person, and who was told by which channel."""
    rig.press(101)
    rig.wait(5)
    rig.note("at the door", "Ortiz")
    rig.acknowledge(by="Reyes")
    rig.resolve("real", by="Okafor")
    told = {
        (detail["channel"], detail["audience"]) for what, _, detail in rig.record() if what == "delivered"
    }
    assert told == {("sro", "sro"), ("principal", "principal"), ("dispatch", "dispatch")}
    whats = [(what, detail["via"]) for what, _, detail in rig.record() if "via" in detail]
    assert whats == [("note", "board"), ("acknowledged", "board"), ("resolved", "board")]
    rows = said(rig._reader, "lincoln", ("note", "acknowledged", "resolved"), -(2**62), 2**62)
    assert [(row["what"], row["detail"]["by"]) for row in rows] == [
        ("note", "Ortiz"),
        ("acknowledged", "Reyes"),
        ("resolved", "Okafor"),
    ]


@pytest.mark.parametrize("kind", ["dc-09", "cap"])
def test_a_machine_is_told_once_for_each_room_and_each_change(
    empty_record: Path, tmp_path: Path, kind: str
) -> None:
    """Ten minutes without an answer repeat nothing to it, though they do to people."""
    shutil.copy(empty_record, tmp_path / "tocsin.db")
    again = StepSettings(after_s=60, notify=("sro", "dispatch"), repeat_s=60)
    panic = replace(PLANS["panic"], steps=(*PLANS["panic"].steps[:1], again))
    rig = Rig(tmp_path, school(plans=dict(PLANS) | {"panic": panic}), {"dispatch": kind})
    rig.press(101)
    rig.wait(0.5)
    rig.press(102)
    rig.wait(600)
    rig.acknowledge()
    rig.resolve("real")
    asked = rig.asked()
    assert [line for line in asked if "dispatch" in line] == [
        "0 s dispatch opened",
        "0.5 s dispatch updated",
        "600.5 s dispatch acknowledged",
        "600.5 s dispatch resolved",
    ]
    assert len([line for line in asked if "reyes updated" in line]) >= 10


def test_how_far_the_clock_was_trusted_is_in_the_record(rig: Rig) -> None:
    """With each press, and when it changes."""
    rig._input(ClockTrust(True, 4))
    rig.press(101)
    rig._input(ClockTrust(False))
    rig.press(102)
    rows = [
        (what, detail["clock"])
        for what, _, detail in rig.record()
        if what in ("alarm", "clock-synchronised", "clock-lost")
    ]
    assert rows == [
        ("clock-synchronised", "synchronised"),
        ("alarm", "synchronised"),
        ("clock-lost", "not synchronised"),
        ("alarm", "not synchronised"),
    ]
