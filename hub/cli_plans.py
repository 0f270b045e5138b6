"""What ``tocsin-hub`` says of plans: who would be told of a press, and when too few would be."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from config.contract import PanicKind
from config.hub_settings import HubSettings
from hub.channels.build import build_channels
from hub.directory import Directory
from hub.foresight import foresee, gaps
from hub.foresight_words import explained, listed
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


def explain(settings: HubSettings, kind: PanicKind, room: str, at: datetime | None) -> list[str]:
    """Return who would be told of a press, when and why; raises ``LookupError`` for a room that isn't set."""
    device = device_of(settings, room)
    directory = _directory(settings)
    zone = directory.calendar.zone
    moment = datetime.now(UTC) if at is None else at
    moment = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    place = directory.place(device)
    seen = foresee(directory, kind, place, round(moment.timestamp() * 1000))
    return list(explained(seen, kind, place, moment.astimezone(zone)))


def _directory(settings: HubSettings) -> Directory:
    channels = build_channels(settings)
    return Directory(settings, {name: channel.targets for name, channel in channels.items()})


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
