"""From the hub's threads to the pages' event loop: each change of the view, once, in order.

Every stream walks along one bounded ring of changes at its own pace. No stream has a queue that
could grow, none can hold up another, and none can hold up the hub.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Final

from hub.view import StreamEvent, View

RING: Final = 4096


class Changes:
    """What changed since the console started. Lives on one event loop."""

    def __init__(self, view: View, seen: Callable[[], object] = lambda: None) -> None:
        """``seen`` is called at each change, on the loop."""
        self._view = view
        self._seen = seen
        self._ring: deque[StreamEvent] = deque(maxlen=RING)
        self._told = 0
        self._moment = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._stop: Callable[[], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False

    def start(self) -> None:
        """Watch the view, on the running loop."""
        loop = self._loop = asyncio.get_running_loop()

        def watcher(change: StreamEvent | None) -> None:
            try:
                loop.call_soon_threadsafe(self._take, change)
            except RuntimeError:
                return  # the loop has ended; the hub goes on

        self._stop = self._view.watch(watcher)
        self._seen()

    def stop(self) -> None:
        """Watch no longer, and end every stream."""
        if self._stop is not None:
            self._stop()
        self.close()

    def close(self) -> None:
        """End every stream; on the loop's own thread."""
        self._closing = True
        self._wake()

    def close_from_elsewhere(self) -> None:
        """End every stream; from any thread, also when the loop has ended."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.close)

    def closed(self) -> bool:
        """Tell whether every stream must end."""
        return self._closing

    @property
    def moment(self) -> int:
        """A count of all changes, to tell whether anything changed since."""
        return self._moment

    @property
    def oldest(self) -> int:
        """The position of the oldest change that is still held."""
        return self._told - len(self._ring)

    @property
    def end(self) -> int:
        """The position after the newest change of an incident."""
        return self._told

    def place_of(self, seq: int) -> int | None:
        """Return the position after the change ``seq``, or None where the ring doesn't hold it."""
        start = self.oldest
        for index, event in enumerate(self._ring):
            if event.seq == seq:
                return start + index + 1
        return None

    def since(self, position: int) -> list[StreamEvent] | None:
        """Return the changes of incidents from a position on; None when some have left the ring."""
        start = self.oldest
        if position < start:
            return None
        return list(islice(self._ring, position - start, None))

    async def changed(self, moment: int, within_s: float) -> bool:
        """Wait for any change after ``moment``; False when none came in time."""
        if self._moment != moment or self._closing:
            return self._moment != moment
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await asyncio.wait_for(waiter, within_s)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(waiter)
        return self._moment != moment

    async def pause(self, seconds: float) -> None:
        """Wait, unless everything ends."""
        if not self._closing:
            await asyncio.sleep(seconds)

    def _take(self, change: StreamEvent | None) -> None:
        self._moment += 1
        self._seen()
        if change is not None:
            self._ring.append(change)
            self._told += 1
        self._wake()

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()
