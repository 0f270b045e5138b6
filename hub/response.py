"""What a school does about each kind of incident, in the words of the Standard Response Protocol. Pure.

The words are those of the I Love U Guys Foundation's K-12 protocol (SRP 4): each action and its
directive. A kind's response is a recommendation to those who are told; the posture is set by a person.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from config.contract import IncidentKind, PostureName


class Response(Struct, frozen=True):
    """What those who are told are to do."""

    posture: PostureName | None
    """The protocol's action; None where the whole school has nothing to do."""
    words: str


RESPONSES: Final[dict[IncidentKind, Response]] = {
    "panic": Response("lockdown", "Lockdown! Locks, Lights, Out of Sight"),
    "duress": Response(None, "Silent call: nothing in the room may show it; the officer decides the posture"),
    "medical": Response("hold", "Hold! In your Room or Area. Clear the Halls"),
    "assist": Response(None, "One adult to the room; the school goes on"),
    "door": Response(None, "Somebody to the door: see who is there, and close it"),
}
"""By kind. A duress names no action: an announcement could give away the person who called."""

DIRECTIVES: Final[dict[PostureName, str]] = {
    "normal": "The school day goes on.",
    "hold": "In your room or area. Clear the halls.",
    "secure": "Get inside. Lock outside doors.",
    "lockdown": "Locks, lights, out of sight.",
    "evacuate": "To a location: say which.",
    "shelter": "State the hazard and the safety strategy.",
}
"""By posture: what everybody does."""
