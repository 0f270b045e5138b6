"""An incident's transitions: one table of what may come in each state, and what it makes of it. Pure.

Whatever comes is first told apart (:func:`_press_wish`, :func:`_answer_wish`), then looked up in
:data:`TABLE`, which says what the incident becomes. What isn't in the table raises and changes
nothing. The diagram in ``docs/how-it-works.md`` is drawn from the same table.

A room *asks* from the revision at which its press needed an answer until a person acknowledges a
revision that showed it. The incident is ``open`` while any room asks, else ``acknowledged``.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from config.door_settings import DOOR_RULES
from hub.causes import doubt
from hub.incident import (
    EVENTS_KEPT,
    Deed,
    Incident,
    InDrill,
    Press,
    Resolution,
    Room,
    State,
    in_doubt,
    incident_id,
    rank,
)

SAME_PRESS_MS: Final = 60_000
"""A press of a room this long after the one it asked with asks anew (the design's 60 s)."""

HELD_S: Final = 3
"""How long a press is held for its second alarm (the contract's ``held``)."""

Wish = Literal[
    "press: higher kind",
    "press: another room",
    "press: higher kind in its room",
    "press: same room later",
    "press: certain at last",
    "press: not expected in its drill",
    "press: same room",
    "acknowledge: all shown",
    "acknowledge: part shown",
    "acknowledge: none shown",
    "door closed",
    "note",
    "confirm",
    "resolve: all shown",
    "resolve: part shown",
]
"""What may come. *Shown*: how many of the rooms that ask its person's screen showed."""


class Rule(Struct, frozen=True):
    """What one wish makes of an incident in one state."""

    becomes: State
    asks: bool = False
    """The pressed room asks anew."""
    restarts: bool = False
    """The plan of its present kind starts again."""


TABLE: Final[dict[tuple[State, Wish], Rule]] = {
    ("open", "press: higher kind"): Rule("open", asks=True, restarts=True),
    ("open", "press: another room"): Rule("open", asks=True),
    ("open", "press: higher kind in its room"): Rule("open", asks=True),
    ("open", "press: same room later"): Rule("open", asks=True),
    ("open", "press: certain at last"): Rule("open", asks=True),
    ("open", "press: not expected in its drill"): Rule("open", asks=True),
    ("open", "press: same room"): Rule("open"),
    ("open", "acknowledge: all shown"): Rule("acknowledged"),
    ("open", "acknowledge: part shown"): Rule("open"),
    ("open", "acknowledge: none shown"): Rule("open"),
    ("open", "door closed"): Rule("open"),
    ("open", "note"): Rule("open"),
    ("open", "confirm"): Rule("open"),
    ("open", "resolve: all shown"): Rule("resolved"),
    ("acknowledged", "press: higher kind"): Rule("open", asks=True, restarts=True),
    ("acknowledged", "press: another room"): Rule("open", asks=True, restarts=True),
    ("acknowledged", "press: higher kind in its room"): Rule("open", asks=True, restarts=True),
    ("acknowledged", "press: same room later"): Rule("open", asks=True, restarts=True),
    ("acknowledged", "press: certain at last"): Rule("open", asks=True, restarts=True),
    ("acknowledged", "press: not expected in its drill"): Rule("open", asks=True, restarts=True),
    ("acknowledged", "press: same room"): Rule("acknowledged"),
    ("acknowledged", "acknowledge: all shown"): Rule("acknowledged"),
    ("acknowledged", "door closed"): Rule("acknowledged"),
    ("acknowledged", "note"): Rule("acknowledged"),
    ("acknowledged", "confirm"): Rule("acknowledged"),
    ("acknowledged", "resolve: all shown"): Rule("resolved"),
}
"""The whole life of an incident after the press that opens it. ``resolved`` takes nothing more."""

UNRESOLVED: Final[tuple[State, ...]] = ("open", "acknowledged")


class IllegalTransitionError(ValueError):
    """A request that this incident's state doesn't allow; the incident is as it was."""

    def __init__(self, wish: str, incident: Incident) -> None:
        allowed = ", ".join(UNRESOLVED)
        super().__init__(f"cannot {wish} incident {incident.number}: {incident.state}; allowed: {allowed}")
        self.state = incident.state
        self.allowed = UNRESOLVED


class UnseenRoomsError(ValueError):
    """A resolution of an incident by a person whose screen did not show every room that asks."""

    def __init__(self, incident: Incident, rooms: tuple[Room, ...]) -> None:
        names = ", ".join(room.place.room for room in rooms)
        super().__init__(
            f"cannot resolve incident {incident.number}: {names} pressed after what was on the screen"
        )
        self.state = incident.state
        self.rooms = rooms


class Change(Struct, frozen=True):
    """An incident after a transition, and the named reason for it."""

    incident: Incident
    reason: str
    restarts: bool = False
    """The plan of its present kind starts again."""


def opened(
    site: str, group: str, number: int, press: Press, *, is_new: bool = True, drill: str | None = None
) -> Change:
    """Open an incident on a press; one that isn't known to be new may have opened another before.

    In a drill (its id) it bears another id than the real incident that the press may yet open.
    """
    room = Room(press.place, press.kind, asks=True, asks_since=1, asked_at=press.at, called_at=press.at)
    key = press.key if is_new else f"?{number}{press.key}"
    press = replace(press, revision=1)
    incident = Incident(
        id=incident_id(site, press.place.device, key if drill is None else f"drill {drill} {key}"),
        site=site,
        group=group,
        number=number,
        revision=1,
        kind=press.kind,
        state="open",
        drill=drill is not None,
        late=press.late,
        opened_at=press.at,
        rooms=(room,),
        events=(press,),
        has_causes=press.cause is not None,
        rule=press.rule,
        trace=_trace("", press.place.device, press.key),
        drill_id=drill,
    )
    if press.words is not None:
        return Change(incident, f"late: {press.words}" if press.late else press.words)
    return Change(incident, _with_doubt("late" if press.late else "pressed", press, was_in_doubt=False))


def joined(incident: Incident, press: Press) -> Change:
    """Take a press into an incident that is not resolved."""
    was = next((room for room in incident.rooms if room.place.device == press.place.device), None)
    wish = _press_wish(incident, was, press)
    rule = _rule(incident, wish, "join a press to")
    revision = incident.following
    press = replace(press, revision=revision)
    has_causes = incident.has_causes or press.cause is not None
    rooms = incident.rooms
    if rule.asks:
        kind = press.kind if was is None or rank(press.kind) < rank(was.kind) else was.kind
        called_at = min(was.waits_from, press.at) if was is not None and was.asks else press.at
        asking = Room(press.place, kind, True, revision, press.at, called_at)
        rooms = _with(rooms, was, asking)
    reopens = incident.state == "acknowledged" and rule.becomes == "open"
    reason = _press_reason(wish, was, press)
    after = replace(
        incident,
        revision=revision,
        kind=min(press.kind, incident.kind, key=rank),
        state=rule.becomes,
        late=incident.late and press.late,
        opened_at=min(incident.opened_at, press.at),
        rooms=rooms,
        events=_newest((*incident.events, press), has_causes=has_causes),
        has_causes=has_causes,
        rule=press.rule if _is_graver(press, incident) else incident.rule,
        closed_at=None,
        acknowledged=None if reopens else incident.acknowledged,
        trace=_trace(incident.trace, press.place.device, press.key),
    )
    was_in_doubt = incident.has_causes and press.button in in_doubt(incident.events)
    words = _with_doubt(f"reopened: {reason}" if reopens else reason, press, was_in_doubt=was_in_doubt)
    return Change(after, words, restarts=rule.restarts)


def adds_nothing(incident: Incident, press: Press) -> bool:
    """Tell whether an incident has a press already: its room calls as loudly, or was answered just now.

    Joined to it, it would be one more line, and nobody would be asked for more.
    """
    was = next((room for room in incident.rooms if room.place.device == press.place.device), None)
    if was is None or (incident.late and not press.late):
        return False
    if incident.has_causes and _makes_certain(incident, press):
        return False
    wish = _press_wish(incident, was, press)
    return wish == "press: same room" or (wish == "press: same room later" and was.asks)


def closed(incident: Incident, at: int) -> Change:
    """Take it that the door of an incident is closed again, since ``at``. It ends nothing."""
    rule = _rule(incident, "door closed", "close the door of")
    after = replace(
        incident,
        revision=incident.following,
        state=rule.becomes,
        closed_at=at,
        trace=_trace(incident.trace, "closed", str(at)),
    )
    return Change(after, "closed again")


def acknowledged(incident: Incident, deed: Deed, revision: int | None = None) -> Change:
    """Take a person's word that what revision ``revision`` showed is in hand (None: the present one).

    Rooms whose press came after that revision go on asking, and the incident stays open.
    """
    seen = incident.revision if revision is None else min(revision, incident.revision)
    wish = _answer_wish(incident, seen)
    rule = _rule(incident, wish, "acknowledge")
    if incident.state == "acknowledged":
        return Change(incident, "acknowledged already")
    if wish == "acknowledge: none shown":
        return Change(incident, f"revision {seen} showed no room that still asks")
    whole = rule.becomes == "acknowledged"
    after = replace(
        incident,
        revision=incident.following,
        rooms=tuple(replace(r, asks=False) if r.asks and r.asks_since <= seen else r for r in incident.rooms),
        state=rule.becomes,
        acknowledged=deed if whole else incident.acknowledged,
        trace=_trace(incident.trace, "acknowledged", deed.by, str(deed.at), str(seen)),
    )
    reason = "acknowledged" if whole else f"acknowledged in part: revision {seen} did not show every room"
    return Change(after, reason)


def noted(incident: Incident) -> Change:
    """Count a note as a change; its text is in the record."""
    rule = _rule(incident, "note", "add a note to")
    after = replace(
        incident,
        revision=incident.following,
        state=rule.becomes,
        trace=_trace(incident.trace, "noted"),
    )
    return Change(after, "noted")


def told_apart(incident: Incident, press: Press, standing: InDrill) -> Change:
    """Take what a press of a drill turned out to be: part of it, or real."""
    rule = _rule(incident, "note", "change a press of")
    after = replace(
        incident,
        revision=incident.following,
        state=rule.becomes,
        events=tuple(
            replace(e, in_drill=standing) if (e.place.device, e.key) == (press.place.device, press.key) else e
            for e in incident.events
        ),
        trace=_trace(incident.trace, standing, press.place.device, press.key),
    )
    return Change(after, f"{press.place.room}: {standing.replace('-', ' ')}")


def confirmed(incident: Incident, why: str) -> Change:
    """Take an incident as borne out, by several rooms or a person; steps may wait for it."""
    rule = _rule(incident, "confirm", "confirm")
    if incident.confirmed:
        return Change(incident, "confirmed already")
    after = replace(
        incident,
        revision=incident.following,
        state=rule.becomes,
        confirmed=True,
        trace=_trace(incident.trace, "confirmed", why),
    )
    return Change(after, why)


def resolved(incident: Incident, resolution: Resolution, revision: int | None = None) -> Change:
    """End the incident by the word of a person who was shown ``revision`` (None: the present one).

    A room that asks since a later revision refuses it: nobody has seen that call.
    """
    unseen = tuple(r for r in incident.open_rooms if revision is not None and r.asks_since > revision)
    if unseen:
        raise UnseenRoomsError(incident, unseen)
    rule = _rule(incident, "resolve: all shown", "resolve")
    after = replace(
        incident,
        revision=incident.following,
        state=rule.becomes,
        rooms=tuple(replace(room, asks=False) for room in incident.rooms),
        resolved=resolution,
        trace=_trace(incident.trace, "resolved", resolution.by, str(resolution.at)),
    )
    return Change(after, f"resolved: {resolution.disposition}")


# --- telling apart what comes ---


def _rule(incident: Incident, wish: Wish, words: str) -> Rule:
    rule = TABLE.get((incident.state, wish))
    if rule is None:
        raise IllegalTransitionError(words, incident)
    return rule


def _press_wish(incident: Incident, was: Room | None, press: Press) -> Wish:
    if rank(press.kind) < rank(incident.kind) or _is_graver(press, incident):
        return "press: higher kind"
    if was is None:
        return "press: another room"
    if rank(press.kind) < rank(was.kind):
        return "press: higher kind in its room"
    if abs(press.at - was.asked_at) > SAME_PRESS_MS:
        return "press: same room later"
    if incident.has_causes and _makes_certain(incident, press):
        return "press: certain at last"
    if press.in_drill == "not-expected":
        return "press: not expected in its drill"
    return "press: same room"


def _is_graver(press: Press, incident: Incident) -> bool:
    """Tell whether more is told of a door than was."""
    if press.rule is None or incident.rule is None:
        return False
    return DOOR_RULES.index(press.rule) < DOOR_RULES.index(incident.rule)


def _answer_wish(incident: Incident, seen: int) -> Wish:
    asking = incident.open_rooms
    shown = [room for room in asking if room.asks_since <= seen]
    if len(shown) == len(asking):
        return "acknowledge: all shown"
    return "acknowledge: part shown" if shown else "acknowledge: none shown"


def _makes_certain(incident: Incident, press: Press) -> bool:
    """Tell whether all that was known of a press's room was in doubt, and this is not."""
    if doubt(press.cause) is not None:
        return False
    doubtful = in_doubt(incident.events)
    of_room = {each.button for each in incident.events if each.place.device == press.place.device}
    return bool(of_room) and of_room <= set(doubtful)


# --- the record's words ---


def _press_reason(wish: Wish, was: Room | None, press: Press) -> str:
    if press.words is not None:
        return press.words
    if wish == "press: same room":
        if press.held:
            return f"held for {HELD_S} s"
        if was is not None and was.asks:
            return "pressed again in a room that still asks"
        return f"pressed again within {SAME_PRESS_MS // 1000} s of a press that is answered"
    return {
        "press: higher kind": f"upgraded to {press.kind}",
        "press: another room": "another room",
        "press: higher kind in its room": f"a higher kind in the same room: {press.kind}",
        "press: same room later": f"pressed again in the same room more than {SAME_PRESS_MS // 1000} s apart",
        "press: certain at last": "pressed for certain",
        "press: not expected in its drill": "pressed again, and not expected in its drill",
    }[wish]


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
