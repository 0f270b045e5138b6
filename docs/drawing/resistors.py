"""The circuits with end-of-line resistors: the MCP3008 that reads them, and both kinds of contact.

Values are the settings' own, so a picture can't ask for another resistor than the program expects.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import msgspec

from config.agent_settings import ZoneSettings
from config.wiring import ADC_STEPS, CHIP_SELECT, HEADER, SUPPLY_V, bands
from docs.drawing import parts
from docs.drawing.parts import contact, ohms, resistor, screw
from docs.drawing.sheet import Kind, Sheet, stroke
from docs.drawing.svg import INK, PAPER, box, text

_DEFAULTS: Final = {field.name: field.default for field in msgspec.structs.fields(ZoneSettings)}
EOL, SERIES, PULL = (int(_DEFAULTS[name]) for name in ("eol_ohms", "contact_ohms", "pull_ohms"))

PINOUT: Final = {
    1: "CH0", 2: "CH1", 3: "CH2", 4: "CH3", 5: "CH4", 6: "CH5", 7: "CH6", 8: "CH7",
    9: "DGND", 10: "CS", 11: "DIN", 12: "DOUT", 13: "CLK", 14: "AGND", 15: "VREF", 16: "VDD",
}  # fmt: skip
"""The MCP3008's pins (Microchip DS21295, section 3)."""
CLOCK, MISO, MOSI = 11, 9, 10
"""GPIOs of SPI 0; the Pi's documentation, "GPIO and the 40-pin header"."""
WIRED: Final = {
    16: 17, 15: 17, 14: 20, 13: HEADER[CLOCK], 12: HEADER[MISO], 11: HEADER[MOSI],
    10: HEADER[CHIP_SELECT[0]], 9: 25,
}  # fmt: skip
"""The chip's pin to the header's position."""


def mcp3008() -> str:
    """Return the chip and its way to the Pi."""
    sheet = Sheet("The MCP3008, which reads resistors", mirrored=True)
    first, step, left, right = 110, 42, 50, 200
    rows = {pin: first + step * i for i, pin in enumerate(range(16, 8, -1))}
    kinds: dict[int, Kind] = {13: "signal", 12: "second", 11: "third", 10: "plain"}
    for pin, y in rows.items():
        if pin != 15:
            sheet.terminal(WIRED[pin], y, kinds.get(pin))
            kind = sheet.terminals[-1].kind
            sheet.wire(f"M{right} {y} H{sheet.edge}", kind)
    sheet.wire(f"M{right} {rows[15]} H222 V{rows[16]}", "3.3 V")
    sheet.wire(f"M256 {rows[16]} V{rows[14]}", "plain")
    sheet.joint(222, rows[16], "3.3 V")
    sheet.joint(256, rows[16], "3.3 V")
    sheet.joint(256, rows[14], "ground")
    sheet.add(
        parts.capacitor(256, rows[15]),
        text(246, rows[15] + 34, "1 µF", size=13, anchor="end"),
        box(left, first - 26, right - left, step * 7 + 52, fill="#30363c", rx=8),
        f"<path d='M{(left + right) / 2 - 14:g} {first - 26} a14 14 0 0 0 28 0Z' fill='{PAPER}'/>",
    )
    for i, pin in enumerate(range(1, 9)):
        y = first + step * i
        sheet.add(_leg(left, y, -1), *_pin(left, y, pin, "start"))
    for pin, y in rows.items():
        sheet.add(_leg(right, y, 1), *_pin(right, y, pin, "end"))
    for i, words in enumerate(("to", "the", "zones")):
        sheet.say(20, first + step * 3 + 6 + 15 * i, words, size=11, anchor="middle")
    sheet.notes(
        "Seen from above, the notch at the top.",
        "VDD and VREF to 3.3 V, never to 5 V. The 1 µF close to the",
        "chip. With select = 1 CS goes to position 26, not 24.",
    )
    return sheet.svg()


