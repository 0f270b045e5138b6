"""The outbox on a real disk: what survives, and that no disk's fault stops the agent."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
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

from device import aside, outbox_file
from device.actions import Forget, Keep, Remember
from device.age import Moment
from device.facts import Fact, Kept, OutboxFault, OutboxSetAside, OutboxTakenBack, Restored
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


def at_rest(opened: Opened) -> None:
    """Wait until all that was told is on the disk, and whatever was set aside is settled."""
    end = time.monotonic() + 20
    while opened.outbox.behind_s(time.monotonic()):
        assert time.monotonic() < end
        time.sleep(0.001)


def folder_of(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def left_by_a_kill(tmp_path: Path, *changes: Any) -> Path:
    """Return an outbox's file as a killed agent leaves it: most of it is in its WAL."""
    first = Opened(tmp_path / "before" / "outbox.db")
    for change in changes:
        first.outbox.write(change)
        at_rest(first)
    path = tmp_path / "agent" / "outbox.db"
    path.parent.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / "before" / f"outbox.db{suffix}", path.with_name(f"outbox.db{suffix}"))
    first.outbox.close()
    return path


def test_an_event_and_its_word_are_one_commit(open_outbox: Open) -> None:
    """An event that can't be written takes its word with it: the disk must not say that it was told."""
    opened = open_outbox()
    restored(opened)
    bad = Kept(id="lone \udc80 surrogate", body=b"{}", happened=Moment("k", 1.5, 2000, None))
    opened.outbox.write(Remember("zone desk", "normal"))
    at_rest(opened)
    opened.outbox.write(Keep(bad, Remember("zone desk", "active")))
    opened.outbox.write(Keep(kept("a"), Remember("zone wall", "active")))
    assert isinstance(opened.fact(), OutboxFault)
    opened.outbox.close()
    again = restored(open_outbox())
    assert again.events == (kept("a"),)
    assert again.memory == {"zone desk": "normal", "zone wall": "active"}


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


def test_a_file_that_is_deleted_is_begun_anew(open_outbox: Open, tmp_path: Path) -> None:
    """SQLite would write on into a file that has no name any more, and say success."""
    opened = open_outbox()
    restored(opened)
    opened.outbox.write(Keep(kept("a")))
    at_rest(opened)
    for each in (tmp_path / "agent").iterdir():
        each.unlink()
    opened.outbox.write(Keep(kept("b")))
    at_rest(opened)
    opened.outbox.close()
    assert restored(open_outbox()).events == (kept("a"), kept("b"))


def test_another_file_put_in_its_place_is_read(open_outbox: Open, tmp_path: Path) -> None:
    """As when the partition with the state is mounted only after the agent's start."""
    path = left_by_a_kill(tmp_path, Keep(kept("old"), Remember("zone desk", "active")))
    late = path.parent.rename(tmp_path / "late")
    opened = open_outbox()
    assert restored(opened).events == ()
    opened.outbox.write(Keep(kept("a"), Remember("zone desk", "normal")))
    at_rest(opened)
    path.parent.rename(tmp_path / "root's own")
    late.rename(path.parent)
    opened.outbox.write(Keep(kept("b")))
    found = restored(opened)
    assert found.events == (kept("old"),)
    assert found.memory == {"zone desk": "active"}  # the agent sees what that is still owed
    at_rest(opened)
    opened.outbox.close()
    again = restored(open_outbox())
    assert set(again.events) == {kept("old"), kept("a"), kept("b")}
    assert again.memory == {"zone desk": "normal"}


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


def test_two_agents_do_not_share_an_outbox(open_outbox: Open) -> None:
    """The second says so, and works from memory; it takes over when the first ends."""
    first = open_outbox()
    restored(first)
    first.outbox.write(Keep(kept("a")))
    second = open_outbox()
    fault = second.fact()
    assert isinstance(fault, OutboxFault)
    assert "another agent works on it" in str(fault.why)
    first.outbox.close()
    assert restored(second).events == (kept("a"),)


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


def test_a_file_with_more_columns_is_read(open_outbox: Open, tmp_path: Path) -> None:
    """A newer version's, after its upgrade was undone."""
    first = open_outbox()
    first.outbox.write(Keep(kept("a")))
    first.outbox.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "agent" / "outbox.db")) as db:
        db.execute("ALTER TABLE event ADD COLUMN more TEXT")
        db.commit()
    opened = open_outbox()
    assert restored(opened).events == (kept("a"),)
    opened.outbox.write(Keep(kept("b")))
    opened.outbox.close()
    assert restored(open_outbox()).events == (kept("a"), kept("b"))


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


# --- a crash loop -------------------------------------------------------------------------------


def test_a_file_set_aside_is_left_alone_and_taken_back(open_outbox: Open, tmp_path: Path) -> None:
    """Nothing of it is read by SQLite until the agent has run well; then all of it is owed again."""
    path = left_by_a_kill(
        tmp_path, Keep(kept("a"), Remember("zone desk", "active")), Keep(kept("b")), Forget("a")
    )
    opened = open_outbox(set_aside=True)
    assert restored(opened) == Restored(mono=ANY, events=(), memory={}, is_whole=False)
    aside = opened.fact()
    assert isinstance(aside, OutboxSetAside)
    assert (Path(aside.path).name, aside.saved) == ("outbox.db.aside-1", None)
    assert aside.at_most in (1, 2)
    opened.outbox.write(Keep(kept("new"), Remember("zone desk", "normal")))
    at_rest(opened)
    opened.outbox.take_back()
    found = restored(opened)
    assert (found.events, found.memory, found.is_whole) == ((kept("b"),), {}, False)
    assert opened.fact() == OutboxTakenBack(mono=ANY, path=aside.path, saved=1)
    assert restored(opened) == Restored(mono=ANY, events=(), memory={})
    at_rest(opened)
    assert folder_of(path) == ["outbox.db", "outbox.db-wal"]
    opened.outbox.close()
    again = restored(open_outbox())
    assert set(again.events) == {kept("b"), kept("new")}
    assert again.memory == {"zone desk": "normal"}


