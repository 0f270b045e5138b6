"""An outbox on a real disk, what it reports, and its files as an agent's end leaves them."""

from __future__ import annotations

import queue
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from device.age import Moment
from device.facts import Fact, Kept, Restored
from device.outbox import Outbox


def kept(name: str) -> Kept:
    return Kept(id=name, body=f'{{"id":"{name}"}}'.encode(), happened=Moment("k", 1.5, 2000, None))


class Opened:
    """An outbox and the facts it reported."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.facts: queue.SimpleQueue[Fact] = queue.SimpleQueue()
        self.outbox = Outbox(path, self.facts.put, retry_s=0.05, **options)
        self.outbox.start()

    def fact(self) -> Fact:
        return self.facts.get(timeout=10)


Open = Callable[..., Opened]


def restored(opened: Opened) -> Restored:
    fact = opened.fact()
    assert isinstance(fact, Restored), fact
    return fact


def at_rest(opened: Opened) -> None:
    """Wait until all that was told is on the disk, and whatever was set aside is settled."""
    end = time.monotonic() + 20
    while opened.outbox.behind_s(time.monotonic()):
        assert time.monotonic() < end
        time.sleep(0.001)


def folder_of(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def left_by_a_kill(tmp_path: Path, *changes: Any, folder: Path | None = None) -> Path:
    """Return an outbox's file in a folder as a killed agent leaves it: most of it is in its WAL."""
    first = Opened(tmp_path / "before" / "outbox.db")
    for change in changes:
        first.outbox.write(change)
        at_rest(first)
    path = (folder or tmp_path / "agent") / "outbox.db"
    path.parent.mkdir(exist_ok=True)
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / "before" / f"outbox.db{suffix}", path.with_name(f"outbox.db{suffix}"))
    first.outbox.close()
    return path
