"""The order in which one channel takes its deliveries, and how many at once. Pure."""

from __future__ import annotations

from heapq import heappop, heappush

from hub.delivery import Delivery

_Entry = tuple[int, int, int, Delivery]
"""Urgency, the moment it was owed, the order it was taken in (so that two are never compared further)."""


class Lane:
    """What waits for one channel, and what is under way.

    First is what is most urgent, and among those what has been owed longest. A target holds no more
    than its share of the channel's places, so that one that hangs leaves the others theirs.
    """

    def __init__(self, at_once: int, targets: int) -> None:
        self.at_once = at_once
        self.share = max(1, at_once // max(targets, 1))
        self._queues: dict[str, list[_Entry]] = {}
        self._waiting: dict[str, int] = {}
        """Ids that wait, with the number of their entry; any other entry in a queue is withdrawn."""
        self._under_way: dict[str, str] = {}
        self._taken = 0

    def take(self, delivery: Delivery) -> bool:
        """Queue a delivery; False if its id waits already or is under way."""
        if delivery.id in self._waiting or delivery.id in self._under_way:
            return False
        self._taken += 1
        self._waiting[delivery.id] = self._taken
        entry = (delivery.urgency, delivery.owed_at, self._taken, delivery)
        heappush(self._queues.setdefault(delivery.target.name, []), entry)
        return True

    def withdraw(self, delivery: str) -> bool:
        """Drop a delivery that has not begun; False if it isn't waiting here."""
        return self._waiting.pop(delivery, None) is not None

    def begin(self) -> Delivery | None:
        """Return the next delivery to attempt, from now on under way; None if none may begin."""
        if len(self._under_way) >= self.at_once or not self._waiting:
            return None
        busy = list(self._under_way.values())
        firsts = [
            queue
            for target in list(self._queues)
            if busy.count(target) < self.share and (queue := self._live(target))
        ]
        if not firsts:
            return None
        delivery = heappop(min(firsts, key=lambda queue: queue[0]))[3]
        del self._waiting[delivery.id]
        self._under_way[delivery.id] = delivery.target.name
        return delivery

    def end(self, delivery: Delivery) -> None:
        """Note that an attempt is over; its id may be taken again."""
        del self._under_way[delivery.id]

    def _live(self, target: str) -> list[_Entry]:
        """Return a target's queue, cleared at its head of what was withdrawn."""
        queue = self._queues[target]
        while queue and self._waiting.get(queue[0][3].id) != queue[0][2]:
            heappop(queue)
        if not queue:
            del self._queues[target]
        return queue
