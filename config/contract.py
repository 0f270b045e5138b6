"""The wire: the messages that agents and hubs exchange over MQTT (on :mod:`config.topics`).

Each message is a frozen struct with one fast decoder. Decoding raises nothing but
:class:`MessageError`, which names every field that is wrong and still carries what could be read,
because a panic with a flaw is still a panic.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from config.clock import read_stamp
from config.lenient_json import read_object

VERSION: Final = 1

MAX_INT: Final = 2**53 - 1
"""The largest integer every JSON reader holds exactly (RFC 8259, section 6)."""
OBEYED_N: Final = 10**15
"""The highest number of a posture that agents obey: beyond it there might be none left for the next."""
MAX_PAYLOAD: Final = 1 << 20
"""Bytes in the largest packet a broker of ours takes."""
MAX_AGE_MS: Final = 10 * 365 * 86_400_000
"""Ten years in ms: an event that claims to be older has an impossible age."""
SESSION_FOR_EVER: Final = 4_294_967_295
"""Seconds; as a Session Expiry it means for ever (MQTT 5, 3.1.2.11.2)."""
EVENT_EXPIRY: Final = 4_294_967_295
"""Seconds of Message Expiry an event carries; its countdown tells the wait in the broker."""
SHOWN: Final = 128
"""Characters of a string that are shown."""

PanicKind = Literal["panic", "duress", "medical", "assist"]
IncidentKind = Literal["panic", "duress", "medical", "assist", "door"]
"""What an incident may be: a call, or a door that isn't as it should be."""
Kind = Literal["panic", "duress", "medical", "assist", "door", "fire-signal"]
What = Literal[
    "alarm", "restoral", "open", "closed", "tamper", "tamper-restoral", "trouble", "trouble-restoral"
]
PostureName = Literal["normal", "hold", "secure", "lockdown", "evacuate", "shelter"]
LampStage = Literal["acknowledged", "resolved"]

PANIC_KINDS: Final[tuple[PanicKind, ...]] = get_args(PanicKind)
"""Highest first: where kinds meet in one incident the first in this order names it."""
INCIDENT_KINDS: Final[tuple[IncidentKind, ...]] = get_args(IncidentKind)
"""Highest first: a door comes behind every call."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
WHATS: Final[tuple[What, ...]] = get_args(What)
POSTURES: Final[tuple[PostureName, ...]] = get_args(PostureName)

# `$` alone would let a final newline through.
ID_PATTERN: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$(?!\n)"

Version = Annotated[int, Meta(ge=1, le=1, description="Version of the message: 1")]
Identifier = Annotated[str, Meta(pattern=ID_PATTERN)]
EventId = Annotated[str, Meta(min_length=1, max_length=128)]
Boot = Annotated[str, Meta(min_length=1, max_length=128)]
Count = Annotated[int, Meta(ge=0, le=MAX_INT)]
Seq = Annotated[int, Meta(ge=1, le=MAX_INT)]
AgeMs = Annotated[int, Meta(ge=0, le=MAX_AGE_MS)]


class Event(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing that happened at one zone of an agent."""

    v: Version
    id: EventId  # unique for ever in its device
    boot: Boot  # the agent's boot
    seq: Seq  # the agent's counter in that boot, from 1; a gap is visible
    zone: Identifier
    label: str | None = None  # the zone's name for people
    kind: Kind
    what: What
    cause: str | None = None  # for tamper and trouble; of an alarm: the fault that may be a press instead
    age_ms: AgeMs  # how long ago it happened when this copy was sent, by the agent's monotonic clock
    at: str | None = None  # by the agent's wall clock, only when that is synchronised
    room: str | None = None  # the room's name as set on the agent
    held: bool | None = None  # true in the second alarm of a press that is held for 3 s
    test: bool  # pressed in a walk test, as the agent believes


