"""The pins, by gpiozero: contacts in, lamps and other outputs out. Callbacks only enqueue facts.

gpiozero's own choice of a factory falls back in silence from one library to the next, so ours is
named. Its debouncing isn't used (settling is our own, :mod:`device.zone`), nor its ``when_activated``:
that tells only changes of what it believes itself, so that a lost release would swallow the next press.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

from config.agent_settings import AgentSettings, UpsPins, ZoneSettings
from config.this_user import this_user
from device.adc import DEVICES, Adc, AdcError, open_adc
from device.circuit import Reading
from device.facts import Contact, Fact, How, Unreadable
from device.lgpio_words import silence
from device.ups.contacts import UpsContacts

SAMPLE_S: Final = 0.02
"""Between two readings of the ADC: a press rests through two of them within the settle time of 40 ms."""
STEP: Final = 0.01
"""A change of voltage, as a share of full scale, that is told: half the least hysteresis of a band."""

EDGE_LATE_S: Final = 10.0
"""An edge's stamp that is further from now is of another clock, and not believed."""


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

        silence()  # what it says as it is imported, of LG_WD, is still heard
        return LGPIOFactory()
    except ImportError as error:
        raise PinsError(f'lgpio can\'t be loaded ({error}); install it, or set pins = "mock"') from error
    except Exception as error:  # lgpio and gpiozero raise errors of many families here
        refused = _refused()
        if refused is not None:
            raise PinsError(refused) from error
        cure = 'run on a Raspberry Pi, as a member of the group gpio, or set pins = "mock"'
        raise PinsError(f"GPIO can't be opened ({type(error).__name__}: {error}); {cure}") from error


def _refused() -> str | None:
    """Say that the chips are there and this user may use none; None where that isn't it."""
    chips = sorted(DEVICES.glob("gpiochip*"))
    if not chips or any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        return None
    user = this_user()
    return f"user {user} may not use {chips[0]}; put it into the group gpio: sudo usermod -aG gpio {user}"


