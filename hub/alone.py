"""One hub for each data folder: a second one would write under the same numbers as the first.

A hub that was killed leaves nothing behind that would stop the next: the lock is the process's own.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO, Final


class AlreadyRunningError(RuntimeError):
    """Another hub has this data folder."""


TRIES: Final = 3
PAUSE_S: Final = 0.05
"""Who asks whether a hub runs holds the lock for a moment."""


def take(data: Path, *, heeds_hangups: bool = False) -> IO[bytes]:
    """Take the folder for as long as what is returned is open; raises :class:`AlreadyRunningError`.

    ``heeds_hangups``: this process reads its settings anew at SIGHUP, which would end any other.
    """
    file = (data / "hub.lock").open("ab")
    for _ in range(TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(PAUSE_S)
        else:
            file.truncate(0)
            if heeds_hangups:
                file.write(str(os.getpid()).encode())
                file.flush()
            return file
    file.close()
    raise AlreadyRunningError(f"another hub runs on {data}; end it first")


def holder(data: Path) -> int | None:
    """Return the process id of the hub that runs on this folder; None where none does, or ``OSError``."""
    try:
        file = (data / "hub.lock").open("rb")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            written = file.read(20).strip()
            return int(written) if written.isdigit() else None
    return None
