"""One zone: what its contact does over time, settled into events.

A contact bounces, and a wire picks up noise. A new condition is believed once the contact has
rested in it for the settle time; then an event says so, dated back to when the contact moved. Facts
come in order of their stamps, and what was due between two of them is decided first, so a press is
told however many edges wait behind it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from config.contract import PANIC_KINDS, Kind, What
from device.circuit import Circuit, Condition, condition

HELD_S: Final = 3.0
"""A press this long is told a second time, with ``held``."""
POWER_UP_S: Final = 0.5
"""What is found at the start must rest this long: supplies and pull-ups come up meanwhile."""


class Decided(NamedTuple):
    """Something happened at a zone."""

    what: What
    at: float
    """When, by the monotonic clock: as the contact moved, not as it had settled."""
    held: bool = False


class Zone:
    """The settle logic of one zone; it reads no clock."""

    def __init__(self, kind: Kind, circuit: Circuit, settle_s: float) -> None:
        self._circuit = circuit
        self._settle_s = settle_s
        self._panic = kind in PANIC_KINDS
        self._whats: dict[Condition, What] = (
            {"active": "alarm", "normal": "restoral"}
            if self._panic
            else {"active": "open", "normal": "closed"}
        )
        self.condition: Condition = "normal"
        """What is believed. Unknown counts as normal, so that what is active at first alarms."""
        self._seen: Condition | None = None
        self._since = 0.0
        self._moved = False
        """Whether the contact was seen to move: until then all there is was found at the start."""
        self._pressed_at: float | None = None
        """Since when it is pressed, until that was told as held."""

    def remember(self, last: Condition) -> None:
        """Take the condition that was last reported before the restart.

        Ignored once the contact has moved or something was decided: what is seen outweighs it.
        """
        if not self._moved and self._pressed_at is None and last in self._whats:
            self.condition = last

    def contact(self, now: float, *, closed: bool, first: bool = False) -> list[Decided]:
        """Take the contact's position at ``now``; returns what was due before it and what it brings."""
        decided = self.advance(now)
        seen = condition(self._circuit, closed=closed)
        if self._seen is None:
            self._seen, self._since = seen, now
            self._moved = not first
            return decided
        if seen == self._seen:
            return decided
        if not self._moved:
            self._moved = True
            # It was pressed before the restart, was found at rest, and is pressed again now: without
            # its restoral the second press would look like the first.
            if self._seen == "normal" and self.condition == "active":
                decided.append(self._believe("normal", self._since))
        self._seen, self._since = seen, now
        return decided + self.advance(now)

    def advance(self, now: float) -> list[Decided]:
        """Decide what is due by ``now``."""
        decided = []
        settles = self.settles_at()
        if self._seen is not None and settles is not None and now >= settles:
            decided.append(self._believe(self._seen, self._since))
        held = self._held_at()
        if held is not None and now >= held:
            self._pressed_at = None
            decided.append(Decided("alarm", held, held=True))
        return decided

    def next_deadline(self) -> float | None:
        """Return when :meth:`advance` should be called next, if the contact doesn't move before."""
        due = [at for at in (self.settles_at(), self._held_at()) if at is not None]
        return min(due, default=None)

    def settles_at(self) -> float | None:
        """Return when the contact will have rested in a position that isn't believed yet."""
        if self._seen is None or self._seen == self.condition:
            return None
        return self._since + (self._settle_s if self._moved else max(self._settle_s, POWER_UP_S))

    def _held_at(self) -> float | None:
        # A contact that has just opened may be bouncing or released; its rest decides which.
        if self._pressed_at is None or self._seen != "active":
            return None
        return self._pressed_at + HELD_S

    def _believe(self, seen: Condition, since: float) -> Decided:
        self.condition = seen
        self._pressed_at = since if self._panic and seen == "active" else None
        return Decided(self._whats[seen], since)
