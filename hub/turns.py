"""In which order what may not wait is decided: each room's first press before any room's second. Pure.

Start-time fair queueing with a device as the flow: one whose button bounces for ever, or a storm of
presses from rooms that have all called already, holds up no other room's first word.
"""

from __future__ import annotations

import heapq

from hub.inputs import EventCame, Input


class Turns:
    """Inputs that wait, by turn and within a turn as they came; a device's own keep their order."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Input]] = []
        self._turn = 0
        """Of what was taken last."""
        self._last: dict[str, int] = {}
        """The turn of the newest that waits of each device, or of one taken lately."""
        self._came = 0

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, fact: Input) -> None:
        """Let an input wait for its turn; a person's word and an outcome go before every press that waits.

        An outcome frees a place with its channel, for the first word of somebody who has pressed already.
        """
        turn = self._turn - 1
        if isinstance(fact, EventCame):
            turn = max(turn, self._last.get(fact.device, -1) + 1)
            self._last[fact.device] = turn
        self._came += 1
        heapq.heappush(self._heap, (turn, self._came, fact))

    def take(self, most: int) -> list[Input]:
        """Return the next, ``most`` at most."""
        taken: list[Input] = []
        while self._heap and len(taken) < most:
            turn, _, fact = heapq.heappop(self._heap)
            self._turn = max(self._turn, turn)
            taken.append(fact)
        if not self._heap:
            self._turn, self._last = 0, {}
        return taken
