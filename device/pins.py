"""The pins, by gpiozero: contacts in, the lamp out. Callbacks only enqueue facts.

gpiozero's own choice of a factory falls back in silence from one library to the next, so ours is
named. Its debouncing isn't used: settling is our own (:mod:`device.zone`).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any, Literal

from config.agent_settings import AgentSettings, ZoneSettings
from device.facts import Contact, Fact


class PinsError(OSError):
    """The pins can't be used; the message says which, why and what to do."""


def open_factory(name: Literal["lgpio", "mock"]) -> Any:
    """Return gpiozero's pin factory of this name, and no other.

    ``import lgpio`` makes a FIFO in the current folder, or in ``LG_WD``, and *changes into it*: paths
    must be absolute from here on. Raises :class:`PinsError`.
    """
    if name == "mock":
        from gpiozero.pins.mock import MockFactory, MockPWMPin

        return MockFactory(pin_class=MockPWMPin)
    os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY") or tempfile.gettempdir())
    try:
        from gpiozero.pins.lgpio import LGPIOFactory

        return LGPIOFactory()
    except ImportError as error:
        raise PinsError(f'lgpio can\'t be loaded ({error}); install it, or set pins = "mock"') from error
    except Exception as error:  # lgpio and gpiozero raise errors of many families here
        cure = 'run on a Raspberry Pi, as a member of the group gpio, or set pins = "mock"'
        raise PinsError(f"GPIO can't be opened ({type(error).__name__}: {error}); {cure}") from error


class Pins:
    """The zones' contacts and the lamp of one agent."""

    def __init__(self, settings: AgentSettings, put: Callable[[Fact], None], factory: Any) -> None:
        """Claim every pin. Raises :class:`PinsError` naming the one that can't be had."""
        self._put = put
        self._factory = factory
        self._contacts: dict[str, Any] = {}
        self._lamp: Any = None
        self._brightness = settings.lamp.brightness if settings.lamp else 0.0
        from gpiozero import PWMLED, DigitalInputDevice

        for zone in settings.zones:
            with _named(f"zone {zone.zone}, GPIO {zone.pin}", self.close):
                self._contacts[zone.zone] = DigitalInputDevice(
                    zone.pin, pull_up=zone.pull == "up", pin_factory=factory
                )
        if settings.lamp is not None:
            with _named(f"lamp, GPIO {settings.lamp.pin}", self.close):
                self._lamp = PWMLED(settings.lamp.pin, pin_factory=factory)
        self._zones: tuple[ZoneSettings, ...] = settings.zones

    def start(self) -> None:
        """Report every contact as it is now, and from now on each of its moves."""
        for zone, contact in self._contacts.items():
            contact.when_activated = self._moved(zone, closed=True)
            contact.when_deactivated = self._moved(zone, closed=False)
        for zone, closed in self.read().items():
            self._put(Contact(mono=time.monotonic(), zone=zone, closed=closed, first=True))

    def read(self) -> dict[str, bool]:
        """Return each zone's contact as it is now: True is closed."""
        return {zone: bool(contact.is_active) for zone, contact in self._contacts.items()}

    def light(self, level: float) -> None:
        """Set the lamp, 0 to 1 of its brightness."""
        if self._lamp is not None:
            self._lamp.value = level * self._brightness

    def close(self) -> None:
        """Let the pins go, and put the lamp out."""
        for device in [*self._contacts.values(), self._lamp]:
            if device is not None:
                with contextlib.suppress(Exception):
                    device.close()
        with contextlib.suppress(Exception):
            self._factory.close()

    def _moved(self, zone: str, *, closed: bool) -> Callable[[], None]:
        put = self._put

        def moved() -> None:
            put(Contact(mono=time.monotonic(), zone=zone, closed=closed))

        return moved


@contextlib.contextmanager
def _named(who: str, undo: Callable[[], None]) -> Any:
    try:
        yield
    except Exception as error:
        undo()
        raise PinsError(f"{who}: {type(error).__name__}: {error}") from error
