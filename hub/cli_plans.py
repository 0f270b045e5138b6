"""What ``tocsin-hub`` says of plans: who would be told of a press, and when too few would be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from config.contract import IncidentKind
from config.door_settings import DOOR_RULES, DoorRule
from config.hub_settings import HubSettings
from hub.channels.build import build_channels, shapes_of
from hub.delivery import Target
from hub.directory import Directory
from hub.door_rules import broken
from hub.drill import NEVER
from hub.foresight import InDrill, foresee, gaps
from hub.foresight_words import explained, listed, of_doors, of_drills
from hub.incident import Place
from hub.schedule import Calendar

_YEAR_MS: Final = 365 * 86_400_000


def today(settings: HubSettings) -> date:
    """Return the school's own day now."""
    return datetime.now(ZoneInfo(settings.timezone)).date()


def cover(settings: HubSettings, within_s: float) -> list[str]:
    """Return when, in the school's year, too few people would be told; empty where they always would."""
    directory = _directory(settings)
    first_ms, last_ms, year = _year(settings, directory.calendar)
    lines = list(listed(gaps(directory, first_ms, last_ms, within_s), directory.calendar))
    if not lines:
        return [f"at every minute of {year} two people or more are told, the first within {within_s:g} s"]
    return [f"note: too few would be told at times of {year}:", *(f"  {line}" for line in lines)]


def explain(
    settings: HubSettings,
    kind: IncidentKind,
    room: str,
    at: datetime | None,
    *,
    drill: bool = False,
    leader: str | None = None,
) -> list[str]:
    """Return who would be told of a press or a door, when and why; ``drill``: of a press that one covers.

    Raises ``LookupError`` for a room or a leader that isn't set, and where there is no door.
    """
    device = device_of(settings, room)
    directory = _directory(settings)
    zone = directory.calendar.zone
    moment = datetime.now(UTC) if at is None else at
    moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    place, wall = directory.place(device), round(moment.timestamp() * 1000)
    if kind == "door":
        if drill:
            raise LookupError("a drill covers no door: explain it without --drill")
        return list(_doors(directory, place, wall, moment))
    if not drill:
        return list(explained(foresee(directory, kind, place, wall), kind, place, moment))
    asked = _asked(directory, leader, wall)
    if kind in NEVER:
        seen = foresee(directory, kind, place, wall)
        return [f"{kind} is real in every drill", *explained(seen, kind, place, moment)]
    of = InDrill(asked, settings.drills.dispatch == "test")
    seen = foresee(directory, kind, place, wall, drill=of)
    rest = of_drills(kind, leader, settings.drills.unexpected_real_after_s)
    return [*explained(seen, kind, place, moment), *rest]


def _doors(directory: Directory, place: Place, wall: int, moment: datetime) -> Iterator[str]:
    """Say what the doors of a room go by, and who is told when one is as it should not be."""
    doors = directory.doors_of(place.device)
    if not doors:
        rooms = ", ".join(dict.fromkeys(one.place.room for one in directory.doors.values())) or "none"
        raise LookupError(f"{place.room} has no door in the settings; rooms with one: {rooms}")
    yield from of_doors(
        doors, lambda one: broken(one, wall, secure=False, is_on=directory.is_on) == "after-hours"
    )
    told: dict[DoorRule, bool] = {
        "secure": any(one.in_secure for one in doors),
        "after-hours": any(one.closed_during for one in doors),
        "held-open": any(one.open_max_ms for one in doors),
    }
    if not any(told.values()):
        yield "nobody is told of it, whenever it is open"
    for rule in DOOR_RULES:
        if told[rule]:
            yield from explained(foresee(directory, "door", place, wall, rule=rule), "door", place, moment)


def _asked(directory: Directory, leader: str | None, wall: int) -> tuple[Target, ...]:
    """Return who is told of every press of a drill: the officer, and its leader."""
    if leader is not None and not directory.roster.people_of(leader):
        names = ", ".join(one.name for one in directory.roster.people.values()) or "none is set"
        raise LookupError(f"no person {leader!r}; people: {names}")
    return directory.asked_of_drill(leader or "", wall)


def _directory(settings: HubSettings) -> Directory:
    return Directory(settings, shapes_of(build_channels(settings)))


def device_of(settings: HubSettings, room: str) -> str:
    """Return the device of a room by its device, its name or its number."""
    wanted = room.casefold()
    for one in settings.rooms:
        name = one.room.casefold()
        if wanted in (one.device, name, name.removeprefix("room ")):
            return one.device
    rooms = ", ".join(one.room for one in settings.rooms[:20]) or "none is set"
    raise LookupError(f"no room {room!r}; rooms: {rooms}")


def _year(settings: HubSettings, calendar: Calendar) -> tuple[int, int, str]:
    """Return the school year as wall ms, with its words; a year from now where the settings have none."""
    year = settings.calendar.school_year
    if year is None:
        now = round(time.time() * 1000)
        return now, now + _YEAR_MS, "the coming year"
    last_ms = calendar.begins(year.last + timedelta(days=1))
    return calendar.begins(year.first), last_ms, f"the school year ({year.first} to {year.last})"
