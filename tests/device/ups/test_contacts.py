"""A UPS's contacts, on gpiozero's mock pins."""

from __future__ import annotations

from typing import Any

import pytest
from gpiozero import DigitalInputDevice, GPIOPinInUse
from gpiozero.pins.mock import MockFactory

from config.agent_settings import UpsPins
from device.ups import UpsStatus
from device.ups.contacts import UpsContacts


def attach(settings: UpsPins, factory: MockFactory) -> UpsContacts:
    return UpsContacts(settings, lambda pin: DigitalInputDevice(pin, pull_up=True, pin_factory=factory))


def test_contacts_to_ground() -> None:
    """The pull-up is on, so an open contact is high."""
    factory = MockFactory()
    ups = attach(UpsPins(on_battery_pin=5, low_pin=6), factory)
    assert ups.read() == UpsStatus(False, False)
    factory.pin(5).drive_low()
    assert ups.read() == UpsStatus(True, False)
    factory.pin(6).drive_low()
    assert ups.read() == UpsStatus(True, True)
    factory.pin(5).drive_high()
    assert ups.read() == UpsStatus(False, True)


def test_contacts_that_open() -> None:
    """With ``active = "high"`` a wire that is cut says "on battery", not "on mains"."""
    factory = MockFactory()
    ups = attach(UpsPins(on_battery_pin=5, active="high"), factory)
    assert ups.read() == UpsStatus(True, None)
    factory.pin(5).drive_low()
    assert ups.read() == UpsStatus(False, None)


def test_what_is_closed_may_be_used_again() -> None:
    factory = MockFactory()
    ups = attach(UpsPins(on_battery_pin=5, low_pin=6), factory)
    ups.close()
    DigitalInputDevice(5, pull_up=True, pin_factory=factory)
    DigitalInputDevice(6, pull_up=True, pin_factory=factory)


def test_a_pin_that_cant_be_had_holds_no_other() -> None:
    factory = MockFactory()
    other = DigitalInputDevice(6, pull_up=True, pin_factory=factory)
    with pytest.raises(GPIOPinInUse):
        attach(UpsPins(on_battery_pin=5, low_pin=6), factory)
    DigitalInputDevice(5, pull_up=True, pin_factory=factory)
    other.close()


def test_a_pin_that_wont_close_keeps_no_other() -> None:
    """The end of the agent goes on."""
    closed: list[int] = []

    class Stubborn:
        is_active = False

        def __init__(self, pin: int) -> None:
            self.pin = pin

        def close(self) -> None:
            closed.append(self.pin)
            raise OSError("busy")

    def make(pin: int) -> Any:
        return Stubborn(pin)

    UpsContacts(UpsPins(on_battery_pin=5, low_pin=6), make).close()
    assert closed == [5, 6]
