"""The circuits of contacts on the Pi's own pins: ``no``, ``nc``, ``pair``, long wires, a UPS."""

from __future__ import annotations

from config.wiring import HEADER
from docs.drawing import parts
from docs.drawing.parts import contact, ohms, resistor, screw
from docs.drawing.sheet import Sheet, stroke
from docs.drawing.svg import INK, PALE, PAPER, box, text

BUTTON, DESK, DESK_NC, DOOR, ON_BATTERY, LOW = 17, 27, 23, 22, 5, 6
"""GPIOs of the pictures, the same as in the page's settings."""
SERIES_OHMS, OUTSIDE_PULL = 1000, 4700
"""Of a long wire: before the pin, and to 3.3 V."""


def no() -> str:
    """Return a plain button."""
    sheet = Sheet("no: a plain button")
    x, signal = sheet.terminal(HEADER[BUTTON], 160)
    _, ground = sheet.terminal(9, 250)
    sheet.frame(296, 110, 172, 200, "wall button")
    sheet.wire(f"M{x} {signal} H330", "signal")
    sheet.wire(f"M{x} {ground} H330", "ground")
    sheet.say(247, 150, "twisted", size=13, pale=True, anchor="middle")
    sheet.say(247, 240, "pair", size=13, pale=True, anchor="middle")
    sheet.add(
        stroke(f"M330 {signal} H370 M330 {ground} H370"),
        *contact(370, signal, ground, closed=False),
        *parts.cap(402, (signal + ground) / 2 - 14),
        screw(330, signal),
        screw(330, ground),
    )
    sheet.say(330, 140, "NO", bold=True, anchor="middle")
    sheet.say(330, 280, "NO", bold=True, anchor="middle")
    sheet.say(382, 300, "open until pressed", size=13, pale=True, anchor="middle")
    sheet.notes(
        "A cut wire looks just like rest: “wiring not supervised”.",
        "Better for a panic button: pair or eol. Either wire on",
        "either screw. Never to 5 V (positions 2 and 4).",
    )
    return sheet.svg()


def nc() -> str:
    """Return a door's reed contact."""
    sheet = Sheet("nc: a door contact with its magnet")
    x, signal = sheet.terminal(HEADER[DOOR], 160)
    _, ground = sheet.terminal(20, 250)
    sheet.wire(f"M{x} {signal} H330", "signal")
    sheet.wire(f"M{x} {ground} H330", "ground")
    sheet.say(247, 150, "twisted", size=13, pale=True, anchor="middle")
    sheet.say(247, 240, "pair", size=13, pale=True, anchor="middle")
    sheet.add(
        box(312, 130, 66, 150, fill=PAPER, stroke=INK, rx=6),
        box(404, 130, 46, 150, fill="#9aa5b1", stroke=INK, rx=6),
        text(427, 200, "N", size=15, bold=True, anchor="middle"),
        text(427, 222, "S", size=15, bold=True, anchor="middle"),
        stroke(f"M330 {signal} H356 M330 {ground} H356"),
        *contact(356, signal, ground, closed=True),
        screw(330, signal),
        screw(330, ground),
        stroke("M380 308 h22 m-5 -5 l5 5 l-5 5 m-12 -10 l-5 5 l5 5", PALE, 2),
        text(391, 332, "5 mm at most", size=13, anchor="middle"),
    )
    sheet.say(345, 102, "on the frame,", size=13, anchor="middle")
    sheet.say(345, 119, "with wires", size=13, anchor="middle")
    sheet.say(430, 102, "magnet,", size=13, anchor="middle")
    sheet.say(430, 119, "on the door", size=13, anchor="middle")
    sheet.notes(
        "Drawn with the door shut: the magnet keeps it closed.",
        "A cut wire reads as an open door, which somebody sees;",
        "a short reads as shut, and is not seen.",
    )
    return sheet.svg()