CALL = Remember("press *", "a call that was receipted")
STROBE = Remember("strobe", "as it was")


def test_a_file_taken_back_brings_the_room_s_call(open_outbox: Open, tmp_path: Path) -> None:
    """Its events may all be receipted: the room has called all the same. A newer word stands."""
    lamp = Remember("press desk", "dark")
    walked = Remember("walk tests", '{"boot": "b0", "ids": ["w"]}')
    left_by_a_kill(tmp_path, CALL, STROBE, lamp, walked, Remember("zone desk", "active"))
    opened = open_outbox(set_aside=True)
    assert not restored(opened).is_whole
    assert isinstance(opened.fact(), OutboxSetAside)
    opened.outbox.write(Remember("strobe", "newer"))
    opened.outbox.take_back()
    words = {"press *": CALL.value, "press desk": lamp.value, "strobe": "newer", "walk tests": walked.value}
    assert restored(opened) == Restored(mono=ANY, events=(), memory=words, is_whole=False)
    assert isinstance(opened.fact(), OutboxTakenBack)
    assert restored(opened) == Restored(mono=ANY, events=(), memory={})
    opened.outbox.close()
    assert restored(open_outbox()) == Restored(mono=ANY, events=(), memory=words)


def test_a_damaged_file_brings_what_can_be_read_of_the_room_s_call(open_outbox: Open, tmp_path: Path) -> None:
    """And no other word: a press must alarm again, and no lamp say that one was received which is lost."""
    path = tmp_path / "agent" / "outbox.db"
    first = open_outbox()
    walked = Remember("walk tests", '{"boot": "b0", "ids": ["w"]}')
    for change in (CALL, STROBE, walked, Remember("press", "pressed"), Remember("zone desk", "active")):
        first.outbox.write(change)
    for n in range(400):
        first.outbox.write(Keep(kept(f"e{n}")))
    first.outbox.close()
    content = path.read_bytes()
    path.write_bytes(content[:-8192] + b"\xa5" * 8192)
    found = restored(open_outbox())
    assert found.memory == {"press *": CALL.value, "strobe": STROBE.value, "walk tests": walked.value}
    assert found.is_whole


def test_a_loop_that_goes_on_reads_what_it_wrote_but_not_what_it_set_aside(
    open_outbox: Open, tmp_path: Path
) -> None:
    """A press of the start before is told at once; the trouble is told again."""
    left_by_a_kill(tmp_path, Keep(kept("a")))
    opened = open_outbox(set_aside=True)
    opened.outbox.write(Keep(kept("pressed in the loop")))
    opened.outbox.close()
    opened = open_outbox(wary=True)
    assert restored(opened).events == (kept("pressed in the loop"),)
    aside = opened.fact()
    assert isinstance(aside, OutboxSetAside)
    assert aside.saved is None
    opened.outbox.close()
    opened = open_outbox()  # a start that isn't in a loop reads it by itself
    assert restored(opened).events == (kept("pressed in the loop"),)
    assert restored(opened).events == (kept("a"),)


def test_a_file_whose_reading_ends_the_program_is_not_read_for_ever(
    open_outbox: Open, tmp_path: Path
) -> None:
    """It is kept for a person after three tries: one may have been ended by a power cut."""
    path = left_by_a_kill(tmp_path, Keep(kept("a")))
    open_outbox(set_aside=True).outbox.close()
    program = f"""
import os, time
from pathlib import Path
from device import salvage
from device.outbox import Outbox
salvage.look = lambda path: os._exit(9)
Outbox(Path({str(path)!r}), lambda fact: None).start()
time.sleep(20)
"""
    for n in range(1, 4):
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
        assert aside.tries(path.with_name("outbox.db.aside-1")) == n
    opened = open_outbox()
    restored(opened)
    corrupt = opened.fact()
    assert isinstance(corrupt, OutboxSetAside)
    assert (Path(corrupt.path).name, corrupt.saved) == ("outbox.db.corrupt-1", 0)
    at_rest(opened)
    assert not [name for name in folder_of(path) if "aside" in name]


def test_an_older_version_s_file_is_read_with_its_shm(open_outbox: Open, tmp_path: Path) -> None:
    """It was written with a mapped index; what a kill left of that is no matter."""
    path = tmp_path / "agent" / "outbox.db"
    path.parent.mkdir()
    program = f"""
import os, sqlite3
from device.outbox_file import SCHEMA
db = sqlite3.connect({str(path)!r}, isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.executescript(SCHEMA)
row = ("a", b'{{"id":"a"}}', "k", 1.5, 2000)
db.execute("INSERT INTO event (id, body, kernel, mono, wall) VALUES (?, ?, ?, ?, ?)", row)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    assert "outbox.db-shm" in folder_of(path)
    opened = open_outbox()
    assert restored(opened).events == (kept("a"),)
    at_rest(opened)
    opened.outbox.write(Keep(kept("b")))
    opened.outbox.close()
    assert restored(open_outbox()).events == (kept("a"), kept("b"))
