"""Whether two machines speak under one device id. Pure.

A restart gives an agent a new boot, and from then on nothing new happens under the old one; what its
outbox still held happened before. So a boot that has been followed by another and yet tells of
something newer is a second machine: a card was copied, or two were given one id.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MARGIN_S: Final = 2.0
"""Seconds by which a reckoned moment may be off."""
QUIET_S: Final = 600.0
"""Seconds without another word of the second machine after which it is taken to be gone."""
BOOTS_KEPT: Final = 8


class Boots:
    """The boots of one device, in the order in which they were first heard."""

    def __init__(self) -> None:
        self._first: OrderedDict[str, float] = OrderedDict()
        self.newest: str | None = None
        """The one that speaks now."""
        self._twice: float | None = None
        """When a second machine last spoke."""

    def spoke(self, boot: str, happened: float, mono: float) -> bool:
        """Take what a boot tells of that ``happened`` then; returns whether it shows a second machine."""
        if self.newest is None or boot == self.newest:
            self.newest = self.newest or boot
            self._first.setdefault(boot, mono)
            return False
        if happened <= self._first[self.newest] + MARGIN_S:
            self._first.setdefault(boot, happened)  # what an outbox held of an earlier boot
            return False
        was_heard = boot in self._first
        # Now this one is the newest: where they alternate, each is in its turn.
        self._first[boot] = mono
        self._first.move_to_end(boot)
        self.newest = boot
        while len(self._first) > BOOTS_KEPT:
            self._first.popitem(last=False)
        if was_heard:
            self._twice = mono
        return was_heard

    def is_over(self, mono: float) -> bool:
        """Tell whether no second machine has spoken for long enough."""
        return self._twice is None or mono - self._twice >= QUIET_S

    def deadline(self) -> float | None:
        """Return when it is over, if no second machine speaks again."""
        return None if self._twice is None else self._twice + QUIET_S
