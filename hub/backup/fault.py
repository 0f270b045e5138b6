"""What keeps a backup from being taken, read or restored."""

from __future__ import annotations


class BackupError(RuntimeError):
    """In words a technician can act on; nothing was changed, and no half file bears a backup's name."""
