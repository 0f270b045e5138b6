"""What a disk holds after a power cut, from what had been done to it.

Two kinds of operation can be lost. What was written to a file is on the disk once that file was synced;
before, each sector of it may be there or not, in any order. Names (creating, renaming, deleting) are
there once their folder was synced; before, as many as the file system has written of them, in order.
"""

from __future__ import annotations

import json
import random
from base64 import b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

SECTOR = 512


class Operation(NamedTuple):
    """One thing done to the disk."""

    what: str
    """create, write, truncate, sync, sync folder, unlink, rename, mark."""
    path: str
    words: tuple[Any, ...] = ()


def read_log(text: str) -> list[Operation]:
    """Read what the recording disk wrote down."""
    found = []
    for line in text.splitlines():
        what, path, *words = json.loads(line)
        if what == "write":
            words[1] = b64decode(words[1])
        found.append(Operation(what, path, tuple(words)))
    return found


def lay(data: bytearray, operation: Operation) -> None:
    """Do a write or a truncation."""
    if operation.what == "truncate":
        length = operation.words[0]
        del data[length:]
        data.extend(bytes(length - len(data)))
        return
    offset, what = operation.words
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(what)] = what


def sectors(operation: Operation) -> list[Operation]:
    """Divide a write at the borders of sectors, as a disk does."""
    if operation.what != "write":
        return [operation]
    offset, what = operation.words
    parts = []
    while what:
        size = SECTOR - offset % SECTOR
        parts.append(operation._replace(words=(offset, what[:size])))
        offset, what = offset + size, what[size:]
    return parts


@dataclass
class Inode:
    """A file whatever its name: what is on the disk for certain, and what was written since."""

    synced: bytearray = field(default_factory=bytearray)
    since: list[Operation] = field(default_factory=list)

    def content(self, survives: Callable[[list[Operation]], Iterable[Operation]]) -> bytes:
        data = bytearray(self.synced)
        for each in survives(self.since):
            lay(data, each)
        return bytes(data)


@dataclass
class Disk:
    """A disk to which operations are done until its power is cut."""

    files: list[Inode] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    names_since: list[Operation] = field(default_factory=list)
    synced_names: dict[str, int] = field(default_factory=dict)
    made: dict[int, int] = field(default_factory=dict)
    """Which file a creation made, by its place in ``names_since``."""

    def begin(self, folder: Path) -> None:
        """Take the files that are there already, all of them on the disk."""
        for each in sorted(folder.iterdir()):
            self.names[each.name] = len(self.files)
            self.files.append(Inode(bytearray(each.read_bytes())))
        self.synced_names = dict(self.names)

    def do(self, operation: Operation) -> None:
        """Do one operation."""
        what, path, words = operation
        if what in ("write", "truncate"):
            self.files[self.names[path]].since.append(operation)
        elif what == "sync":
            if path in self.names:
                file = self.files[self.names[path]]
                file.synced = bytearray(file.content(lambda since: since))
                file.since.clear()
        elif what == "sync folder":
            self.synced_names = dict(self.names)
            self.names_since.clear()
            self.made.clear()
        elif what != "mark":
            if what == "create":
                self.made[len(self.names_since)] = len(self.files)
                self.names[path] = len(self.files)
                self.files.append(Inode())
            elif what == "unlink":
                del self.names[path]
            elif what == "rename":
                self.names[words[0]] = self.names.pop(path)
            else:
                raise ValueError(what)
            self.names_since.append(operation)

    def cut(self, how: str, dice: random.Random) -> dict[str, bytes]:
        """Return the files as one kind of power cut leaves them.

        ``all`` that was issued is there (also: the program alone was killed), ``synced`` alone, the
        last write ``torn``, or ``some``: any sectors of what wasn't synced, and some of the names.
        """
        named = len(self.names_since)
        if how == "synced":
            named = 0
        elif how == "some":
            named = dice.randint(0, named)
        names = dict(self.synced_names)
        for at, (what, path, words) in enumerate(self.names_since[:named]):
            if what == "create":
                names[path] = self.made[at]
            elif what == "unlink":
                del names[path]
            else:
                names[words[0]] = names.pop(path)
        survivors = {
            "all": lambda since: since,
            "synced": lambda since: (),
            "torn": lambda since: _torn(since, dice),
            "some": lambda since: [
                part for each in since for part in sectors(each) if dice.random() < 0.5
            ],
        }[how]  # fmt: skip
        return {name: self.files[at].content(survivors) for name, at in names.items()}


def _torn(since: list[Operation], dice: random.Random) -> list[Operation]:
    if not since or since[-1].what != "write":
        return since
    offset, what = since[-1].words
    to_border = SECTOR - offset % SECTOR
    cut = dice.choice([1, len(what) // 2, min(to_border, len(what) - 1), len(what) - 1])
    return [*since[:-1], since[-1]._replace(words=(offset, what[: max(cut, 0)]))]
