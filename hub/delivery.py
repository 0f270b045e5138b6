"""A delivery: one attempt line of saying one notice to one target over one channel. Pure."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from hub.notice import NoticeType

DeliveryState = Literal["owed", "delivered", "failed", "withdrawn"]
Verdict = Literal["delivered", "temporary", "permanent"]

TroubleType = Literal["trouble.opened", "trouble.restored"]
"""What people are told of troubles."""
DOOR_URGENCY: Final = 40
"""Behind every notice of a call."""
DeliveryType = (
    NoticeType
    | TroubleType
    | Literal["record.head", "drill.news", "posture.asked", "channel.test", "station.signals"]
)
"""``record.head``: the record's newest row, for whoever keeps it away from the hub; ``drill.news``: that
a drill ends soon, or did not begin; ``posture.asked``: the officer is to say which posture holds;
``channel.test``: nothing, but that its end is reached; ``station.signals``: what an alarm receiver is told
that belongs to no incident."""
TROUBLE_URGENCY: Final = 90
"""Behind every notice of an incident."""

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
"""Seconds between tries: doubled from the first to the longest, and then for as long as it is owed."""
JITTER: Final = 0.2
"""A share by which pauses differ, so that many deliveries don't fall on one channel together."""


class Target(Struct, frozen=True):
    """Whom a notice is for: one end of one channel of one audience."""

    audience: str
    channel: str
    name: str
    """The target's name within the channel (a person's phone, a URL's name); ``-`` where there is one."""


class Delivery(Struct, frozen=True):
    """What is owed to one target, and how far it has come."""

    id: str
    incident: str
    """Its incident's id; empty where it tells of none."""
    number: int
    target: Target
    type: DeliveryType
    revision: int
    urgency: int
    """0 is told first: a panic's first notice; see :func:`urgency`."""
    body: bytes
    """The notice as JSON; every try sends these bytes."""
    reason: str
    """Why it is owed: a step of the plan, a change, a repeat."""
    owed_at: int
    state: DeliveryState = "owed"
    attempts: int = 0
    next_try: int = 0
    """Wall time in ms of the next attempt; 0 is at once."""
    quiet: bool = False
    """A reminder: to be told without sound or call."""
    reminds: bool = False
    """It says in words of its own that nothing is heard of an incident in hand: see :mod:`hub.reminder`."""
    first: bool = False
    """An alarm receiver's first notice of a room; every ``incident.opened`` is a first notice, too."""
    about: str = ""
    """Where it tells of no incident: the name under which its rows stand in the record, if there is one."""
    whole: bool = True
    """Its body carries every alarm of its incident so far, not the newest alone."""

    @property
    def is_first(self) -> bool:
        """It is the first word of something to its target: delivered, whatever comes after it."""
        return self.first or self.type == "incident.opened"


class Outcome(Struct, frozen=True):
    """What came of one attempt."""

    verdict: Verdict
    said: str
    """The far side's answer, or our own fault, in words: ``200``, ``connection refused``."""
    reference: str | None = None
    """The far side's own reference, where it gave one."""
    took_ms: int = 0
    impaired: str | None = None
    """Of a far side that was asked for and is reached: which part of the way to it is not whole, in words."""


def delivery_id(incident: str, trace: str, target: Target, kind: DeliveryType, nth: int) -> str:
    """Derive a delivery's id from what it tells of.

    ``trace`` stands for all that made the incident's revision; ``nth`` counts notices of this type to
    this target at this revision.
    """
    facts = (incident, trace, target.audience, target.channel, target.name, kind, str(nth))
    return "d-" + blake2b("\0".join(facts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def readdressed(delivery: Delivery, target: Target, reason: str) -> Delivery:
    """Return what a delivery says as another, to another target: never tried yet."""
    return replace(
        delivery,
        id=delivery_id(delivery.incident, delivery.id, target, delivery.type, 0),
        target=target,
        reason=reason,
        attempts=0,
        next_try=0,
    )


def urgency(rank: int, kind: NoticeType, *, first: bool = False, of_door: bool = False) -> int:
    """Return the order in which a channel takes deliveries: first notices, then by kind of alarm.

    All that tells of a door comes behind all that tells of a call.
    """
    return (DOOR_URGENCY if of_door else 0) + (0 if first or kind == "incident.opened" else 10) + rank


def pause_s(delivery: Delivery) -> float:
    """Return the seconds to the next try after ``delivery.attempts`` failed ones."""
    doublings = min(max(delivery.attempts - 1, 0), 16)
    pause: float = min(FIRST_PAUSE_S * 2.0**doublings, LONGEST_PAUSE_S)
    share = int.from_bytes(
        blake2b(f"{delivery.id}{delivery.attempts}".encode(), digest_size=2).digest(), "big"
    )
    return pause * (1 - JITTER / 2 + JITTER * share / 0xFFFF)
