"""An incident: what an alarm opens, and people acknowledge and resolve. Pure.

Every transition is a function from an incident to the next one. A panic alarm is legal in every
state but ``resolved``, after which it opens another incident; an illegal request raises and changes
nothing.

A room *asks* from the revision at which its press needed an answer until a person acknowledges a
revision that showed it. The incident is ``open`` while any room asks, else ``acknowledged``.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from config.contract import PANIC_KINDS, PanicKind
from hub.causes import doubt, doubts

State = Literal["open", "acknowledged", "resolved"]
Disposition = Literal["real", "false-alarm", "drill", "test"]

SAME_PRESS_MS: Final = 60_000
"""A press of a room this long after the one it asked with asks anew (the design's 60 s)."""
EVENTS_KEPT: Final = 500
"""Alarms an incident carries with it, the newest; the record has them all."""


class IllegalTransitionError(ValueError):
    """A request that this incident's state doesn't allow; the incident is as it was."""

    def __init__(self, wish: str, incident: Incident, allowed: tuple[State, ...]) -> None:
        super().__init__(
            f"cannot {wish} incident {incident.number}: {incident.state}; allowed: {', '.join(allowed)}"
        )
        self.state = incident.state
        self.allowed = allowed


class UnseenRoomsError(ValueError):
    """A resolution of an incident by a person whose screen did not show every room that asks."""

    def __init__(self, incident: Incident, rooms: tuple[Room, ...]) -> None:
        names = ", ".join(room.place.room for room in rooms)
        super().__init__(
            f"cannot resolve incident {incident.number}: {names} pressed after what was on the screen"
        )
        self.state = incident.state
        self.rooms = rooms


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
    kind: PanicKind
    what: str
    at: int
    received_at: int
    late: bool = False
    held: bool = False
    cause: str | None = None
    """The fault that its zone's wires read, where that may be a press or not; None: it was pressed."""

    @property
    def button(self) -> tuple[str, str]:
        """Which button it is: its device and zone."""
        return self.place.device, self.zone


class Room(Struct, frozen=True):
    """A room of an incident, and whether its call still wants an answer."""

    place: Place
    kind: PanicKind
    asks: bool
    asks_since: int
    """The revision that showed the press it asks with."""
    asked_at: int
    """When that press was, in ms."""


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
    kind: PanicKind
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
    has_causes: bool = False
    """An alarm in it may be a fault: only then is it looked at which; 500 presses join in a storm."""
    trace: str = ""
    """A digest of all that made this revision, in order. A crash may lose a change that was told from
    memory, and another may come to bear its number: their notices must not bear one id."""

    @property
    def open_rooms(self) -> tuple[Room, ...]:
        """The rooms whose call nobody has answered."""
        return tuple(room for room in self.rooms if room.asks)


class Change(Struct, frozen=True):
    """An incident after a transition, and the named reason for it."""

    incident: Incident
    reason: str
    reopened: bool = False
    """The plan of its present kind starts again."""


def incident_id(site: str, device: str, key: str) -> str:
    """Derive an incident's id from the event that opened it, so that a retry carries the same."""
    digest = blake2b("\0".join((site, device, key)).encode("utf-8", "replace"), digest_size=10).hexdigest()
    return f"i-{digest}"


def in_doubt(presses: tuple[Press, ...]) -> dict[tuple[str, str], str]:
    """Return what is told of the buttons that may not have been pressed at all, by device and zone."""
    return doubts((press.button, press.cause) for press in presses)


def rank(kind: PanicKind) -> int:
    """Return a kind's place: 0 is the highest."""
    return PANIC_KINDS.index(kind)


def opened(site: str, group: str, number: int, press: Press) -> Change:
    """Open an incident on a press."""
    room = Room(press.place, press.kind, asks=True, asks_since=1, asked_at=press.at)
    incident = Incident(
        id=incident_id(site, press.place.device, press.key),
        site=site,
        group=group,
        number=number,
        revision=1,
        kind=press.kind,
        state="open",
        drill=False,
        late=press.late,
        opened_at=press.at,
        rooms=(room,),
        events=(press,),
        has_causes=press.cause is not None,
        trace=_trace("", press.place.device, press.key),
    )
    return Change(incident, _with_doubt("late" if press.late else "pressed", press, was_in_doubt=False))


def joined(incident: Incident, press: Press) -> Change:
    """Take a press into an incident that is not resolved.

    It asks anew when it comes from another room, is of a higher kind, or comes from the same room
    more than 60 s from the press that room asked with.
    """
    if incident.state == "resolved":
        raise IllegalTransitionError("join a press to", incident, ("open", "acknowledged"))
    revision = incident.revision + 1
    has_causes = incident.has_causes or press.cause is not None
    was = next((room for room in incident.rooms if room.place.device == press.place.device), None)
    upgrades = rank(press.kind) < rank(incident.kind)
    reason = _why_it_asks(was, press, upgrades)
    if reason is None and was is not None:
        rooms = incident.rooms
    else:
        kind = press.kind if was is None or rank(press.kind) < rank(was.kind) else was.kind
        room = Room(press.place, kind, asks=True, asks_since=revision, asked_at=press.at)
        rooms = _with(incident.rooms, was, room)
    reopened = incident.state == "acknowledged" and reason is not None
    return Change(
        replace(
            incident,
            revision=revision,
            kind=press.kind if upgrades else incident.kind,
            state="open" if reason is not None else incident.state,
            late=incident.late and press.late,
            opened_at=min(incident.opened_at, press.at),
            rooms=rooms,
            events=_newest((*incident.events, press), has_causes=has_causes),
            has_causes=has_causes,
            acknowledged=None if reopened else incident.acknowledged,
            trace=_trace(incident.trace, press.place.device, press.key),
        ),
        _with_doubt(
            f"reopened: {reason}" if reopened else reason or _again(was),
            press,
            was_in_doubt=incident.has_causes and press.button in in_doubt(incident.events),
        ),
        reopened=reopened or upgrades,
    )


def acknowledged(incident: Incident, deed: Deed, revision: int | None = None) -> Change:
    """Take a person's word that what revision ``revision`` showed is in hand (None: the present one).

    Rooms whose press came after that revision go on asking, and the incident stays open.
    """
    if incident.state == "resolved":
        raise IllegalTransitionError("acknowledge", incident, ("open", "acknowledged"))
    if incident.state == "acknowledged":
        return Change(incident, "acknowledged already")
    seen = incident.revision if revision is None else min(revision, incident.revision)
    rooms = tuple(replace(r, asks=False) if r.asks and r.asks_since <= seen else r for r in incident.rooms)
    if rooms == incident.rooms:
        return Change(incident, f"revision {seen} showed no room that still asks")
    still = any(room.asks for room in rooms)
    return Change(
        replace(
            incident,
            revision=incident.revision + 1,
            rooms=rooms,
            state="open" if still else "acknowledged",
            acknowledged=incident.acknowledged if still else deed,
            trace=_trace(incident.trace, "acknowledged", deed.by, str(deed.at), str(seen)),
        ),
        f"acknowledged in part: revision {seen} did not show every room" if still else "acknowledged",
    )


def noted(incident: Incident) -> Change:
    """Count a note as a change; its text is in the record."""
    after = replace(incident, revision=incident.revision + 1, trace=_trace(incident.trace, "noted"))
    return Change(after, "noted")


def resolved(incident: Incident, resolution: Resolution, revision: int | None = None) -> Change:
    """End the incident by the word of a person who was shown ``revision`` (None: the present one).

    A room that asks since a later revision refuses it: nobody has seen that call.
    """
    if incident.state == "resolved":
        raise IllegalTransitionError("resolve", incident, ("open", "acknowledged"))
    if revision is not None:
        unseen = tuple(room for room in incident.open_rooms if room.asks_since > revision)
        if unseen:
            raise UnseenRoomsError(incident, unseen)
    rooms = tuple(replace(room, asks=False) for room in incident.rooms)
    after = replace(
        incident,
        revision=incident.revision + 1,
        state="resolved",
        rooms=rooms,
        resolved=resolution,
        trace=_trace(incident.trace, "resolved", resolution.by, str(resolution.at)),
    )
    return Change(after, f"resolved: {resolution.disposition}")


def reckoned_earlier(incident: Incident, device: str, key: str, at: int) -> Incident:
    """Return the incident with a press moved to an earlier reckoning of its time; no new revision."""
    events = tuple(
        replace(e, at=min(e.at, at)) if e.key == key and e.place.device == device else e
        for e in incident.events
    )
    return replace(incident, events=events, opened_at=min(incident.opened_at, at))


def _why_it_asks(was: Room | None, press: Press, upgrades: bool) -> str | None:
    if upgrades:
        return f"upgraded to {press.kind}"
    if was is None:
        return "another room"
    if rank(press.kind) < rank(was.kind):
        return f"a higher kind in the same room: {press.kind}"
    if abs(press.at - was.asked_at) > SAME_PRESS_MS:
        return "pressed again in the same room more than 60 s apart"
    return None


def _again(was: Room | None) -> str:
    if was is not None and was.asks:
        return "pressed again in a room that still asks"
    return f"pressed again within {SAME_PRESS_MS // 1000} s of a press that is answered"


def _with_doubt(reason: str, press: Press, *, was_in_doubt: bool) -> str:
    if (words := doubt(press.cause)) is not None:
        called = reason.replace("pressed again", "called again")
        return words if reason == "pressed" else f"{called}; {words}"
    return f"{reason}; in doubt until now, certain from now on" if was_in_doubt else reason


def _trace(before: str, *facts: str) -> str:
    return blake2b("\0".join((before, *facts)).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _newest(events: tuple[Press, ...], *, has_causes: bool) -> tuple[Press, ...]:
    """Keep the newest alarms, and the one that makes a button certain rather than one in doubt of it."""
    while len(events) > EVENTS_KEPT:
        oldest, rest = events[0], events[1:]
        if has_causes and doubt(oldest.cause) is None and oldest.button in in_doubt(rest):
            given_up = next(i for i, press in enumerate(rest) if press.button == oldest.button)
            rest = (oldest, *rest[:given_up], *rest[given_up + 1 :])
        events = rest
    return events


def _with(rooms: tuple[Room, ...], was: Room | None, room: Room) -> tuple[Room, ...]:
    if was is None:
        return (*rooms, room)
    return tuple(room if other is was else other for other in rooms)
