"""``tocsin-hub zones``: the zone list for a monitoring station; returns its exit code.

What can't be read raises ``LookupError``.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from config.contract import PANIC_KINDS
from config.hub_settings import HubSettings
from hub.cli_record import open_record
from hub.dc09.signal import CODES, SignalEvent
from hub.kept_facts import KeptFacts
from hub.store.journal import Journal
from hub.zone_numbers import BOX, FACT, Numbered

NONE_YET: Final = (
    "no zone has a number yet: each gets one when the hub starts with a channel of the type dc-09"
)


class ZoneLine(NamedTuple):
    """One number, and what a station writes beside it."""

    number: int
    room: str
    building: str
    floor: str
    zone: str
    """Its label, or its id; ``box`` of a room's box itself."""
    kind: str
    contact_id: str
    sia: str
    """The codes of its alarm; of what is no button, of that nothing is heard of it."""
    note: str


def zones(settings: HubSettings, *, as_csv: bool) -> int:
    """Print which number is which zone: for people, or as a table for the station's own program."""
    with open_record(settings) as engine:
        facts = Journal(engine, settings.site).load().facts
    found = list(lines(settings, facts))
    if not found:
        print(NONE_YET, file=sys.stderr)
        return 1
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(ZoneLine._fields)
        writer.writerows(found)
        return 0
    for one in found:
        place = ", ".join(filter(None, (one.room, one.building, one.floor and f"floor {one.floor}")))
        words = f"{one.number:03d}  {place}: {one.zone} ({one.kind}, {one.contact_id}/{one.sia})"
        print(words + (f"; {one.note}" if one.note else ""))
    return 0


def _event(kind: str) -> SignalEvent:
    """Return what is told first of such a zone; of one whose settings name no zones: it may be a panic."""
    if kind in PANIC_KINDS or kind == "button":
        return next((each for each in PANIC_KINDS if each == kind), "panic")
    return "supervision" if kind == "box" else "trouble"


def lines(settings: HubSettings, facts: Mapping[str, str]) -> Iterator[ZoneLine]:
    """Yield every number that was ever given, in order; also those of what is gone, and nobody's again."""
    rooms = {room.device: room for room in settings.rooms}
    kept = KeptFacts(facts)
    for number, one in sorted((int(name), found) for name, found in kept.each(FACT, Numbered)):
        if not one.device:
            continue  # left out after a restore
        room = rooms.get(one.device)
        zone = next((each for each in room.zones if each.zone == one.zone), None) if room else None
        kind = "box" if one.zone == BOX else "button" if zone is None else zone.kind
        code = CODES[_event(kind)]
        note = "no longer used: the zone has another number" if one.left else ""
        yield ZoneLine(
            number,
            room.room if room else one.device,
            (room.building if room else None) or "",
            (room.floor if room else None) or "",
            "box" if one.zone == BOX else (zone.label if zone and zone.label else one.zone),
            kind,
            code.contact_id,
            code.sia,
            note or ("" if room else "not in the settings any more"),
        )
