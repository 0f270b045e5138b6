"""What is known of the agent's machine, looked up on threads of its own and never by the agent's loop.

``surveyor`` keeps the last answers; ``machine`` takes one look; ``proc`` and ``board`` read
the parts. Each sensor is read by itself, and one that is missing or odd is None.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from config.clock_synced import clock_synced
from device.survey.machine import survey
from device.survey.surveyor import Survey, Surveyor

__all__ = ["Survey", "Surveyor", "clock_synced", "kernel", "survey"]

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def kernel(otherwise: str) -> str:
    """Return the id of this start of the kernel; ``otherwise`` where it can't be read."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return otherwise
