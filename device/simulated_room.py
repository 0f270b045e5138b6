"""A simulated room: what a person can touch in it, and the agent that lives there.

The agent is the very one that ``run`` starts; only its pins are gpiozero's mock ones, driven by the
contacts and wires of this room. They keep their position while the agent is unplugged, as real ones do.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

from gpiozero.pins.mock import MockFactory, MockPWMPin

from config.agent_settings import AdcSettings, AgentSettings, LampSettings, LinkSettings, ZoneSettings
from config.clock import Now
from config.contract import (
    PANIC_KINDS,
    Command,
    Posture,
    encode,
)
from config.rooms import NumberedRoom
from config.topics import device_topic
from config.wiring import unsupervised
from device import lamp, starts
from device.agent import Agent
from device.circuit import Reading, Wiring, level
from device.facts import Heard
from device.loop import Loop
from device.signals import ROOM
from device.simulated_machine import SimulatedMachine

TAP_S: Final = 0.2
LAMP_PIN: Final = 18
WALL: Final = ZoneSettings(zone="wall", label="wall button", kind="panic", circuit="pair", pin=17, nc_pin=23)
DESK: Final = ZoneSettings(zone="desk", label="desk button", kind="panic", circuit="no", pin=27)
DOOR: Final = ZoneSettings(zone="door", label="door", kind="door", circuit="nc", pin=22)
DESK_EOL: Final = ZoneSettings(
    zone="desk", label="desk button", kind="panic", circuit="eol", channel=0, haptic_pin=24
)
ZONES: Final = (WALL, DESK, DOOR)
FIRST_ROOM: Final = (WALL, DESK_EOL, DOOR)
"""The first room's desk button is on an end-of-line resistor, with a motor in it."""

Wire = Literal["well", "cut", "short"]
WIRES: Final[dict[str, Wire]] = {"cut": "cut", "short": "short", "mend": "well"}
"""What can be done to a zone's wire."""


class SimulatedFactory(MockFactory):  # type: ignore[misc]  # gpiozero has no types
    """Mock pins, and the voltages at an ADC's inputs as shares of full scale."""

    def __init__(self) -> None:
        super().__init__(pin_class=ContactPin)
        self.voltages: dict[int, float] = {}


def reads(zone: ZoneSettings, *, active: bool, wire: Wire) -> Reading:
    """Return what a zone's pins read: its contact by position, and its wire as it is.

    Of a ``pair`` the wire of the contact that opens when pressed is cut, or both contacts are shorted
    together; of the others the one wire there is.
    """
    well = Wiring(zone).reading("active" if active else "normal")
    if wire == "well":
        return well
    if zone.circuit == "pair":
        return (active, False) if wire == "cut" else (True, True)
    if zone.circuit == "eol":
        return 1.0 if wire == "cut" else 0.0
    return wire == "short"


class ContactPin(MockPWMPin):  # type: ignore[misc]  # gpiozero has no types
    """A mock pin with a contact wired to it, which outweighs the pin's own pull."""

    contact: bool | None = None

    def drive(self, high: bool) -> None:
        """Set the voltage that the contact puts on the pin."""
        self.contact = high
        if high:
            self.drive_high()
        else:
            self.drive_low()

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        if self.contact is not None:
            self.drive(self.contact)


