"""An incident as a page shows it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from config.contract import shown
from hub.causes import doubt, doubts
from hub.console.words import Words, age
from hub.incident import Incident, Press, Room
from hub.response import RESPONSES
from hub.transitions import HELD_S
from hub.view import Progress

KIND_WORDS: Final = {
    "panic": "PANIC",
    "duress": "DURESS",
    "medical": "MEDICAL",
    "assist": "ASSIST",
    "door": "DOOR",
}
STATE_WORDS: Final = {
    "open": "Open: nobody has it in hand",
    "acknowledged": "In hand",
    "resolved": "Resolved",
}
TEST_WORDS: Final = "marked as a test; taken as real"
DISPOSITION_WORDS: Final = {
    "real": "Real",
    "false-alarm": "False alarm",
    "drill": "Drill",
    "test": "Test",
}


class RoomCard(Struct, frozen=True):
    """A room of an incident."""

    device: str
    room: str
    where: str
    """Building and floor, in words."""
    labels: str
    """The buttons that were pressed."""
    labels_said: str
    """The same, each that may not have been pressed with what is told of it."""
    doubt: str | None
    """What is told of the buttons in doubt; None where there is none."""
    certain: bool
    """A button of it was certainly pressed."""
    kind: str
    asks: bool
    known: bool
    calls: str | None
    """How often it called, and whether its button was held down; None where it was pressed once."""
    test: bool
    """Each of its presses is marked as a walk test's, and taken as real."""
    pressed_at: int
    clock: str
    late: str | None
    """How much later than its press the newest alarm came, where that was late."""


class Card(Struct, frozen=True):
    """An incident."""

    id: str
    number: int
    revision: int
    kind: str
    door: str | None
    """What is told of a door; None where it is a call."""
    word: str
    response: str
    """What is to be done, in the Standard Response Protocol's words."""
    state: str
    state_word: str
    drill: bool
    drill_id: str | None
    unexpected: bool
    """A press of it was not expected in its drill, and has no answer."""
    real: bool
    """A press of it was taken as real: that is an incident of its own."""
    confirmed: bool
    late: str | None
    opened_at: int
    clock: str
    since: int
    """When the oldest call that nobody has answered was; with none of them, when it opened."""
    since_clock: str
    since_late: str | None
    """How much later than that it came, where it was late."""
    first: str
    """What was then: a press, an alarm that may have been a fault, or a notice of a door."""
    rooms: tuple[RoomCard, ...]
    asking: int
    in_hand: str | None
    ended: str | None
    restored: str | None = None
    """Of when the backup is that it was open in; what came of it after that is not known."""
    call: str | None = None
    """The number to call, because dispatch is told nothing of it."""
    progress: tuple[str, ...] = ()
    """What people said last of how far they have come."""
    note: str | None = None
    """What was said as it was resolved; known where its timeline is."""

    @property
    def drill_word(self) -> str:
        """How everything of a drill begins: DRILL, its number, and whether it was expected."""
        if not self.drill:
            return ""
        if self.unexpected:
            return f"NOT EXPECTED in drill {self.drill_id}: "
        if self.real:
            return f"Taken as REAL in drill {self.drill_id}: "
        return "DRILL " if self.drill_id is None else f"DRILL {self.drill_id}, EXPECTED: "

    @property
    def headline(self) -> str:
        """The kind and the rooms that want an answer: what a banner and a screen reader say."""
        word = f"{self.drill_word}{self.word}"
        rooms = self._named
        if self.door is not None:
            return f"{word} {rooms[0].labels} ({rooms[0].room}): {self.door}"
        if len(rooms) == 1:
            return f"{word} {rooms[0].room} ({rooms[0].labels_said})" + (
                f", {rooms[0].where}" if rooms[0].where else ""
            )
        first = ", ".join(f"{room.room} ({room.labels_said})" for room in rooms[:2])
        more = f" and {len(rooms) - 2} more" if len(rooms) > 2 else ""
        return f"{word} in {len(rooms)} rooms: {first}{more}"

    @property
    def test(self) -> str | None:
        """That all that is called for is marked as a test, and taken as real."""
        return TEST_WORDS if all(room.test for room in self._named) else None

    @property
    def _named(self) -> list[RoomCard]:
        return [room for room in self.rooms if room.asks] or list(self.rooms)


