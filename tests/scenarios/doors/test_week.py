"""The weekly record of the exterior doors: what it counts, who signs it, and what corrects it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hub.asking import DoorWeekSigned, Refused, SignDoorWeek
from hub.door_weeks import WORDS
from hub.inputs import ClockTrust, TimeOver
from tests.scenarios.doors.house import GYM, HALL, KITCHEN, begun, door, doors_settings, rows
from tests.scenarios.rig import Rig


def by_door(week: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["room"]: each for each in week["doors"]}


def over_the_week(rig: Rig) -> None:
    """Let the clock pass Sunday midnight, with every room heard before and after."""
    rig.all_speak(30)
    rig.wall_jumps(7 * 86_400 - (9 * 3600 + 13 * 60 + 20) - rig.t - 60)
    rig.all_speak(61)


def test_a_week_of_the_exterior_doors_is_frozen_as_it_ends(rig: Rig) -> None:
    for _ in range(3):
        door(rig, GYM, "open")
        rig.all_speak(20)
        door(rig, GYM, "closed")
    door(rig, GYM, "open")
    rig.all_speak(400)
    door(rig, GYM, "closed")
    door(rig, HALL, "open")
    rig.all_speak(9 * 3600)
    door(rig, KITCHEN, "open")
    rig.all_speak(10)
    door(rig, KITCHEN, "closed")
    rig.press(KITCHEN, "door", "door", what="tamper", cause="cut")
    rig.all_speak(120)
    rig.press(KITCHEN, "door", "door", what="tamper-restoral", cause="cut")
    over_the_week(rig)
    (week,) = rows(rig, "door-week")
    assert (week["week"], week["version"]) == ("2026-W39", 1)
    assert (week["first"], week["last"]) == ("2026-09-21T05:00:00.000Z", "2026-09-28T05:00:00.000Z")
    doors = by_door(week)
    assert set(doors) == {"Gym", "Kitchen"}  # no inner door
    gym, kitchen = doors["Gym"], doors["Kitchen"]
    assert (gym["opened"], gym["longest_ms"], gym["held_open"]) == (4, 400_000, 1)
    assert (kitchen["opened"], kitchen["after_hours"], kitchen["faults"]) == (1, 1, 1)
    assert 115_000 < kitchen["unknown_ms"] < 125_000
    assert gym["unknown_ms"] == 0


def test_a_week_counts_a_door_that_stands_open_as_it_ends(rig: Rig) -> None:
    rig.all_speak(30)
    rig.wall_jumps(7 * 86_400 - (9 * 3600 + 13 * 60 + 20) - rig.t - 200)
    rig.all_speak(100)
    door(rig, GYM, "open")
    rig.all_speak(150)
    door(rig, GYM, "closed")
    (week,) = rows(rig, "door-week")
    assert by_door(week)["Gym"]["longest_ms"] == 100_000
    assert rig.view.door_counts["room-101", "door"].opened == 0


def test_a_week_says_for_how_long_nothing_was_known(rig: Rig) -> None:
    rig.all_speak(3600)
    rig.all_speak(3600, GYM)
    rig.restart(1800)
    begun(rig)
    over_the_week(rig)
    (week,) = rows(rig, "door-week")
    doors = by_door(week)
    assert 1790_000 < doors["Kitchen"]["unknown_ms"] < 1830_000
    assert 5300_000 < doors["Gym"]["unknown_ms"] < 5420_000


def test_a_person_signs_a_week_with_the_exceptions(rig: Rig) -> None:
    over_the_week(rig)
    answer = rig.ask(SignDoorWeek("2026-W39", "Ortiz", "board", "the gym: a delivery"))
    assert isinstance(answer, DoorWeekSigned)
    rig.ask(SignDoorWeek("2026-W39", "Okafor", "board"))
    signed = rows(rig, "door-week-signed")
    assert [(row["week"], row["version"]) for row in signed] == [("2026-W39", 1)] * 2
    assert {"by", "note"} <= set(signed[0])
    rig.restart(5)
    week = rig.view.door_weeks["2026-W39"]
    assert [(one.by, one.exceptions) for one in week.signatures] == [
        ("Ortiz", "the gym: a delivery"),
        ("Okafor", ""),
    ]


def test_who_signed_is_let_go_as_the_record_lets_go_of_it(rig: Rig) -> None:
    over_the_week(rig)
    rig.ask(SignDoorWeek("2026-W39", "Ortiz", "board", "the caterer"))
    rig.ask(SignDoorWeek("2026-W39", "Okafor", "board", "a delivery"))
    seq = rig.view.door_weeks["2026-W39"].signatures[0].seq
    rig._do(rig.site.decide(TimeOver("its time is over", ((seq, "by"), (seq, "note"))), rig.now()))
    rig.restart(5)
    signed = [(one.by, one.exceptions) for one in rig.view.door_weeks["2026-W39"].signatures]
    assert signed == [("(removed)", "(removed)"), ("Okafor", "a delivery")]


def test_a_week_that_runs_or_that_nobody_knows_is_not_signed(rig: Rig) -> None:
    running = rig.ask(SignDoorWeek("2026-W39", "Ortiz", "board"))
    assert isinstance(running, Refused)
    assert (running.error, running.state) == (
        "not-in-this-state",
        "running",
    )
    unknown = rig.ask(SignDoorWeek("2026-W01", "Ortiz", "board"))
    assert isinstance(unknown, Refused)
    assert unknown.error == "not-found"


def test_what_a_door_tells_late_of_a_week_corrects_it_by_another_row(rig: Rig) -> None:
    over_the_week(rig)
    rig.ask(SignDoorWeek("2026-W39", "Ortiz", "board"))
    rig.all_speak(60)
    door(rig, GYM, "open", age_s=1000)
    door(rig, GYM, "closed", age_s=940)
    rig.all_speak(100)
    first, second = rows(rig, "door-week")
    assert (first["version"], second["version"]) == (1, 2)
    assert by_door(first)["Gym"]["opened"] == 0
    gym = by_door(second)["Gym"]
    assert (gym["opened"], gym["longest_ms"], gym["after_hours"]) == (1, 60_000, 1)
    assert rig.view.door_weeks["2026-W39"].signatures[0].version == 1


def test_a_week_that_ended_while_the_hub_was_away_is_frozen_as_it_starts(rig: Rig) -> None:
    rig.all_speak(60)
    rig.restart(8 * 86_400)
    rig.all_speak(1)
    (week,) = rows(rig, "door-week")
    assert by_door(week)["Gym"]["unknown_ms"] > 6 * 86_400_000


def test_a_week_in_which_the_clock_is_put_back_is_an_hour_longer(rig: Rig) -> None:
    rig.all_speak(30)
    rig.wall_jumps(35 * 86_400)
    rig.all_speak(1)
    rig.wall_jumps(14 * 86_400)
    rig.all_speak(1)
    weeks = {row["week"]: row for row in rows(rig, "door-week")}
    fall = weeks["2026-W44"]
    assert (fall["first"], fall["last"]) == ("2026-10-26T05:00:00.000Z", "2026-11-02T06:00:00.000Z")


def test_openings_out_of_order_are_counted_once_and_reckoned_together(rig: Rig) -> None:
    rig.all_speak(600)
    for what, age_s in [("closed", 100), ("open", 400), ("open", 50), ("closed", 420), ("open", 460)]:
        door(rig, GYM, what, age_s=age_s)
    over_the_week(rig)
    (week,) = rows(rig, "door-week")
    gym = by_door(week)["Gym"]
    assert gym["opened"] == 3


def test_the_longest_of_a_week_is_known_however_many_openings_follow(rig: Rig) -> None:
    """Those that are remembered singly are few."""
    rig.all_speak(10)
    for open_s in (40, *[5] * (WORDS + 1)):
        door(rig, GYM, "open")
        rig.all_speak(open_s)
        door(rig, GYM, "closed")
        rig.all_speak(5)
    over_the_week(rig)
    (week,) = rows(rig, "door-week")
    gym = by_door(week)["Gym"]
    assert (gym["opened"], gym["longest_ms"]) == (WORDS + 2, 40_000)


def test_what_was_open_in_one_week_is_the_longest_of_no_other(rig: Rig) -> None:
    """Though it is still remembered as the next one begins."""
    for open_s in (400, 40):
        door(rig, GYM, "open")
        rig.all_speak(open_s)
        door(rig, GYM, "closed")
        rig.wait(7 * 86_400)
    assert [by_door(week)["Gym"]["longest_ms"] for week in rows(rig, "door-week")] == [400_000, 40_000]


def late(rig: Rig, age_s: float = 1000) -> None:
    """The gym tells of an opening and its closing, of before the week's end."""
    door(rig, GYM, "open", age_s=age_s)
    door(rig, GYM, "closed", age_s=age_s - 60)