def eol_no() -> str:
    """Return a contact that closes, across the end-of-line resistor."""
    sheet, signal, ground = _input('eol, contact = "no"')
    sheet.frame(294, 172, 176, 208, "in the button's housing")
    sheet.wire(f"M{sheet.edge} {signal} H312", "signal")
    sheet.wire(f"M{sheet.edge} {ground} H312", "ground")
    middle = (signal + ground) / 2
    sheet.add(
        stroke(f"M312 {signal} H440 V{middle + 4} M312 {ground} H440 M336 {signal} V{ground}"),
        resistor(336, middle, EOL, one_percent=True, upright=True),
        resistor(440, signal + 36, SERIES, one_percent=True, upright=True),
        *contact(440, middle + 4, ground, closed=False),
        screw(312, signal),
        screw(312, ground),
        text(350, middle + 3, "end of line", size=13),
        text(350, middle + 20, ohms(EOL), bold=True),
        text(426, signal + 28, "contact", size=13, anchor="end"),
        text(426, signal + 45, ohms(SERIES), bold=True, anchor="end"),
        text(426, ground - 16, "NO", bold=True, anchor="end"),
    )
    sheet.notes(
        "Both resistors at the far end, inside the button:",
        "at the Pi they would watch nothing. 1 % metal",
        "film. A cut or short anywhere in the cable shows within 1 s.",
    )
    return sheet.svg()


def eol_nc() -> str:
    """Return a contact that opens, in series with the end-of-line resistor."""
    sheet, signal, ground = _input('eol, contact = "nc"')
    sheet.frame(294, 172, 176, 208, "in the housing")
    sheet.wire(f"M{sheet.edge} {signal} H312", "signal")
    sheet.wire(f"M{sheet.edge} {ground} H312", "ground")
    fork = signal + 74
    sheet.add(
        stroke(f"M312 {signal} H372 V{fork} M336 {fork} H430 V{ground}"),
        stroke(f"M312 {ground} H430"),
        resistor(372, signal + 36, EOL, one_percent=True, upright=True),
        resistor(430, (fork + ground) / 2, SERIES, one_percent=True, upright=True),
        *contact(336, fork, ground, closed=True),
        screw(312, signal),
        screw(312, ground),
        text(388, signal + 28, "end of line", size=13),
        text(388, signal + 45, ohms(EOL), bold=True),
        text(416, fork + 66, ohms(SERIES), bold=True, anchor="end", size=13),
        text(416, fork + 50, "contact", size=13, anchor="end"),
        text(344, fork + 28, "NC", bold=True),
    )
    sheet.notes(
        "For a contact that opens when pressed, or a door.",
        "Both resistors at the far end, inside the housing: at the Pi",
        "they would watch nothing. 1 % metal film.",
    )
    return sheet.svg()


def _input(title: str) -> tuple[Sheet, float, float]:
    """Return a sheet with the input's side drawn: supply, pull-up, the chip's input, ground."""
    sheet = Sheet(title, card="Pi and MCP3008")
    x, supply = sheet.terminal(1, 100)
    _, signal = sheet.other_terminal("chip pin 1", "CH0", 204, "signal")
    _, ground = sheet.terminal(9, 350)
    sheet.wire(f"M{x} {supply} H244 V{signal}", "3.3 V")
    sheet.joint(244, signal, "signal")
    sheet.add(resistor(244, 150, PULL, one_percent=True, upright=True))
    sheet.say(260, 124, ohms(PULL), bold=True)
    sheet.say(260, 141, "pull-up, beside the chip", size=13)
    sheet.say(246, 255, "twisted", size=13, pale=True, anchor="middle")
    sheet.say(246, 272, "pair", size=13, pale=True, anchor="middle")
    return sheet, signal, ground


def _leg(x: float, y: float, side: int) -> str:
    return box(min(x, x + side * 10), y - 5, 10, 10, fill="#b8c0c8", stroke=INK)


def _pin(x: float, y: float, pin: int, anchor: str) -> list[str]:
    words = f"{pin} {PINOUT[pin]}" if anchor == "start" else f"{PINOUT[pin]} {pin}"
    at = x + 7 if anchor == "start" else x - 7
    return [
        f"<text x='{at:g}' y='{y + 5:g}' font-size='13' font-weight='600' text-anchor='{anchor}' "
        f"fill='{PAPER}'>{words}</text>"
    ]


def bands_table(which: Literal["no", "nc"]) -> str:
    """Return what a circuit of the default resistors reads, as a Markdown table."""
    found = bands(contact=which, eol_ohms=EOL, contact_ohms=SERIES, pull_ohms=PULL)
    lines = [
        "| it reads | the circuit has | so the input has | believed from … to |",
        "| --- | --- | --- | --- |",
    ]
    for band in found:
        resistance = "nothing connected" if math.isinf(band.ohms) else ohms(band.ohms)
        counts = f"{band.low * ADC_STEPS:.0f} … {band.high * ADC_STEPS:.0f}"
        lines.append(
            f"| `{band.condition}` | {resistance} | {band.volts:.2f} V | "
            f"{band.low * SUPPLY_V:.2f} … {band.high * SUPPLY_V:.2f} V ({counts} of {ADC_STEPS}) |"
        )
    return "\n".join(lines)
