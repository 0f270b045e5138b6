"""The outbox: every event on disk until its receipt comes, without anybody waiting for the disk.

One thread owns the file (:mod:`device.outbox_file`). What it is told it writes in batches, in order,
each batch in one transaction. All that the file should hold is in memory as well, so:

- a disk that fails is tried again every few seconds, and what waited is written then;
- what an unreadable disk held from before is told as soon as it can be read, however late;
- a file that is damaged, or has a bad place, is told as far as it can be read (:mod:`device.salvage`),
  set aside (:mod:`device.aside`), and a new one begun with all that is owed;
- one that may be what ends the program is set aside unread, and taken back once that ran well.

None of it ever stops the agent. An hour without a change brings a write that proves the disk.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from device import aside, outbox_file, press_memory, salvage
from device.facts import Fact, OutboxFault, OutboxSetAside, OutboxTakenBack, Restored
from device.outbox_file import Change, Held, connect
from device.wanted import Wanted

RETRY_S: Final = 5.0
PROVE_S: Final = 3600.0
"""A disk that fails while nothing happens is known within this time."""
MOST_FAULTS: Final = 3
"""Failed readings or writings in a row after which another place on the disk is tried."""
READ_AGAIN_S: Final = 60.0
"""The pause before a file set aside, of which the disk didn't give all, is read again."""
OF_BEFORE: Final = ("zone ", "given up", "walk tests")
"""Words that don't only take the place of older ones: what a zone told before is still owed its end."""

File = tuple[int, int]
"""What a file is, whatever its name: its device and inode."""


