"""Zone numbers, by which a monitoring station knows a school's buttons: given once, kept for ever. Pure.

Each button, and each room's box itself, has a number of its own from the first time it is needed. A number
is never another's, whatever becomes of its room: the station's own list would send help to the wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from config.clock import Now
from config.contract import PANIC_KINDS, shown
from hub.dc09.signal import HIGHEST_ZONE, NO_ZONE
from hub.decision import Decision
from hub.kept_facts import KeptFacts
from hub.ledger import Ledger

FACT: Final = "zone-number "
"""How the facts begin that keep them, one for each number."""
BOX: Final = ""
"""Stands in a zone's place for its room's box itself."""
MOST_OF_ROOM: Final = 16
"""Zones of a room whose settings name none that get numbers: what an agent says is not to use them up."""
SKIPPED: Final = 20
"""Numbers left out after a restore: they may have been given since the backup."""


class Numbered(Struct, frozen=True):
    """What bears a number."""

    device: str
    zone: str
    left: bool = False
    """It has another since, by the settings; this one is nobody's."""


class ZoneNumbers:
    """Which zone bears which number."""

    def __init__(self, ledger: Ledger, facts: KeptFacts) -> None:
        self._ledger = ledger
        self.kept: dict[int, Numbered] = {}
        """What bears which number, or bore it."""
        self._of: dict[tuple[str, str], int] = {}
        self._taken: set[int] = set()
        """All that were given, and those of which can't be read to whom."""
        for name, one in facts.each(FACT, Numbered):
            self._keep(int(name), one)
        self._taken |= {int(name.removeprefix(FACT)) for name in facts.unread if name.startswith(FACT)}

    def of(self, decision: Decision, device: str, zone: str, now: Now) -> int:
        """Return the number of a zone, from now on its own; :data:`NO_ZONE` of what nobody has set up.

        A zone that its room's settings don't name is told by the number of the room's box.
        """
        if device not in self._ledger.directory.rooms:
            return NO_ZONE
        if zone != BOX and not self._is_known(device, zone):
            zone = BOX
        number = self._of.get((device, zone))
        if number is None:
            number = self._give(decision, device, (zone,), now).get(zone, NO_ZONE)
        return number

    def settle(self, decision: Decision, now: Now) -> None:
        """Give each button of the settings, and each box, its number; those that the settings fix first."""
        fixed = self._ledger.settings.zone_numbers
        for key in list(self._ledger.troubles.open):
            if key.startswith(FACT) and key.removeprefix(FACT) not in fixed:
                self._ledger.restore(decision, now, key, for_good=True)
        for name, number in fixed.items():
            device, _, zone = name.partition("/")
            self._fix(decision, device, zone, number, now)
        if not self._ledger.directory.receivers:
            return
        for device, room in self._ledger.directory.rooms.items():
            buttons = [zone.zone for zone in room.zones if zone.kind in PANIC_KINDS]
            new = [zone for zone in (*buttons, BOX) if (device, zone) not in self._of]
            if new:
                self._give(decision, device, new, now)

    def skip(self, decision: Decision) -> None:
        """Leave numbers out that may have been given by a hub of which nothing is known."""
        for number in list(_free(self._taken))[:SKIPPED]:
            self._write(decision, number, Numbered(BOX, BOX, left=True))

    def _is_known(self, device: str, zone: str) -> bool:
        room = self._ledger.directory.rooms[device]
        if room.zones:
            return any(one.zone == zone for one in room.zones)
        return sum(1 for other, _ in self._of if other == device) < MOST_OF_ROOM or (device, zone) in self._of

    def _fix(self, decision: Decision, device: str, zone: str, number: int, now: Now) -> None:
        """Give a zone the number that the settings have for it, if it was never another's."""
        key = f"{FACT}{device}/{zone}"
        kept = self.kept.get(number)
        if kept is not None and (kept.device, kept.zone) == (device, zone) and not kept.left:
            self._ledger.restore(decision, now, key, for_good=True)
            return
        if number in self._taken:
            whose = "" if kept is None or not kept.device else f" of {shown(kept.device)}/{shown(kept.zone)}"
            detail = f"{shown(device)}/{shown(zone)}: {number} was given already, it is the number{whose}"
            self._ledger.trouble(decision, now, key, "zone-number", detail)
            return
        self._ledger.restore(decision, now, key, for_good=True)
        before = self._of.get((device, zone))
        if before is not None:
            self._write(decision, before, replace(self.kept[before], left=True))
        self._write(decision, number, Numbered(device, zone))
        self._record(decision, device, {zone: number}, "as the settings have it", now)

    def _give(self, decision: Decision, device: str, zones: Sequence[str], now: Now) -> dict[str, int]:
        """Give zones of a room the next free numbers."""
        given: dict[str, int] = {}
        reserved = set(self._ledger.settings.zone_numbers.values())
        for zone, number in zip(zones, _free(self._taken | reserved), strict=False):
            self._write(decision, number, Numbered(device, zone))
            given[zone] = number
        if given:
            self._record(decision, device, given, "for ever", now)
        if len(given) < len(zones):
            why = f"all {HIGHEST_ZONE} are given: what is told of {shown(device)} has none"
            self._ledger.trouble(decision, now, "zone-number", "zone-number", why)
        return given

    def _record(self, decision: Decision, device: str, given: dict[str, int], why: str, now: Now) -> None:
        room = self._ledger.directory.place(device).room
        words = ", ".join(f"{shown(zone) or 'box'} {number}" for zone, number in given.items())
        detail = {"device": device, "zones": given}
        self._ledger.record(decision, now, "zone-numbered", f"{room}: {words}, {why}", detail=detail)

    def _write(self, decision: Decision, number: int, one: Numbered) -> None:
        self._keep(number, one)
        decision.facts[f"{FACT}{number}"] = msgspec.json.encode(one).decode()

    def _keep(self, number: int, one: Numbered) -> None:
        self.kept[number] = one
        self._taken.add(number)
        if not one.left:
            self._of[one.device, one.zone] = number


def _free(taken: set[int]) -> Iterator[int]:
    """Yield the numbers that were never given, the lowest first."""
    return (number for number in range(NO_ZONE + 1, HIGHEST_ZONE + 1) if number not in taken)
