"""Reading an event: what it is, where, when it truly happened, and every flaw in it. Pure.

In doubt it is a real alarm: whatever may be a press is read as one, with its flaws beside it.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, NamedTuple

from config.contract import (
    MAX_AGE_MS,
    PANIC_KINDS,
    Event,
    Flaw,
    MessageError,
    PanicKind,
    Readable,
    is_clean,
    shown,
)
from config.event_keys import content_hash, payload_hash
from config.topics import is_device_id, read_topic
from hub.directory import Directory
from hub.incident import Press
from hub.inputs import EventCame, may_be_alarm

LONGEST_DEVICE: Final = 128
"""Characters of a device's id that are kept; a longer one is no device of ours."""
_ROOM_WORDS = ("open", "closed")


class Account(NamedTuple):
    """An event as the hub takes it."""

    device: str
    id: str | None
    """To be receipted; None where none could be read."""
    key: str
    content: str
    at: int
    """When it happened, in wall ms, by the hub's reckoning."""
    zone: str
    label: str | None
    kind: str | None
    what: str | None
    cause: str | None
    room: str | None
    test: bool
    is_alarm: bool
    panic_kind: PanicKind
    """The kind an incident of it is opened with."""
    held: bool
    flaws: tuple[Flaw, ...]


def plain_key(event_id: str) -> str:
    """Return the key of an event by its id."""
    return f"={event_id}"


def other_key(event_id: str, content: str) -> str:
    """Return the key of a message that bears a known id with other content."""
    return f"~{content}{event_id}"


def keys_of(fact: EventCame) -> tuple[str, ...]:
    """Return the keys under which this message may already be recorded."""
    event = fact.event
    event_id = event.readable.id if isinstance(event, MessageError) else event.id
    if event_id is None:
        return (_anonymous_key(fact),)
    content = content_hash(fact.payload if isinstance(event, MessageError) else event)
    return plain_key(event_id), other_key(event_id, content)


def _anonymous_key(fact: EventCame) -> str:
    return f"#{payload_hash(fact.topic, fact.payload)}"


def digest(site: str, device: str, key: str) -> str:
    """Return the store's one short name for an event's key."""
    return blake2b("\0".join((site, device, key)).encode("utf-8", "replace"), digest_size=12).hexdigest()


def device_name(text: str) -> str:
    """Return a topic's device as it is kept: as it stands, or cut with its hash where it can't be one."""
    if len(text) <= LONGEST_DEVICE and is_clean(text):
        return text
    tail = blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return f"{shown(text, 64)}~{tail}"


def who_waits(fact: EventCame) -> str:
    """Return who waits for an event's receipt: also under a name that is too long to be kept."""
    topic = read_topic(fact.topic)
    return topic.party if topic else fact.device


def read_event(fact: EventCame, directory: Directory) -> Account:
    """Read one message of an event topic; never raises."""
    event = fact.event
    flaws: list[Flaw] = []
    seen: Event | Readable
    if isinstance(event, MessageError):
        flaws += event.flaws
        seen = event.readable
        content = content_hash(fact.payload)
    else:
        seen = event
        content = content_hash(event)
    is_alarm = may_be_alarm(seen)
    if seen.kind in PANIC_KINDS and seen.what in _ROOM_WORDS:
        flaws.append(Flaw("what", f"found {seen.what!r} of kind {seen.kind!r}; taken as an alarm"))
    if is_alarm and seen.kind is not None and seen.kind not in PANIC_KINDS:
        flaws.append(Flaw("kind", f"found an alarm of kind {seen.kind!r}; taken as panic"))
    flaws += _context_flaws(fact.device, seen, directory)
    age = seen.age_ms if seen.age_ms is not None and seen.age_ms <= MAX_AGE_MS else 0
    return Account(
        device=fact.device,
        id=seen.id,
        key=plain_key(seen.id) if seen.id is not None else _anonymous_key(fact),
        content=content,
        at=fact.arrived.wall - age - fact.waited_ms,
        zone=seen.zone or "unknown",
        label=seen.label if seen.label is not None else _label(fact.device, seen.zone, directory),
        kind=seen.kind,
        what=seen.what,
        cause=seen.cause,
        room=seen.room,
        test=bool(seen.test),
        is_alarm=is_alarm,
        panic_kind=_panic_kind(seen.kind),
        held=bool(seen.held),
        flaws=tuple(flaws),
    )


def press_of(account: Account, directory: Directory, key: str, received_at: int, late_after_ms: int) -> Press:
    """Return an alarm as a press, under the key it is recorded by."""
    return Press(
        key=key,
        id=account.id,
        place=directory.place(account.device, None if account.room is None else shown(account.room)),
        zone=shown(account.zone),
        label=None if account.label is None else shown(account.label),
        kind=account.panic_kind,
        what="alarm",
        at=account.at,
        received_at=received_at,
        late=received_at - account.at > late_after_ms,
        held=account.held,
        cause=shown(account.cause) if account.cause else None,
        test=account.test,
    )


def _panic_kind(kind: str | None) -> PanicKind:
    return next((known for known in PANIC_KINDS if known == kind), "panic")


def _label(device: str, zone: str | None, directory: Directory) -> str | None:
    room = directory.rooms.get(device)
    return next((z.label for z in room.zones if z.zone == zone), None) if room else None


def _context_flaws(device: str, seen: Event | Readable, directory: Directory) -> list[Flaw]:
    room = directory.rooms.get(device)
    if room is None:
        why = "is no device of this site's settings"
        if not is_device_id(device):
            why = "can't be a device's id"
        return [Flaw("device", f"{shown(device)!r} {why}")]
    flaws = []
    zone = next((z for z in room.zones if z.zone == seen.zone), None)
    if room.zones and zone is None and seen.zone is not None:
        known = ", ".join(z.zone for z in room.zones)
        flaws.append(Flaw("zone", f"{shown(seen.zone)!r} is no zone of {device}; zones: {known}"))
    # An assist button may make an emergency of a press that is held; only its agent's settings say so.
    is_raised = seen.held is True and (seen.kind, zone.kind if zone else None) == ("panic", "assist")
    if zone is not None and seen.kind is not None and zone.kind != seen.kind and not is_raised:
        flaws.append(
            Flaw("kind", f"found {seen.kind!r}; the site's settings have {zone.kind!r} for {zone.zone}")
        )
    if seen.room is not None and seen.room != room.room:
        flaws.append(Flaw("room", f"the agent says {shown(seen.room)!r}, the site's settings {room.room!r}"))
    if seen.test and seen.what == "alarm":
        flaws.append(Flaw("test", "marked as a test, but no walk test is open for this zone"))
    return flaws
