"""A start whose settings are refused waits before it ends, ever longer.

With systemd's even 2 s that is a pause which grows to 10 s. Such a start hears nothing, so that waiting
loses nothing, and spares the machine and its journal. The wait ends as soon as the file is another.
A start that has read the pins never waits: ``docs/decisions/0012-units.md``.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

FILE: Final = "refused"
"""The file in systemd's runtime folder with the count of refused starts in a row."""
WAITS_S: Final = (0.0, 2.0, 4.0, 6.0, 8.0)
"""Seconds the first, the second and so on waits."""
LOOK_S: Final = 0.5
"""Seconds between two looks at the settings' file."""


def wait(settings: Path, sleep: Callable[[float], None] = time.sleep) -> None:
    """Count a refused start, and wait until its time is over or the file has changed; only under systemd."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    if not runtime:
        return
    was = _stamp(settings)
    left = _counted(Path(runtime) / FILE)
    while left > 0 and _stamp(settings) == was:
        sleep(LOOK_S)
        left -= LOOK_S


def over() -> None:
    """Note that the settings were taken: the next start that is refused is the first again."""
    if runtime := os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]:
        with contextlib.suppress(OSError):
            (Path(runtime) / FILE).unlink(missing_ok=True)


def _counted(file: Path) -> float:
    count = 0
    with contextlib.suppress(OSError, ValueError):
        count = min(max(int(file.read_text(encoding="ascii")), 0), len(WAITS_S) - 1)
    with contextlib.suppress(OSError):
        file.write_text(str(count + 1), encoding="ascii")
    return WAITS_S[count]


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
