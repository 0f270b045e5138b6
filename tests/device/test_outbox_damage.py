"""Outboxes that are damaged or of another make: kept aside, and all that can be read is owed."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from unittest.mock import ANY

import pytest

from device import outbox_file
from device.actions import Keep, Remember
from device.age import Moment
from device.facts import OutboxSetAside, Restored
from tests.device.outboxes import Open, at_rest, folder_of, kept, restored


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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET kernel = CAST(x'ff' AS TEXT) WHERE id = 'a'",
        "UPDATE event SET mono = 'soon' WHERE id = 'a'",
        "UPDATE event SET mono = 9e999 WHERE id = 'a'",
        "UPDATE event SET wall = x'00' WHERE id = 'a'",
    ],
)
def test_a_row_that_was_never_written_so_blocks_nothing(
    open_outbox: Open, tmp_path: Path, statement: str
) -> None:
    """The event is told, of a time that isn't known; the rest is as it was, and new ones are written."""
    first = open_outbox()
    for name in ("a", "b"):
        first.outbox.write(Keep(kept(name)))
    first.outbox.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "agent" / "outbox.db")) as db:
        db.execute(statement)
        db.commit()
    opened = open_outbox()
    found = restored(opened)
    first_found, second = found.events
    assert (first_found.body, second) == (kept("a").body, kept("b"))
    assert first_found.happened in (outbox_file.UNKNOWN, Moment("\ufffd", 1.5, 2000, None))
    assert isinstance(opened.fact(), OutboxSetAside)
    opened.outbox.write(Keep(kept("c")))
    at_rest(opened)
    opened.outbox.close()
    assert len(restored(open_outbox()).events) == 3


def test_a_file_of_another_make_is_set_aside(open_outbox: Open, tmp_path: Path) -> None:
    """A database that lacks a column would refuse every event for ever."""
    path = tmp_path / "agent" / "outbox.db"
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE event (n INTEGER PRIMARY KEY, id TEXT UNIQUE, body BLOB)")
        db.commit()
    opened = open_outbox()
    assert restored(opened).events == ()
    assert isinstance(opened.fact(), OutboxSetAside)
    opened.outbox.write(Keep(kept("a")))
    at_rest(opened)
    opened.outbox.close()
    assert restored(open_outbox()).events == (kept("a"),)


def test_two_damaged_files_in_a_row(open_outbox: Open, tmp_path: Path) -> None:
    """Each is kept; what is owed goes on into the next."""
    path = tmp_path / "agent" / "outbox.db"
    for n in range(2):
        opened = open_outbox()
        opened.outbox.write(Keep(kept(f"e{n}")))
        opened.outbox.close()
        path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    opened = open_outbox()
    assert restored(opened).events == (kept("e0"), kept("e1"))
    at_rest(opened)
    assert folder_of(path) == ["outbox.db", "outbox.db-wal", "outbox.db.corrupt-1", "outbox.db.corrupt-2"]
