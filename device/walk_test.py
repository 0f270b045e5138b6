"""The walk test of a room: which presses are tests, and until when. Pure.

A zone in a walk test takes its first press as a test, and is live again 5 s after that one's restoral, or
when the time is over: whichever comes first, and nothing prolongs it. Pressed again before that, it is
still the same test. Whoever tests presses one button at a time: two within 2 s are real, both. What may be
a fault instead is real, and no test; where one comes after the test its zone is live at once. A restart ends
every walk test.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

LIVE_AGAIN_S: Final = 5.0
"""After the restoral of the press that was the test."""
APART_S: Final = 2.0
"""Two zones of a room pressed within this of each other are real."""
_KEPT_S: Final = 10.0
"""Presses are known for this long: zones that settle slowly tell of theirs later than others."""


class Verdict(NamedTuple):
    """Whether a press is a test, and which earlier ones, taken as tests, were real after all."""

    test: bool
    real_after_all: tuple[tuple[str, float], ...] = ()
    """Zones, and when they were pressed."""


@dataclass
class _InTest:
    """A zone that is in a walk test."""

    since: float
    until: float
    first: Literal["awaited", "pressed", "restored"] = "awaited"
    """Its first press, which is the test."""


@dataclass
class _Pressed:
    zone: str
    at: float
    test: bool


class WalkTest:
    """The zones of one room that are in a walk test; it reads no clock."""

    def __init__(self) -> None:
        self._zones: dict[str, _InTest] = {}
        self._tested: set[str] = set()
        """Zones whose latest press is a test, until its restoral."""
        self._pressed: deque[_Pressed] = deque()

    def start(self, zones: Iterable[str], now: float, until: float) -> None:
        """Begin, for zones that are not in a walk test already."""
        for zone in zones:
            self._zones.setdefault(zone, _InTest(now, until))

    def end(self) -> None:
        """Every zone is live."""
        self._zones.clear()

    def pressed(
        self, zone: str, at: float, *, began: float | None = None, is_certain: bool = True
    ) -> Verdict:
        """Take a press: when it was one, when it ``began`` to be, and whether it may be a fault instead."""
        self.advance(at)
        while self._pressed and self._pressed[0].at < at - _KEPT_S:
            self._pressed.popleft()
        near = [press for press in self._pressed if press.zone != zone and abs(at - press.at) <= APART_S]
        found = self._zones.get(zone)
        started = at if began is None else began
        test = is_certain and not near and found is not None and started >= found.since
        self._pressed.append(_Pressed(zone, at, test))
        if test and found is not None:
            found.first = "pressed" if found.first == "awaited" else found.first
            self._tested.add(zone)
            return Verdict(True)
        self._tested.discard(zone)
        if not is_certain and found is not None and found.first != "awaited":
            del self._zones[zone]  # a fault came into the test: it has no restoral that would end it
        if not near:
            return Verdict(False)
        self.end()
        real = [press for press in near if press.test]
        for press in real:
            press.test = False
            self._tested.discard(press.zone)
        return Verdict(False, tuple((press.zone, press.at) for press in real))

    def held(self, zone: str) -> None:
        """A press was held: it is real, and its zone is live."""
        self._zones.pop(zone, None)
        self._tested.discard(zone)

    def restored(self, zone: str, at: float) -> bool:
        """Take a restoral; returns whether it is that of a test."""
        if zone not in self._tested:
            return False
        self._tested.discard(zone)
        found = self._zones.get(zone)
        if found is not None and found.first == "pressed":
            found.first = "restored"
            found.until = min(found.until, at + LIVE_AGAIN_S)
        return True

    def advance(self, now: float) -> bool:
        """Let the zones go live whose time is over; returns whether any did."""
        over = [zone for zone, found in self._zones.items() if found.until <= now]
        for zone in over:
            del self._zones[zone]
        return bool(over)

    def has(self, zone: str) -> bool:
        """Whether a press of this zone would be a test."""
        return zone in self._zones

    def was_test(self, zone: str) -> bool:
        """Whether the press that goes on, if any, was told as a test and nothing else."""
        return zone in self._tested

    def __bool__(self) -> bool:
        return bool(self._zones)

    def next_deadline(self) -> float | None:
        """Return when :meth:`advance` should be called next."""
        return min((found.until for found in self._zones.values()), default=None)
