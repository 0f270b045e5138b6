"""No disk's fault stops the agent: it is said, and what waited is written once it has gone."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from device import outbox_file
from device.actions import Forget, Keep, Remember
from device.facts import OutboxFault, OutboxSetAside
from device.outbox import connect
from tests.device.outboxes import Open, Opened, at_rest, kept, restored


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


def test_what_was_restored_survives_damage_later_in_the_same_run(open_outbox: Open, tmp_path: Path) -> None:
    """The new file holds what is owed since before the start as well."""
    first = open_outbox()
    first.outbox.write(Keep(kept("old"), Remember("zone desk", "active")))
    first.outbox.close()
    sick = SickDisk()
    opened = open_outbox(connect=sick.connect)
    restored(opened)
    opened.outbox.write(Keep(kept("a")))
    at_rest(opened)
    sick.error, sick.why = outbox_file.DamagedError, "page 3 is no page"
    opened.outbox.write(Keep(kept("b")))
    assert isinstance(opened.fact(), OutboxFault)
    sick.why = None
    aside = opened.fact()
    while isinstance(aside, OutboxFault):
        aside = opened.fact()
    assert isinstance(aside, OutboxSetAside)
    assert aside.saved == 3
    opened.outbox.close()
    again = restored(open_outbox())
    assert again.events == (kept("old"), kept("a"), kept("b"))
    assert again.memory == {"zone desk": "active"}


def test_a_disk_that_fails_while_nothing_happens_is_known(open_outbox: Open) -> None:
    """A write now and then proves it."""
    sick = SickDisk()
    opened = open_outbox(connect=sick.connect, prove_s=0.05)
    restored(opened)
    at_rest(opened)
    sick.why = "disk I/O error"
    fault = opened.fact()
    assert isinstance(fault, OutboxFault)
    assert fault.why
    sick.why = None
    assert opened.fact() == OutboxFault(mono=ANY, why=None)