class ZoneState(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A zone as its agent believes it to be."""

    zone: Identifier
    label: str | None = None
    kind: Kind
    circuit: str  # no, nc, pair, eol
    condition: str  # normal, active, cut, short, conflict
    walk_test: bool


class State(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An agent's state, retained: sent at birth and at every change. Its last will has ``online: false``."""

    v: Version
    online: bool
    boot: Boot
    version: str | None = None
    room: str | None = None
    zones: tuple[ZoneState, ...] = ()
    n: Count | None = None  # counts this boot's states, so that one that was held up is known as old
    machine: Annotated[str, Meta(max_length=128)] | None = (
        None  # which machine it is: another one is a replacement
    )


class Health(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An agent's health, every 15 s: also its heartbeat. A sensor that is missing is null."""

    v: Version
    boot: Boot
    n: Count
    uptime_s: Annotated[float, Meta(ge=0)]
    outbox: Count
    oldest_ms: Count | None = None
    clock_synced: bool | None = None
    version: str | None = None
    release: str | None = None  # of the hub's: which of those that it handed out this program is
    last_fault: str | None = None
    troubles: tuple[str, ...] = ()  # what is wrong now, in words
    # Events that the full outbox gave up: "boot-7", "boot-7..12", "boot-7..120(35)" (35 of them).
    given_up: tuple[str, ...] = ()
    restarts: Count | None = None  # starts of the agent since its machine started, but the first
    lost_edges: Count | None = None  # moves of contacts that were found only by reading the pins again
    machine_up_s: float | None = None
    cpu_c: float | None = None
    under_voltage: bool | None = None  # the supply is too low now
    under_voltage_seen: bool | None = None  # it was, since the machine started
    throttled: bool | None = None  # the processor is slowed down now, for heat or supply
    throttled_seen: bool | None = None
    disk_free_mb: float | None = None
    root_read_only: bool | None = None
    memory_free_mb: float | None = None
    load_1m: float | None = None
    wifi_dbm: float | None = None
    on_battery: bool | None = None  # the UPS has no mains
    battery_low: bool | None = None
    at: str | None = None  # by the agent's wall clock, only when that is synchronised
    cert_ends: str | None = None  # when the first of the agent's own certificates ends


class Receipt(Struct, frozen=True, kw_only=True):
    """The hub's word that these events are committed."""

    v: Version
    ids: tuple[str, ...]


class Command(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the hub asks of an agent. A command id is obeyed once."""

    v: Version
    id: Annotated[str, Meta(min_length=1, max_length=128)]
    do: Literal["identify", "walk-test", "lamp"]
    for_s: Annotated[float, Meta(ge=0, le=1800)] | None = None
    zones: tuple[str, ...] | None = None
    lamp: LampStage | None = None
    events: tuple[str, ...] | None = None  # the event ids a lamp command is about


class Posture(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The site's posture, retained; obeyed only where ``n`` is newer."""

    v: Version
    n: Count
    posture: PostureName
    drill: bool
    since: str
    automatic: bool | None = None  # set by a plan, not a person; absent: not known


class HubState(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The hub's beat, every 10 s and retained, from the recorder's own loop."""

    v: Version
    online: bool
    ready: bool
    reach: bool | None = None  # false while no channel of the panic plan can be reached and no board is open
    why: str | None = None  # why not ready
    boot: Boot
    n: Count


Message = Event | State | Health | Receipt | Command | Posture | HubState
M = TypeVar("M", Event, State, Health, Receipt, Command, Posture, HubState)

# --- decoding -----------------------------------------------------------------------------------


class Flaw(NamedTuple):
    """One thing wrong with a message."""

    field: str
    """The field's name, or ``message`` for the whole."""
    why: str
    """What was found and what is allowed."""

    def __str__(self) -> str:
        return f"{self.field}: {self.why}"


class Readable(NamedTuple):
    """What could be read of a flawed event: each field that is well formed, else None."""

    id: str | None = None
    boot: str | None = None
    seq: int | None = None
    zone: str | None = None
    label: str | None = None
    kind: Kind | None = None
    what: What | None = None
    cause: str | None = None
    age_ms: int | None = None
    at: str | None = None
    room: str | None = None
    held: bool | None = None
    test: bool | None = None
    is_alarm: bool = False
    """``what`` is alarm, or a panic kind came with a ``what`` nobody knows."""


class MessageError(ValueError):
    """A payload that is not the message it should be.

    ``flaws`` names every field that is wrong; ``readable`` holds what could be read all the same
    (of an event; it is empty for other messages).
    """

    def __init__(self, flaws: tuple[Flaw, ...], readable: Readable | None = None) -> None:
        super().__init__("; ".join(str(flaw) for flaw in flaws))
        self.flaws = flaws
        self.readable = readable or Readable()


_DECODERS: Final[dict[type[Any], msgspec.json.Decoder[Any]]] = {
    kind: msgspec.json.Decoder(kind) for kind in get_args(Message)
}
_ENCODER: Final = msgspec.json.Encoder()


def encode(message: Message) -> bytes:
    """Write a message as JSON, leaving out what is absent."""
    return _ENCODER.encode(message)


def decode(kind: type[M], payload: bytes) -> M:
    """Read one message; the one way in for every topic.

    Raises :class:`MessageError` and nothing else, whatever the bytes are.
    """
    try:
        message: M = _DECODERS[kind].decode(payload)
    except Exception as error:  # noqa: BLE001 - msgspec also lets UnicodeDecodeError and RecursionError out
        raise _explain(kind, payload, error) from None
    # A NUL or a lone surrogate can only have come by a \u escape; most messages have none.
    if b"\\u" in payload:
        flaws = tuple(_bad_strings(message))
        if flaws:
            raise MessageError(flaws, _salvage(payload) if kind is Event else None)
    if isinstance(message, Event) and message.at is not None and not _is_stamp(message.at):
        raise MessageError((_no_stamp(message.at),), _salvage(payload))
    return message


def shown(text: str, limit: int = SHOWN) -> str:
    """Return a string as it may be shown: U+0000 and lone surrogates as U+FFFD, cut to ``limit``."""
    return "".join("�" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text[:limit])


def is_clean(text: str) -> bool:
    """Tell whether a string holds no U+0000 and no lone surrogate."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def _is_stamp(text: object) -> bool:
    if not isinstance(text, str):
        return False
    try:
        read_stamp(text)
    except (ValueError, OverflowError):
        return False
    return True


def _bad_strings(message: Any, path: str = "") -> list[Flaw]:
    if isinstance(message, str):
        return (
            [] if is_clean(message) else [Flaw(path, f"{shown(message)!r} holds U+0000 or a lone surrogate")]
        )
    if isinstance(message, tuple | list):
        return [f for i, item in enumerate(message) for f in _bad_strings(item, f"{path}[{i}]")]
    if isinstance(message, Struct):
        return [
            flaw
            for name in message.__struct_fields__
            for flaw in _bad_strings(getattr(message, name), f"{path}.{name}" if path else name)
        ]
    return []


def _explain(kind: type[Any], payload: bytes, error: Exception) -> MessageError:
    fields = read_object(payload)
    if fields is None:
        why = shown(f"no JSON object of {len(payload)} bytes: {error}", 300)
        return MessageError((Flaw("message", why),))
    flaws = []
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in fields:
            if field.required:
                flaws.append(Flaw(field.encode_name, "missing; it is required"))
            continue
        try:
            msgspec.convert(fields[field.encode_name], field.type, strict=True)
        except Exception as fault:  # noqa: BLE001 - a hostile value may raise anything
            why = shown(str(fault).split(" - at ")[0], 300)  # it repeats a value that isn't allowed
            flaws.append(Flaw(field.encode_name, f"found {_brief(fields[field.encode_name])}: {why}"))
        else:
            flaws += _bad_strings(fields[field.encode_name], field.encode_name)
    at = fields.get("at") if kind is Event else None
    if isinstance(at, str) and not _is_stamp(at):
        flaws.append(_no_stamp(at))
    if not flaws:
        flaws.append(Flaw("message", shown(str(error), 300)))
    return MessageError(tuple(flaws), _salvage(payload) if kind is Event else None)


def _no_stamp(at: str) -> Flaw:
    return Flaw("at", f"{shown(at)!r} is no RFC 3339 time")


def _brief(value: object) -> str:
    text = repr(value)
    return shown(text if len(text) <= 60 else text[:57] + "...")


def _salvage(payload: bytes) -> Readable:
    fields = read_object(payload)
    if fields is None:
        return Readable()

    def text(name: str, least: int = 0, most: int = 1 << 16) -> str | None:
        value = fields.get(name)
        return shown(value) if isinstance(value, str) and least <= len(value) <= most else None

    def number(name: str, least: int, most: int) -> int | None:
        value = fields.get(name)
        return value if type(value) is int and least <= value <= most else None

    def flag(name: str) -> bool | None:
        value = fields.get(name)
        return value if isinstance(value, bool) else None

    # A receipt must repeat the id to the letter, so one that can't be written back is none. One over
    # 128 characters is a flaw, but can still be receipted, or its sender would repeat it for ever.
    name = fields.get("id")
    event_id = name if isinstance(name, str) and 1 <= len(name) <= 1024 and is_clean(name) else None
    kind = fields.get("kind") if fields.get("kind") in KINDS else None
    what = fields.get("what") if fields.get("what") in WHATS else None
    at = fields.get("at")
    return Readable(
        id=event_id,
        boot=text("boot", 1),
        seq=number("seq", 1, MAX_INT),
        zone=text("zone", 1),
        label=text("label"),
        kind=kind,
        what=what,
        cause=text("cause"),
        age_ms=number("age_ms", 0, MAX_AGE_MS),
        at=at if isinstance(at, str) and _is_stamp(at) else None,
        room=text("room"),
        held=flag("held"),
        test=flag("test"),
        is_alarm=what == "alarm" or (kind in PANIC_KINDS and what is None),
    )
