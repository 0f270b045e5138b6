"""The analogue input of an end-of-line circuit: an MCP3008 by gpiozero, or a voltage that is simulated."""

from __future__ import annotations

import threading
from typing import Any, Final, Protocol

from config.agent_settings import AdcSettings

_SPI: Final = threading.Lock()
"""One conversation at a time on the bus."""


class Adc(Protocol):
    """One input."""

    def read(self) -> float:
        """Return the voltage as a share of full scale, 0 to 1. Raises where it can't be read."""
        ...

    def close(self) -> None:
        """Let it go."""
        ...


def open_adc(factory: Any, settings: AdcSettings | None, channel: int) -> Adc:
    """Return an input of the MCP3008, or of a factory that simulates its ``voltages``."""
    voltages = getattr(factory, "voltages", None)
    return _Simulated(voltages, channel) if voltages is not None else _Mcp3008(factory, settings, channel)


class _Mcp3008:
    """Microchip's MCP3008 (DS21295). With nothing on the bus it reads 0, which is a short."""

    def __init__(self, factory: Any, settings: AdcSettings | None, channel: int) -> None:
        from gpiozero import MCP3008

        select = settings.select if settings is not None else 0
        self._device: Any = MCP3008(channel=channel, device=select, pin_factory=factory)

    def read(self) -> float:
        with _SPI:
            return float(self._device.value)

    def close(self) -> None:
        self._device.close()


class _Simulated:
    def __init__(self, voltages: dict[int, float], channel: int) -> None:
        self._voltages = voltages
        self._channel = channel

    def read(self) -> float:
        return self._voltages[self._channel]

    def close(self) -> None:
        """Nothing is held."""
