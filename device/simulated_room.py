"""A simulated room: what a person can touch in it, and the agent that lives there.

The agent is the very one that ``run`` starts; only its pins are gpiozero's mock ones, driven by the
contacts of this room. Contacts keep their position while the agent is unplugged, as real ones do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from gpiozero.pins.mock import MockFactory, MockPWMPin

from config.agent_settings import AgentSettings, LampSettings, LinkSettings, ZoneSettings
from config.clock import Now
from config.contract import PANIC_KINDS
from config.rooms import NumberedRoom
from device import lamp
from device.agent import Agent
from device.circuit import is_closed, level
from device.loop import Loop

TAP_S: Final = 0.2
LAMP_PIN: Final = 18
ZONES: Final = (
    ZoneSettings(zone="wall", label="wall button", kind="panic", circuit="no", pin=17),
    ZoneSettings(zone="desk", label="desk button", kind="panic", circuit="no", pin=27),
    ZoneSettings(zone="door", label="door", kind="door", circuit="nc", pin=22),
)


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
        self, room: NumberedRoom, site: str, link: LinkSettings, data: Path, changed: Callable[[], None]
    ) -> None:
        self.room = room
        self.settings = AgentSettings(
            site=site,
            device=room.device,
            room=room.room,
            data=data / room.device,
            pins="mock",
            links=(link,),
            zones=ZONES,
            lamp=LampSettings(pin=LAMP_PIN),
        )
        self._changed = changed
        self._lock = threading.RLock()
        self._active = {zone.zone: False for zone in ZONES}
        self._factory: Any = None
        self._loop: Loop | None = None
        self._thread: threading.Thread | None = None
        self._seen: dict[str, Any] = {}

    # --- what a person does -------------------------------------------------------------------------

    def set_active(self, zone: str, active: bool) -> None:
        """Press or release a button, open or close the door. Raises ``KeyError`` for no such zone."""
        with self._lock:
            self._active[zone]  # raises
            self._active[zone] = active
            if self._factory is not None:
                self._drive(next(each for each in ZONES if each.zone == zone))
        self._changed()

    def tap(self, zone: str) -> None:
        """Press and release."""
        self.set_active(zone, True)
        timer = threading.Timer(TAP_S, self.set_active, (zone, False))
        timer.daemon = True
        timer.start()

    def plug(self) -> None:
        """Give the agent power; nothing if it has."""
        with self._lock:
            if self._loop is not None:
                return
            self._factory = MockFactory(pin_class=ContactPin)
            for zone in ZONES:
                self._drive(zone)
            self._loop = Loop(self.settings, self._factory, watch=self._watch)
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

    def _drive(self, zone: ZoneSettings) -> None:
        closed = is_closed(zone.circuit, "active" if self._active[zone.zone] else "normal")
        self._factory.pin(zone.pin).drive(level(zone.pull, closed=closed))

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
                "condition": seen.get("conditions", {}).get(zone.zone),
            }
            for zone in ZONES
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
            "lamp": seen.get("lamp", {**off, "words": "Starting"}) if plugged else off,
            "zones": zones,
        }

    def _watch(self, agent: Agent, now: Now) -> None:
        """Note what the agent shows; called on its own thread after each turn."""
        factory = self._factory
        if factory is None:
            return
        shown = lamp.show(agent.lamp, now.mono)
        voltage = float(factory.pin(LAMP_PIN).state)
        brightness = self.settings.lamp.brightness if self.settings.lamp else 1.0
        seen = {
            "boot": agent.boot,
            "link": bool(agent.up),
            "outbox": agent.owed,
            "conditions": {name: zone.condition for name, zone in agent.zones.items()},
            "lamp": {
                "pattern": shown.pattern.name,
                "words": shown.pattern.words,
                "light": round(voltage / brightness, 3),
            },
        }
        if seen != self._seen:
            self._seen = seen
            self._changed()