class SimulatedRoom:
    """One room; safe to use from any thread."""

    def __init__(
        self,
        room: NumberedRoom,
        site: str,
        link: LinkSettings,
        data: Path,
        changed: Callable[[], None],
        zones: tuple[ZoneSettings, ...] = ZONES,
    ) -> None:
        self.room = room
        self.zones = {zone.zone: zone for zone in zones}
        self.settings = AgentSettings(
            site=site,
            device=room.device,
            room=room.room,
            data=data / room.device,
            pins="mock",
            links=(link,),
            zones=zones,
            adc=AdcSettings() if any(zone.circuit == "eol" for zone in zones) else None,
            lamp=LampSettings(pin=LAMP_PIN),
        )
        self.machine = SimulatedMachine()
        self._changed = changed
        self._lock = threading.RLock()
        self._active = dict.fromkeys(self.zones, False)
        self._wires: dict[str, Wire] = dict.fromkeys(self.zones, "well")
        self._factory: Any = None
        self._loop: Loop | None = None
        self._thread: threading.Thread | None = None
        self._seen: dict[str, Any] = {}

    # --- what a person does -------------------------------------------------------------------------

    def set_active(self, zone: str, active: bool) -> None:
        """Press or release a button, open or close the door. Raises ``KeyError`` for no such zone."""
        with self._lock:
            self.zones[zone]  # raises
            self._active[zone] = active
            self._drive(zone)
        self._changed()

    def set_wire(self, zone: str, wire: Wire) -> None:
        """Cut, short or mend the wire of a zone. Raises ``KeyError`` for no such zone."""
        with self._lock:
            self.zones[zone]  # raises
            self._wires[zone] = wire
            self._drive(zone)
        self._changed()

    def tap(self, zone: str) -> None:
        """Press and release."""
        self.set_active(zone, True)
        timer = threading.Timer(TAP_S, self.set_active, (zone, False))
        timer.daemon = True
        timer.start()

    def brown_out(self, under: bool) -> None:
        """Let the supply sag, or be well again; the next health tells."""
        self.machine.under_voltage = under
        self._changed()

    def command(self, do: Literal["identify", "walk-test"], for_s: float) -> None:
        """Tell the agent what a hub would tell it; nothing while it has no power."""
        with self._lock:
            if self._loop is None:
                return
            command = Command(v=1, id=f"by-hand-{secrets.token_hex(4)}", do=do, for_s=for_s)
            topic = device_topic(self.settings.site, self.settings.device, "command")
            link = self.settings.links[0].name
            self._loop.hear(
                Heard(mono=time.monotonic(), link=link, topic=topic, payload=encode(command), retained=False)
            )

    def plug(self) -> None:
        """Give the agent power; nothing if it has."""
        with self._lock:
            if self._loop is not None:
                return
            factory = self._factory = SimulatedFactory()
            for zone in self.zones:
                self._drive(zone)
            self._loop = Loop(self.settings, lambda: factory, watch=self._watch, machine=self.machine)
            self._thread = threading.Thread(
                target=self._loop.run, name=f"agent {self.room.device}", daemon=True
            )
            self._thread.start()
        self._changed()

    def unplug(self) -> None:
        """Take its power away: nothing is finished, and the broker speaks its will."""
        with self._lock:
            loop, thread = self._take()
            if loop is not None and thread is not None:
                loop.cut()
                thread.join(10.0)
                # The count of crashes lies in memory, which goes with the power.
                (self.settings.data / starts.FILE).unlink(missing_ok=True)
        self._changed()

    def stop(self) -> None:
        """End the agent in good order."""
        with self._lock:
            loop, thread = self._take()
            if loop is not None and thread is not None:
                loop.stop()
                thread.join(10.0)

    def _take(self) -> tuple[Loop | None, threading.Thread | None]:
        loop, thread = self._loop, self._thread
        self._loop = self._thread = self._factory = None
        self._seen = {}
        return loop, thread

    def _drive(self, zone: str) -> None:
        """Put on the pins what the contact and the wire make of them."""
        if self._factory is None:
            return
        settings = self.zones[zone]
        reading = reads(settings, active=self._active[zone], wire=self._wires[zone])
        if settings.circuit == "eol":
            self._factory.voltages[settings.channel] = reading
            return
        closed = reading if isinstance(reading, tuple) else (reading,)
        for pin, is_closed in zip((settings.pin, settings.nc_pin), closed, strict=False):
            self._factory.pin(pin).drive(level(settings.pull, closed=bool(is_closed)))

    # --- what can be seen -----------------------------------------------------------------------------

    def look(self) -> dict[str, Any]:
        """Return what the page shows of this room."""
        seen, plugged = self._seen, self._loop is not None
        zones = [
            {
                "zone": zone.zone,
                "label": zone.label,
                "kind": zone.kind,
                "button": zone.kind in PANIC_KINDS,
                "active": self._active[zone.zone],
                "wire": self._wires[zone.zone],
                "circuit": zone.circuit,
                "wiring": unsupervised(zone.kind, zone.circuit),
                **seen.get("zones", {}).get(zone.zone, {"condition": None}),
            }
            for zone in self.zones.values()
        ]
        off = {"pattern": "off", "words": "No power: unplugged", "light": 0.0}
        return {
            "device": self.room.device,
            "room": self.room.room,
            "building": self.room.building,
            "floor": self.room.floor,
            "plugged": plugged,
            "link": bool(seen.get("link")),
            "outbox": seen.get("outbox", 0),
            "boot": seen.get("boot"),
            "brown_out": self.machine.under_voltage,
            "posture": seen.get("posture") if plugged else None,
            "walk_test": any(zone.get("walk_test") for zone in zones),
            "lamp": seen.get("lamp", {**off, "words": "Starting"}) if plugged else off,
            "zones": zones,
        }

    def _watch(self, agent: Agent, now: Now) -> None:
        """Note what the agent shows; called on its own thread after each turn."""
        factory = self._factory
        if factory is None:
            return
        shown = lamp.show(agent.signals.lamps[ROOM], now.mono)
        voltage = float(factory.pin(LAMP_PIN).state)
        brightness = self.settings.lamp.brightness if self.settings.lamp else 1.0
        seen = {
            "boot": agent.boot,
            "link": bool(agent.up),
            "outbox": agent.owed,
            "posture": _heard(agent.posture),
            "zones": {
                name: {
                    "condition": zone.condition,
                    "walk_test": agent.walk_test.has(name),
                    "felt": self._felt(factory, name),
                }
                for name, zone in agent.zones.items()
            },
            "lamp": {
                "pattern": shown.pattern.name,
                "words": shown.pattern.words,
                "light": round(voltage / brightness, 3),
            },
        }
        if seen != self._seen:
            self._seen = seen
            self._changed()

    def _felt(self, factory: Any, zone: str) -> bool:
        """Whether the motor in a button turns."""
        pin = self.zones[zone].haptic_pin
        return pin is not None and bool(factory.pin(pin).state)


def _heard(posture: Posture | None) -> dict[str, object] | None:
    return None if posture is None else {"posture": posture.posture, "drill": posture.drill}
