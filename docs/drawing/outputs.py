"""The circuits of what the agent drives: lamp, motor, sounder, strobe relay.

Currents: a pin gives at most 16 mA, so an LED hangs on it and nothing else does. The base of the
transistor gets (3.3 V - 0.7 V) / 1 kilohm = 2.6 mA, which with a BC337-25 (gain 160 at least) holds
100 mA with room to spare.
"""

from __future__ import annotations

from typing import Final

from config.wiring import HEADER
from docs.drawing import parts
from docs.drawing.parts import MINUS, block, ohms, resistor, screw
from docs.drawing.sheet import Kind, Sheet
from docs.drawing.svg import INK, text

LAMP, HAPTIC, SOUNDER, STROBE = 18, 24, 25, 12
"""GPIOs of the pictures, the same as in the page's settings."""
LAMP_OHMS: Final = 330
"""(3.3 V - 2.0 V) / 330 ohms = 3.9 mA through a red, amber or yellow LED."""
BASE_OHMS, HOLD_OHMS, MOTOR_OHMS = 1000, 10_000, 22


def lamp() -> str:
    """Return an LED with its series resistor."""
    sheet = Sheet("The lamp: an LED with its resistor")
    x, signal = sheet.terminal(HEADER[LAMP], 160)
    _, ground = sheet.terminal(6, 240)
    sheet.wire(f"M{x} {signal} H340 V186 H380", "signal")
    sheet.wire(f"M{x} {ground} H340 V214 H380", "ground")
    sheet.add(
        resistor(272, signal, LAMP_OHMS),
        *parts.led(380, 200),
        text(272, signal - 16, ohms(LAMP_OHMS), bold=True, anchor="middle"),
        text(396, 158, "long leg (+)", size=13, anchor="middle"),
        text(396, 248, f"short leg ({MINUS}),", size=13, anchor="middle"),
        text(396, 265, "flat side", size=13, anchor="middle"),
    )
    sheet.notes(
        "4 mA through a red, amber or yellow LED of 2 V.",
        "Never without the resistor. Wrong way round it stays dark",
        "and takes no harm. A lamp of 12 V doesn't hang on a pin.",
    )
    return sheet.svg()


def haptic() -> str:
    """Return a vibration motor switched by a transistor."""
    sheet = _switched("A vibration motor in the button", HAPTIC, "motor")
    sheet.add(
        resistor(262, 110, MOTOR_OHMS),
        text(262, 96, ohms(MOTOR_OHMS), bold=True, anchor="middle"),
    )
    sheet.notes(
        "A motor never hangs on a pin: it would destroy it.",
        "The diode's ring points to 5 V. Motor: 3 V, at most 100 mA.",
        "In one cable with a button's wires those need their 1 kΩ.",
    )
    return sheet.svg()


def sounder() -> str:
    """Return an active buzzer switched by a transistor."""
    sheet = _switched("A sounder: an active buzzer", SOUNDER, "buzzer")
    sheet.notes(
        "An active buzzer (sounds by itself), 5 V, 50 mA at most.",
        "Its + to 5 V. The diode's ring points to 5 V.",
        "A siren of 12 V: as the strobe, by a relay.",
    )
    return sheet.svg()


def strobe() -> str:
    """Return a relay board that switches a strobe of its own supply."""
    sheet = Sheet("A strobe, by a relay board")
    x, supply = sheet.terminal(4, 130)
    _, signal = sheet.terminal(HEADER[STROBE], 190)
    _, ground = sheet.terminal(34, 250)
    board = 250
    rows: tuple[tuple[float, Kind, str], ...] = (
        (supply, "5 V", "VCC"),
        (signal, "signal", "IN"),
        (ground, "ground", "GND"),
    )
    for y, kind, words in rows:
        sheet.wire(f"M{x} {y} H{board}", kind)
        sheet.add(text(board + 12, y + 5, words, size=13, bold=True))
    sheet.wire("M356 130 H424 V160", "plain")
    sheet.wire("M356 190 H384 V300", "plain")
    sheet.wire("M424 220 V300", "plain")
    sheet.parts = [
        *block(board, 104, 106, 172),
        text(board + 53, 96, "relay board", bold=True, anchor="middle"),
        *sheet.parts,
        *(screw(board, y) for y in (supply, signal, ground)),
        *(screw(356, y) for y in (130, 190, 250)),
        text(346, 135, "NO", size=13, bold=True, anchor="end"),
        text(346, 195, "COM", size=13, bold=True, anchor="end"),
        text(346, 255, "NC", size=13, bold=True, anchor="end"),
        text(board + 53, 222, "jumper: H", size=12, anchor="middle"),
        f"<path d='M398 220 v-30 a26 30 0 0 1 52 0 v30Z' fill='#bfdbfe' stroke='{INK}' stroke-width='2'/>",
        text(424, 212, "strobe", size=13, bold=True, anchor="middle"),
        text(436, 160, "+", size=15, bold=True),
        text(434, 236, MINUS, size=15, bold=True),
        *block(356, 300, 106, 54, "12 or 24 V", "with a fuse"),
        text(374, 296, "+", size=15, bold=True, anchor="end"),
        text(434, 296, MINUS, size=15, bold=True),
    ]
    sheet.notes(
        "The strobe has a supply of its own.",
        "A board with optocoupler for “high level trigger” at 3.3 V.",
        "Never one for low level: it holds its IN at 5 V, and is on",
        "while the Pi starts. Never mains on these screws.",
    )
    return sheet.svg()


def _switched(title: str, gpio: int, load: str) -> Sheet:
    """Return a sheet with a load between 5 V and a transistor, and the diode across the load."""
    sheet = Sheet(title)
    x, supply = sheet.terminal(2, 110)
    _, signal = sheet.terminal(HEADER[gpio], 270)
    _, ground = sheet.terminal(20, 370)
    middle, far, low = 338, 420, 220
    sheet.wire(f"M{x} {supply} H{far} V132", "5 V")
    sheet.wire(f"M{middle} {supply} V{low}", "plain")
    sheet.wire(f"M{far} 196 V{low} H{middle} V{signal - 28}", "plain")
    sheet.wire(f"M{x} {signal} H{middle - 28}", "signal")
    sheet.wire(f"M{x} {ground} H{middle} V{signal + 28}", "ground")
    sheet.wire(f"M290 {signal} V{ground}", "plain")
    sheet.joint(middle, supply, "5 V")
    sheet.joint(middle, low)
    sheet.joint(290, signal, "signal")
    sheet.joint(290, ground, "ground")
    sheet.add(
        parts.diode(middle, 165),
        text(middle - 16, 162, "diode,", size=13, anchor="end"),
        text(middle - 16, 179, "ring up", size=13, anchor="end"),
        text(middle - 16, 196, "1N4148", size=13, pale=True, anchor="end"),
        *parts.can(far, 164, load),
        resistor(246, signal, BASE_OHMS),
        text(246, signal - 16, ohms(BASE_OHMS), bold=True, anchor="middle"),
        resistor(290, 322, HOLD_OHMS, upright=True),
        text(276, 327, ohms(HOLD_OHMS), bold=True, anchor="end"),
        *parts.transistor(middle, signal),
        *parts.real_transistor(420, 312),
        text(420, 366, "flat side to you", size=12, pale=True, anchor="middle"),
    )
    return sheet
