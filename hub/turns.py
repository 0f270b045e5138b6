"""In which order what waits is decided: each device's first before any device's second. Pure.

Start-time fair queueing with a device as the flow: one whose button bounces for ever, one that floods, or a
storm of presses from rooms that have all called already, holds up no other room's first word.
"""

from __future__ import annotations

import heapq

from hub.inputs import DeviceMessage, EventCame, Input


class Turns:
    """Inputs that wait, by turn and within a turn as they came; a device's own keep their order."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Input]] = []
        self._turn = 0
        """Of what was taken last."""
        self._last: dict[str, int] = {}
        """The turn of the newest that waits of each device, or of one taken lately."""
        self._came = 0
        self._taken: list[tuple[int, int, Input]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, fact: Input) -> None:
        """Let an input wait for its turn; what is of no device goes before every message that waits.

        A person's word, for one, or an outcome: it frees a place with its channel, for the first word of
        somebody who has pressed already.
        """
        if not self._heap:
            self._turn, self._last = 0, {}
        turn = self._turn - 1
        if isinstance(fact, EventCame | DeviceMessage):
            flow = "" if fact.over == "shared" else fact.device  # names that are made up are one
            turn = max(self._turn, self._last.get(flow, -1) + 1)
            self._last[flow] = turn
        self._came += 1
        heapq.heappush(self._heap, (turn, self._came, fact))

    def has(self, again: int) -> bool:
        """Tell whether :meth:`take` would return anything."""
        return bool(self._heap) and (again > 0 or self._heap[0][0] <= self._turn)

    def take(self, most: int, again: int) -> list[Input]:
        """Return the next, ``most`` at most, of which ``again`` may be of devices that had their turn."""
        had = self._turn
        self._taken = []
        while self._heap and len(self._taken) < most:
            if self._heap[0][0] > had:
                if again <= 0:
                    break
                again -= 1
            entry = heapq.heappop(self._heap)
            self._turn = max(self._turn, entry[0])
            self._taken.append(entry)
        return [fact for _, _, fact in self._taken]

    def back(self, count: int) -> None:
        """Let the last ``count`` of what was taken just now wait on, in their places."""
        for entry in self._taken[len(self._taken) - count :]:
            heapq.heappush(self._heap, entry)
