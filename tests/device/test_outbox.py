"""The outbox on a real disk: what survives, and that no disk's fault stops the agent."""

from __future__ import annotations

import os
import queue
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from device.actions import Forget, Keep, Remember
from device.age import Moment
from device.facts import Fact, Kept, OutboxFault, OutboxSetAside, Restored
from device.outbox import Outbox, connect


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


@pytest.fixture
def open_outbox(tmp_path: Path) -> Iterator[Open]:
    opened: list[Opened] = []

    def start(**options: Any) -> Opened:
        opened.append(Opened(tmp_path / "agent" / "outbox.db", **options))
        return opened[-1]

    yield start
    for each in opened:
        each.outbox.close()


def restored(opened: Opened) -> Restored:
    fact = opened.fact()
    assert isinstance(fact, Restored), fact
    return fact


def test_kept_until_forgotten(open_outbox: Open) -> None:
    """Events come back whole and in order after a restart; those with a receipt don't."""
    first = open_outbox()
    assert restored(first).events == ()
    for name in ("a", "b", "c"):
        first.outbox.write(Keep(kept(name)))
    first.outbox.write(Forget("b"))
    first.outbox.write(Remember("zone desk", "active"))
    first.outbox.write(Remember("zone desk", "normal"))
    first.outbox.close()
    again = restored(open_outbox())
    assert again.events == (kept("a"), kept("c"))
    assert again.memory == {"zone desk": "normal"}


