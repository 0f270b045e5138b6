"""Electronic parts as they look on a bench, for people who don't read circuit diagrams."""

from __future__ import annotations

from typing import Final

from docs.drawing.sheet import stroke
from docs.drawing.svg import INK, PALE, PAPER, box, text

RINGS: Final = (
    "#000000", "#7b3f00", "#c81e1e", "#e06c1f", "#e3c400",
    "#15803d", "#1d4ed8", "#7e3ff2", "#808080", "#ffffff",
)  # fmt: skip
"""Black to white: the digits 0 to 9 of the code of IEC 60062."""
GOLD: Final = "#b8860b"
MINUS: Final = "\N{MINUS SIGN}"


def ohms(value: float) -> str:
    """Return a resistor's value as it is said: 4.7 kΩ."""
    return f"{value / 1000:g} kΩ" if value >= 1000 else f"{value:g} Ω"


def rings(value: int, *, one_percent: bool = False) -> list[str]:
    """Return a resistor's rings: three digits for 1 %, else two; then a power of ten, then the tolerance."""
    digits = 3 if one_percent else 2
    exponent = len(str(value)) - digits
    leading = str(value * 10**-exponent if exponent < 0 else value)[:digits]
    power = {-1: GOLD}.get(exponent) or RINGS[exponent]
    return [*(RINGS[int(digit)] for digit in leading), power, RINGS[1] if one_percent else GOLD]


def resistor(x: float, y: float, value: int, *, one_percent: bool = False, upright: bool = False) -> str:
    """Return a resistor's body, 48 long, its middle at (x, y)."""
    colours = rings(value, one_percent=one_percent)
    places = (-18, -10, -3, 4, 16) if one_percent else (-17, -8, 1, 15)
    shapes = [
        f"<rect x='-24' y='-8' width='48' height='16' rx='6' fill='#ead9b5' stroke='{INK}'/>",
        *(
            f"<rect x='{at - 2}' y='-7.5' width='4' height='15' fill='{colour}'/>"
            for at, colour in zip(places, colours, strict=True)
        ),
    ]
    turn = " rotate(90)" if upright else ""
    return f"<g transform='translate({x:g} {y:g}){turn}'>{''.join(shapes)}</g>"


def capacitor(x: float, y: float) -> str:
    """Return a ceramic capacitor, upright between wires from above and below; either way round."""
    return f"<ellipse cx='{x:g}' cy='{y:g}' rx='11' ry='14' fill='#f0b429' stroke='{INK}'/>"


def diode(x: float, y: float) -> str:
    """Return a diode, upright, the ring (cathode) above."""
    return (
        f"<rect x='{x - 9:g}' y='{y - 18:g}' width='18' height='36' rx='3' fill='#30363c'/>"
        f"<rect x='{x - 9:g}' y='{y - 12:g}' width='18' height='6' fill='#e5e9ec'/>"
    )


def screw(x: float, y: float) -> str:
    """Return a screw terminal."""
    return f"<circle cx='{x:g}' cy='{y:g}' r='6' fill='{PAPER}' stroke='{INK}' stroke-width='2'/>"


def contact(x: float, top: float, bottom: float, *, closed: bool) -> list[str]:
    """Return a contact between two wires, one above the other: a lever that touches, or doesn't."""
    middle = (top + bottom) / 2
    upper, lower = middle - 17, middle + 17
    end = f"L{x:g} {upper:g}" if closed else f"L{x + 20:g} {upper + 3:g}"
    return [
        stroke(f"M{x:g} {top:g} V{upper:g}"),
        stroke(f"M{x:g} {bottom:g} V{lower:g} {end}", INK, 4),
        f"<circle cx='{x:g}' cy='{upper:g}' r='4' fill='{INK}'/>",
        f"<circle cx='{x:g}' cy='{lower:g}' r='4' fill='{INK}'/>",
    ]


def cap(x: float, y: float) -> list[str]:
    """Return a button's cap that is pushed to the left, and the arrow that says so."""
    return [
        f"<path d='M{x:g} {y - 26:g} q30 5 30 26 q0 21 -30 26Z' fill='#c81e1e' stroke='{INK}'/>",
        stroke(f"M{x:g} {y:g} H{x - 20:g}", INK, 4),
        stroke(f"M{x + 62:g} {y:g} h-22 m7 -6 l-7 6 l7 6", PALE, 2.5),
    ]


def led(x: float, y: float) -> list[str]:
    """Return a light-emitting diode: long leg at y - 14, short leg at y + 14, where the rim is flat."""
    dome = f"M{x:g} {y - 26:g} v52 h20 q30 -2 30 -26 q0 -24 -30 -26Z"
    look = "stroke='#b45309' stroke-width='2'"
    return [
        f"<path d='{dome}' fill='#fcd9a0' {look}/>",
        f"<rect x='{x - 7:g}' y='{y - 32:g}' width='8' height='58' fill='#f0b96b' {look}/>",
    ]


def transistor(x: float, y: float) -> list[str]:
    """Return an NPN transistor with its three connections: C above, B left, E below, each 30 away."""
    return [
        stroke(f"M{x:g} {y - 30:g} V{y + 30:g} M{x - 30:g} {y:g} H{x:g}"),
        f"<rect x='{x - 20:g}' y='{y - 20:g}' width='40' height='40' rx='6' fill='#30363c'/>",
        *(
            f"<text x='{x + dx:g}' y='{y + dy:g}' font-size='14' font-weight='700' text-anchor='middle' "
            f"fill='{PAPER}'>{leg}</text>"
            for leg, dx, dy in (("C", 0, -6), ("B", -11, 5), ("E", 0, 16))
        ),
    ]


def real_transistor(x: float, y: float) -> list[str]:
    """Return the transistor as it looks, flat side to the reader: C, B, E from left to right."""
    shapes = [f"<path d='M{x - 26:g} {y:g} v-24 q0 -8 8 -8 h36 q8 0 8 8 v24Z' fill='#30363c'/>"]
    shapes.append(
        f"<text x='{x:g}' y='{y - 11:g}' font-size='12' font-weight='600' text-anchor='middle' "
        f"fill='{PAPER}'>BC337</text>"
    )
    for leg, dx in (("C", -17), ("B", 0), ("E", 17)):
        shapes += [
            stroke(f"M{x + dx:g} {y:g} v20", PALE),
            text(x + dx, y + 36, leg, size=14, bold=True, anchor="middle"),
        ]
    return shapes


def can(x: float, y: float, words: str) -> list[str]:
    """Return a round part, such as a motor or a buzzer, with its plus above and its minus below."""
    return [
        f"<circle cx='{x:g}' cy='{y:g}' r='32' fill='#cfd6dd' stroke='{INK}' stroke-width='2'/>",
        text(x, y + 5, words, size=13, bold=True, anchor="middle"),
        text(x, y - 16, "+", size=16, bold=True, anchor="middle"),
        text(x, y + 26, MINUS, size=16, bold=True, anchor="middle"),
    ]


def block(x: float, y: float, width: float, height: float, *words: str) -> list[str]:
    """Return a box with lines of text in its middle."""
    top = y + height / 2 - 9 * (len(words) - 1) + 5
    return [
        box(x, y, width, height, fill=PAPER, stroke=INK, rx=6),
        *(
            text(x + width / 2, top + 18 * i, line, size=14, bold=not i, anchor="middle")
            for i, line in enumerate(words)
        ),
    ]
