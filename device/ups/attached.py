"""The UPS that the settings name."""

from __future__ import annotations

from typing import Any

from config.agent_settings import UpsPins, UpsSerial
from device.ups import Ups
from device.ups.contacts import UpsContacts
from device.ups.line import UpsLine


def attach(settings: UpsPins | UpsSerial | None, factory: Any) -> Ups | None:
    """Return the UPS to ask; None where there is none. ``factory`` is gpiozero's pin factory.

    Raises what gpiozero raises where a pin can't be had; a serial line is opened when it is asked.
    """
    match settings:
        case UpsPins():
            return UpsContacts(settings, lambda pin: _input(pin, factory))
        case UpsSerial(port=port):
            return UpsLine(port)
        case None:
            return None


def _input(pin: int, factory: Any) -> Any:
    from gpiozero import DigitalInputDevice

    return DigitalInputDevice(pin, pull_up=True, pin_factory=factory)
