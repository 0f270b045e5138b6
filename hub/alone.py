"""One hub for each data folder: a second one would write under the same numbers as the first.

A hub that was killed leaves nothing behind that would stop the next: the lock is the process's own.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO


class AlreadyRunningError(RuntimeError):
    """Another hub has this data folder."""


def take(data: Path) -> IO[bytes]:
    """Take the folder for as long as what is returned is open; raises :class:`AlreadyRunningError`."""
    file = (data / "hub.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise AlreadyRunningError(f"another hub runs on {data}; end it first") from None
    return file
