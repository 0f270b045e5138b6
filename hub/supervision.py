"""Supervision: silence becomes a trouble. Pure.

A device is *heard* by a live message alone; a retained copy shows what was last known.
"""

from __future__ import annotations

from typing import Final

SILENT_S: Final = 45.0
"""Seconds without a live message after which a device is silent (the design's table)."""


class Hearing:
    """When each device was last heard, by the monotonic clock."""

    def __init__(self, known: list[str], mono: float) -> None:
        """Every known device has :data:`SILENT_S` from now to be heard for the first time."""
        self._last: dict[str, float] = dict.fromkeys(known, mono)

    def heard(self, device: str, mono: float) -> None:
        """Note a live message."""
        self._last[device] = mono

    def forget(self, device: str) -> None:
        """Expect nothing of a device any more."""
        self._last.pop(device, None)

    def expects(self, device: str) -> bool:
        """Tell whether a device is to be heard again."""
        return device in self._last

    def silent_since(self, device: str, mono: float) -> float | None:
        """Return since when a device has been silent for too long; None while it is not."""
        last = self._last.get(device)
        # By the same sum as the deadline: a rounding between the two would never come to rest.
        return last if last is not None and last + SILENT_S <= mono else None

    def deadline(self, device: str) -> float:
        """Return when the device is silent unless it is heard before."""
        return self._last[device] + SILENT_S
