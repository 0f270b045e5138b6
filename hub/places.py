"""How much a channel holds at a time, and what waits in the record for a place with it. Pure.

Each target of a channel has :data:`PLACES` for each urgency. So what is most urgent is always in the
channel's hands, however much else is owed; and a channel never holds more than it could tell soon.
"""

from __future__ import annotations

from typing import Final

from hub.delivery import Delivery

PLACES: Final = 64
"""Deliveries of one urgency that a channel holds for one of its targets: more than it tells in a round of the
recorder, which frees a place only once it has heard the outcome."""

_End = tuple[str, str, int]
"""A channel, one of its targets, an urgency."""


class Places:
    """Who is with a channel, and who waits, first come first."""

    def __init__(self) -> None:
        self._held: dict[_End, set[str]] = {}
        self._waiting: dict[_End, dict[str, None]] = {}

    def take(self, delivery: Delivery) -> bool:
        """Tell whether a delivery goes to its channel now (it may be there); if not, it waits for a place."""
        end = _end(delivery)
        held = self._held.setdefault(end, set())
        if delivery.id in held:
            return True
        if len(held) < PLACES:
            held.add(delivery.id)
            return True
        self._waiting.setdefault(end, {})[delivery.id] = None
        return False

    def holds(self, delivery: Delivery) -> bool:
        """Tell whether a delivery is with its channel."""
        return delivery.id in self._held.get(_end(delivery), ())

    def leave(self, delivery: Delivery) -> str | None:
        """Free what a delivery takes; returns the id of the one whose turn it is then."""
        end = _end(delivery)
        held, waiting = self._held.get(end, set()), self._waiting.get(end, {})
        following = None
        if delivery.id in held:
            held.remove(delivery.id)
            following = next(iter(waiting), None)
        waiting.pop(delivery.id if following is None else following, None)
        if not waiting:
            self._waiting.pop(end, None)
        if not held:
            self._held.pop(end, None)
        return following


def _end(delivery: Delivery) -> _End:
    return delivery.target.channel, delivery.target.name, delivery.urgency