class Outbox:
    """The thread that owns the file. It reports by facts: what was held, and what goes wrong."""

    def __init__(
        self,
        path: Path,
        put: Callable[[Fact], None],
        *,
        set_aside: bool = False,
        wary: bool = False,
        connect: Callable[[Path], sqlite3.Connection] = connect,
        retry_s: float = RETRY_S,
        prove_s: float = PROVE_S,
    ) -> None:
        """``wary``: leave alone what was set aside until :meth:`take_back`. ``set_aside``: and set it so."""
        self._path = path
        self._put = put
        self._connect = connect
        self._retry_s = retry_s
        self._prove_s = prove_s
        self._inbox: queue.SimpleQueue[Change | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._behind_since: float | None = None
        self._stopping = threading.Event()
        self._cut = False
        self._why: str | None = None
        self._wanted = Wanted()
        self._db: sqlite3.Connection | None = None
        self._file: File | None = None
        self._begun: File | None = None
        """The file that was begun here and has nothing on it yet, so that it may be deleted."""
        self._guard: int | None = None
        self._first = True
        self._told = False
        self._told_whole = False
        """Whether the agent has been told that nothing more is to come."""
        self._restored = False
        """Whether all that the file held is wanted."""
        self._faults = 0
        self._to_set_aside = set_aside
        self._may_read = not (set_aside or wary)
        self._settled: tuple[bool, float] = (False, 0.0)
        """Whether files set aside could be read when they were last looked at, and when they are next."""
        self._saved: dict[Path, int] = {}
        """Files set aside whose events are wanted already, with how many they were."""
        self._told_aside: set[Path] = set()
        self._thread = threading.Thread(target=self._run, name=f"outbox {path.parent.name}", daemon=True)

    def start(self) -> None:
        """Begin; what the file held comes as a Restored fact."""
        self._behind_since = time.monotonic()
        self._thread.start()

    def write(self, change: Change) -> None:
        """Have a change written; returns at once."""
        with self._lock:  # held for nothing that waits
            if self._behind_since is None:
                self._behind_since = time.monotonic()
            self._inbox.put(change)

    def take_back(self) -> None:
        """Read what was set aside: the program has run well without it."""
        self._may_read = True
        self._inbox.put(None)

    def behind_s(self, now: float) -> float:
        """Return for how long the oldest change, or the file's opening, has waited for the disk."""
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

    # --- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                self._collect()
                if self._cut:
                    break
                self._work()
            except Exception as error:  # noqa: BLE001 - with this thread ended nothing would be kept any more
                self._say(f"{self._path}: {type(error).__name__}: {error}")
            if self._stopping.is_set() and self._inbox.empty():
                break
        self._close()
        if self._guard is not None:
            os.close(self._guard)

    def _collect(self) -> None:
        """Wait for changes, or until something is due, and merge them with those to be written."""
        well = self._db is not None and not self._wanted.todo and self._why is None
        patience = self._retry_s
        changes: list[Change | None] = []
        if well:
            patience = max(min(self._prove_s, self._settled[1] - time.monotonic()), 0.0)
        with contextlib.suppress(queue.Empty):
            if self._first:
                self._first = False
            else:
                try:
                    changes = [self._inbox.get(timeout=patience)]
                except queue.Empty:
                    if well:
                        self._prove()
            while True:
                changes.append(self._inbox.get_nowait())
        for change in changes:
            if change is not None:
                self._wanted.take(change)

    def _prove(self) -> None:
        with self._lock:
            if self._behind_since is None:
                self._behind_since = time.monotonic()
        self._wanted.write(outbox_file.proof())

    def _work(self) -> None:
        for _ in range(2):  # a file that was given up is begun anew at once
            try:
                self._bring_up_to_date()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is said and tried again
                self._close()
                if not self._mend(error):
                    return
            else:
                return

    def _bring_up_to_date(self) -> None:
        if self._db is not None and _file(self._path) != self._file:
            self._close()  # deleted, or another disk mounted there: what that holds is read, and all written
            self._restored = False
            self._wanted.anew()
        db = self._db = self._db or self._open()
        self._write(db)
        self._begun, self._faults = None, 0
        self._settle_asides(db)
        with self._lock:
            self._behind_since = None if self._inbox.empty() else time.monotonic()
        self._say(None)

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._be_alone()
        aside.finish_move(self._path)
        if self._to_set_aside:
            if self._path.exists() and not self._may_read:
                aside.move_aside(self._path)
            self._to_set_aside = False
        if not self._restored:
            salvage.check_wal(self._path)
        before = _file(self._path)
        db = self._connect(self._path)
        self._file = _file(self._path)
        self._begun = self._file if before is None else self._begun
        self._settled = (False, 0.0)
        try:
            outbox_file.check(db)
            if not self._restored:
                self._tell(outbox_file.read(db))
            outbox_file.empty_log(db)
            db.executescript(outbox_file.SCHEMA)
        except BaseException:
            db.close()
            raise
        self._wanted.write(outbox_file.proof())
        return db

    def _be_alone(self) -> None:
        """Have the folder to ourselves: two agents on one outbox would each forget the other's events."""
        if self._guard is not None:
            return
        guard = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(guard)
            raise BlockingIOError("another agent works on it") from None
        except OSError:  # a file system without locks
            os.close(guard)
            return
        self._guard = guard

    def _tell(self, held: Held, *, final: bool = True, write: bool = False) -> int:
        """Tell the agent what it doesn't know yet; returns how many events were held."""
        known = self._wanted.words()
        news = self._wanted.found(held, write=write)
        is_first = final and not self._restored and (held.memory or not self._told)
        if news or is_first or (write and not held.memory.keys() <= known.keys()):
            self._told = True
            memory = held.memory | self._words_since() if held.memory else {}
            self._told_whole = final and not self._owed_asides()
            self._put(Restored(mono=time.monotonic(), events=news, memory=memory, is_whole=self._told_whole))
        self._restored = self._restored or final
        return len(held.events)

    def _words_since(self) -> dict[str, str]:
        """Return the newer words, but not where the agent is to see the file's own as well."""
        words = self._wanted.words()
        return {key: word for key, word in words.items() if not key.startswith(OF_BEFORE)}

    def _write(self, db: sqlite3.Connection) -> None:
        if not self._wanted.todo:
            return
        left, fault = outbox_file.write(db, self._wanted.todo)
        self._wanted.written(left)
        if fault is not None:
            raise fault

    # --- faults ---------------------------------------------------------------------------------

    def _mend(self, error: Exception) -> bool:
        """Do what an error asks for; returns whether to go on with a new file at once."""
        damaged = outbox_file.damaged(error)
        self._faults += outbox_file.failed_io(error)
        saved: int | None = None
        left_alone = self._to_set_aside and not self._may_read
        if not self._restored and not left_alone and not outbox_file.in_use(error):
            with contextlib.suppress(OSError):
                found = salvage.look(self._path)
                if found.whole and not damaged:
                    self._tell(found.held)  # a disk that can be read but not written
                else:
                    saved = self._tell(_believed(found), final=damaged and not found.holes)
        known = isinstance(error, (sqlite3.Error, OSError, outbox_file.DamagedError))
        why = f"{self._path}: {error}" if known else f"{self._path}: {type(error).__name__}: {error}"
        if not damaged and self._faults < MOST_FAULTS:
            self._say(why)
            return False
        try:
            again = self._begun is not None and self._begun == _file(self._path)
            self._give_up(saved, delete=again)
            self._faults = 0
        except OSError as second:
            self._say(f"{why}; it can't be moved: {second}")
            return False
        if again:  # a new file that fails at once: the disk itself is sick
            self._say(why)
        return not again

    def _give_up(self, saved: int | None, *, delete: bool) -> None:
        """Set the file aside, and have a new one begun with all that is wanted."""
        if delete:
            aside.remove(self._path)
        elif self._path.exists():
            moved = aside.move_aside(self._path)
            if self._restored:
                self._saved[moved] = self._wanted.events if saved is None else saved
        self._wanted.anew()

    def _settle_asides(self, db: sqlite3.Connection) -> None:
        """Keep, for a person, what is known of files set aside; read those that may be read."""
        may_read, now = self._may_read, time.monotonic()
        if self._settled[0] == may_read and now < self._settled[1]:
            return
        waiting = False
        for each in aside.asides(self._path):
            if each in self._saved:
                self._kept_corrupt(each, self._saved.pop(each))
            elif not may_read or not self._read_back(db, each):
                waiting = True
                self._tell_aside(each)
        self._settled = (may_read, now + READ_AGAIN_S if waiting and may_read else math.inf)
        if not waiting and not self._told_whole:
            self._told_whole = True
            self._put(Restored(mono=time.monotonic(), events=(), memory={}))

    def _read_back(self, db: sqlite3.Connection, each: Path) -> bool:
        """Read a file set aside into this one; returns whether it is done with."""
        if aside.tries(each) >= aside.MOST_TRIES:
            self._kept_corrupt(each, 0)
            return True
        aside.begin_try(each)
        found = salvage.look(each)
        aside.end_try(each)
        saved = self._tell(_believed(found), write=True)
        self._write(db)
        if found.whole:
            aside.remove(each)
            if each in self._told_aside or saved:
                self._put(OutboxTakenBack(mono=time.monotonic(), path=str(each), saved=saved))
            self._told_aside.discard(each)
        elif not found.holes:
            self._kept_corrupt(each, saved)
        return not found.holes

    def _owed_asides(self) -> list[Path]:
        """Return the files set aside that are still to be read."""
        try:
            return [each for each in aside.asides(self._path) if each not in self._saved]
        except OSError:
            return []

    def _kept_corrupt(self, each: Path, saved: int) -> None:
        kept = aside.keep_as_corrupt(self._path, each)
        self._put(OutboxSetAside(mono=time.monotonic(), path=str(kept), saved=saved))

    def _tell_aside(self, each: Path) -> None:
        if each not in self._told_aside:
            self._told_aside.add(each)
            most = salvage.count(each)
            self._put(OutboxSetAside(mono=time.monotonic(), path=str(each), saved=None, at_most=most))

    def _close(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with contextlib.suppress(Exception):
                db.close()

    def _say(self, why: str | None) -> None:
        if why != self._why:
            self._why = why
            self._put(OutboxFault(mono=time.monotonic(), why=why))


def _believed(found: salvage.Found) -> Held:
    """Leave out the words on zones of a file that is damaged, or older than the one that is written.

    Of what is forgotten a press alarms again; a stale word would take one for told.
    """
    words = press_memory.of_the_room(found.held.memory, is_whole=found.whole)
    return Held(found.held.events, words)


def _file(path: Path) -> File | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
