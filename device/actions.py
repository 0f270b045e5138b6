"""What an agent decides to do; :mod:`device.loop` does it, in this order, and nothing else."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from device.facts import Kept


class Publish(NamedTuple):
    """Hand a message to a link's present connection; not sent where there is none."""

    link: str
    what: str
    """The last part of the topic: event, state, health."""
    payload: bytes
    event: str | None = None
    """The id of the event in it, to which the broker's answer belongs."""
    qos: int = 1
    retain: bool = False
    expiry_s: int | None = None


class Renew(NamedTuple):
    """Give a link's connection up and open a new one: it doesn't answer."""

    link: str


class Hurry(NamedTuple):
    """End a link's pause before it connects again."""

    link: str


class Remember(NamedTuple):
    """Keep a word for the next start."""

    key: str
    value: str


class Keep(NamedTuple):
    """Put an event in the outbox, and in the same commit the word that it makes true."""

    event: Kept
    word: Remember | None = None


class Forget(NamedTuple):
    """Take an event out of the outbox."""

    id: str


class Drive(NamedTuple):
    """Set an output: 0 is off or dark, 1 on, or as bright as its setting."""

    output: str
    """``lamp``, ``lamp ZONE``, ``haptic ZONE``, ``sounder`` or ``strobe``."""
    level: float


class Say(NamedTuple):
    """Write a line to the log."""

    level: Literal["debug", "info", "warning", "error"]
    event: str
    fields: dict[str, Any]


Action = Publish | Renew | Hurry | Keep | Forget | Remember | Drive | Say


def say(level: Literal["debug", "info", "warning", "error"], event: str, **fields: Any) -> Say:
    """Return a line for the log, leaving out what is absent."""
    return Say(level, event, {name: value for name, value in fields.items() if value is not None})
