"""Reading an outbox's file that SQLite can't be trusted with: damaged, read-only, with bad sectors.

The file's bytes are read past what the disk doesn't give, the WAL's commits are laid over them, and
the whole is opened in memory: nothing on the disk is written, locked or mapped. What SQLite can't
read of it, or what lies in the WAL behind damage, is looked for in the bytes, by the form that a row
of an event has. So found, an event may be one that was forgotten since: it is sent again, and the hub
drops what it had.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import struct
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from device.facts import Kept
from device.outbox_file import COLUMNS, DamagedError, Held, as_kept, check, read

MOST_BYTES: Final = 64 << 20
"""No more than this is read of one file."""
SALVAGED: Final = 100_000
"""The newest rows of a damaged file that are tried one by one."""
BLOCK: Final = 4096
_MAGIC: Final = (0x377F0682, 0x377F0683)
_HEADER: Final = 32
_FRAME: Final = 24
_JSON: Final = json.JSONDecoder()


class Found(NamedTuple):
    """What could be read of a file."""

    held: Held
    whole: bool
    """Whether that is all it held."""
    holes: bool
    """Whether the disk itself refused to give a part, which it may give another time."""


class Log(NamedTuple):
    """What a WAL holds."""

    pages: dict[int, bytes]
    """The pages of its commits, by number from 1."""
    size: int
    """How many pages the file has after the last commit; 0 where there is none."""
    damaged: bool
    """Whether commits lie behind a place that isn't as it was written, so that SQLite leaves them out."""


def look(path: Path) -> Found:
    """Read what can be read of the file, changing nothing. Raises ``OSError`` where there is none."""
    data, holes = _bytes(path)
    wal, more = _wal_bytes(path)
    return _found(data, wal, holes=holes or more)


def count(path: Path) -> int:
    """Return how many events the file may hold at most, by its bytes alone."""
    ids: set[str] = set()
    with contextlib.suppress(OSError):
        ids = {event.id for data in (_bytes(path)[0], _wal_bytes(path)[0]) for _, event in carve(data)}
    return len(ids)


def check_wal(path: Path) -> None:
    """Raise ``DamagedError`` if commits in the WAL would be left out by SQLite, without a word."""
    wal, _ = _wal_bytes(path)
    if len(wal) <= _HEADER:
        return
    log = replay(wal)
    if log.damaged:
        raise DamagedError("its write-ahead log is damaged")
    if log.size and not (path.exists() and path.stat().st_size):
        raise DamagedError("it is empty, though its write-ahead log isn't")


def _wal_bytes(path: Path) -> tuple[bytes, bool]:
    try:
        return _bytes(path.with_name(f"{path.name}-wal"))
    except FileNotFoundError:
        return b"", False


def _bytes(path: Path) -> tuple[bytes, bool]:
    """Read a file block by block; one that the disk doesn't give is zeros, and told."""
    parts: list[bytes] = []
    holes = False
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = min(os.fstat(file).st_size, MOST_BYTES)
        for at in range(0, size, BLOCK):
            wanted = min(BLOCK, size - at)
            try:
                part = os.pread(file, wanted, at)
            except OSError:
                part, holes = b"", True
            parts.append(part.ljust(wanted, b"\0"))
    finally:
        os.close(file)
    return b"".join(parts), holes


def _found(data: bytes, wal: bytes, *, holes: bool) -> Found:
    log = replay(wal)
    whole = not holes and not log.damaged and bool(data or not log.size)
    db = sqlite3.connect(":memory:", isolation_level=None)
    with contextlib.closing(db):
        image = _overlaid(data, log)
        if image:
            with contextlib.suppress(sqlite3.Error):
                db.deserialize(image)
        try:
            check(db)
            held = read(db)
        except (sqlite3.Error, DamagedError, TypeError, ValueError):
            whole, held = False, Held()
        if whole:
            return Found(held, whole=True, holes=False)
        rows = {event.id: (n, event) for n, event in _row_by_row(db)}
        words = dict(_words(db))
    carved = {event.id: (n, event) for part in (data, wal) for n, event in carve(part)}
    events = sorted((carved | rows).values(), key=lambda each: each[0])
    return Found(Held(tuple(event for _, event in events), words), whole=False, holes=holes)


