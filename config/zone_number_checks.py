"""What may be wrong with the zone numbers that settings fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from config.not_known import where_known
from config.settings import Report

HIGHEST: Final = 999
"""Contact ID has three digits for a zone."""


def check_zone_numbers(
    numbers: Mapping[str, int], rooms: Mapping[str, tuple[str, ...]], report: Report
) -> None:
    """Report numbers of no zone, and such as are used twice; ``rooms`` maps devices to their zones' ids."""
    used: dict[int, str] = {}
    for name, number in numbers.items():
        key = f"zone_numbers.{name}"
        with where_known:
            device, slash, zone = name.partition("/")
            if not slash or device not in rooms:
                cure = "must be device/zone of a room; device/ is the room's box itself"
                report(key, f"no room has the device {device!r}", cure)
            elif zone and rooms[device] and zone not in rooms[device]:
                report(key, f"{device} has no zone {zone!r}", f"zones: {', '.join(rooms[device])}")
        with where_known:
            if not 1 <= number <= HIGHEST:
                report(key, f"found {number}", f"must be 1 to {HIGHEST}")
        with where_known:
            if number in used:
                report(key, f"{number} is the number of {used[number]} too", "give each a number of its own")
            used[number] = name
