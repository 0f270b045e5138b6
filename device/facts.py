"""What an agent is told: facts that its threads put on its loop's queue, each with a monotonic stamp.

A callback only makes a fact and enqueues it. What follows from it is decided in :mod:`device.agent`.
"""

from __future__ import annotations

from dataclasses import dataclass

from device.age import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is so, since ``mono``."""

    mono: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Fact):
    """A zone's contact is closed, or open; ``first`` when it was read at the start, not seen to move."""

    zone: str
    closed: bool
    first: bool = False


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
    """What the outbox held from before: events that are owed, oldest first, and what was remembered."""

    events: tuple[Kept, ...]
    memory: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxFault(Fact):
    """The outbox can't be written (``why``), or is well again (None)."""

    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSetAside(Fact):
    """The outbox's file was corrupt and is kept aside as ``path``; ``saved`` events could be read."""

    path: str
    saved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed(Fact):
    """What the shell looked up for the next health."""

    clock_synced: bool | None
    outbox_behind_s: float
    """How long the oldest change has waited for the disk."""
