"""How much may still be written to a disk."""

from __future__ import annotations

import os
from pathlib import Path


def disk_free_mb(data: Path) -> float | None:
    """Return what a user may still write to the disk that holds ``data``, in MB (10⁶ bytes).

    A hung disk doesn't return from this.
    """
    try:
        found = os.statvfs(data)
    except (OSError, ValueError):
        return None
    return round(found.f_bavail * found.f_frsize / 1e6, 1)
