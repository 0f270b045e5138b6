"""What the shell looks up about its machine: which start of the kernel this is, and its clock."""

from __future__ import annotations

from pathlib import Path
from typing import Final

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
TIMESYNC: Final = Path("/run/systemd/timesync")
"""systemd-timesyncd's folder, which holds ``synchronized`` once the clock was set."""


def kernel(otherwise: str) -> str:
    """Return the id of this start of the kernel; ``otherwise`` where it can't be read."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return otherwise


def clock_synced() -> bool | None:
    """Tell whether the wall clock is synchronised; None where that can't be known.

    systemd-timesyncd says so by a file, and Raspberry Pi OS runs it. Another time service leaves no
    such word, and adjtimex(2) is not in the standard library: then events carry no ``at``, and the
    hub reckons their time from ``age_ms`` as it does anyway.
    """
    try:
        return (TIMESYNC / "synchronized").exists() if TIMESYNC.exists() else None
    except OSError:
        return None