def pair() -> str:
    """Return a changeover on two pins."""
    sheet = Sheet("pair: a changeover on two pins")
    x, closes = sheet.terminal(HEADER[DESK], 150)
    _, common = sheet.terminal(14, 220)
    _, opens = sheet.terminal(HEADER[DESK_NC], 290, "second")
    sheet.frame(296, 104, 172, 232, "desk button")
    sheet.wire(f"M{x} {closes} H330", "signal")
    sheet.wire(f"M{x} {common} H330", "ground")
    sheet.wire(f"M{x} {opens} H330", "second")
    sheet.say(247, 190, "three wires,", size=13, pale=True, anchor="middle")
    sheet.say(247, 250, "one cable", size=13, pale=True, anchor="middle")
    sheet.add(
        stroke(f"M330 {closes} H392 V{common - 26} M330 {opens} H392 V{common + 26}"),
        stroke(f"M330 {common} H352 L390 {common + 24}", INK, 4),
        f"<circle cx='392' cy='{common - 26}' r='4' fill='{INK}'/>",
        f"<circle cx='392' cy='{common + 26}' r='4' fill='{INK}'/>",
        f"<circle cx='352' cy='{common}' r='4' fill='{INK}'/>",
        *(screw(330, y) for y in (closes, common, opens)),
        text(330, closes - 14, "NO", bold=True, anchor="middle"),
        text(330, common - 14, "C", bold=True, anchor="middle"),
        text(330, opens + 26, "NC", bold=True, anchor="middle"),
        text(400, common + 5, "at rest", size=13, pale=True),
        text(400, common - 26, "pressed", size=13, pale=True),
    )
    sheet.notes(
        "At rest NC is closed, pressed NO: never both, never none.",
        "A fault is told as tamper, and as a press: it may be one.",
        "A cut of NO, or NC shorted to C, shows at the next press.",
        "C goes to ground. Never to 5 V (positions 2 and 4).",
    )
    return sheet.svg()


def long_wire() -> str:
    """Return what protects a pin at a long wire."""
    sheet = Sheet("Long wires: three parts at the Pi's end")
    x, supply = sheet.terminal(1, 110)
    _, signal = sheet.terminal(HEADER[BUTTON], 220)
    _, ground = sheet.terminal(9, 330)
    sheet.wire(f"M{x} {supply} H350 V{signal}", "3.3 V")
    sheet.wire(f"M{x} {signal} H430", "signal")
    sheet.wire(f"M{x} {ground} H430", "ground")
    sheet.wire(f"M232 {signal} V{ground}", "plain")
    sheet.joint(232, signal, "signal")
    sheet.joint(232, ground, "ground")
    sheet.joint(350, signal, "signal")
    sheet.add(
        parts.capacitor(232, 275),
        resistor(290, signal, SERIES_OHMS),
        resistor(350, 165, OUTSIDE_PULL, upright=True),
        screw(430, signal),
        screw(430, ground),
    )
    sheet.say(252, 280, "100 nF")
    sheet.say(290, signal - 16, ohms(SERIES_OHMS), anchor="middle")
    sheet.say(366, 162, ohms(OUTSIDE_PULL))
    sheet.say(366, 180, "pull-up", size=13, pale=True)
    sheet.say(430, 255, "cable to", size=13, anchor="middle")
    sheet.say(430, 272, "the button", size=13, anchor="middle")
    sheet.say(430, 289, "or door", size=13, anchor="middle")
    sheet.notes(
        "For a zone on a pin: no, nc, each signal of a pair.",
        "The pull-up sits on the cable's side of the 1 kΩ, to 3.3 V:",
        "never to 5 V. An eol input has its pull-up already: there",
        "only 1 kΩ and 100 nF go between that and the chip's pin.",
        "Not with GPIO 2 or 3: they'd never read a closed contact.",
    )
    return sheet.svg()


def ups() -> str:
    """Return a UPS that tells by contacts."""
    sheet = Sheet("UPS: two contacts that close to ground")
    x, battery = sheet.terminal(HEADER[ON_BATTERY], 150)
    _, ground = sheet.terminal(30, 230)
    _, low = sheet.terminal(HEADER[LOW], 310, "second")
    sheet.frame(290, 104, 178, 256, "UPS, or its relay card")
    sheet.wire(f"M{x} {battery} H320", "signal")
    sheet.wire(f"M{x} {ground} H320", "ground")
    sheet.wire(f"M{x} {low} H320", "second")
    sheet.add(
        stroke(f"M320 {battery} H352 M320 {ground} H352 M320 {low} H352"),
        *contact(352, battery, ground, closed=False),
        *contact(352, ground, low, closed=False),
        *(screw(320, y) for y in (battery, ground, low)),
        text(380, (battery + ground) / 2 + 5, "on battery", size=13),
        text(380, (low + ground) / 2 + 5, "battery low", size=13),
        text(318, ground + 24, "common", size=12, pale=True, anchor="middle"),
    )
    sheet.notes(
        "Contacts free of voltage only; both open on mains here.",
        "A UPS's RS-232 plug carries up to ±12 V: never to a pin.",
        'Contacts that open instead: active = "high".',
    )
    return sheet.svg()
