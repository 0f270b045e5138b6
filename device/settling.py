"""What a circuit comes to rest at: a reading that has lasted for its time. Pure.

A position of the contact is at rest after the settle time, a fault of the wiring after longer, so that a
press that begins as a fault is a press. From the moment it leaves one rest until it comes to the next
the circuit is restless, and what it reads meanwhile is known: noise is forgotten, but what never comes to
rest is not.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from config.wiring import Condition
from device.circuit import FAULTS

POWER_UP_S: Final = 0.5
"""What is found at the start must rest this long: supplies and pull-ups come up meanwhile."""
UNSTEADY_S: Final = 0.8
"""A circuit that comes to no rest at all for this long contradicts itself; longer only where its settle
and transit times are so long that an honest move with one bounce could take as much."""


class Rest(NamedTuple):
    """A circuit came to rest."""

    reads: Condition
    since: float
    began: float
    """When it left its rest before."""
    before: Condition | None
    """What it read at that rest; None where there was none since the start."""
    glimpse: tuple[Condition, float] | None
    """The first fault meanwhile that lasted as long as a position must, but not as long as a fault must."""


class Settling:
    """The readings of one circuit, and its rests; it reads no clock."""

    def __init__(self, settle_s: float, fault_s: float) -> None:
        self._settle_s = settle_s
        self._fault_s = fault_s
        self._unsteady_s = max(UNSTEADY_S, fault_s + 2 * settle_s)
        self.reads: Condition | None = None
        self.since = 0.0
        """Since when it reads so."""
        self.moved = False
        """Whether it was seen to move: until then all there is was found at the start."""
        self.rest: Condition | None = None
        """What it read at its latest rest."""
        self.restless_since: float | None = None
        self.met: set[Condition] = set()
        """What it has read since it left its rest."""
        self._glimpse: tuple[Condition, float] | None = None

    def begin(self, now: float, reads: Condition, *, moved: bool) -> None:
        """Take the first reading there is."""
        self.moved = moved
        self._take(now, reads)

    def move(self, now: float, reads: Condition) -> None:
        """Take another reading than the last."""
        lasted = now - self.since
        if not self.moved:  # what was found at the start was its rest, however short
            self.moved, self.restless_since = True, None
            self.met.clear()
        elif self.reads in FAULTS and lasted >= self._settle_s:
            self._glimpse = self._glimpse or (self.reads, self.since)
        self._take(now, reads)

    def moved_before(self, at: float) -> None:
        """A look found this move; the edge itself knows when it was."""
        if self.restless_since is not None and at < self.since:
            self.since, self.restless_since = at, min(at, self.restless_since)

    def settles_at(self) -> float | None:
        """Return when it will have come to rest, if it doesn't move before; None where it has."""
        if self.restless_since is None or self.reads is None:
            return None
        rest = self._fault_s if self.reads in FAULTS else self._settle_s
        return self.since + (rest if self.moved else max(rest, POWER_UP_S))

    def unsteady_at(self) -> float | None:
        """Return when it will have come to no rest for too long; None while it is at rest."""
        return None if self.restless_since is None else self.restless_since + self._unsteady_s

    def settle(self) -> Rest | None:
        """Come to rest as it reads now; None where it is at rest."""
        if self.reads is None or self.restless_since is None:
            return None
        rest = Rest(self.reads, self.since, self.restless_since, self.rest, self._glimpse)
        self.rest, self.restless_since, self._glimpse = self.reads, None, None
        self.met.clear()
        return rest

    def _take(self, now: float, reads: Condition) -> None:
        if self.restless_since is None:
            self.restless_since = now
        self.reads, self.since = reads, now
        self.met.add(reads)
