"""What an agent is told: facts that its threads put on its loop's queue, each with a monotonic stamp.

A callback only makes a fact and enqueues it. What follows from it is decided in :mod:`device.agent`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from device.age import Moment
from device.circuit import Reading

How = Literal["moved", "first", "again"]
"""``first``: read at the start, not seen to move. ``again``: read to find a move that wasn't seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is so, since ``mono``."""

    mono: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Fact):
    """What a zone's contact, or contacts, read."""

    zone: str
    reading: Reading
    how: How = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable(Fact):
    """A zone can't be read; the next Contact says that it can."""

    zone: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUp(Fact):
    """A link is connected and subscribed."""

    link: str
    session_present: bool
    """Whether the broker kept our session, and so what it had accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDown(Fact):
    """A link's connection ended, or couldn't be made."""

    link: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(Fact):
    """A message came over a link."""

    link: str
    topic: str
    payload: bytes
    retained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Fact):
    """The broker answered a publish: accepted, or ``refused`` with its words."""

    link: str
    what: str
    """The last part of the topic: event, state."""
    event: str | None
    """The id of the event that was published."""
    refused: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An event as the outbox holds it."""

    id: str
    body: bytes
    """The event as JSON; its ``age_ms`` means nothing."""
    happened: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(Fact):
    """What the outbox held from before: events that are owed, oldest first, and what was remembered.

    It may come late, when a disk that was sick is well, and more than once: each event is told once,
    and of a damaged file's words, or of one set aside, only those come that say what the room shows,
    and which walk tests are over.
    """

    events: tuple[Kept, ...]
    memory: dict[str, str]
    is_whole: bool = True
    """Whether that is all there was; False while a file that was set aside is still to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxFault(Fact):
    """The outbox can't be written (``why``), or is well again (None)."""

    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSetAside(Fact):
    """A file of the outbox isn't used any more, and is kept as ``path``."""

    path: str
    saved: int | None
    """Events that could be read of it; None while it is still to be read, see OutboxTakenBack."""
    at_most: int | None = None
    """Events that may be in it, where it is still to be read; those that were forgotten may count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxTakenBack(Fact):
    """Every file that was set aside has been read whole; ``saved`` events were in the last, ``path``."""

    path: str
    saved: int


class Machine(NamedTuple):
    """What is known of the agent's machine; None where there is no sensor, or it can't be read."""

    clock_synced: bool | None = None
    up_s: float | None = None
    cpu_c: float | None = None
    under_voltage: bool | None = None
    under_voltage_seen: bool | None = None
    throttled: bool | None = None
    throttled_seen: bool | None = None
    disk_free_mb: float | None = None
    """Of the folder that holds the outbox."""
    root_read_only: bool | None = None
    memory_free_mb: float | None = None
    load_1m: float | None = None
    wifi_dbm: float | None = None
    on_battery: bool | None = None
    battery_low: bool | None = None
    cert_ends: str | None = None
    """When the first of the agent's own certificates ends, as RFC 3339 has it."""
    release: str | None = None
    """Which of the hub's releases the agent's program is; None: none that a hub handed out."""
    too_open: tuple[str, ...] | None = None
    """The agent's files and folders with which others may do too much, each with its cure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed(Fact):
    """What the shell looked up for the next health."""

    machine: Machine
    outbox_behind_s: float
    """How long the oldest change has waited for the disk."""
