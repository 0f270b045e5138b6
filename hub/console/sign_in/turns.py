"""Whose password is checked next: argon2 takes 25 ms and 19 MiB, and anybody may ask for it.

Strangers are checked one at a time, with a pause after each as long as it took: a flood costs half of one
core and no more. Known browsers have a queue of their own, so that a flood doesn't stand before the
officer; and its threads are none of those that pages wait for.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeVar

from config.clock import Clock
from hub.console.aside import Aside, NoAnswerError
from hub.console.sign_in.lanes import KNOWN

T = TypeVar("T")

WAITING_MOST: Final = 40
"""Checks that wait in one queue: about two seconds' worth."""
OF_ONE_LANE: Final = 4
"""Of them from one lane: one address doesn't fill the queue for all."""


class Turns:
    """Two queues at argon2."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known = _Queue(Aside(clock, threads=1))
        self._strangers = _Queue(Aside(clock, threads=1))

    async def call(self, lane: str, work: Callable[..., T], *args: Any) -> T:
        """Return what ``work(*args)`` returns, in turn; raise :class:`NoAnswerError` if too many wait."""
        queue = self._known if lane.startswith(KNOWN) else self._strangers
        if queue.waiting.total() >= WAITING_MOST or queue.waiting[lane] >= OF_ONE_LANE:
            raise NoAnswerError("too many people are signing in")
        queue.waiting[lane] += 1
        try:
            await queue.turn.acquire()
        finally:
            queue.waiting[lane] -= 1
            if not queue.waiting[lane]:
                del queue.waiting[lane]
        began = self._clock.now().mono
        try:
            return await queue.aside.call(work, *args)
        finally:
            pause = self._clock.now().mono - began if queue is self._strangers else 0.0
            asyncio.get_running_loop().call_later(pause, queue.turn.release)

    def close(self) -> None:
        """Let the threads end."""
        for queue in (self._known, self._strangers):
            queue.aside.close()


class _Queue:
    def __init__(self, aside: Aside) -> None:
        self.aside = aside
        """A thread of its own: one that hangs in the disk holds up no other queue."""
        self.turn = asyncio.Semaphore(1)
        self.waiting: Counter[str] = Counter()
