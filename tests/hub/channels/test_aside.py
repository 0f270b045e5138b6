"""Work beside the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from hub.channels.aside import aside


def test_it_returns_what_the_work_returns_and_holds_nothing_up() -> None:
    """The loop goes on while the work waits for it."""
    asked = threading.Event()

    async def main() -> bool:
        answer = asyncio.create_task(aside(lambda: asked.wait(5), "waits"))
        await asyncio.sleep(0)
        asked.set()
        return await answer

    assert asyncio.run(main())


def stop() -> None:
    raise StopIteration


def leave() -> None:
    raise SystemExit


def refuse() -> None:
    raise ConnectionRefusedError


@pytest.mark.parametrize(
    ("work", "error"), [(refuse, ConnectionRefusedError), (stop, RuntimeError), (leave, RuntimeError)]
)
def test_it_raises_what_the_work_raises(work: Callable[[], None], error: type[Exception]) -> None:
    """What a loop can't bear to be handed arrives as a RuntimeError."""
    with pytest.raises(error):
        asyncio.run(aside(work, "fails"))


def test_a_call_that_hangs_holds_up_neither_loop_nor_others() -> None:
    """It is left to itself; fifty like it leave the next one free; and its late end disturbs nobody."""
    release = threading.Event()

    async def main() -> str:
        for _ in range(50):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(aside(lambda: release.wait(20), "hangs"), 0.001)
        return await aside(lambda: "free", "next")

    assert asyncio.run(main()) == "free"
    release.set()
    for thread in threading.enumerate():
        if thread.name == "hangs":
            assert thread.daemon
            thread.join(5)
            assert not thread.is_alive()
