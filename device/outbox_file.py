"""The outbox's SQLite file: how it is opened, checked, read and written.

WAL with ``synchronous=FULL``: a commit is on the disk when it returns. Two settings are less usual:

- ``locking_mode=EXCLUSIVE``: the WAL's index is in memory, not in a mapped ``-shm`` file. A disk that
  fails under a mapping kills its process (SIGBUS), and one that is full or read-only couldn't be read.
- ``psow=0``: each commit is padded to a sector's end, so that a write which the power cuts in its
  middle, and which spoils its whole sector, spoils no commit before it.

A press is two commits, one with its word and one at its receipt: 37 KB to the card in 2.1 syncs, all
told; the WAL stays at 1 MB (measured: ``pytest -s tests/faults/test_power_cuts.py -k writes``). At 500
events a day a card writes 7 GB in a year of the thousands that it can.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from device.actions import Forget, Keep, Remember
from device.age import Moment
from device.facts import Kept

WAL_PAGES: Final = 256
"""Pages in the WAL (1 MB) after which it is carried into the file and begun again."""
OWN_WORDS: Final = "outbox "
"""Words that begin so are the outbox's own: nobody is told of them."""
UNKNOWN: Final = Moment("", 0.0, 0, None)
"""The moment of an event whose own can't be read: before this start of the machine."""

Change = Keep | Forget | Remember
Row = tuple[Any, ...]

COLUMNS: Final = "id, body, kernel, mono, wall, synced"
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS event (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL,
  kernel TEXT NOT NULL, mono REAL NOT NULL, wall INTEGER NOT NULL, synced INTEGER);
CREATE TABLE IF NOT EXISTS memory (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_DAMAGED: Final = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_ERROR,  # a table or column isn't there: whatever it is, it is no outbox of ours
)
_REFUSED: Final = (
    ValueError,
    TypeError,
    ArithmeticError,
    sqlite3.ProgrammingError,
    sqlite3.IntegrityError,
    sqlite3.DataError,
)
"""What is raised for a value that SQLite doesn't take, whatever the disk."""


class DamagedError(Exception):
    """The file isn't what was written to it."""


class Held(NamedTuple):
    """What a file holds: events that are owed, oldest first, and what was remembered."""

    events: tuple[Kept, ...] = ()
    memory: dict[str, str] = {}  # noqa: RUF012 - nobody changes it


def connect(path: Path) -> sqlite3.Connection:
    """Open the file so that a commit is on the disk when it returns."""
    uri = f"file:{quote(str(path))}?psow=0"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=2.0)
    try:
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        db.execute(f"PRAGMA journal_size_limit={WAL_PAGES * 4096}")
    except BaseException:
        db.close()
        raise
    return db


def damaged(error: BaseException) -> bool:
    """Tell whether an error is the file's own, which no waiting mends."""
    return isinstance(error, DamagedError) or _code(error) in _DAMAGED


def failed_io(error: BaseException) -> bool:
    """Tell whether the disk failed to read or write a place."""
    return _code(error) == sqlite3.SQLITE_IOERR


def in_use(error: BaseException) -> bool:
    """Tell whether somebody else holds the file."""
    return isinstance(error, BlockingIOError) or _code(error) in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )


def _code(error: BaseException) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def check(db: sqlite3.Connection) -> None:
    """Have SQLite look at every page and index. Raises ``DamagedError``, or what the disk says."""
    found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise DamagedError(found)


def read(db: sqlite3.Connection) -> Held:
    """Read all that the file holds. Raises ``DamagedError`` for what was never written so."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    events: list[Kept] = []
    memory: dict[str, str] = {}
    try:
        if "event" in tables:
            for row in db.execute(f"SELECT {COLUMNS} FROM event ORDER BY n"):  # noqa: S608 - a constant
                event, sound = as_kept(row)
                if event is None or not sound:
                    raise DamagedError(f"event {row[0]!r} can't be read")
                events.append(event)
        if "memory" in tables:
            memory = dict(db.execute("SELECT key, value FROM memory").fetchall())
    except sqlite3.OperationalError as error:
        if _code(error) is None:  # sqlite3's own, for text that isn't UTF-8
            raise DamagedError(str(error)) from error
        raise
    if not all(isinstance(word, str) for word in (*memory, *memory.values())):
        raise DamagedError("a remembered word is no text")
    told = {name: value for name, value in memory.items() if not name.startswith(OWN_WORDS)}
    return Held(tuple(events), told)


def empty_log(db: sqlite3.Connection) -> None:
    """Carry the WAL into the file, and begin it empty.

    So what a power cut left there half written goes, and :func:`device.salvage.replay` may count on one
    such commit at most. Where the disk doesn't take it, it may call a sound WAL damaged: no event is lost.
    """
    with contextlib.suppress(sqlite3.Error):
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def as_kept(row: Row) -> tuple[Kept | None, bool]:
    """Make an event of a row, and tell whether the row is sound.

    A row that isn't gives an event all the same if it has an id and a body: it may be a press.
    """
    id, body, kernel, mono, wall, synced = row  # noqa: A001 - the column's name
    if not isinstance(id, str) or not id or not isinstance(body, bytes):
        return None, False
    timed = (
        isinstance(kernel, str)
        and isinstance(mono, float)
        and math.isfinite(mono)
        and isinstance(wall, int)
        and synced in (None, 0, 1)
    )
    moment = Moment(kernel, mono, wall, None if synced is None else bool(synced)) if timed else UNKNOWN
    return Kept(id=id, body=body, happened=moment), timed


def write(db: sqlite3.Connection, changes: Iterable[Change]) -> tuple[list[Change], Exception | None]:
    """Write changes in one transaction; returns those that SQLite refuses, and its last reason.

    An event that is refused keeps none of the others off the disk, but its own word: that must not
    say of a press what no event on the disk says.
    """
    left: list[Change] = []
    fault: Exception | None = None
    db.execute("BEGIN IMMEDIATE")
    try:
        for change in changes:
            if isinstance(change, Remember) and any(
                isinstance(each, Keep) and each.word is change for each in left
            ):
                left.append(change)
                continue
            try:
                _write_one(db, change)
            except _REFUSED as error:
                left.append(change)
                fault = error
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return left, fault


def _write_one(db: sqlite3.Connection, change: Change) -> None:
    match change:
        case Keep(event):
            happened = event.happened
            db.execute(
                f"INSERT OR REPLACE INTO event ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608
                (event.id, event.body, happened.kernel, happened.mono, happened.wall, happened.synced),
            )
        case Forget(id):
            db.execute("DELETE FROM event WHERE id = ?", (id,))
        case Remember(key, value):
            db.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (key, value))


def proof() -> Remember:
    """Return a word that proves by being written that the disk takes what it is given."""
    return Remember(f"{OWN_WORDS}proved", str(time.time_ns()))
