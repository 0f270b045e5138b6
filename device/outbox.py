"""The outbox: every event on disk until its receipt comes, without anybody waiting for the disk.

One thread owns the SQLite file (WAL, ``synchronous=FULL``: a commit survives a power cut). What it is
told it writes in batches, in order. A disk that fails is tried again every few seconds, with all that
is still to be written held in memory; a file that is corrupt is kept aside, what can be read of it
saved, and a new one begun with all that is owed. Neither ever stops the agent.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from device.actions import Forget, Keep, Remember
from device.age import Moment
from device.facts import Fact, Kept, OutboxFault, OutboxSetAside, Restored

RETRY_S: Final = 5.0
KEPT_ASIDE: Final = 9
"""Corrupt files that are kept; the next replaces the last of them."""
SALVAGED: Final = 100_000
"""The newest rows of a corrupt file that are tried one by one."""
_CORRUPT: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Change = Keep | Forget | Remember
Key = tuple[str, str]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL,
  kernel TEXT NOT NULL, mono REAL NOT NULL, wall INTEGER NOT NULL, synced INTEGER);
CREATE TABLE IF NOT EXISTS memory (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the file so that a commit is on the disk when it returns."""
    db = sqlite3.connect(path, isolation_level=None, timeout=2.0)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    return db


class Outbox:
    """The thread that owns the file. It reports by facts: Restored first, then what goes wrong."""

    def __init__(
        self,
        path: Path,
        put: Callable[[Fact], None],
        *,
        connect: Callable[[Path], sqlite3.Connection] = connect,
        retry_s: float = RETRY_S,
    ) -> None:
        self._path = path
        self._put = put
        self._connect = connect
        self._retry_s = retry_s
        self._inbox: queue.SimpleQueue[Change | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._cut = False
        self._db: sqlite3.Connection | None = None
        self._restored = False
        self._why: str | None = None
        self._wanted: dict[Key, Change] = {}
        """All that the file should hold; with it a new file can be begun at any time."""
        self._todo: dict[Key, Change] = {}
        """What is still to be written, the latest word on each."""
        self._behind_since: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"outbox {path.parent.name}", daemon=True)

    def start(self) -> None:
        """Begin; what the file held comes as a Restored fact."""
        self._thread.start()

    def write(self, change: Change) -> None:
        """Have a change written; returns at once."""
        if self._behind_since is None:
            self._behind_since = time.monotonic()
        self._inbox.put(change)

    def behind_s(self, now: float) -> float:
        """Return for how long the oldest change has waited for the disk."""
        since = self._behind_since
        return 0.0 if since is None else max(now - since, 0.0)

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what can be written, and end; a disk that hangs is left behind."""
        self._stopping.set()
        self._inbox.put(None)
        self._thread.join(timeout_s)

    def cut(self) -> None:
        """End as by a power cut: what isn't on the disk by now is lost."""
        self._cut = True
        self.close()

    def _run(self) -> None:
        while True:
            try:
                self._collect()
                if self._cut:
                    break
                self._bring_up_to_date()
            except Exception as error:  # noqa: BLE001 - with this thread ended nothing would be kept any more
                self._say(f"{self._path}: {type(error).__name__}: {error}")
            if self._stopping.is_set() and self._inbox.empty():
                break
        if self._db is not None:
            with contextlib.suppress(Exception):
                self._db.close()

    def _collect(self) -> None:
        """Wait for changes (or until it is time to try again) and merge them with those to be written."""
        well = self._restored and not self._todo
        first_time = self._db is None and self._why is None
        with contextlib.suppress(queue.Empty):
            if not first_time:
                self._merge(self._inbox.get(timeout=None if well else self._retry_s))
            while True:
                self._merge(self._inbox.get_nowait())

    def _merge(self, change: Change | None) -> None:
        match change:
            case None:
                return
            case Keep(event):
                key = ("event", event.id)
                self._wanted[key] = change
            case Forget(id):
                key = ("event", id)
                self._wanted.pop(key, None)
            case Remember(name, _):
                key = ("memory", name)
                self._wanted[key] = change
        self._todo.pop(key, None)  # to its place at the end: changes are written in order
        self._todo[key] = change

    def _bring_up_to_date(self, *, again: bool = False) -> None:
        try:
            db = self._db = self._db or self._open()
            if not self._restored:
                self._put(_read(db))
                self._restored = True
            self._write(db)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said and tried again
            self._fail(error, again=again)
            return
        self._behind_since = None if self._inbox.empty() else time.monotonic()
        self._say(None)

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = self._connect(self._path)
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            db.close()
            raise _CorruptError(found)
        db.executescript(_SCHEMA)
        return db

    def _write(self, db: sqlite3.Connection) -> None:
        if not self._todo:
            return
        left: dict[Key, Change] = {}
        fault: Exception | None = None
        db.execute("BEGIN IMMEDIATE")
        try:
            for key, change in self._todo.items():
                try:
                    _write_one(db, change)
                except (ValueError, TypeError, ArithmeticError, sqlite3.ProgrammingError) as error:
                    # SQLite takes no such value: that must not keep the others off the disk.
                    left[key], fault = change, error
            db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise
        self._todo = left
        if fault is not None:
            raise fault

    def _fail(self, error: Exception, *, again: bool) -> None:
        saved: list[Kept] = []
        db, self._db = self._db, None
        code = getattr(error, "sqlite_errorcode", None)
        corrupt = isinstance(error, _CorruptError) or (code is not None and code & 0xFF in _CORRUPT)
        if db is not None:
            with contextlib.suppress(Exception):
                db.close()
        if not corrupt or again:  # a new file that is corrupt at once: the disk itself is sick
            known = isinstance(error, (sqlite3.Error, OSError))
            self._say(f"{self._path}: {error}" if known else f"{self._path}: {type(error).__name__}: {error}")
            return
        try:
            if not self._restored:
                saved = self._salvage()
            aside = self._set_aside()
        except Exception as second:  # noqa: BLE001 - as above
            self._say(f"{self._path} is corrupt and can't be moved: {second}")
            return
        self._put(OutboxSetAside(mono=time.monotonic(), path=str(aside), saved=len(saved)))
        if saved:
            # They are owed like any other; the agent hears of them as if the file had been whole.
            self._put(Restored(mono=time.monotonic(), events=tuple(saved), memory={}))
            self._wanted = {("event", kept.id): Keep(kept) for kept in saved} | self._wanted
            self._restored = True
        self._todo = dict(self._wanted) | {k: c for k, c in self._todo.items() if isinstance(c, Forget)}
        self._bring_up_to_date(again=True)

    def _salvage(self) -> list[Kept]:
        """Read what can still be read of a corrupt file: row by row, past those that can't."""
        saved: list[Kept] = []
        with (
            contextlib.suppress(Exception),  # what can be read is read; the file itself is kept aside
            contextlib.closing(self._connect(self._path)) as db,
        ):
            row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
            last = row[0] if row else 0  # no event was ever kept
            for n in range(max(last - SALVAGED, 0) + 1, last + 1):
                with contextlib.suppress(sqlite3.Error, ValueError, TypeError):
                    saved.extend(_rows(db, n))
        return saved

    def _set_aside(self) -> Path:
        for n in range(1, KEPT_ASIDE + 1):
            aside = self._path.with_name(f"{self._path.name}.corrupt-{n}")
            if not aside.exists() or n == KEPT_ASIDE:
                break
        for suffix in ("", "-wal", "-shm"):
            old = self._path.with_name(self._path.name + suffix)
            if old.exists():
                old.replace(aside.with_name(aside.name + suffix))
        return aside

    def _say(self, why: str | None) -> None:
        if why != self._why:
            self._why = why
            self._put(OutboxFault(mono=time.monotonic(), why=why))


