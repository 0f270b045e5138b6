"""Work that blocks, done beside the loop in a thread that nothing has to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T], name: str) -> T:
    """Run ``work`` in a daemon thread of its own and return what it returns, or raise what it raises.

    Not by an executor: a few calls that hang would fill it and hold up every other channel, and the
    interpreter waits for an executor's threads when it ends. Cancelling leaves the thread to itself;
    callers bound how many they leave.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[], None]) -> None:
        if not answer.done():
            set_it()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
            # StopIteration can't be set on a future, and SystemExit would end the loop.
            fault = error if isinstance(error, Exception) and not isinstance(error, StopIteration) else None
            raised = fault or RuntimeError(f"{type(error).__name__} in {name}")
            _call(loop, settle, lambda: answer.set_exception(raised))
        else:
            _call(loop, settle, lambda: answer.set_result(result))

    threading.Thread(target=run, name=name, daemon=True).start()
    return await answer


def _call(
    loop: asyncio.AbstractEventLoop, settle: Callable[[Callable[[], None]], None], what: Callable[[], None]
) -> None:
    try:
        loop.call_soon_threadsafe(settle, what)
    except RuntimeError:
        return  # the loop has ended; nobody awaits the answer
