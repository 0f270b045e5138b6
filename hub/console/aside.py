"""Blocking calls (disk, argon2) beside the event loop, each with a time-out.

A hung disk then costs the page that needed it 5 s and an honest 503, and no other page anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from config import logs
from config.clock import Clock

T = TypeVar("T")

THREADS: Final = 4
PATIENCE_S: Final = 5.0
"""How long a page waits for the disk."""
GLANCE_S: Final = 1.0
"""How long a check waits that can be answered from memory instead."""
SICK_S: Final = 5.0
"""After a failed glance, how long memory is used without asking the disk again."""

_log = logs.get(part="console")


class NoAnswerError(Exception):
    """The disk (or the database) did not answer, or answered with an error."""


class Aside:
    """A small pool of threads of the console's own."""

    def __init__(self, clock: Clock, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="console")
        self._clock = clock
        self._sick_until = float("-inf")

    async def call(self, work: Callable[..., T], *args: Any, patience_s: float = PATIENCE_S) -> T:
        """Return what ``work(*args)`` returns; raise :class:`NoAnswerError` when it doesn't, or raises."""
        future = self._pool.submit(work, *args)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), patience_s)
        except TimeoutError:
            what = f"no answer from the record within {patience_s:g} s"
            _log.warning("the record did not answer a page", call=_name(work), waited_s=patience_s)
            raise NoAnswerError(what) from None
        except Exception as error:
            _log.warning("the record refused a page", call=_name(work), error=str(error))
            raise NoAnswerError(f"the record can't be read: {type(error).__name__}") from error

    async def glance(self, work: Callable[..., T], *args: Any) -> T:
        """Like :meth:`call` but brief, and for 5 s after a failure it fails at once."""
        if self._clock.now().mono < self._sick_until:
            raise NoAnswerError("the record did not answer a moment ago")
        try:
            return await self.call(work, *args, patience_s=GLANCE_S)
        except NoAnswerError:
            self._sick_until = self._clock.now().mono + SICK_S
            raise

    def close(self) -> None:
        """Let the threads end; one that hangs in the disk is left behind."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _name(work: Callable[..., Any]) -> str:
    return getattr(work, "__qualname__", repr(work))
