"""What is known of the agent's machine, looked up on threads of its own and never by the agent's loop.

``surveyor`` keeps the last answers; ``machine`` takes one look; ``proc``, ``board`` and
:mod:`config.kernel_clock` read the parts. Each sensor is read by itself, and one that is missing or
odd is None.
"""

from __future__ import annotations

from config.kernel_clock import boot_id, clock_synced
from device.survey.machine import survey
from device.survey.surveyor import Survey, Surveyor

__all__ = ["Survey", "Surveyor", "clock_synced", "kernel", "survey"]


def kernel(otherwise: str) -> str:
    """Return the id of this start of the kernel; ``otherwise`` where it can't be read."""
    return boot_id() or otherwise
