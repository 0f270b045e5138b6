"""Files of the outbox that aren't written any more: moved beside the new one, and when they were read.

``outbox.db.aside-N`` is owed to be read; ``outbox.db.corrupt-N`` was read as far as it could be, and is
kept for a person. A move is of two files, the database and its WAL; one that a power cut stops in
between is finished at the next start.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Final

MOST_TRIES: Final = 3
"""A file whose reading has ended the program this often isn't read again. Once may have been a power cut."""
MOST_CORRUPT: Final = 9
"""Corrupt files that are kept; the next replaces the last of them."""


def asides(path: Path) -> list[Path]:
    """Return the files that are owed to be read, oldest first."""
    form = re.compile(re.escape(path.name) + r"\.aside-(\d+)")
    found = [(int(match[1]), each) for each in path.parent.iterdir() if (match := form.fullmatch(each.name))]
    return [each for _, each in sorted(found)]


def move_aside(path: Path) -> Path:
    """Move the file out of the way, to be read later; returns where it is. Raises ``OSError``."""
    aside = _free(path)
    path.replace(aside)
    _sync(path.parent)  # the WAL must not go first: without it the file would be an older one
    _move_wal(path, aside)
    return aside


def finish_move(path: Path) -> None:
    """Finish a move that was cut short: SQLite would delete a WAL that has no database."""
    if path.exists() or not _wal(path).exists():
        return
    moved = asides(path)
    if not moved or _wal(moved[-1]).exists():
        moved.append(_free(path))
        moved[-1].touch()
    _move_wal(path, moved[-1])


def keep_as_corrupt(path: Path, aside: Path) -> Path:
    """Keep a file that was read as far as it could be; returns its name from now on."""
    for n in range(1, MOST_CORRUPT + 1):
        corrupt = path.with_name(f"{path.name}.corrupt-{n}")
        if not corrupt.exists():
            break
    if _wal(aside).exists():
        _wal(aside).replace(_wal(corrupt))
    else:
        _wal(corrupt).unlink(missing_ok=True)
    aside.replace(corrupt)
    _forget_tries(aside)
    return corrupt


def remove(path: Path) -> None:
    """Delete a file, with its WAL, that holds nothing which isn't elsewhere."""
    path.unlink(missing_ok=True)
    _sync(path.parent)
    _wal(path).unlink(missing_ok=True)
    _forget_tries(path)


def tries(aside: Path) -> int:
    """Return how often a reading of this file was begun and not ended."""
    try:
        return _mark(aside).stat().st_size
    except OSError:
        return 0


def begin_try(aside: Path) -> None:
    """Note on the disk that a reading begins; a disk that is full or read-only is read all the same."""
    with contextlib.suppress(OSError), _mark(aside).open("ab") as mark:
        mark.write(b".")
        mark.flush()
        os.fsync(mark.fileno())
        _sync(aside.parent)


def end_try(aside: Path) -> None:
    """Note that the reading came to an end."""
    with contextlib.suppress(OSError):
        _forget_tries(aside)


def _forget_tries(aside: Path) -> None:
    _mark(aside).unlink(missing_ok=True)


def _free(path: Path) -> Path:
    n = 1
    while any(
        each.exists()
        for aside in [path.with_name(f"{path.name}.aside-{n}")]
        for each in (aside, _wal(aside), _mark(aside))
    ):
        n += 1
    return path.with_name(f"{path.name}.aside-{n}")


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _mark(aside: Path) -> Path:
    return aside.with_name(f"{aside.name}.tries")


def _move_wal(path: Path, aside: Path) -> None:
    if _wal(path).exists():
        _wal(path).replace(_wal(aside))
        _sync(path.parent)
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)  # of older versions


def _sync(folder: Path) -> None:
    """Have the folder's names on the disk; where a file system can't, it keeps their order itself."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