def test_on_the_disk_when_power_fails(tmp_path: Path) -> None:
    """What the outbox had written when the process was killed is there afterwards."""
    path = tmp_path / "outbox.db"
    program = textwrap.dedent(
        f"""
        import time
        from pathlib import Path
        from device.actions import Keep
        from device.outbox import Outbox
        from tests.device.test_outbox import kept
        outbox = Outbox(Path({str(path)!r}), lambda fact: None)
        outbox.start()
        for n in range(100000):
            outbox.write(Keep(kept(f"e{{n}}")))
            while outbox.behind_s(time.monotonic()):
                time.sleep(0)
            print(n, flush=True)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(50):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        said = process.stdout.read().split()
    written = int(said[-1]) + 1 if said else 50
    after = Opened(path)
    events = [each.id for each in restored(after).events]
    after.outbox.close()
    assert len(events) >= written
    assert events == [f"e{n}" for n in range(len(events))]


@pytest.mark.parametrize("damage", ["header", "middle", "noise"])
def test_a_corrupt_file_is_kept_aside(open_outbox: Open, tmp_path: Path, damage: str) -> None:
    """The agent runs on with a new file, and all it owes goes into that one."""
    path = tmp_path / "agent" / "outbox.db"
    if damage == "noise":
        path.parent.mkdir()
        path.write_bytes(b"no database at all" * 1000)
    else:
        first = open_outbox()
        for n in range(400):
            first.outbox.write(Keep(kept(f"e{n}")))
        first.outbox.close()
        whole = bytearray(path.read_bytes())
        start, stop = (0, 100) if damage == "header" else (len(whole) // 2, len(whole) // 2 + 8192)
        whole[start:stop] = b"\xa5" * (stop - start)
        path.write_bytes(whole)
    opened = open_outbox()
    found = restored(opened)
    aside = opened.fact()
    assert isinstance(aside, OutboxSetAside)
    assert Path(aside.path).exists()
    assert len(found.events) == aside.saved
    if damage == "header":
        assert [each.id for each in found.events] == [f"e{n}" for n in range(400)]
        assert found.events[0] == kept("e0")
    if damage == "middle":
        assert aside.saved > 150, "all but what lay in the two pages"
    opened.outbox.write(Keep(kept("new")))
    opened.outbox.close()
    assert restored(open_outbox()).events == (*found.events, kept("new"))


class SickDisk:
    """Opens real connections, which refuse to commit while ``why`` is set."""

    def __init__(self) -> None:
        self.why: str | None = None
        self.error: type[Exception] = sqlite3.OperationalError
        self.hangs = threading.Event()
        self.hangs.set()

    def connect(self, path: Path) -> sqlite3.Connection:
        disk = self

        class Connection(sqlite3.Connection):
            def execute(self, *words: Any) -> sqlite3.Cursor:
                if words[0] == "COMMIT":
                    disk.hangs.wait(20)
                    if disk.why is not None:
                        raise disk.error(disk.why)
                return super().execute(*words)

        connect(path).close()
        db = sqlite3.connect(path, isolation_level=None, factory=Connection)
        db.execute("PRAGMA synchronous=FULL")
        return db


@pytest.mark.parametrize("error", [sqlite3.OperationalError, OSError, MemoryError, RuntimeError, SystemError])
def test_a_fault_is_said_and_made_up_for(open_outbox: Open, error: type[Exception]) -> None:
    """A full disk or anything else: it is reported once, and all that waited is written afterwards."""
    disk = SickDisk()
    disk.error = error
    opened = open_outbox(connect=disk.connect)
    restored(opened)
    opened.outbox.write(Keep(kept("a")))
    disk.why = "database or disk is full"
    opened.outbox.write(Keep(kept("b")))
    opened.outbox.write(Forget("a"))
    fault = opened.fact()
    assert isinstance(fault, OutboxFault)
    assert fault.why is not None
    assert "full" in fault.why
    assert opened.outbox.behind_s(time.monotonic()) > 0
    disk.why = None
    well = opened.fact()
    assert isinstance(well, OutboxFault)
    assert well.why is None
    opened.outbox.close()
    assert [each.id for each in restored(open_outbox()).events] == ["b"]


def test_a_hung_disk_holds_nobody_up(open_outbox: Open) -> None:
    """Writing returns at once while the disk doesn't answer, and its lag can be seen."""
    disk = SickDisk()
    opened = open_outbox(connect=disk.connect)
    restored(opened)
    disk.hangs.clear()
    before = time.monotonic()
    for n in range(1000):
        opened.outbox.write(Keep(kept(f"e{n}")))
    assert time.monotonic() - before < 1.0
    assert opened.outbox.behind_s(time.monotonic() + 60) > 59
    disk.hangs.set()
    opened.outbox.close(10)
    assert len(restored(open_outbox()).events) == 1000


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Without any place to write the agent is told, and goes on."""
    (tmp_path / "file").write_text("in the way")
    opened = Opened(tmp_path / "file" / "outbox.db")
    fault = opened.fact()
    opened.outbox.write(Keep(kept("a")))
    opened.outbox.close()
    assert isinstance(fault, OutboxFault)
    assert fault.why


def test_what_sqlite_does_not_take_keeps_nothing_else_off_the_disk(open_outbox: Open, tmp_path: Path) -> None:
    """It is said, and all else is written, before it and behind it."""
    opened = open_outbox()
    restored(opened)
    opened.outbox.write(Keep(kept("a")))
    opened.outbox.write(Remember("zone desk", "lone \udc80 surrogate"))
    opened.outbox.write(Keep(kept("b")))
    fault = opened.fact()
    assert isinstance(fault, OutboxFault)
    assert "UnicodeEncodeError" in str(fault.why)
    opened.outbox.write(Keep(kept("c")))
    opened.outbox.write(Remember("zone desk", "active"))
    well = opened.fact()
    assert isinstance(well, OutboxFault)
    assert well.why is None
    opened.outbox.close()
    again = restored(open_outbox())
    assert [each.id for each in again.events] == ["a", "b", "c"]
    assert again.memory == {"zone desk": "active"}


def test_a_corrupt_file_that_never_held_an_event(open_outbox: Open, tmp_path: Path) -> None:
    """There is nothing to save; it is kept aside like any other."""
    first = open_outbox()
    restored(first)
    for n in range(2000):
        first.outbox.write(Remember(f"zone {n}", "x" * 50))
    first.outbox.close()
    path = tmp_path / "agent" / "outbox.db"
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 8192] = b"\xa5" * 8192
    path.write_bytes(whole)
    opened = open_outbox()
    assert restored(opened) == Restored(mono=ANY, events=(), memory={})
    aside = opened.fact()
    assert isinstance(aside, OutboxSetAside)
    assert aside.saved == 0
