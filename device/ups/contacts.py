"""A UPS that tells by contacts to ground, read when asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from config.agent_settings import UpsPins
from device.ups import UpsStatus


class UpsContacts:
    """The UPS's one or two contacts, each between its pin and ground."""

    def __init__(self, settings: UpsPins, make: Callable[[int], Any]) -> None:
        """Claim the pins. ``make`` returns an input with its pull-up on, ``is_active`` while it is low.

        Raises what ``make`` raises, with no pin held.
        """
        self._low_is_so = settings.active == "low"
        self._on_battery = make(settings.on_battery_pin)
        try:
            self._low = make(settings.low_pin) if settings.low_pin is not None else None
        except BaseException:
            self._on_battery.close()
            raise

    def read(self) -> UpsStatus:
        """Return what the contacts say now. With ``active = "low"`` a cut wire says "on mains"."""
        low = self._is_so(self._low) if self._low is not None else None
        return UpsStatus(self._is_so(self._on_battery), low)

    def close(self) -> None:
        """Let the pins go."""
        for device in (self._on_battery, self._low):
            if device is not None:
                with contextlib.suppress(Exception):
                    device.close()

    def _is_so(self, device: Any) -> bool:
        return bool(device.is_active) is self._low_is_so