class Pins:
    """The zones' contacts and the outputs of one agent; what can't be claimed costs only itself."""

    def __init__(self, settings: AgentSettings, put: Callable[[Fact], None], factory: Any) -> None:
        """Claim every pin; ``unreadable`` and ``faults`` name those that can't be had."""
        self.unreadable: dict[str, str] = {}
        """Zones that can't be read, and why."""
        self.faults: dict[str, str] = {}
        """Outputs that can't be driven, and why."""
        self._settings = settings
        self._put = put
        self._factory = factory
        self._brightness = settings.brightness
        self._lock = threading.Lock()  # no edge is overtaken by a reading that began before it
        self._ended = threading.Event()
        self._contacts: dict[str, tuple[_Contact, ...]] = {}
        self._inputs: dict[str, Adc] = {}
        self._outputs: dict[str, Any] = {}
        self._told: dict[str, float] = {}
        for zone in settings.zones:
            self._claim(zone)
        for output, pin in outputs(settings).items():
            self._claim_output(output, pin)
        self.ups: UpsContacts | None = None
        self._claim_ups()

    def _claim_ups(self) -> None:
        from gpiozero import DigitalInputDevice

        ups = self._settings.ups
        if isinstance(ups, UpsPins):
            with _noting(self.faults, "ups", f"GPIO {ups.on_battery_pin}"):
                self.ups = UpsContacts(
                    ups, lambda pin: DigitalInputDevice(pin, pull_up=True, pin_factory=self._factory)
                )

    def _claim(self, zone: ZoneSettings) -> None:
        with _noting(self.unreadable, zone.zone, _where(zone)):
            if zone.circuit == "eol":
                self._inputs[zone.zone] = open_adc(self._factory, self._settings, zone.channel or 0)
                return
            pins = [pin for pin in (zone.pin, zone.nc_pin) if pin is not None]
            self._contacts[zone.zone] = tuple(_Contact(pin, zone.pull, self._factory) for pin in pins)

    def _claim_output(self, output: str, pin: int) -> None:
        from gpiozero import PWMLED, DigitalOutputDevice

        with _noting(self.faults, output, f"GPIO {pin}"):
            kind = PWMLED if output.startswith("lamp") else DigitalOutputDevice
            self._outputs[output] = kind(pin, pin_factory=self._factory)

    def start(self) -> None:
        """Report every zone as it is now, and from now on each of its moves."""
        for zone in self._contacts:
            self._listen(zone)
        self.look("first")
        if any(zone.circuit == "eol" for zone in self._settings.zones):  # also one that can't be had yet
            threading.Thread(target=self._sample, name="adc", daemon=True).start()

    def look(self, how: How = "again") -> None:
        """Read every zone, and report what it reads; a zone that can't be read is reported as that."""
        # Stamped before it is read: an edge that comes meanwhile is the later word.
        now = time.monotonic()
        for zone, reading in self.read().items():
            self._put(Contact(mono=now, zone=zone, reading=reading, how=how))
        for zone, why in self.unreadable.items():
            self._put(Unreadable(mono=now, zone=zone, why=why))

    def retry(self) -> None:
        """Claim anew what couldn't be had, or has failed."""
        for zone in self._settings.zones:
            if zone.zone in self.unreadable:
                for contact in self._contacts.pop(zone.zone, ()):
                    _close(contact)
                _close(self._inputs.pop(zone.zone, None))
                self.unreadable.pop(zone.zone)
                self._claim(zone)
                if zone.zone in self._contacts:
                    self._listen(zone.zone)
        for output, pin in outputs(self._settings).items():
            if output in self.faults:
                _close(self._outputs.pop(output, None))
                self.faults.pop(output)
                self._claim_output(output, pin)
        if self.faults.pop("ups", None) is not None:
            self._claim_ups()

    def read(self) -> dict[str, Reading]:
        """Return what each zone that can be read reads now; ``unreadable`` names the others."""
        readings: dict[str, Reading] = {}
        for zone in self._contacts:
            with _noting(self.unreadable, zone, "reading it"):
                readings[zone] = self._read(zone)
        for zone, adc in self._inputs.items():
            with _noting(self.unreadable, zone, "reading the ADC"):
                readings[zone] = adc.read()
        for zone in readings:
            self.unreadable.pop(zone, None)
        return readings

    def drive(self, output: str, level: float) -> None:
        """Set an output (see :class:`device.actions.Drive`); nothing where there is none of this name."""
        device = self._outputs.get(output)
        if device is None:
            return
        with _noting(self.faults, output, "driving it"):
            device.value = level * self._brightness if output.startswith("lamp") else level > 0
            self.faults.pop(output, None)

    @property
    def is_dead(self) -> bool:
        """Whether nothing that is on the chip's own pins works: the chip is gone."""
        if self._contacts:
            return all(zone in self.unreadable for zone in self._contacts)
        return bool(self._outputs) and all(output in self.faults for output in self._outputs)

    def close(self) -> None:
        """Let the pins go, and put every lamp out."""
        self._ended.set()
        contacts = [contact for zone in self._contacts.values() for contact in zone]
        for device in [*self._outputs.values(), *contacts, *self._inputs.values(), self.ups]:
            _close(device)
        _let_go(self._factory)

    def _listen(self, zone: str) -> None:
        with _noting(self.unreadable, zone, "listening to it"):
            for contact in self._contacts[zone]:
                contact.listen(self._moved(zone))
            self._read(zone)  # the edge of one contact tells of both, also before the next look

    # --- on threads of their own ------------------------------------------------------------------------

    def _moved(self, zone: str) -> Callable[[_Contact, bool, float], None]:
        """Return what an edge calls; it must not raise, or lgpio's thread would end."""

        def moved(contact: _Contact, closed: bool, at: float) -> None:
            now = time.monotonic()
            # The kernel's own stamp: a callback that is late must not make a press look shorter.
            if 0.0 <= now - at < EDGE_LATE_S:
                now = at
            with contextlib.suppress(Exception), self._lock:
                contact.closed = closed
                if not self._ended.is_set():
                    self._put(Contact(mono=now, zone=zone, reading=self._now(zone)))

        return moved

    def _now(self, zone: str) -> Reading:
        closed = tuple(contact.closed for contact in self._contacts[zone])
        return (closed[0], closed[1]) if len(closed) == 2 else closed[0]

    def _read(self, zone: str) -> Reading:
        with self._lock:
            for contact in self._contacts[zone]:
                contact.read()
            return self._now(zone)

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            for zone, adc in list(self._inputs.items()):
                now = time.monotonic()
                volts = None
                with contextlib.suppress(Exception):  # the next look reports it; this thread goes on
                    volts = adc.read()
                if volts is not None and abs(volts - self._told.get(zone, -1.0)) >= STEP:
                    self._told[zone] = volts
                    self._put(Contact(mono=now, zone=zone, reading=volts))


