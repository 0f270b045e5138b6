"""Doors, as scripts: what is told of one that should be closed, to whom, and when nothing is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from config.door_settings import DoorsSettings
from config.hub_settings import (
    AudienceSettings,
    HubSettings,
    RoomSettings,
    ScheduleSettings,
    ZoneSettings,
)
from config.people_settings import HoursSettings
from config.plan_settings import PlanSettings, StepSettings
from hub.asking import Acknowledge, DoorWeekSigned, OpenWalkTest, Refused, SetPosture, SignDoorWeek
from hub.decision import Decision
from hub.door_telling import MOST
from hub.doors import AT_ONCE
from hub.inputs import TimeOver
from tests.scenarios.rig import Rig
from tests.scenarios.school import PLANS, WEEKDAYS, school

GYM, KITCHEN, HALL = 101, 102, 103
DOORS = PlanSettings(
    kinds=("door",),
    steps=(
        StepSettings(after_s=0, notify=("administration",)),
        StepSettings(after_s=300, notify=("dispatch",), repeat_s=600),
    ),
)
SECURE = PlanSettings(
    kinds=("door",),
    doors=("secure",),
    steps=(StepSettings(after_s=0, notify=("sro",)), StepSettings(after_s=60, notify=("sro",), repeat_s=60)),
)


def doors_settings(**more: Any) -> HubSettings:
    """A school whose gym and kitchen have an exterior door each, closed from 18:00 on and on holidays."""
    zones = (ZoneSettings(zone="wall", kind="panic"), ZoneSettings(zone="quiet", kind="duress"))
    front = ZoneSettings(zone="door", kind="door", number="3", exterior=True)
    back = ZoneSettings(zone="door", kind="door", label="kitchen door", exterior=True, open_max_s=60)
    inner = ZoneSettings(zone="door", kind="door")
    rooms = tuple(
        RoomSettings(device=f"room-{n}", room=name, building=building, zones=(*zones, door))
        for n, name, building, door in (
            (GYM, "Gym", "Main", front),
            (KITCHEN, "Kitchen", "Main", back),
            (HALL, "Hall", "North", inner),
        )
    )
    night = HoursSettings(days=(*WEEKDAYS, "sat", "sun"), start="18:00", end="06:00")
    whole_day = HoursSettings(days=(*WEEKDAYS, "sat", "sun"), start="06:00", end="18:00")
    base = school()
    whole: dict[str, Any] = {
        "rooms": rooms,
        "doors": DoorsSettings(open_max_s=300, closed_during=("evening", "day-off")),
        "schedules": base.schedules
        | {
            "evening": ScheduleSettings(hours=(night,), on_holidays=True),
            "day-off": ScheduleSettings(hours=(whole_day,), on_holidays="only"),
        },
        "audiences": base.audiences
        | {name: AudienceSettings(channels=(name,)) for name in ("sro", "administration")},
        "plans": PLANS | {"doors-secure": SECURE, "doors": DOORS},
    }
    channels = base.channels | dict.fromkeys(("sro", "administration"), base.channels["office"])
    return school(**(whole | {"channels": channels} | more))


@pytest.fixture
def rig(make_rig: Callable[[HubSettings], Rig]) -> Rig:
    return begun(make_rig(doors_settings()))


def begun(rig: Rig) -> Rig:
    for room in (GYM, KITCHEN, HALL):
        rig.state(room, door="normal")
    return rig


def door(rig: Rig, room: int, what: str, *, age_s: float = 0.0, **more: Any) -> None:
    rig.press(room, "door", "door", what=what, age_s=age_s, **more)


def at(rig: Rig, hours: int, minutes: int = 0) -> None:
    """Let the school's clock read this, at the beginning of a script: it is 09:13:20 then."""
    rig.wall_jumps((hours * 60 + minutes) * 60 - (9 * 3600 + 13 * 60 + 20) - rig.t)


def posture(rig: Rig, name: Any) -> None:
    rig.ask(SetPosture(name, "Reyes", "board", confirm=rig.site.postures.current.n))


def told(rig: Rig, kind: str = "door") -> list[str]:
    """What was told of doors since it was last asked: when, to whom, what."""
    new, rig._said = rig.notices[rig._said :], len(rig.notices)
    return [
        f"{round(n.at, 1):g} s {n.audience} {n.type.removeprefix('incident.')}: {words(n.incident)}"
        for n in new
        if n.incident["kind"] == kind
    ]


