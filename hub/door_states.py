"""What each door of a site is: open, closed, not known; as it is kept, stored and shown. Pure.

What tells of a door is anybody's word, so of doors that the settings don't have only so many are taken.
"""

from __future__ import annotations

from collections.abc import ItemsView
from typing import Final

from msgspec.structs import replace

from config.clock import Now
from config.contract import shown
from hub.decision import Decision
from hub.door_rules import Door, Where
from hub.ledger import Ledger
from hub.view import DoorView

STRANGE_DOORS: Final = 4096
"""Doors that are known, after which none is taken that the settings don't have."""
STRANGE_OF_DEVICE: Final = 32
"""The same of one device: whatever is decided of it looks at each of its doors."""


class DoorStates:
    """What each door is now, by its device and zone."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._doors: dict[Where, DoorView] = {}
        self._zones: dict[str, dict[str, None]] = {}
        """The doors that each device has told of."""

    def get(self, where: Where) -> DoorView | None:
        """Return what a door is, where it is known."""
        return self._doors.get(where)

    def items(self) -> ItemsView[Where, DoorView]:
        """Return every door that is known."""
        return self._doors.items()

    def of_device(self, device: str) -> list[DoorView]:
        """Return the doors that a device has told of."""
        return [self._doors[device, zone] for zone in self._zones.get(device, ())]

    def unknown(self, where: Where) -> str | None:
        """Return why a door isn't known now; None where it is, or was never heard of."""
        known = self._doors.get(where)
        return None if known is None else known.unknown

    def door(self, where: Where, room: str | None, label: str | None) -> Door:
        """Return a door as the settings have it; of one that they don't have, what its device says of it."""
        found = self._ledger.directory.doors.get(where)
        if found is not None:
            return replace(found, name=shown(label)) if label and found.name == found.zone else found
        place = self._ledger.directory.place(where[0], None if room is None else shown(room))
        return Door(place, where[1], shown(label or where[1]))

    def is_one_too_many(self, where: Where) -> bool:
        """Tell whether a stranger's door is not looked at: what says it is anybody's."""
        ours = self._ledger.directory.doors
        if where in ours:
            return False
        of_device = sum((where[0], zone) not in ours for zone in self._zones.get(where[0], ()))
        return of_device >= STRANGE_OF_DEVICE or len(self._doors) >= STRANGE_DOORS

    def say_many(self, decision: Decision, device: str, now: Now) -> None:
        """Tell by a trouble that a device has more doors than are looked at."""
        key = f"doors-strange {device}"
        if self._ledger.known(key) is None:
            words = "it tells of more doors that the settings don't have than are looked at"
            self._ledger.trouble(decision, now, key, "doors-strange", words, device=device)

    def load(self, door: DoorView) -> None:
        """Take a door that the store had."""
        where = self._take(door)
        self._ledger.view.doors[where] = door

    def keep(self, decision: Decision, door: DoorView) -> None:
        """Take what a door is now: it is stored, then shown."""
        where = self._take(door)
        decision.doors[where] = door
        decision.shown.append(lambda: self._ledger.view.doors.__setitem__(where, door))

    def drop(self, decision: Decision, where: Where) -> None:
        """Let go of a door that is no more."""
        del self._doors[where]
        del self._zones[where[0]][where[1]]
        decision.doors[where] = None
        decision.shown.append(lambda: self._ledger.view.drop_door(where))

    def rewrite(self, decision: Decision, moved_ms: int) -> None:
        """Take every moment by a wall clock that has jumped."""
        for door in list(self._doors.values()):
            due = None if door.due is None else door.due + moved_ms
            self.keep(decision, replace(door, since=door.since + moved_ms, due=due))

    def look_at(self, where: Where, mono: float) -> None:
        """Ask to have one door looked at, at a monotonic second."""
        self._ledger.wake(mono, "door", " ".join(where))

    def _take(self, door: DoorView) -> Where:
        where = (door.place.device, door.zone)
        self._doors[where] = door
        self._zones.setdefault(where[0], {})[where[1]] = None
        return where


def named(door: DoorView) -> str:
    """Return what people call a door, and its room."""
    return f"{door.label or door.zone} ({shown(door.place.room)})"