class _Contact:
    """One contact on one pin."""

    def __init__(self, pin: int, pull: Literal["up", "down"], factory: Any) -> None:
        from gpiozero import InputDevice

        self._device: Any = InputDevice(pin, pull_up=pull == "up", pin_factory=factory)
        self._closed_is_high = pull == "down"
        self._heard: Callable[[float, Any], None] | None = None
        self.closed = False
        """As its last edge or reading had it."""

    def listen(self, moved: Callable[[_Contact, bool, float], None]) -> None:
        """Call ``moved`` at each edge: whether the contact is closed since, and when that was."""

        def heard(at: float, high: Any) -> None:
            moved(self, bool(high) is self._closed_is_high, at)

        self._heard = heard  # gpiozero keeps no strong reference
        self._device.pin.bounce = None
        self._device.pin.edges = "both"
        self._device.pin.when_changed = heard

    def read(self) -> None:
        self.closed = bool(self._device.pin.state) is self._closed_is_high

    def close(self) -> None:
        self._device.close()


def outputs(settings: AgentSettings) -> dict[str, int]:
    """Return the pin of every output that the settings have."""
    pins: dict[str, int | None] = {"lamp": settings.lamp.pin if settings.lamp else None}
    for zone in settings.zones:
        pins |= {f"lamp {zone.zone}": zone.lamp_pin, f"haptic {zone.zone}": zone.haptic_pin}
    pins["sounder"] = settings.sounder.pin if settings.sounder else None
    pins["strobe"] = settings.strobe.pin if settings.strobe else None
    return {output: pin for output, pin in pins.items() if pin is not None}


def _close(device: Any) -> None:
    if device is not None:
        with contextlib.suppress(Exception):
            device.close()


def _let_go(factory: Any) -> None:
    """Close a factory; a chip that is gone fails half-way, and its handle would make lgpio cry for ever."""
    try:
        factory.close()
    except Exception:  # noqa: BLE001 - of many families
        handle = getattr(factory, "_handle", None)
        if handle is not None:
            import lgpio

            with contextlib.suppress(Exception):
                lgpio.gpiochip_close(handle)


def _where(zone: ZoneSettings) -> str:
    if zone.circuit == "eol":
        return f"input {zone.channel} of the ADC"
    return f"GPIO {zone.pin}" + (f" and {zone.nc_pin}" if zone.nc_pin is not None else "")


@contextlib.contextmanager
def _noting(faults: dict[str, str], who: str, where: str) -> Iterator[None]:
    try:
        yield
    except AdcError as error:
        faults[who] = f"{where}: {error}"
    except Exception as error:  # noqa: BLE001 - lgpio and gpiozero raise errors of many families
        faults[who] = f"{where}: {type(error).__name__}: {error}"
