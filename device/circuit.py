"""What a circuit reads: how a contact is wired decides what its position means.

One table a circuit. A table maps what is read off the pins to a condition; ``eol`` reads a voltage,
whose bands are reckoned from the resistors by :mod:`config.wiring`.
"""

from __future__ import annotations

from typing import Final, Literal

from config.agent_settings import ZoneSettings
from config.wiring import Band, Condition, bands, read_band

Reading = bool | tuple[bool, bool] | float
"""``no`` and ``nc``: whether the contact is closed. ``pair``: whether the contact that closes when active
is, and the one that opens. ``eol``: the voltage, as a share of full scale (0 to 1)."""
Pull = Literal["up", "down"]

NO: Final[dict[Reading, Condition]] = {
    # contact closed?
    False: "normal",
    True: "active",
}
"""A contact that is open at rest and closes when active: a plain button. A cut wire reads as normal."""

NC: Final[dict[Reading, Condition]] = {
    # contact closed?
    True: "normal",
    False: "active",
}
"""A contact that is closed at rest and opens when active: a reed contact on a shut door. A cut wire
reads as active, a short as normal."""

PAIR: Final[dict[Reading, Condition]] = {
    # closes when active, opens when active
    (False, True): "normal",
    (True, False): "active",
    (False, False): "cut",
    (True, True): "short",
}
"""A changeover's two contacts: of four positions two can only be faults, or a press with a fault."""

TABLES: Final[dict[str, dict[Reading, Condition]]] = {"no": NO, "nc": NC, "pair": PAIR}
FAULTS: Final[frozenset[Condition]] = frozenset({"cut", "short", "conflict"})


def bands_of(zone: ZoneSettings) -> tuple[Band, ...]:
    """Return the bands of an ``eol`` zone; none for any other."""
    if zone.circuit != "eol":
        return ()
    return bands(
        contact=zone.contact,
        eol_ohms=zone.eol_ohms,
        contact_ohms=zone.contact_ohms,
        pull_ohms=zone.pull_ohms,
    )


class Wiring:
    """How one zone is wired: what its readings mean."""

    def __init__(self, zone: ZoneSettings) -> None:
        self._table = TABLES.get(zone.circuit)
        self._bands = bands_of(zone)

    def condition(self, reading: Reading, last: Condition | None = None) -> Condition:
        """Return what a reading means; near the edge of a band it is what was ``last`` read."""
        if self._table is not None:
            return self._table[reading]
        return read_band(self._bands, float(reading) if not isinstance(reading, tuple) else 1.0, last)

    def reading(self, wanted: Condition) -> Reading:
        """Return what reads as ``wanted``. Raises ``KeyError`` when nothing of this circuit does."""
        if self._table is not None:
            return {found: reading for reading, found in self._table.items()}[wanted]
        return {band.condition: band.expected for band in self._bands}[wanted]


def level(pull: Pull, *, closed: bool) -> bool:
    """Return the voltage (high is True) on a pin whose contact is closed or open."""
    return closed is (pull == "down")