@pytest.mark.parametrize("clock", ["synchronised later", "never synchronised"])
def test_a_start_without_a_clock_loses_nothing_of_the_week(rig: Rig, clock: str) -> None:
    """In the middle of a week the machine starts in 1970, and an hour later its clock is set."""
    for _ in range(3):
        door(rig, GYM, "open")
        rig.all_speak(10)
        door(rig, GYM, "closed")
    off = rig.now().wall / 1000 - 3600
    rig.wall_jumps_silently(-off)
    rig.restart(60)
    begun(rig)
    door(rig, GYM, "open")
    rig.all_speak(10)
    door(rig, GYM, "closed")
    rig.all_speak(3600)
    if clock == "synchronised later":
        rig._input(ClockTrust(True))
    rig.wall_jumps(off)
    rig.all_speak(60)
    over_the_week(rig)
    (week,) = rows(rig, "door-week")
    assert (week["week"], by_door(week)["Gym"]["opened"]) == ("2026-W39", 4)


@pytest.mark.parametrize("clock", ["synchronised", "never synchronised"])
def test_what_a_hub_counts_before_its_clock_was_ever_set_is_of_the_week_in_which_it_is(
    rig: Rig, empty_record: Path, tmp_path: Path, clock: str
) -> None:
    """Its first start of all is in 1970; an hour later the clock is set."""
    off = rig.now().wall / 1000 - 3600
    rig.wall_jumps_silently(-off)
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(empty_record, new)
    rig.restart_on(new, 60)
    begun(rig)
    late(rig, 100)
    rig.all_speak(3600)
    if clock == "synchronised":
        rig._input(ClockTrust(True))
    rig.wall_jumps(off)
    rig.all_speak(60)
    assert rows(rig, "door-week") == []
    over_the_week(rig)
    (week,) = rows(rig, "door-week")
    assert (week["week"], by_door(week)["Gym"]["opened"]) == ("2026-W39", 1)