def _overlaid(data: bytes, log: Log) -> bytes:
    """Lay the WAL's pages over the file's, as a checkpoint would."""
    if not log.size:
        image = bytearray(data)
    else:
        size = len(next(iter(log.pages.values())))
        image = bytearray(data[: log.size * size].ljust(log.size * size, b"\0"))
        for number, page in log.pages.items():
            if number <= log.size:
                image[(number - 1) * size : number * size] = page
    if len(image) > 20:
        image[18:20] = b"\1\1"  # no WAL: there is none in memory
    return bytes(image)


def replay(wal: bytes) -> Log:
    """Read a WAL as SQLite does when it opens one: up to its last commit whose checksums are right."""
    if len(wal) < _HEADER:
        return Log({}, 0, damaged=False)
    magic, _, size = struct.unpack(">III", wal[:12])
    salts = wal[16:24]
    little = magic == _MAGIC[0]
    sums = _checksum(wal[:24], (0, 0), little=little)
    sound = magic in _MAGIC and 512 <= size <= 65536 and sums == struct.unpack(">II", wal[24:32])
    if not sound:
        return Log({}, 0, damaged=_commits(wal, BLOCK, None, _HEADER, 0) > 1)
    pages: dict[int, bytes] = {}
    fresh: dict[int, bytes] = {}
    total, end, last = 0, _HEADER, 0
    for at in range(_HEADER, len(wal) - _FRAME - size + 1, _FRAME + size):
        number, committed = struct.unpack(">II", wal[at : at + 8])
        page = wal[at + _FRAME : at + _FRAME + size]
        sums = _checksum(page, _checksum(wal[at : at + 8], sums, little=little), little=little)
        wrong = sums != struct.unpack(">II", wal[at + 16 : at + 24])
        if wrong or wal[at + 8 : at + 16] != salts or not number:
            break
        fresh[number] = page
        if committed:
            pages |= fresh
            fresh, total, end, last = {}, committed, at + _FRAME + size, number
    # One commit behind the last is the one that the power cut; before a second the first was on the disk.
    return Log(pages, total, damaged=_commits(wal, size, salts, end, last) > 1)


def _commits(wal: bytes, size: int, salts: bytes | None, start: int, last: int) -> int:
    """Count what look like commits of this WAL (or of any, without salts) from a place on.

    ``last`` is the page that the commit before that place ended with: it may be written once more there.
    """
    found = 0
    for at in range(start, len(wal) - _FRAME + 1, _FRAME + size):
        number, committed = struct.unpack(">II", wal[at : at + 8])
        ours = committed and (salts is None or wal[at + 8 : at + 16] == salts)
        if ours and number != last:  # the last page of a commit is written twice, up to a sector's end
            found += 1
        last = number if ours else 0
    return found


def _checksum(data: bytes, start: tuple[int, int], *, little: bool) -> tuple[int, int]:
    words = array("I", data)
    if little != (sys.byteorder == "little"):
        words.byteswap()
    one, two = start
    pairs = iter(words)
    for a, b in zip(pairs, pairs, strict=True):
        one = (one + a + two) & 0xFFFFFFFF
        two = (two + b + one) & 0xFFFFFFFF
    return one, two


def _row_by_row(db: sqlite3.Connection) -> Iterator[tuple[int, Kept]]:
    """Read each row, with its number, by its key alone, so that no damaged page beside it is read."""
    db.text_factory = lambda text: text.decode(errors="replace")
    last = 0
    for query in ("SELECT seq FROM sqlite_sequence WHERE name = 'event'", "SELECT max(n) FROM event"):
        with contextlib.suppress(sqlite3.Error, ValueError, TypeError):
            last = max(last, *(int(n) for (n,) in db.execute(query)))
    for n in range(max(last - SALVAGED, 0) + 1, last + 1):
        with contextlib.suppress(sqlite3.Error, ValueError, TypeError):
            for row in db.execute(f"SELECT {COLUMNS} FROM event WHERE n = ?", (n,)):  # noqa: S608
                event, _ = as_kept(row)
                if event is not None:
                    yield n, event


