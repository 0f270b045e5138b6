"""What wires can tell: the bands of an end-of-line resistor, what a circuit can't show, and which pins
a Raspberry Pi uses for something else. Pure; both sides and ``check`` use it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, Literal, NamedTuple

from config.contract import PANIC_KINDS

Condition = Literal["normal", "active", "cut", "short", "conflict"]

ADC_STEPS: Final = 1023
"""The highest reading of the MCP3008's 10 bits (Microchip DS21295, section 1)."""
SUPPLY_V: Final = 3.3
LEAST_GAP: Final = 0.08
"""Two conditions must be this share of full scale apart: 1 % resistors, 1 % of the supply's noise and the
ADC's own error (DS21295: 1 LSB) together stay under 0.02 either side."""
HYSTERESIS: Final = 0.1
"""A reading must be this share of a gap past the middle of it before another band is believed."""


class Band(NamedTuple):
    """One condition of an end-of-line circuit, as shares of the ADC's full scale (0 to 1)."""

    condition: Condition
    ohms: float
    """The circuit's resistance in it; infinite for a cut wire."""
    expected: float
    low: float
    high: float

    @property
    def volts(self) -> float:
        """The voltage expected at the ADC's input."""
        return self.expected * SUPPLY_V


def bands(
    *, contact: Literal["no", "nc"], eol_ohms: float, contact_ohms: float, pull_ohms: float
) -> tuple[Band, ...]:
    """Return the bands of an end-of-line circuit, lowest voltage first; together they hold every reading.

    The edges lie in the middle between two expected readings, so that a wire that has aged still
    means something: in doubt the nearest.
    """
    if contact == "no":
        normal, active = eol_ohms, eol_ohms * contact_ohms / (eol_ohms + contact_ohms)
    else:
        normal, active = eol_ohms, eol_ohms + contact_ohms
    found: list[tuple[float, Condition, float]] = [
        (0.0, "short", 0.0),
        (normal / (normal + pull_ohms), "normal", normal),
        (active / (active + pull_ohms), "active", active),
        (1.0, "cut", float("inf")),
    ]
    found.sort()
    middles = [(one[0] + two[0]) / 2 for one, two in pairwise(found)]
    edges = [0.0, *middles, 1.0]
    return tuple(
        Band(condition, ohms, expected, low, high)
        for (expected, condition, ohms), low, high in zip(found, edges, edges[1:], strict=False)
    )


def least_gap(all_bands: tuple[Band, ...]) -> float:
    """Return how far the two nearest expected readings are apart."""
    return min(two.expected - one.expected for one, two in pairwise(all_bands))


def read_band(all_bands: tuple[Band, ...], reading: float, last: Condition | None) -> Condition:
    """Return the condition that a reading (0 to 1) means, staying with the last one near an edge."""
    for i, band in enumerate(all_bands):
        if band.condition == last:
            below = band.expected - all_bands[i - 1].expected if i else 0.0
            above = all_bands[i + 1].expected - band.expected if i + 1 < len(all_bands) else 0.0
            if band.low - HYSTERESIS * below <= reading <= band.high + HYSTERESIS * above:
                return band.condition
    return next((band.condition for band in all_bands if reading < band.high), all_bands[-1].condition)


def unsupervised(kind: str, circuit: str | None) -> str | None:
    """Return what this zone's wiring can't show, in words; None where every fault of it shows.

    Only for a button: a door's wire that is cut reads as an open door, which somebody looks at.
    """
    if kind not in PANIC_KINDS:
        return None
    return {"no": "wiring not supervised", "nc": "wiring not supervised for a short"}.get(circuit or "")


OTHER_USES: Final[dict[int, str]] = {
    0: "the ID EEPROM of an add-on board",
    1: "the ID EEPROM of an add-on board",
    2: "I2C (SDA1), with a 1.8 kilohm pull-up on the board",
    3: "I2C (SCL1), with a 1.8 kilohm pull-up on the board",
    7: "SPI 0 (CE1)",
    8: "SPI 0 (CE0)",
    9: "SPI 0 (MISO)",
    10: "SPI 0 (MOSI)",
    11: "SPI 0 (SCLK)",
    14: "the serial console (TXD)",
    15: "the serial console (RXD)",
}
"""Functions that pins have besides; from the Raspberry Pi documentation, "GPIO and the 40-pin header"."""
EEPROM_PINS: Final = frozenset({0, 1})
SPI_PINS: Final = frozenset({9, 10, 11})
CHIP_SELECT: Final = {0: 8, 1: 7}
"""The pin of each chip enable of SPI 0."""

HEADER: Final[dict[int, int]] = {
    2: 3, 3: 5, 4: 7, 14: 8, 15: 10, 17: 11, 18: 12, 27: 13, 22: 15, 23: 16, 24: 18, 10: 19, 9: 21,
    25: 22, 11: 23, 8: 24, 7: 26, 0: 27, 1: 28, 5: 29, 6: 31, 12: 32, 13: 33, 19: 35, 16: 36, 26: 37,
    20: 38, 21: 40,
}  # fmt: skip
"""GPIO number to position on the 40-pin header."""
GROUNDS: Final = (6, 9, 14, 20, 25, 30, 34, 39)
"""Positions of ground on the header."""