@pytest.mark.parametrize("jump", [400, -400, -10])
def test_a_clock_that_is_set_wrong_for_an_hour_loses_nothing_of_the_week(rig: Rig, jump: int) -> None:
    """By days: far ahead, far back, and into the week before."""
    late(rig, 100)
    rig.wall_jumps(jump * 86_400)
    late(rig, 100)
    rig.all_speak(3600)
    assert rows(rig, "door-week") == []
    rig.wall_jumps(-jump * 86_400)
    late(rig, 100)
    over_the_week(rig)
    (week,) = rows(rig, "door-week")
    assert (week["week"], by_door(week)["Gym"]["opened"]) == ("2026-W39", 3)


def test_a_strange_clock_that_nobody_sets_is_believed_after_a_day(rig: Rig) -> None:
    """Half a year ahead the week is over; half a year back it goes on under its true name."""
    late(rig, 100)
    rig.wall_jumps(200 * 86_400)
    rig.wait(86_400 + 120)
    (week,) = rows(rig, "door-week")
    assert (week["week"], by_door(week)["Gym"]["opened"]) == ("2026-W39", 1)
    late(rig, 100)
    rig.wall_jumps(-200 * 86_400)
    rig.wait(86_400 + 120)
    rig.all_speak(30)
    rig.wall_jumps(5 * 86_400)
    rig.all_speak(120)
    again = rows(rig, "door-week")[-1]
    assert (again["week"], again["version"], by_door(again)["Gym"]["opened"]) == ("2026-W39", 2, 2)


def test_a_strange_clock_that_somebody_keeps_right_is_believed_at_once(rig: Rig) -> None:
    """A hub that lay in a cupboard for half a year: the week that ran then is over."""
    late(rig, 100)
    rig.clock_is_set(200 * 86_400)
    rig.wait(120)
    (week,) = rows(rig, "door-week")
    assert (week["week"], by_door(week)["Gym"]["opened"]) == ("2026-W39", 1)


