"""The order in which one channel takes its deliveries, and how many at once. Pure."""

from __future__ import annotations

from typing import Final

from hub.delivery import Delivery
from hub.places import PLACES

LONGEST: Final = 8 * PLACES
"""Deliveries that wait for one target at most: places of four kinds of alarm, of first notices and others."""

_Order = tuple[int, int, int]
"""Urgency, the moment it was owed, the order it was taken in."""


class Lane:
    """What waits for one channel, and what is under way.

    First is what is most urgent, and among those what has been owed longest. A target holds no more
    than its share of the channel's places, so that one that hangs leaves the others theirs.
    """

    def __init__(self, at_once: int, targets: int) -> None:
        self.resize(at_once, targets)
        self._waiting: dict[str, dict[str, tuple[_Order, Delivery]]] = {}
        """By target and id."""
        self._under_way: dict[str, str] = {}
        self._taken = 0

    def resize(self, at_once: int, targets: int) -> None:
        """Take that its channel is another from now on; what waits goes on waiting."""
        self.at_once = at_once
        self.share = max(1, at_once // max(targets, 1))

    def take(self, delivery: Delivery) -> bool:
        """Queue a delivery; False if its id waits already or is under way, or its target's queue is full.

        It is never full while :mod:`hub.places` hands out; what it refused would be handed out again.
        """
        waiting = self._waiting.setdefault(delivery.target.name, {})
        if delivery.id in waiting or delivery.id in self._under_way or len(waiting) >= LONGEST:
            return False
        self._taken += 1
        waiting[delivery.id] = ((delivery.urgency, delivery.owed_at, self._taken), delivery)
        return True

    def withdraw(self, delivery: str) -> bool:
        """Drop a delivery that has not begun; False if it isn't waiting here."""
        return any(waiting.pop(delivery, None) is not None for waiting in self._waiting.values())

    def begin(self) -> Delivery | None:
        """Return the next delivery to attempt, from now on under way; None if none may begin."""
        if len(self._under_way) >= self.at_once:
            return None
        busy = list(self._under_way.values())
        first = min(
            (
                min(waiting.values(), key=lambda entry: entry[0])
                for target, waiting in self._waiting.items()
                if waiting and busy.count(target) < self.share
            ),
            key=lambda entry: entry[0],
            default=None,
        )
        if first is None:
            return None
        delivery = first[1]
        del self._waiting[delivery.target.name][delivery.id]
        self._under_way[delivery.id] = delivery.target.name
        return delivery

    def end(self, delivery: Delivery) -> None:
        """Note that an attempt is over; its id may be taken again."""
        del self._under_way[delivery.id]
