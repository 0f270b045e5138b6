"""An incident: what an alarm opens, and people acknowledge and resolve. Pure.

How it changes stands in :mod:`hub.transitions`.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from config.contract import INCIDENT_KINDS, IncidentKind
from config.door_settings import DoorRule
from hub.causes import doubts

State = Literal["open", "acknowledged", "resolved"]
Disposition = Literal["real", "false-alarm", "drill", "test"]
InDrill = Literal["expected", "not-expected", "part-of-drill", "real"]
"""What a press is in the drill that ran when it was pressed: see :mod:`hub.drill`."""

TOLD_AHEAD: Final = 1000
"""Changes of one incident that may have been told from memory, and lost as the hub was killed: more than a
whole school's presses."""
EVENTS_KEPT: Final = 500
"""Alarms an incident carries with it, the newest; the record has them all."""


class Place(Struct, frozen=True):
    """Where a device is, as the site file says; for an unknown one as it says itself."""

    device: str
    room: str
    building: str | None = None
    floor: str | None = None
    known: bool = True


class Press(Struct, frozen=True):
    """An alarm as the hub takes it: what happened, where, and when by the hub's reckoning (ms)."""

    key: str
    """Its key in the record: unique with the device."""
    id: str | None
    place: Place
    zone: str
    label: str | None
    kind: IncidentKind
    what: str
    at: int
    received_at: int
    late: bool = False
    held: bool = False
    cause: str | None = None
    """The fault that its zone's wires read, where that may be a press or not; None: it was pressed."""
    test: bool = False
    """Its agent marked it as a walk test's; no walk test was open for it, so it is taken as real."""
    rule: DoorRule | None = None
    """Of a door: what is told of it."""
    words: str | None = None
    """Of a door: the same for people, such as ``held open for 5 min``."""
    in_drill: InDrill | None = None
    """In an incident of a drill: what it is in it. ``real``: a real incident has it, too."""
    revision: int = 0
    """Its incident's revision that it made; 0 as an older release kept it."""

    @property
    def button(self) -> tuple[str, str]:
        """Which button it is: its device and zone."""
        return self.place.device, self.zone


class Room(Struct, frozen=True):
    """A room of an incident, and whether its call still wants an answer."""

    place: Place
    kind: IncidentKind
    asks: bool
    asks_since: int
    """The revision that showed the press it asks with."""
    asked_at: int
    """When that press was, in ms."""
    called_at: int | None = None
    """When the oldest press of it that nobody has answered was; None as an older release kept it."""

    @property
    def waits_from(self) -> int:
        """When it began to wait for the answer it waits for, in ms."""
        return self.asked_at if self.called_at is None else self.called_at


class Deed(Struct, frozen=True):
    """Who did it, when (ms), through what."""

    by: str
    at: int
    via: str


class Resolution(Struct, frozen=True):
    """Who ended the incident, when (ms), through what, and what it was."""

    by: str
    at: int
    via: str
    disposition: Disposition


class Incident(Struct, frozen=True):
    """One incident at one revision."""

    id: str
    site: str
    group: str
    number: int
    revision: int
    kind: IncidentKind
    state: State
    drill: bool
    late: bool
    """Every alarm in it so far came late."""
    opened_at: int
    rooms: tuple[Room, ...]
    events: tuple[Press, ...]
    """The newest :data:`EVENTS_KEPT` alarms, oldest first; one that makes a button certain stays longer."""
    acknowledged: Deed | None = None
    resolved: Resolution | None = None
    confirmed: bool = False
    """Several rooms or a person bear it out: see :class:`hub.plan.Confirm`."""
    has_causes: bool = False
    """An alarm in it may be a fault: only then is it looked at which; 500 presses join in a storm."""
    rule: DoorRule | None = None
    """Of a door's: the gravest that was told of it."""
    closed_at: int | None = None
    """Of a door's: since when it is closed again; None while it isn't."""
    restored: int | None = None
    """It was open in a backup of this moment (wall ms) that was restored: it may have been closed since."""
    trace: str = ""
    """A digest of all that made this revision, in order. A crash may lose a change that was told from
    memory, and another may come to bear its number: their notices must not bear one id."""

    drill_id: str | None = None
    """Of which drill it is."""
    told_to: int = 0
    """The highest revision that a hub which was killed may have told from memory; no record has it."""

    @property
    def reached(self) -> int:
        """The highest revision that anybody may have heard of."""
        return max(self.revision, self.told_to)

    @property
    def following(self) -> int:
        """The revision that the next change makes: above all that anybody may have heard of."""
        return self.reached + 1

    @property
    def waiting(self) -> tuple[Press, ...]:
        """The presses that were not expected in its drill, and of which nobody has said what they are."""
        if not self.drill:
            return ()
        return tuple(press for press in self.events if press.in_drill == "not-expected")

    @property
    def open_rooms(self) -> tuple[Room, ...]:
        """The rooms whose call nobody has answered."""
        return tuple(room for room in self.rooms if room.asks)


def incident_id(site: str, device: str, key: str) -> str:
    """Derive an incident's id from the event that opened it, so that a retry carries the same."""
    digest = blake2b("\0".join((site, device, key)).encode("utf-8", "replace"), digest_size=10).hexdigest()
    return f"i-{digest}"


def in_doubt(presses: tuple[Press, ...]) -> dict[tuple[str, str], str]:
    """Return what is told of the buttons that may not have been pressed at all, by device and zone."""
    return doubts((press.button, press.cause) for press in presses)


def rank(kind: IncidentKind) -> int:
    """Return a kind's place: 0 is the highest."""
    return INCIDENT_KINDS.index(kind)


def reckoned_earlier(incident: Incident, device: str, key: str, at: int) -> Incident:
    """Return the incident with a press moved to an earlier reckoning of its time; no new revision.

    What its room asks with, and waits from, moves with it.
    """
    was = next((e.at for e in incident.events if e.key == key and e.place.device == device), None)
    events = tuple(
        replace(e, at=min(e.at, at)) if e.key == key and e.place.device == device else e
        for e in incident.events
    )
    rooms = tuple(
        _room_moved(room, was, at) if was is not None and room.place.device == device else room
        for room in incident.rooms
    )
    return replace(incident, rooms=rooms, events=events, opened_at=min(incident.opened_at, at))


def clock_moved(incident: Incident, ms: int) -> Incident:
    """Return the incident with all its moments by a wall clock that has jumped by this much.

    So that "more than 60 s after" and "how long ago" stay true; the record keeps what it said before.
    """
    acknowledged = incident.acknowledged
    return replace(
        incident,
        opened_at=incident.opened_at + ms,
        rooms=tuple(
            replace(
                room,
                asked_at=room.asked_at + ms,
                called_at=None if room.called_at is None else room.called_at + ms,
            )
            for room in incident.rooms
        ),
        events=tuple(replace(e, at=e.at + ms, received_at=e.received_at + ms) for e in incident.events),
        acknowledged=None if acknowledged is None else replace(acknowledged, at=acknowledged.at + ms),
        closed_at=None if incident.closed_at is None else incident.closed_at + ms,
    )


def numbered_ahead(incident: Incident) -> Incident:
    """Return the incident as one whose next revisions may have been told from memory, and be lost."""
    return replace(incident, told_to=incident.reached + TOLD_AHEAD)


def _room_moved(room: Room, was: int, at: int) -> Room:
    asked_at = min(room.asked_at, at) if room.asked_at == was else room.asked_at
    called_at = min(room.waits_from, at) if was >= room.waits_from else room.called_at
    return replace(room, asked_at=asked_at, called_at=called_at)
