"""Over which brokers a device is present, and which of its messages are older than what is known. Pure.

A device may speak over several brokers, and one of them may hold a message back while another has long
brought what followed it. Within one broker the order is the device's own.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Literal

HELD_BACK_S: Final = 20.0
"""Seconds for which one broker's word outweighs another's: a broker that is silent for 12 s is given up."""
BOOTS_KEPT: Final = 8


class Paths:
    """One device's ways to the hub."""

    def __init__(self) -> None:
        self.present: set[int] = set()
        """The brokers over which it was heard and has not said farewell since."""
        self._boots: OrderedDict[str, None] = OrderedDict()
        self._boot: str | None = None
        self._broker = -1
        self._at = 0.0
        self._counts: dict[str, int] = {}

    def takes(
        self, what: Literal["state", "health"], broker: int, boot: str, count: int | None, mono: float
    ) -> bool:
        """Tell whether a live message is news; one that is older than what another broker brought is not.

        ``count`` is the message's own number in its boot, where it has one.
        """
        if broker != self._broker and mono - self._at <= HELD_BACK_S and self._is_older(what, boot, count):
            return False
        if boot != self._boot:
            self._boot, self._counts = boot, {}
            self._boots[boot] = None
            self._boots.move_to_end(boot)
            if len(self._boots) > BOOTS_KEPT:
                self._boots.popitem(last=False)
        if count is not None:
            self._counts[what] = count
        self._broker, self._at = broker, mono
        return True

    def _is_older(self, what: str, boot: str, count: int | None) -> bool:
        if boot != self._boot:
            return boot in self._boots
        known = self._counts.get(what)
        return count is not None and known is not None and count <= known