def card(
    incident: Incident,
    words: Words,
    now: int,
    call: str | None = None,
    progress: Sequence[Progress] = (),
) -> Card:
    """Return an incident as a page shows it, rooms that still ask first.

    ``call`` is the emergency number, where dispatch is told nothing of it; ``progress`` what people said.
    """
    presses: dict[str, list[Press]] = {}
    for press in incident.events:
        presses.setdefault(press.place.device, []).append(press)
    rooms = [_room(room, presses.get(room.place.device, []), words, now) for room in incident.rooms]
    rooms.sort(key=lambda room: (not room.asks, -room.pressed_at))
    acknowledged, resolved = incident.acknowledged, incident.resolved
    last = incident.events[-1] if incident.events else None
    asking = incident.open_rooms
    since = min((room.waits_from for room in asking), default=incident.opened_at)
    devices = {room.place.device for room in asking or incident.rooms}
    began = next((p for p in incident.events if p.at == since and p.place.device in devices), None)
    certain = any(room.certain for room in rooms) if began is None else doubt(began.cause) is None
    return Card(
        id=incident.id,
        number=incident.number,
        revision=incident.revision,
        kind=incident.kind,
        door=_door(incident, words, now),
        word=KIND_WORDS[incident.kind],
        response=RESPONSES[incident.kind].words,
        state=incident.state,
        state_word=STATE_WORDS[incident.state],
        drill=incident.drill,
        drill_id=incident.drill_id,
        unexpected=bool(incident.waiting),
        real=any(press.in_drill == "real" for press in incident.events),
        confirmed=incident.confirmed,
        late=None if not incident.late or last is None else age(last.received_at - incident.opened_at),
        opened_at=incident.opened_at,
        clock=words.when(incident.opened_at, now),
        since=since,
        since_clock=words.when(since, now),
        since_late=age(began.received_at - began.at) if began is not None and began.late else None,
        first="notice" if incident.kind == "door" else "press" if certain else "alarm",
        rooms=tuple(rooms),
        asking=sum(room.asks for room in rooms),
        in_hand=None
        if acknowledged is None
        else f"{shown(acknowledged.by)}, {words.when(acknowledged.at, now)}{_via(acknowledged.via)}",
        ended=None
        if resolved is None
        else f"{DISPOSITION_WORDS[resolved.disposition]}, by {shown(resolved.by)}, "
        f"{words.when(resolved.at, now)}{_via(resolved.via)}",
        restored=None if incident.restored is None else words.when(incident.restored, now),
        call=None if incident.drill else call,
        progress=tuple(f"{shown(one.by)}: {one.word}, {words.when(one.at, now)}" for one in progress),
    )


def _room(room: Room, presses: list[Press], words: Words, now: int) -> RoomCard:
    place = room.place
    labels = {press.button: shown(press.label or press.zone) for press in presses}
    in_doubt = doubts((press.button, press.cause) for press in presses)
    labels = dict(sorted(labels.items(), key=lambda one: one[0] in in_doubt))  # a certain one first
    said = {
        button: f"{label} {in_doubt[button]}" if button in in_doubt else label
        for button, label in labels.items()
    }
    where = [f"{place.building} building"] if place.building else []
    where += [f"floor {place.floor}"] if place.floor else []
    alone = [press for press in presses if not press.held] or presses  # not the second word of one held
    newest = max(alone, key=lambda press: press.at, default=None)
    pressed = room.asked_at if newest is None else max(room.asked_at, newest.at)
    return RoomCard(
        device=place.device,
        room=shown(place.room),
        where=shown(", ".join(where)),
        labels=", ".join(dict.fromkeys(labels.values())) or "button not known",
        labels_said=", ".join(dict.fromkeys(said.values())) or "button not known",
        doubt=_doubt(in_doubt, labels),
        certain=len(in_doubt) < len(labels) or not labels,
        kind=KIND_WORDS[room.kind],
        asks=room.asks,
        known=place.known,
        calls=_calls(alone, held=any(press.held for press in presses)),
        test=bool(presses) and all(press.test for press in presses),
        pressed_at=pressed,
        clock=words.when(pressed, now),
        late=age(newest.received_at - newest.at) if newest is not None and newest.late else None,
    )


def _door(incident: Incident, words: Words, now: int) -> str | None:
    if incident.kind != "door":
        return None
    if incident.closed_at is not None:
        return f"closed again {words.when(incident.closed_at, now)}"
    return shown(incident.events[-1].words or "")


def _calls(alone: list[Press], *, held: bool) -> str | None:
    """Count presses, and call none so that may have been a fault, also where a press came after it."""
    if alone and alone[0].kind == "door":
        return "; ".join(shown(press.words or "") for press in alone[-3:])
    word = "presses" if all(doubt(press.cause) is None for press in alone) else "alarms"
    said = [f"{len(alone)} {word}"] if len(alone) > 1 else []
    return " · ".join([*said, *([f"held {HELD_S} s"] if held else [])]) or None


def _doubt(in_doubt: dict[tuple[str, str], str], labels: dict[tuple[str, str], str]) -> str | None:
    if not in_doubt:
        return None
    if len(labels) == 1:
        return next(iter(in_doubt.values()))
    return "; ".join(dict.fromkeys(f"{labels[button]} {words}" for button, words in in_doubt.items()))


def _via(via: str) -> str:
    return "" if via == "console" else f" via {shown(via)}"
