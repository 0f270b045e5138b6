"""The analogue input of an end-of-line circuit: an MCP3008 by gpiozero, or a voltage that is simulated."""

from __future__ import annotations

import os
import threading
import warnings
from pathlib import Path
from typing import Any, Final, Protocol

from config.agent_settings import AgentSettings
from config.this_user import this_user

DEVICES: Final = Path("/dev")
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


class AdcError(OSError):
    """The ADC can't be had; the message says why and what to do. Worth another try."""


def open_adc(factory: Any, settings: AgentSettings, channel: int) -> Adc:
    """Return an input of the MCP3008, or of a factory that simulates its ``voltages``.

    Raises :class:`AdcError`.
    """
    voltages = getattr(factory, "voltages", None)
    if voltages is not None:
        return _Simulated(voltages, channel)
    if settings.pins == "mock":
        raise AdcError('with pins = "mock" there is no ADC')
    return _Mcp3008(factory, settings.adc.select if settings.adc is not None else 0, channel)


def _bus(select: int) -> Path:
    """Return the kernel's device of the bus. Raises :class:`AdcError` where it can't be used."""
    device = DEVICES / f"spidev0.{select}"
    if not device.exists():
        raise AdcError(f"SPI is off (no {device}); switch it on: sudo raspi-config, Interface Options, SPI")
    if not os.access(device, os.R_OK | os.W_OK):
        user = this_user()
        raise AdcError(
            f"user {user} may not use {device}; put it into the group spi: sudo usermod -aG spi {user}"
        )
    return device


class _Mcp3008:
    """Microchip's MCP3008 (DS21295). With nothing on the bus it reads 0, which is a short.

    Only over the kernel's SPI. Where that can't be had gpiozero would toggle the pins by itself, with a
    warning that nobody reads: too slow for this, and an answer from a bus that isn't there.
    """

    def __init__(self, factory: Any, select: int, channel: int) -> None:
        from gpiozero import MCP3008, SPISoftwareFallback

        device = _bus(select)
        with warnings.catch_warnings():
            warnings.simplefilter("error", SPISoftwareFallback)
            try:
                self._device: Any = MCP3008(channel=channel, device=select, pin_factory=factory)
            except SPISoftwareFallback as error:
                raise AdcError(f"{device} can't be opened: {error}") from None

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
