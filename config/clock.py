"""Time as an argument: the two clocks a process has, and how a wall time is written.

The deciding modules never read a clock; they are handed a :class:`Now`. The shells read one
through :class:`Clock`, which tests replace.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NamedTuple, Protocol


class Now(NamedTuple):
    """One moment, by both clocks.

    Deadlines are kept by ``mono``, which no one can set; ``wall`` is what people are shown.
    """

    mono: float
    """Seconds since an arbitrary start; never goes back."""
    wall: int
    """Milliseconds since 1970-01-01 UTC; may jump either way."""


class Clock(Protocol):
    """Where a shell reads the time."""

    def now(self) -> Now:
        """Return this moment by both clocks."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> Now:
        """Return this moment by both clocks."""
        return Now(time.monotonic(), time.time_ns() // 1_000_000)


_FIRST_MS = -62_135_596_800_000  # 0001-01-01, the first moment `datetime` can hold
_LAST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z, the last


def stamp(wall_ms: int) -> str:
    """Write milliseconds since 1970 as RFC 3339 in UTC with milliseconds and ``Z``.

    A moment outside the years 1 to 9999 is written as the nearest one inside.
    """
    seconds, ms = divmod(min(max(wall_ms, _FIRST_MS), _LAST_MS), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{ms:03d}Z"


def read_stamp(text: str) -> int:
    """Read an RFC 3339 time with its offset as milliseconds since 1970.

    Raises ``ValueError`` when it isn't one, or has no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC; expected one, such as a final Z")
    return round(moment.timestamp() * 1000)
