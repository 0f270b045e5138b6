"""What a site had when its hub last stopped, as the store has it: what the next start goes on from. Pure."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from hub.delivery import Delivery
from hub.enrolment.identity import Code, Identity
from hub.incident import Incident
from hub.kept_facts import KeptFacts
from hub.torn import Torn
from hub.view import DeviceView, DoorView, Trouble


def held_fact(name: str) -> str:
    """Return the name of the fact that keeps when a broker's event session was last held, in wall ms."""
    return f"held {name}"


class Loaded(Struct):
    """What a site had when its hub last stopped, from the store."""

    seq: int = 0
    """The highest number in the record."""
    number: int = 0
    """The highest number of an incident."""
    facts: dict[str, str] = {}
    incidents: list[tuple[Incident, Any]] = []
    """Unresolved ones, each with its :class:`~hub.kept_course.KeptCourse`."""
    resolved: list[Incident] = []
    """Resolved ones, the latest first, as many as rooms may have to hear of again."""
    deliveries: list[Delivery] = []
    """Owed ones."""
    troubles: list[Trouble] = []
    """Open ones."""
    devices: dict[str, DeviceView] = {}
    doors: list[DoorView] = []
    codes: list[Code] = []
    identities: list[Identity] = []
    torn: list[Torn] = []
    """Rows that can't be read as what they are."""

    def held_until(self, name: str, *, is_first: bool) -> int | None:
        """Return when the event session of the broker of this name was last held, in wall ms.

        A release that knew but one broker kept no such facts: it was held until the last beat.
        """
        facts = KeptFacts(self.facts)
        kept = facts.read(held_fact(name), int)
        if kept is None and is_first and not any(fact.startswith(held_fact("")) for fact in self.facts):
            kept = facts.read("beat", int)
        return kept
