"""The weekly record of exterior doors: what is counted of each, and who signed it. Pure."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import asdict


class DoorCount(Struct, frozen=True):
    """One exterior door in one week, from its contact."""

    device: str
    zone: str
    name: str
    room: str
    building: str | None = None
    opened: int = 0
    longest_ms: int = 0
    """The longest that it was open, as far as closings are known."""
    held_open: int = 0
    after_hours: int = 0
    secure: int = 0
    """How often it was open past its time, opened after hours, and while the school was secure."""
    faults: int = 0
    """How often its wires read a fault."""
    unknown_ms: int = 0
    """For how long nothing was known of it."""

    @property
    def broken(self) -> str:
        """What it did that it should not, in words: whoever signs has to say what they found of that."""
        counted = (
            (self.held_open, "held open"),
            (self.after_hours, "open after hours"),
            (self.secure, "open while secure"),
            (self.faults, "wire fault"),
        )
        found = [words if times == 1 else f"{words} {times} times" for times, words in counted if times]
        return ", ".join(found)

    @property
    def exceptions(self) -> tuple[str, ...]:
        """What is to be explained of it, in words; empty where nothing is."""
        return (
            *([self.broken] if self.broken else []),
            *([f"not known for {self.unknown_ms // 60_000} min"] if self.unknown_ms else []),
        )


class Signature(Struct, frozen=True):
    """A person's word that they have looked at a week."""

    by: str
    via: str
    at: int
    version: int
    """Of the week as they were shown it: what came later may have corrected it."""
    exceptions: str
    """What they say of them; empty: that there is nothing to say."""
    seq: int = 0
    """Its row in the record, beside which the name and the words go when their time is over."""


class DoorWeek(Struct, frozen=True):
    """One week that is over, Monday to Sunday by the school's clock."""

    week: str
    """Such as ``2026-W49``, by ISO 8601."""
    first: int
    last: int
    """Its bounds in wall ms, the last excluded."""
    frozen_at: int
    doors: tuple[DoorCount, ...]
    version: int = 1
    """Higher where a door told late of what happened in it."""
    signatures: tuple[Signature, ...] = ()
    before: tuple[DoorCount, ...] = ()
    """Its doors as the version before this one had them."""
    unwritten: bool = False
    """Its correction is gathered still, and no row of the record says it yet."""

    @property
    def must_be_explained(self) -> bool:
        """Tell whether doors did what they should not, and nobody who signed says a word of it."""
        said = any(one.version == self.version and one.exceptions for one in self.signatures)
        return not said and any(door.broken for door in self.doors)


def counts_json(doors: tuple[DoorCount, ...]) -> list[dict[str, Any]]:
    """Return the doors of a week as the record and the API have them."""
    return [asdict(door) for door in doors]
