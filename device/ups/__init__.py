"""A UPS: whether the room's power comes from its battery, told by contacts or by a serial line.

``contacts`` and ``line`` are the two ways, ``megatec`` the line's protocol.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class UpsStatus(NamedTuple):
    """What a UPS says; None for what it has no means to say."""

    on_battery: bool | None = None
    battery_low: bool | None = None


class Ups(Protocol):
    """A UPS that can be asked. One thread asks it, and closes it."""

    def read(self) -> UpsStatus | None:
        """Return what it says now; None when it doesn't answer. May take seconds."""
        ...

    def close(self) -> None:
        """Let its pins or its line go."""
        ...
