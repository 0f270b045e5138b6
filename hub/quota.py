"""How much each agent may send over one broker: token buckets by device. Pure.

What is over its quota is never dropped: it is marked, and :mod:`hub.floods` says what becomes of it. The
numbers are far above what an honest agent sends at its worst, and low enough that a flood fills no disk.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

Over = Literal["own", "shared"]
"""Whose quota a message is over: its device's own, or that of all devices which nobody has set up."""
Kind = Literal["event", "state", "health"]

PAYLOAD_KEPT: Final = 16_384
"""Bytes of a payload that are kept, beside its whole length and hash."""
TOKEN_BYTES: Final = 1024
"""Bytes that one token pays for: an event of ours has some 250. What isn't kept isn't paid for."""


class Rate(Struct, frozen=True):
    """A bucket's size, and how fast it fills."""

    at_once: float
    a_second: float


EVENTS: Final = Rate(10_000, 0.5)
"""An agent owes 5,000 events at most (``device.owed.MOST_OWED``), and sends each again as soon as it hears
the hub: it may have been alone for a week. One in 2 s, day and night, is more than a door of a busy hall."""
STRANGERS_EVENTS: Final = Rate(5_000, 0.5)
"""Of one device that nobody has set up; what its agent owes at most."""
RATES: Final[dict[Kind, Rate]] = {
    "event": EVENTS,
    "state": Rate(120, 1),  # at each change of a zone; over it the newest alone is taken
    "health": Rate(40, 0.5),  # one every 15 s; a broker that was away brings none from before
}
SHARED: Final[dict[Kind, Rate]] = {
    "event": Rate(10_000, 2),
    "state": Rate(2_000, 10),  # a start is brought all that the broker retains
    "health": Rate(2_000, 40),
}
"""Of all devices together that nobody has set up: where no certificate bounds their names, this does."""
STRANGERS_KEPT: Final = 1000
"""Of how many of those it is known what each has sent, the latest."""


class Bucket:
    """Tokens that are spent, and come back with time."""

    def __init__(self, rate: Rate, mono: float) -> None:
        self._rate = rate
        self._left = rate.at_once
        self._at = mono

    def spend(self, tokens: float, mono: float) -> bool:
        """Take tokens; where there are too few none is taken, and it says so."""
        passed = max(mono - self._at, 0.0)
        self._left = min(self._rate.at_once, self._left + passed * self._rate.a_second)
        self._at = mono
        if self._left < tokens:
            return False
        self._left -= tokens
        return True


class Quotas:
    """What every device has left. Owned by one thread."""

    def __init__(self, is_known: Callable[[str], bool]) -> None:
        """``is_known`` tells whether the settings have a device; it may be asked from any thread."""
        self._is_known = is_known
        self._own: dict[tuple[str, Kind], Bucket] = {}
        self._strangers: OrderedDict[tuple[str, Kind], Bucket] = OrderedDict()
        self._shared: dict[Kind, Bucket] = {}

    def over(self, device: str, kind: Kind, size: int, mono: float) -> Over | None:
        """Take one message of ``size`` bytes; returns the quota that it is over, or None."""
        tokens = 1 + min(size, PAYLOAD_KEPT) // TOKEN_BYTES
        if self._is_known(device):
            own = self._own.get((device, kind))
            if own is None:
                own = self._own[device, kind] = Bucket(RATES[kind], mono)
            return None if own.spend(tokens, mono) else "own"
        if not self._stranger(device, kind, mono).spend(tokens, mono):
            return "own"  # and takes nothing of what the others have left
        shared = self._shared.setdefault(kind, Bucket(SHARED[kind], mono))
        return None if shared.spend(tokens, mono) else "shared"

    def _stranger(self, device: str, kind: Kind, mono: float) -> Bucket:
        key = device, kind
        bucket = self._strangers.get(key)
        if bucket is None:
            self._own.pop(key, None)  # of a room that the settings have no more
            bucket = self._strangers[key] = Bucket(STRANGERS_EVENTS if kind == "event" else RATES[kind], mono)
            if len(self._strangers) > STRANGERS_KEPT:
                self._strangers.popitem(last=False)
        self._strangers.move_to_end(key)
        return bucket
