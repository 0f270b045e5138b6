"""The walk test of a room: which presses are tests, and until when. Pure.

A zone in a walk test takes its first press as a test, and is live again 5 s after that one's restoral;
a zone that isn't pressed is live again when the time is over. Whoever tests presses one button at a
time: two within 2 s are real, both. Nothing prolongs a walk test that goes on, and a restart ends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

LIVE_AGAIN_S: Final = 5.0
"""After the restoral of the press that was the test."""
APART_S: Final = 2.0
"""Two zones of a room pressed within this of each other are real."""


class Verdict(NamedTuple):
    """Whether a press is a test, and which earlier ones, taken as tests, were real after all."""

    test: bool
    real_after_all: tuple[tuple[str, float], ...] = ()
    """Zones, and when they were pressed."""


class WalkTest:
    """The zones of one room that are in a walk test; it reads no clock."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        """Zones whose press is still to come."""
        self._live_at: dict[str, float | None] = {}
        """Zones that were pressed as a test: live from then on; None while the press lasts."""
        self._pressed: dict[str, tuple[float, bool]] = {}
        """Each zone's latest press, and whether it was a test."""

    def start(self, zones: Iterable[str], until: float) -> None:
        """Begin, for zones that are not in a walk test already."""
        for zone in zones:
            if not self.has(zone):
                self._until[zone] = until

    def end(self) -> None:
        """Every zone is live."""
        self._until.clear()
        self._live_at.clear()

    def pressed(self, zone: str, at: float) -> Verdict:
        """Take a press, at the time at which it began."""
        self.advance(at)
        near = [
            (other, then, test)
            for other, (then, test) in self._pressed.items()
            if other != zone and abs(at - then) <= APART_S
        ]
        if near:
            self.end()
            self._pressed[zone] = (at, False)
            for other, then, _ in near:
                self._pressed[other] = (then, False)
            return Verdict(False, tuple((other, then) for other, then, test in near if test))
        test = self.has(zone)
        self._pressed[zone] = (at, test)
        if test:
            self._until.pop(zone, None)
            self._live_at[zone] = None
        return Verdict(test)

    def held(self, zone: str) -> None:
        """A press was held: it is real, and its zone is live."""
        self._until.pop(zone, None)
        self._live_at.pop(zone, None)

    def restored(self, zone: str, at: float) -> bool:
        """Take a restoral; returns whether it is that of a test."""
        if zone not in self._live_at:
            return False
        self._live_at[zone] = at + LIVE_AGAIN_S
        return True

    def advance(self, now: float) -> bool:
        """Let the zones go live whose time is over; returns whether any did."""
        over = [zone for zone, until in self._until.items() if until <= now]
        over += [zone for zone, at in self._live_at.items() if at is not None and at <= now]
        for zone in over:
            self.held(zone)
        return bool(over)

    def has(self, zone: str) -> bool:
        """Whether a press of this zone would be a test."""
        return zone in self._until or zone in self._live_at

    def __bool__(self) -> bool:
        return bool(self._until or self._live_at)

    def next_deadline(self) -> float | None:
        """Return when :meth:`advance` should be called next."""
        due = [*self._until.values(), *(at for at in self._live_at.values() if at is not None)]
        return min(due, default=None)
