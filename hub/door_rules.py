"""What is to be told of a door: as the settings have it, at a moment. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from config.door_checks import closed_during, open_max_s, rules_of
from config.door_settings import DoorRule
from config.hub_settings import HubSettings, ZoneSettings
from hub.incident import Place

Where = tuple[str, str]
"""A door: its device and zone."""


class Door(Struct, frozen=True):
    """A door contact as the settings have it."""

    place: Place
    zone: str
    name: str
    """What people call it: ``Door 3``, or its label."""
    exterior: bool = False
    in_secure: bool = False
    """It is to be closed while the school is secure."""
    closed_during: tuple[str, ...] = ()
    """Schedules while which it is to be closed."""
    open_max_ms: int = 0
    """For how long it may stand open; 0: for ever."""

    @property
    def where(self) -> Where:
        """Which it is."""
        return self.place.device, self.zone


def doors_of(settings: HubSettings) -> dict[Where, Door]:
    """Return the doors of the settings."""
    found = {}
    for room in settings.rooms:
        place = Place(room.device, room.room, room.building, room.floor)
        for zone in room.zones:
            if zone.kind == "door":
                found[room.device, zone.zone] = Door(
                    place,
                    zone.zone,
                    name_of(zone),
                    zone.exterior,
                    "secure" in rules_of(zone, settings.doors),
                    closed_during(zone, settings.doors),
                    round(open_max_s(zone, settings.doors) * 1000),
                )
    return found


def name_of(zone: ZoneSettings) -> str:
    """Return what people call a door: by its number, or by its label, or by its zone."""
    if zone.number is not None:
        return f"Door {zone.number}"
    return zone.label or zone.zone


def broken(door: Door, at: int, *, secure: bool, is_on: Callable[[str, int], bool]) -> DoorRule | None:
    """Return the rule that a door breaks by being open at this moment; None where it may be."""
    if secure and door.in_secure:
        return "secure"
    return "after-hours" if any(is_on(name, at) for name in door.closed_during) else None


def schedules_of(doors: Iterable[Door]) -> tuple[str, ...]:
    """Return the schedules that some door goes by."""
    return tuple(dict.fromkeys(name for door in doors for name in door.closed_during))
