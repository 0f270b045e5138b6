"""One room with every circuit, and pins that a test moves."""

from __future__ import annotations

from typing import Any

from config.agent_checks import check_agent
from config.agent_settings import AgentSettings
from config.settings import read
from device.circuit import Reading

NORMAL: dict[str, Reading] = {
    "wall": False,
    "desk": (False, True),
    "window": 0.5,
    "store": 0.5,
    "door": True,
}
"""Every zone at rest, the door shut."""
ACTIVE: dict[str, Reading] = {
    "wall": True,
    "desk": (True, False),
    "window": 1 / 3,
    "store": 2 / 3,
    "door": False,
}


def room(**changes: Any) -> AgentSettings:
    """Return settings with a zone of each circuit, and every output; a change to None leaves out."""
    table: dict[str, Any] = {
        "site": "lincoln",
        "device": "room-101",
        "room": "Room 101",
        "data": "/var/lib/tocsin/agent",
        "links": [{}],
        "adc": {},
        "lamp": {"pin": 18},
        "sounder": {"pin": 25},
        "strobe": {"pin": 12, "postures": ["lockdown"]},
        "zones": [
            {"zone": "wall", "label": "wall button", "kind": "panic", "circuit": "no", "pin": 17},
            {"zone": "desk", "kind": "panic", "circuit": "pair", "pin": 27, "nc_pin": 23, "haptic_pin": 24},
            {"zone": "window", "kind": "assist", "circuit": "eol", "channel": 0},
            {"zone": "store", "kind": "panic", "circuit": "eol", "channel": 1, "contact": "nc"},
            {"zone": "door", "kind": "door", "circuit": "nc", "pin": 22},
        ],
    }
    table = {key: value for key, value in {**table, **changes}.items() if value is not None}
    return read(table, AgentSettings, check_agent)


class WiredPins:
    """Pins whose readings a test sets; what is driven is kept."""

    def __init__(self, readings: dict[str, Reading] | None = None) -> None:
        self.readings = dict(readings or NORMAL)
        self.unreadable: dict[str, str] = {}
        self.faults: dict[str, str] = {}
        self.ups: Any = None
        self.driven: list[tuple[str, float]] = []
        self.closed = False

    def read(self) -> dict[str, Reading]:
        return {zone: read for zone, read in self.readings.items() if zone not in self.unreadable}

    def drive(self, output: str, level: float) -> None:
        self.driven.append((output, level))

    def close(self) -> None:
        self.closed = True