def _words(db: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Read what was remembered, up to the first damaged page."""
    with contextlib.suppress(sqlite3.Error, ValueError, TypeError):
        for key, word in db.execute("SELECT key, value FROM memory"):
            if isinstance(key, str) and isinstance(word, str):
                yield key, word


def carve(data: bytes) -> Iterator[tuple[int, Kept]]:
    """Find rows of events in bytes: a record's header, the id, and a body that is JSON with that id.

    The format is SQLite's (https://sqlite.org/fileformat2.html, *Record Format*): the header's size,
    a serial type for each column, then the columns; of the key there is only a NULL.
    Before it are its size and the row's number, which comes with the event; 0 where it can't be told.
    """
    at = data.find(b'{"')
    while at >= 0:
        found = _record(data, at)
        if found is not None:
            yield found
            at += len(found[1].body) - 2
        at = data.find(b'{"', at + 2)


def _record(data: bytes, body: int) -> tuple[int, Kept] | None:
    """Return the event whose body begins here, if a row of the outbox does."""
    window = data[body : body + BLOCK].decode(errors="replace")
    try:
        said, _ = _JSON.raw_decode(window)
        name = said["id"].encode()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    start = body - len(name)
    types = _types(data, start, len(name))
    if types is None or data[start:body] != name:
        return None
    columns: list[bytes] = []
    for kind in types:
        columns.append(data[start : start + _size(kind)])
        start += _size(kind)
    synced = None if types[6] == 0 else _int(columns[6], types[6])
    mono = struct.unpack(">d", columns[4])[0] if types[4] == 7 else float(_int(columns[4], types[4]))
    kernel = columns[3].decode(errors="replace")
    event, _ = as_kept((name.decode(), columns[2], kernel, mono, _int(columns[5], types[5]), synced))
    header = body - len(name) - sum(map(_width, types)) - 1
    size = body - header - len(name) + sum(map(_size, types))
    return None if event is None else (_number(data[max(header - 14, 0) : header], size), event)


def _width(value: int) -> int:
    """Return how many bytes a number has in SQLite's variable form."""
    return max((value.bit_length() + 6) // 7, 1)


def _number(before: bytes, size: int) -> int:
    """Return the row's number, from the bytes before a record of this size."""
    for width in range(1, 6):
        number, rest = before[-width:], before[:-width][-_width(size) :]
        if _varint(rest) == size and number and number[0] != 0x80 and _varint(number) is not None:
            return _varint(number) or 0
    return 0


def _varint(data: bytes) -> int | None:
    """Return the number that these bytes are in SQLite's variable form, if they are one."""
    if not data or data[-1] & 0x80 or any(not byte & 0x80 for byte in data[:-1]):
        return None
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
    return value


def _types(data: bytes, end: int, id_size: int) -> list[int] | None:
    """Read the header that ends here, if it is an event's with an id of this size."""
    for size in range(8, 14):
        start = end - size
        if start < 0 or data[start] != size:
            continue
        types: list[int] = []
        value = 0
        for byte in data[start + 1 : end]:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                types.append(value)
                value = 0
        texts = len(types) == 7 and types[0] == 0 and types[1] == 13 + 2 * id_size
        if texts and types[2] >= 12 and types[2] % 2 == 0 and types[3] >= 13 and types[3] % 2:
            numbers = types[4] in range(1, 10) and types[5] in (*range(1, 7), 8, 9)
            if numbers and types[6] in (0, 1, 8, 9):
                return types
    return None


def _size(kind: int) -> int:
    return (kind - 12) // 2 if kind >= 12 else (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]


def _int(data: bytes, kind: int) -> int:
    return kind - 8 if kind in (8, 9) else int.from_bytes(data, "big", signed=True)
