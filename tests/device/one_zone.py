"""One zone, whose circuit a test lets read what it likes."""

from __future__ import annotations

from typing import Any

from config.agent_settings import ZoneSettings
from config.wiring import Condition
from device.circuit import Wiring
from device.decided import Decided
from device.zone import Zone

PINS: dict[str, dict[str, Any]] = {
    "no": {"pin": 17},
    "nc": {"pin": 17},
    "pair": {"pin": 17, "nc_pin": 23},
    "eol": {"channel": 0},
}
Told = list[tuple[str, float, str | None]]


class Wired:
    """A zone whose circuit is made to read conditions."""

    def __init__(self, circuit: str = "pair", kind: str = "panic", **settings: Any) -> None:
        made: dict[str, Any] = {"zone": "z", "kind": kind, "circuit": circuit, **PINS[circuit], **settings}
        self.settings = ZoneSettings(**made)
        self.zone = Zone(self.settings)
        self.wiring = Wiring(self.settings)
        self.decided: list[Decided] = []

    def first(self, condition: Condition, at: float = 0.0) -> Wired:
        self.decided += self.zone.contact(at, self.wiring.reading(condition), "first")
        return self

    def reads(self, *moves: tuple[float, Condition], until: float) -> Told:
        """Let the circuit read these conditions; returns what was told: what, when, cause."""
        for at, condition in moves:
            self.decided += self.zone.contact(at, self.wiring.reading(condition))
        self.decided += self.zone.advance(until)
        told, self.decided = self.decided, []
        return [(each.what, round(each.at, 3), each.cause) for each in told]


def flicker(
    first: Condition, first_s: float, then: Condition, then_s: float, start: float, end: float
) -> list[tuple[float, Condition]]:
    """A circuit that reads this and that in turn, from a start until an end."""
    moves: list[tuple[float, Condition]] = []
    while start < end:
        moves += [(start, first), (start + first_s, then)]
        start += first_s + then_s
    return moves
