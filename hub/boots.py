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
    """The boots of one device: the one that speaks now, and some that spoke before it."""

    def __init__(self) -> None:
        self.newest: str | None = None
        """The one that speaks now."""
        self._since = 0.0
        """When it was first heard, or took over from another."""
        self._earlier: OrderedDict[str, None] = OrderedDict()
        self._twice: float | None = None
        """When a second machine last spoke."""

    def spoke(self, boot: str, happened: float, mono: float) -> bool:
        """Take what a boot tells of that ``happened`` then; returns whether it shows a second machine."""
        if boot == self.newest:
            return False
        if self.newest is None:
            self.newest, self._since = boot, mono
            return False
        if happened <= self._since + MARGIN_S:
            self._remember(boot)  # what an outbox held of an earlier boot
            return False
        is_second = boot in self._earlier
        self._remember(self.newest)  # where they alternate, each is the newest in its turn
        self._earlier.pop(boot, None)
        self.newest, self._since = boot, mono
        if is_second:
            self._twice = mono
        return is_second

    def is_over(self, mono: float) -> bool:
        """Tell whether no second machine has spoken for long enough."""
        return self._twice is None or mono - self._twice >= QUIET_S

    def deadline(self) -> float | None:
        """Return when it is over, if no second machine speaks again."""
        return None if self._twice is None else self._twice + QUIET_S

    def _remember(self, boot: str) -> None:
        self._earlier[boot] = None
        self._earlier.move_to_end(boot)
        if len(self._earlier) > BOOTS_KEPT:
            self._earlier.popitem(last=False)