def test_a_correction_is_another_version_at_once_and_over_a_restart(rig: Rig) -> None:
    """A restart in the minute in which it is gathered loses neither its row nor what had been signed."""
    over_the_week(rig)
    rig.ask(SignDoorWeek("2026-W39", "Ortiz", "board"))
    rig.all_speak(60)
    late(rig)
    rig.all_speak(5)
    rig.restart(5, of="hub")
    begun(rig)
    rig.all_speak(120)
    assert [(r["version"], by_door(r)["Gym"]["opened"]) for r in rows(rig, "door-week")] == [(1, 0), (2, 1)]
    week = rig.view.door_weeks["2026-W39"]
    assert (week.version, [one.version for one in week.signatures]) == (2, [1])


def test_a_signature_is_of_what_its_person_was_shown(rig: Rig) -> None:
    """One on an older version is refused with what changed; what comes after it is another version."""
    over_the_week(rig)
    rig.all_speak(60)
    late(rig)
    refused = rig.ask(SignDoorWeek("2026-W39", "Ortiz", "board", "nothing", 1))
    assert isinstance(refused, Refused)
    assert (refused.error, refused.allowed) == ("not-in-this-state", ("version 2",))
    assert "Door 3: opened 0, now 1" in refused.detail
    assert isinstance(rig.ask(SignDoorWeek("2026-W39", "Ortiz", "board", "a party", 2)), DoorWeekSigned)
    late(rig, 900)
    rig.all_speak(120)
    week = rig.view.door_weeks["2026-W39"]
    assert (week.version, [one.version for one in week.signatures]) == (3, [2])
    assert rows(rig, "door-week")[-1]["version"] == 3


def test_a_door_that_was_out_of_the_settings_over_a_weeks_end_is_counted_again(rig: Rig) -> None:
    """Of the time in which the settings had it not, nothing is known."""
    full = doors_settings()
    rig.settings = replace(full, rooms=tuple(room for room in full.rooms if room.device != "room-101"))
    rig.restart(5)
    for room in (KITCHEN, HALL):
        rig.state(room, door="normal")
    rig.all_speak(30)
    rig.wall_jumps(7 * 86_400 - (9 * 3600 + 13 * 60 + 20) - rig.t - 60)
    rig.all_speak(3600)
    rig.settings = full
    rig.restart(5)
    begun(rig)
    late(rig, 100)
    rig.wall_jumps(7 * 86_400 - 7200)
    rig.all_speak(7200)
    week = rows(rig, "door-week")[-1]
    gym = by_door(week)["Gym"]
    assert (week["week"], gym["opened"]) == ("2026-W40", 1)
    assert 3_400_000 < gym["unknown_ms"] < 3_700_000


def test_the_time_a_hub_was_away_is_not_forgotten_over_a_second_start(rig: Rig) -> None:
    rig.all_speak(3600)
    rig.restart(36_000)
    rig.wait(25)
    rig.restart(5)
    begun(rig)
    over_the_week(rig)
    (week,) = rows(rig, "door-week")
    assert 36_000_000 < by_door(week)["Gym"]["unknown_ms"] < 36_100_000


@pytest.mark.parametrize("jump", [0, 3600, -3600])
def test_an_opening_that_a_state_told_first_is_one_however_the_clock_was_set(rig: Rig, jump: int) -> None:
    rig.all_speak(20)
    rig.state(GYM, door="active")
    rig.all_speak(10)
    rig.wall_jumps(jump)
    rig.all_speak(5)
    door(rig, GYM, "open", age_s=15.5)
    assert rig.view.door_counts["room-101", "door"].opened == 1


def test_a_door_that_leads_out_no_more_is_in_no_later_week(rig: Rig) -> None:
    over_the_week(rig)
    door(rig, GYM, "open")
    rig.all_speak(20)
    door(rig, GYM, "closed")
    rooms = tuple(
        replace(room, zones=tuple(replace(zone, exterior=False) for zone in room.zones))
        if room.device == f"room-{GYM}"
        else room
        for room in rig.settings.rooms
    )
    rig.reload(replace(rig.settings, rooms=rooms))
    rig.wall_jumps(7 * 86_400 - 60)
    rig.all_speak(61)
    gym = (f"room-{GYM}", "door")
    assert gym not in rig.view.door_counts
    rig.restart(5)
    assert gym not in rig.view.door_counts