class _CorruptError(sqlite3.DatabaseError):
    """SQLite's own check of the file found something."""


def _write_one(db: sqlite3.Connection, change: Change) -> None:
    match change:
        case Keep(event):
            happened = event.happened
            db.execute(
                "INSERT OR REPLACE INTO event (id, body, kernel, mono, wall, synced)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (event.id, event.body, happened.kernel, happened.mono, happened.wall, happened.synced),
            )
        case Forget(id):
            db.execute("DELETE FROM event WHERE id = ?", (id,))
        case Remember(key, value):
            db.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (key, value))


def _read(db: sqlite3.Connection) -> Restored:
    memory = dict(db.execute("SELECT key, value FROM memory").fetchall())
    return Restored(mono=time.monotonic(), events=tuple(_rows(db)), memory=memory)


def _rows(db: sqlite3.Connection, n: int | None = None) -> Iterable[Kept]:
    """Return the events, oldest first, or the one in row ``n``."""
    columns = "SELECT id, body, kernel, mono, wall, synced FROM event"
    # One row by its primary key alone, so that no damaged page beside it is read.
    rows = (
        db.execute(f"{columns} WHERE n = ?", (n,)) if n is not None else db.execute(f"{columns} ORDER BY n")
    )
    for id, body, kernel, mono, wall, synced in rows:  # noqa: A001 - the column's name
        moment = Moment(kernel, mono, wall, None if synced is None else bool(synced))
        yield Kept(id=id, body=body, happened=moment)
