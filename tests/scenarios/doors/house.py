"""A school with doors, what a script lets them do, and what it is told of them."""

from __future__ import annotations

from typing import Any

from config.door_settings import DoorsSettings
from config.hub_settings import AudienceSettings, HubSettings, RoomSettings, ScheduleSettings, ZoneSettings
from config.people_settings import HoursSettings
from config.plan_settings import PlanSettings, StepSettings
from hub.asking import SetPosture
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


def rows(rig: Rig, what: str) -> list[dict[str, Any]]:
    return [detail for kind, _, detail in rig.record() if kind == what]


def lockdown(rig: Rig) -> None:
    rig.press(HALL)
    posture(rig, "lockdown")
    rig.all_speak(1)
