"""A walk test as the hub's own record has it, and what a button was proved by. Pure.

The agent marks the presses of a walk test; the hub believes the mark only where this says that the
test was open for that zone at the time of the press.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec import Struct

LONGEST_S: Final = 1800.0
"""The contract's longest walk test."""
USUAL_S: Final = 600.0


class Tried(Struct, frozen=True):
    """A zone whose press in a walk test arrived."""

    zone: str
    at: int
    """Wall ms of the press."""


class WalkTest(Struct, frozen=True):
    """A walk test of one room: who opened it, for which zones, from when to when (wall ms)."""

    id: str
    device: str
    zones: tuple[str, ...]
    by: str
    via: str
    started: int
    until: int
    ended: int | None = None
    """When it was over; None while it is open."""
    why: str | None = None
    """Why it is over."""
    begun: bool = False
    """The room's device has said that it is in the walk test."""
    late: bool = False
    """It has not said so in time."""
    proved: tuple[Tried, ...] = ()

    @property
    def row(self) -> int:
        """The number of the record's row that says who opened it."""
        return int(self.id.split("-")[1])

    @property
    def left(self) -> tuple[str, ...]:
        """The zones that are still to be pressed."""
        done = {one.zone for one in self.proved}
        return tuple(zone for zone in self.zones if zone not in done)


class Proof(Struct, frozen=True):
    """By what a button is known to work: its last press in a walk test."""

    zone: str
    at: int
    by: str
    """Who opened the walk test."""
    kind: str | None = None
    """What its agent told of the zone then."""
    circuit: str | None = None
    machine: str | None = None
    """Which machine the agent ran on; None where it doesn't say."""
    row: int = 0
    """Its row in the record, beside which its name goes; 0: an older release's, which kept none."""


class Timed(NamedTuple):
    """A walk test by the monotonic clock of this process."""

    test: WalkTest
    started: float
    end: float
    """When it was, or will be, over."""

    def covers(self, zone: str, at: float) -> bool:
        """Tell whether it was open for a zone at this moment."""
        return zone in self.test.zones and self.started <= at <= self.end