def words(incident: dict[str, Any]) -> str:
    late = "LATE " if incident["late"] else ""
    if incident["door"] is None:
        return f"{late}{incident['kind']}"
    return late + ("closed again" if incident["door"]["closed_at"] else incident["events"][-1]["words"])


def lines(rig: Rig, which: int = -1) -> list[str]:
    """The lines of doors in an incident's timeline."""
    return [reason for what, reason in rig.timeline(which) if what == "door"]


# --- held open ---


def test_a_door_that_is_held_open_past_its_time_is_told_with_how_long(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(299)
    assert told(rig) == []
    rig.all_speak(2)
    assert told(rig) == ["300 s administration opened: held open for 5 min"]


def test_a_door_has_a_time_of_its_own(rig: Rig) -> None:
    door(rig, KITCHEN, "open")
    rig.all_speak(61)
    assert told(rig) == ["60 s administration opened: held open for 60 s"]


def test_an_inner_door_may_stand_open(rig: Rig) -> None:
    door(rig, HALL, "open")
    rig.all_speak(7200)
    assert told(rig) == []


def test_a_door_that_is_closed_in_time_is_told_to_nobody(rig: Rig) -> None:
    for _ in range(5):
        door(rig, GYM, "open")
        rig.all_speak(200)
        door(rig, GYM, "closed")
        rig.all_speak(200)
    assert told(rig) == []
    assert rig.view.incidents == {}


def test_nobody_answers_a_door_so_it_escalates_by_its_own_plan(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(601)
    assert told(rig) == [
        "300 s administration opened: held open for 5 min",
        "600 s dispatch opened: held open for 5 min",
    ]
    rig.acknowledge()
    told(rig)
    rig.all_speak(240)
    assert told(rig) == []
    rig.note("a delivery")
    rig.resolve("real")
    assert rig.view.incidents == {}


def test_a_closing_is_told_and_rests_the_plan_and_resolves_nothing(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(310)
    told(rig)
    door(rig, GYM, "closed")
    rig.all_speak(20)
    assert told(rig) == ["315 s administration updated: closed again"]
    rig.all_speak(4 * 3600)
    assert told(rig) == []
    (incident,) = rig.view.incidents.values()
    assert incident.state == "open"
    assert ("door", "closed again") in rig.timeline()


def test_a_door_that_stays_closed_after_it_was_answered_reminds_nobody(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(301)
    door(rig, GYM, "closed")
    rig.all_speak(10)
    rig.acknowledge()
    told(rig)
    rig.all_speak(2 * 3600)
    assert told(rig) == []


def test_a_door_that_stays_open_after_it_was_answered_reminds(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(301)
    rig.acknowledge()
    told(rig)
    rig.all_speak(302)
    assert [notice.reminder for notice in rig.notices if notice.reminder] != []


def test_a_door_that_is_held_open_again_asks_again(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(301)
    door(rig, GYM, "closed")
    rig.all_speak(10)
    rig.acknowledge()
    rig.all_speak(300)
    door(rig, GYM, "open")
    told(rig)
    rig.all_speak(301)
    (said,) = told(rig)
    assert said.endswith("administration updated: held open for 5 min")
    (incident,) = rig.view.incidents.values()
    assert incident.state == "open"


def test_an_open_door_of_a_silent_room_is_told_as_last_known(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(301, GYM)
    (said,) = told(rig)
    assert said == ("300 s administration opened: held open for 5 min, as last known (its device is silent)")


# --- after hours ---


def test_a_door_that_is_opened_after_hours_is_told_at_once(rig: Rig) -> None:
    at(rig, 18, 30)
    start = rig.t
    door(rig, GYM, "open")
    assert told(rig) == [f"{start:g} s administration opened: opened after hours"]


def test_after_hours_goes_by_holidays(rig: Rig) -> None:
    """The next day is one: at ten in the morning the house is to be closed."""
    at(rig, 24 + 10)
    door(rig, GYM, "open")
    assert len(told(rig)) == 1


def test_on_a_day_of_school_the_same_door_may_be_opened(rig: Rig) -> None:
    at(rig, 48 + 10)
    door(rig, GYM, "open")
    assert told(rig) == []


def test_a_door_that_stands_open_as_after_hours_begin_is_told(rig: Rig) -> None:
    at(rig, 17, 58)
    door(rig, GYM, "open")
    rig.all_speak(119)
    assert told(rig) == []
    rig.all_speak(2)
    assert told(rig) == ["120 s administration opened: stands open as after hours began, for 2 min by now"]


def test_later_steps_of_an_opening_after_hours_are_taken_once_though_it_is_closed(rig: Rig) -> None:
    at(rig, 18, 30)
    door(rig, GYM, "open")
    rig.all_speak(5)
    door(rig, GYM, "closed")
    rig.all_speak(3600)
    assert told(rig) == [
        "0 s administration opened: opened after hours",
        "10 s administration updated: closed again",
        "300 s dispatch opened: closed again",
    ]


def test_summer_time_ends_and_after_hours_begin_by_the_clock_on_the_wall(rig: Rig) -> None:
    """On Sunday 1 November 2026 it goes back: 18:00 is an hour later in UTC than the day before."""
    rig.wall_jumps((40 * 24 + 25) * 3600 + 7 * 3600 + 44 * 60 - rig.t)  # 1 November, 16:57:20 by that clock
    assert rig.site.directory.calendar.local(rig.now().wall).strftime("%d %H:%M") == "01 16:57"
    door(rig, GYM, "open")
    rig.all_speak(3 * 60)
    door(rig, GYM, "closed")
    rig.all_speak(57 * 60)
    door(rig, GYM, "open")
    rig.all_speak(170)
    (said,) = told(rig)
    assert said.endswith("opened: stands open as after hours began, for 2 min by now")


# --- secure ---


def test_a_door_that_is_opened_in_secure_is_the_officers_at_once(rig: Rig) -> None:
    posture(rig, "secure")
    door(rig, GYM, "open")
    assert told(rig) == ["0 s sro opened: opened in secure"]


def test_a_door_that_stands_open_as_the_school_becomes_secure_is_told(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(30)
    posture(rig, "secure")
    rig.all_speak(1)
    assert told(rig) == ["30 s sro opened: stands open as the posture became secure, for 30 s by now"]


def test_a_held_open_door_becomes_the_officers_as_the_school_becomes_secure(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(301)
    rig.acknowledge()
    told(rig)
    posture(rig, "secure")
    rig.all_speak(3)
    assert told(rig) == [
        "301 s sro opened: stands open as the posture became secure, for 5 min by now",
        "303 s administration updated: stands open as the posture became secure, for 5 min by now",
    ]
    (incident,) = rig.view.incidents.values()
    assert (incident.state, incident.rule) == ("open", "secure")


def test_an_inner_door_may_be_opened_in_secure(rig: Rig) -> None:
    posture(rig, "secure")
    door(rig, HALL, "open")
    assert told(rig) == []


def test_in_a_drill_of_secure_a_door_is_no_incident(rig: Rig) -> None:
    rig.site.postures.begin_drill(decision := Decision(rig.now().mono), "secure", "d-1", rig.now())
    rig._do(decision)
    door(rig, GYM, "open")
    assert told(rig) == []


# --- a real lockdown ---


def lockdown(rig: Rig) -> None:
    rig.press(HALL)
    posture(rig, "lockdown")
    rig.all_speak(1)


def test_in_a_lockdown_doors_are_lines_of_the_calls_timeline(rig: Rig) -> None:
    door(rig, KITCHEN, "open")
    lockdown(rig)
    door(rig, GYM, "open")
    rig.all_speak(10)
    door(rig, GYM, "closed")
    door(rig, HALL, "open")
    rig.all_speak(120)
    assert told(rig) == []
    assert lines(rig) == [
        "kitchen door (Kitchen): open for 0 s",
        "Door 3 (Gym): opened",
        "Door 3 (Gym): closed",
        "door (Hall): opened",
        "kitchen door (Kitchen): held open for 60 s",
    ]
    assert len(rig.view.incidents) == 1


def test_a_door_that_becomes_unknown_in_a_lockdown_is_a_line(rig: Rig) -> None:
    lockdown(rig)
    rig.all_speak(60, GYM)
    assert "Door 3 (Gym): not known now: its device is silent" in lines(rig)


def test_a_plan_of_doors_may_ask_to_be_told_in_a_lockdown(make_rig: Callable[[HubSettings], Rig]) -> None:
    asking = msgspec.structs.replace(SECURE, in_lockdown="notice")
    rig = begun(make_rig(doors_settings(plans=PLANS | {"doors-secure": asking, "doors": DOORS})))
    lockdown(rig)
    door(rig, GYM, "open")
    assert told(rig) == ["1 s sro opened: opened in lockdown"]
    assert "Door 3 (Gym): opened" in lines(rig, 0)


def test_a_lockdown_without_a_call_tells_of_doors_as_secure_does(rig: Rig) -> None:
    posture(rig, "lockdown")
    door(rig, GYM, "open")
    assert told(rig) == ["0 s sro opened: opened in lockdown"]


def test_in_a_drill_a_door_is_told_as_on_any_day(rig: Rig) -> None:
    rig.site.postures.begin_drill(decision := Decision(rig.now().mono), "lockdown", "d-1", rig.now())
    rig._do(decision)
    rig.press(HALL)
    door(rig, KITCHEN, "open")
    rig.all_speak(61)
    assert [said.split(": ")[1] for said in told(rig)] == ["held open for 60 s"]


def test_what_stands_open_when_the_lockdown_becomes_secure_is_told(rig: Rig) -> None:
    lockdown(rig)
    door(rig, GYM, "open")
    assert told(rig) == []
    posture(rig, "secure")
    rig.all_speak(2)
    assert told(rig) == ["1 s sro opened: stands open as the posture became secure, for 0 s by now"]


# --- a panic's word and a door's ---


def test_a_door_never_joins_delays_or_renames_a_call(rig: Rig) -> None:
    at(rig, 18, 30)
    door(rig, HALL, "open")
    door(rig, GYM, "open")
    rig.press(GYM)
    door(rig, KITCHEN, "open")
    kinds = sorted((one.kind, one.group) for one in rig.view.incidents.values())
    assert kinds == [
        ("door", "door room-101 door"),
        ("door", "door room-102 door"),
        ("panic", "site"),
    ]
    panic = next(one for one in rig.view.incidents.values() if one.kind == "panic")
    assert (panic.revision, [room.place.room for room in panic.rooms]) == (1, ["Gym"])


def test_a_channel_tells_calls_before_doors(rig: Rig) -> None:
    at(rig, 18, 30)
    rig.far = dict.fromkeys(rig.settings.channels, "hangs")
    door(rig, GYM, "open")
    rig.press(HALL)
    rig.press(HALL, "quiet", "duress")
    rig.wait(3)
    rig.press(GYM)
    rig.wait(3)
    order = [d.type + " " + str(d.number) for d in sorted(rig.in_hand.values(), key=lambda d: d.urgency)]
    doors = [d.urgency for d in rig.in_hand.values() if d.number == 1]
    calls = [d.urgency for d in rig.in_hand.values() if d.number != 1]
    assert max(calls) < min(doors), order


def test_a_door_moves_no_lamp_and_bars_no_walk_test(rig: Rig) -> None:
    at(rig, 18, 30)
    door(rig, GYM, "open")
    rig.acknowledge()
    rig.ask(OpenWalkTest("room-101", "Lee", "board"))
    rig.resolve("false-alarm")
    assert [command.do for _, command in rig.commands] == ["walk-test"]


# --- late, and out of order ---


def test_an_opening_of_an_outage_is_told_once_as_late(rig: Rig) -> None:
    at(rig, 24 + 1)
    door(rig, GYM, "open", age_s=3600)
    door(rig, GYM, "closed", age_s=3000)
    rig.all_speak(3 * 3600)
    said = told(rig)
    assert said[0] == "0 s administration opened: LATE opened after hours"
    assert [one.split(" ", 2)[2] for one in said[1:]] == [
        "administration updated: LATE closed again",
        "dispatch opened: LATE closed again",
    ]


def test_a_door_that_was_held_open_in_an_outage_and_is_closed_is_told_to_nobody(rig: Rig) -> None:
    rig.all_speak(7000)
    door(rig, GYM, "open", age_s=5000)
    door(rig, GYM, "closed", age_s=1000)
    rig.all_speak(1000)
    assert told(rig) == []


def test_a_door_that_is_heard_of_late_and_stands_open_still_is_told(rig: Rig) -> None:
    rig.all_speak(7000)
    door(rig, GYM, "open", age_s=5000)
    rig.all_speak(11)
    assert told(rig) == ["7010 s administration opened: LATE held open for 83 min"]


def test_a_door_is_judged_by_when_it_was_opened(rig: Rig) -> None:
    """Opened at 17:59 and heard of at 18:05: it was within hours, and is closed by now."""
    at(rig, 18, 5)
    door(rig, GYM, "open", age_s=360)
    door(rig, GYM, "closed", age_s=300)
    rig.all_speak(600)
    assert told(rig) == []


def test_a_closing_that_comes_before_its_opening_still_tells_of_the_opening(rig: Rig) -> None:
    at(rig, 18, 30)
    rig.all_speak(100)
    door(rig, GYM, "closed", age_s=10)
    door(rig, GYM, "open", age_s=20)
    rig.all_speak(6)
    assert told(rig) == [
        "100 s administration opened: opened after hours",
        "105 s administration updated: closed again",
    ]
    assert rig.view.doors["room-101", "door"].state == "closed"


def test_the_same_opening_by_state_and_by_event_is_told_once(rig: Rig) -> None:
    at(rig, 18, 30)
    rig.state(GYM, door="active")
    door(rig, GYM, "open", age_s=0.2)
    rig.all_speak(30)
    assert told(rig) == ["0 s administration opened: opened after hours"]


def test_a_clock_that_is_set_moves_what_the_posture_was(rig: Rig) -> None:
    rig.all_speak(100)
    posture(rig, "secure")
    rig.all_speak(300)
    posture(rig, "normal")
    rig.all_speak(100)
    rig.wall_jumps(2 * 3600)
    door(rig, GYM, "open", age_s=200)
    door(rig, GYM, "closed", age_s=190)
    assert told(rig)[0].endswith("sro opened: LATE opened in secure")


def test_secure_of_an_hour_ago_is_what_an_opening_of_then_is_judged_by(rig: Rig) -> None:
    rig.all_speak(100)
    posture(rig, "secure")
    rig.all_speak(1000)
    posture(rig, "normal")
    rig.all_speak(1000)
    door(rig, GYM, "open", age_s=1500)
    door(rig, GYM, "closed", age_s=1490)
    assert told(rig)[0].endswith("sro opened: LATE opened in secure")
    door(rig, KITCHEN, "open", age_s=500)
    door(rig, KITCHEN, "closed", age_s=490)
    rig.all_speak(20)
    assert not any("KITCHEN" in said for said in told(rig))
    assert {one.rooms[0].place.room for one in rig.view.incidents.values()} == {"Gym"}


# --- restarts and clocks ---


def test_a_restart_loses_no_deadline_of_a_door(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(200)
    rig.restart(10)
    begun_again(rig)
    rig.all_speak(89)
    assert told(rig) == []
    rig.all_speak(2)
    assert told(rig) == ["300 s administration opened: held open for 5 min"]


def test_a_deadline_that_passed_while_the_hub_was_away_waits_for_the_rooms_to_be_heard(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(200)
    rig.restart(3600)
    rig.all_speak(20)
    rig.state(GYM, door="normal")  # it was closed meanwhile
    rig.all_speak(600)
    assert told(rig) == []


def test_a_deadline_that_passed_while_the_hub_was_away_is_told_of_a_door_that_is_open(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.all_speak(200)
    rig.restart(3600)
    begun_again(rig)
    rig.all_speak(61)
    assert told(rig) == ["3860 s administration opened: LATE held open for 64 min"]


def begun_again(rig: Rig) -> None:
    rig.state(GYM, door="active")
    for room in (KITCHEN, HALL):
        rig.state(room, door="normal")


def test_an_incident_of_a_door_goes_on_over_a_restart(rig: Rig) -> None:
    at(rig, 18, 30)
    door(rig, GYM, "open")
    rig.restart(20)
    begun_again(rig)
    rig.all_speak(400)
    assert [one.split(" ", 2)[2] for one in told(rig)] == [
        "administration opened: opened after hours",
        "dispatch opened: opened after hours",
    ]
    door(rig, GYM, "closed")
    rig.restart(1)
    rig.state(GYM, door="normal")
    rig.all_speak(10)
    assert told(rig)[-1].endswith("closed again")


@pytest.mark.parametrize("jump_s", [86_400 * 2.0, -86_400.0, 3.0, -3.0])
def test_a_clock_that_is_set_moves_no_deadline_of_a_door(rig: Rig, jump_s: float) -> None:
    door(rig, GYM, "open")
    rig.all_speak(200)
    rig.wall_jumps(jump_s)
    rig.all_speak(99)
    assert told(rig) == []
    rig.all_speak(2)
    assert told(rig) == ["300 s administration opened: held open for 5 min"]


def test_a_clock_that_is_set_over_the_beginning_of_after_hours_tells_of_open_doors(rig: Rig) -> None:
    door(rig, GYM, "open")
    rig.wall_jumps(10 * 3600)
    rig.all_speak(1)
    assert told(rig) == ["0 s administration opened: stands open after hours, for 0 s by now"]


def test_a_clock_that_was_never_set_says_nothing_of_any_hours(rig: Rig) -> None:
    rig.wall_jumps(-50 * 365 * 86_400)
    for hour in range(24):
        door(rig, GYM, "open")
        rig.all_speak(10)
        door(rig, GYM, "closed")
        rig.all_speak(3600 - 10 + hour % 2)
    assert told(rig) == []


# --- many, and again and again ---


def test_a_door_that_swings_is_told_of_a_few_times_and_no_more(rig: Rig) -> None:
    at(rig, 18, 30)
    for _ in range(400):
        door(rig, GYM, "open")
        rig.wait(0.5)
        door(rig, GYM, "closed")
        rig.wait(5.5)
    assert len(told(rig)) < 20
    rig.all_speak(700)
    assert told(rig)[-1].endswith("closed again")
    counts = rig.view.door_counts["room-101", "door"]
    assert (counts.opened, counts.longest_ms) == (400, 500)


def test_a_swinging_door_writes_few_lines_into_a_calls_timeline(rig: Rig) -> None:
    lockdown(rig)
    for _ in range(200):
        door(rig, GYM, "open")
        door(rig, GYM, "closed")
    assert len(lines(rig)) == 10


def many_doors() -> HubSettings:
    rooms = tuple(
        RoomSettings(
            device=f"room-{n}",
            room=f"Room {n}",
            zones=(
                ZoneSettings(zone="wall", kind="panic"),
                ZoneSettings(zone="door", kind="door", exterior=True),
            ),
        )
        for n in range(1, 201)
    )
    return doors_settings(rooms=rooms)


def test_of_hundreds_of_doors_so_many_have_an_incident_and_a_trouble_tells_of_the_rest(
    make_rig: Callable[[HubSettings], Rig],
) -> None:
    rig = make_rig(many_doors())
    for n in range(1, 201):
        door(rig, n, "open")
    posture(rig, "secure")
    rig.t += 0.02
    first = rig.site.tick(rig.now())
    assert len(first.incidents) <= AT_ONCE
    rig._do(first)
    rig.press(1)
    assert told(rig, "panic") != []
    rig.wait(5)
    assert sum(one.kind == "door" for one in rig.view.incidents.values()) == MOST
    (many,) = [t for t in rig.view.troubles.values() if t.what == "doors-many"]
    assert "136 more" in many.detail
    for n in range(1, 201):
        door(rig, n, "closed")
    rig.wait(10)
    for incident in [one for one in rig.incidents if rig.site.incidents.get(one)]:
        rig.ask(Acknowledge(incident, "Reyes", "board"))
    rig.wait(5)
    assert sum(one.kind == "door" for one in rig.view.incidents.values()) == 2 * MOST
    (many,) = [t for t in rig.view.troubles.values() if t.what == "doors-many"]
    assert "72 more" in many.detail


def test_every_door_that_no_incident_told_of_has_one_once_others_are_answered(
    make_rig: Callable[[HubSettings], Rig],
) -> None:
    rig = make_rig(many_doors())
    for n in range(1, MOST + 4):
        door(rig, n, "open")
    posture(rig, "secure")
    rig.wait(5)
    assert rig.troubles("doors-many") == ["doors many"]
    for n in range(1, 4):
        rig.resolve("false-alarm", which=n)
    rig.wait(1)
    assert rig.troubles("doors-many") == []
    assert sum(one.kind == "door" for one in rig.view.incidents.values()) == MOST


def test_a_strangers_doors_are_bounded(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.doors.STRANGE_DOORS", 5)
    for n in range(900, 920):
        door(rig, n, "open")
        door(rig, n, "closed")
    assert len(rig.view.doors) == 5
    door(rig, GYM, "open")
    assert rig.view.doors["room-101", "door"].state == "open"


# --- the weekly record ---


def rows(rig: Rig, what: str) -> list[dict[str, Any]]:
    return [detail for kind, _, detail in rig.record() if kind == what]


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
