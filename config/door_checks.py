"""What is wrong with the settings of doors, and what is no fault and yet should be known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from config.door_settings import DOOR_RULES, DoorRule, DoorsSettings
from config.not_known import where_known
from config.plan_settings import PlanSettings
from config.settings import Report


class Zone(Protocol):
    """A zone's settings, as far as doors go."""

    @property
    def kind(self) -> str: ...
    @property
    def number(self) -> str | None: ...
    @property
    def exterior(self) -> bool: ...
    @property
    def open_max_s(self) -> float | None: ...
    @property
    def closed_during(self) -> tuple[str, ...] | None: ...
    @property
    def closed_in_secure(self) -> bool | None: ...


class Room(Protocol):
    """A room's settings, as far as doors go."""

    @property
    def zones(self) -> Sequence[Zone]: ...


def check_doors(
    rooms: Sequence[Room], doors: DoorsSettings, schedules: frozenset[str], report: Report
) -> None:
    """Report what only a door has and another zone was given, and schedules that nobody knows."""
    with where_known:
        _check_schedules("doors.closed_during", doors.closed_during, schedules, report)
    for i, room in enumerate(rooms):
        with where_known:
            for j, zone in enumerate(room.zones):
                with where_known:
                    _check_zone(f"rooms[{i}].zones[{j}]", zone, schedules, report)


def _check_zone(key: str, zone: Zone, schedules: frozenset[str], report: Report) -> None:
    if zone.kind != "door":
        for name in ("number", "exterior", "open_max_s", "closed_during", "closed_in_secure"):
            with where_known:
                if getattr(zone, name) not in (None, False):
                    found = f"set on a zone of kind {zone.kind!r}"
                    report(f"{key}.{name}", found, "leave it out: only a door has it")
        return
    with where_known:
        _check_schedules(f"{key}.closed_during", zone.closed_during or (), schedules, report)


def _check_schedules(key: str, names: Iterable[str], schedules: frozenset[str], report: Report) -> None:
    for name in names:
        if name not in schedules:
            allowed = ", ".join(sorted(schedules)[:20]) or "none is set"
            report(key, f"no schedule {name!r}", f"schedules: {allowed}")


def rules_of(zone: Zone, doors: DoorsSettings) -> Iterator[DoorRule]:
    """Return what is told of a door, the gravest first; nothing of any other zone."""
    if zone.kind != "door":
        return
    if zone.exterior if zone.closed_in_secure is None else zone.closed_in_secure:
        yield "secure"
    if closed_during(zone, doors):
        yield "after-hours"
    if open_max_s(zone, doors) > 0:
        yield "held-open"


def closed_during(zone: Zone, doors: DoorsSettings) -> tuple[str, ...]:
    """Return the schedules while which a door is to be closed."""
    if zone.closed_during is not None:
        return zone.closed_during
    return doors.closed_during if zone.exterior else ()


def open_max_s(zone: Zone, doors: DoorsSettings) -> float:
    """Return for how many seconds a door may stand open; 0: for ever."""
    if zone.open_max_s is not None:
        return zone.open_max_s
    return doors.open_max_s if zone.exterior else 0


def rules(rooms: Iterable[Room], doors: DoorsSettings) -> tuple[DoorRule, ...]:
    """Return what is told of any door of a school."""
    found = {rule for room in rooms for zone in room.zones for rule in rules_of(zone, doors)}
    return tuple(rule for rule in DOOR_RULES if rule in found)


def doubts(told: Sequence[DoorRule], plans: Mapping[str, PlanSettings]) -> list[str]:
    """Return what should be thought over of ``told``, which is told of doors, and the plans that are set."""
    of_doors = [plan for plan in plans.values() if "door" in plan.kinds]
    if not plans or not told:
        return []
    if not of_doors:
        return ["no plan is of kind door: what is told of doors goes by the default plans of doors"]
    asking = [plan for plan in of_doors if not (plan.rooms or plan.buildings or plan.during)]
    return [
        f"no plan tells anybody of a door that is {_WORDS[rule]}: only boards show it"
        for rule in told
        if not any(rule in plan.doors or not plan.doors for plan in asking)
    ]


_WORDS: dict[DoorRule, str] = {
    "secure": "open while the school is secure",
    "after-hours": "open after hours",
    "held-open": "held open",
}
