"""Serves a folder by FUSE: ``python -m tests.faults.fuse_server SOURCE MOUNT MODE_FILE``.

While MODE_FILE names an error (``EROFS``, ``EIO``, ``ENOSPC``), whatever would write fails with it.
``unreadable`` fails what reads as well, ``bad INODE OFFSET`` what touches 4096 bytes of one file.
Stopping this process hangs the disk. Only this process imports mfusepy, which needs libfuse.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

from mfusepy import FUSE, FuseOSError, Operations


class Passing(Operations):
    """Hands everything on to the folder beneath."""

    def __init__(self, source: str, mode: str) -> None:
        self._source = source
        self._mode = Path(mode)

    def _sick(self) -> None:
        word = self._mode.read_text()
        if word == "unreadable":
            raise FuseOSError(errno.EIO)
        if word.startswith("E"):
            raise FuseOSError(getattr(errno, word))

    def _touch(self, fh: int, offset: int, size: int) -> None:
        word, *where = self._mode.read_text().split()
        if word == "unreadable":
            raise FuseOSError(errno.EIO)
        if word == "bad" and os.fstat(fh).st_ino == int(where[0]):
            bad = int(where[1])
            if offset < bad + 4096 and bad < offset + size:
                raise FuseOSError(errno.EIO)

    def _at(self, path: str) -> str:
        return self._source + path

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        found = os.lstat(self._at(path)) if fh is None else os.fstat(fh)
        names = ("st_atime", "st_ctime", "st_gid", "st_mode", "st_mtime", "st_nlink", "st_size", "st_uid")
        return {name: getattr(found, name) for name in names}

    def access(self, path: str, amode: int) -> int:
        if not os.access(self._at(path), amode):
            raise FuseOSError(errno.EACCES)
        return 0

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *os.listdir(self._at(path))]

    def open(self, path: str, flags: int) -> int:
        return os.open(self._at(path), flags)

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        self._sick()
        return os.open(self._at(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC, mode)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        self._touch(fh, offset, size)
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self._sick()
        self._touch(fh, offset, len(data))
        return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        self._sick()
        os.truncate(self._at(path), length)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        self._sick()
        os.fsync(fh)
        return 0

    def unlink(self, path: str) -> int:
        self._sick()
        os.unlink(self._at(path))
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        self._sick()
        os.mkdir(self._at(path), mode)
        return 0

    def rename(self, old: str, new: str) -> int:
        self._sick()
        os.rename(self._at(old), self._at(new))
        return 0

    def chmod(self, path: str, mode: int) -> int:
        self._sick()
        os.chmod(self._at(path), mode)
        return 0

    def utimens(self, path: str, times: Any = None) -> int:
        os.utime(self._at(path), times)
        return 0

    def flush(self, path: str, fh: int) -> int:
        return 0

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0


if __name__ == "__main__":
    SOURCE, MOUNT, MODE = sys.argv[1:]
    FUSE(Passing(SOURCE, MODE), MOUNT, foreground=True, nothreads=True, attr_timeout=0, entry_timeout=0)
