"""The wiring of the box at the front desk: a Pi's header, two buttons, a door contact and a lamp.

Pins come from the example's settings, so the picture can't say another GPIO than the program reads.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from config.wiring import GROUNDS, HEADER
from docs.drawing.sheet import VOLTS
from docs.drawing.svg import INK, PALE, PAPER, RULE, box, page, text

EXAMPLE: Final = Path(__file__).resolve().parent.parent.parent / "config" / "examples" / "room-101.toml"

POSITIONS: Final = HEADER
GROUND_OF: Final = {"lamp": 6, "wall": 9, "desk": 14, "door": 20}
"""Which ground each part uses: any of GROUNDS would do; these lie next to its signal."""

WIDTH, HEIGHT = 1140, 840
TOP, PITCH, LEFT, RIGHT = 168, 30, 262, 292
PART_X: Final = 640
PART_Y: Final = {"lamp": 150, "wall": 318, "desk": 490, "door": 660}
COLOUR: Final = {"lamp": "#d97706", "wall": "#c81e1e", "desk": "#1d4ed8", "door": "#15803d"}
PAIR: Final = {"lamp": 18, "wall": 15, "desk": 18, "door": 18}
"""Half of the distance between a part's two wires."""


RINGS: Final = ("#e06c1f", "#e06c1f", "#6b3e1f", "#c9a227")
"""Orange, orange, brown, gold: 330 ohms."""
ADVICE: Final = (
    "Switch the Pi off first. Count positions from the corner with the square pad (1); the USB",
    "sockets are at the bottom. Black wires are ground; no wire goes to 5 V.",
)


class Wire(NamedTuple):
    """One wire from the header to a part."""

    part: str
    position: int
    colour: str
    end_y: float
    turn_x: float
    """Where it leaves the level of its position for the level of its part."""


def gpios() -> dict[str, int]:
    """Return the GPIO number of each part, as the example's settings have it."""
    settings = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    return {**{zone["zone"]: zone["pin"] for zone in settings["zones"]}, "lamp": settings["lamp"]["pin"]}


def wires() -> list[Wire]:
    """Return every wire: for each part its signal and its ground."""
    turns = {
        ("lamp", "g"): 440.0, ("lamp", "s"): 462.0, ("wall", "g"): 408.0, ("wall", "s"): 390.0,
        ("desk", "g"): 426.0, ("desk", "s"): 408.0, ("door", "s"): 372.0, ("door", "g"): 354.0,
    }  # fmt: skip
    found = []
    for part, gpio in gpios().items():
        # The upper wire of a part is the one that comes from higher up, so that a pair doesn't cross.
        pair = sorted([("s", POSITIONS[gpio]), ("g", GROUND_OF[part])], key=lambda end: _level(end[1]))
        for (role, position), side in zip(pair, (-1, 1), strict=True):
            y = PART_Y[part] + side * PAIR[part]
            colour = COLOUR[part] if role == "s" else INK
            found.append(Wire(part, position, colour, y, turns[part, role]))
    return found


def picture() -> str:
    """Return the picture."""
    shapes = [
        text(36, 48, "One box at the front desk: wiring", size=24, bold=True),
        *(text(36, 74 + 20 * i, words, pale=True) for i, words in enumerate(ADVICE)),
        *_board(),
        box(LEFT - 17, TOP - 17, RIGHT - LEFT + 34, 19 * PITCH + 34, fill="#30363c", rx=4),
        *_wires(),
        *_header(),
    ]  # fmt: skip
    draw: dict[str, Callable[[float], list[str]]] = {
        "lamp": _lamp, "wall": _wall, "desk": _desk, "door": _door,
    }  # fmt: skip
    for part, y in PART_Y.items():
        shapes += draw[part](y)
        shapes += _ends(part)
    return page(WIDTH, HEIGHT, "Wiring of one box: Raspberry Pi, two buttons, a door contact, a lamp", shapes)


def _row(position: int) -> float:
    return TOP + PITCH * ((position - 1) // 2)


def _level(position: int) -> float:
    """Return the height at which a position's wire leaves the header: odd ones pass below the even."""
    return _row(position) + (PITCH / 2 if position % 2 else 0)


def _board() -> Iterator[str]:
    yield box(36, 120, 290, 690, fill="#e8f3ec", stroke="#7fa98f", rx=14)
    yield text(60, 150, "Raspberry Pi", size=16, bold=True)
    yield box(110, 106, 90, 26, fill=PAPER, stroke=PALE, rx=3)
    yield text(155, 124, "SD card", size=12, pale=True, anchor="middle")
    for x, words in ((54, "USB"), (136, "USB"), (218, "network")):
        yield box(x, 778, 74, 44, fill=PAPER, stroke=PALE, rx=3)
        yield text(x + 37, 804, words, size=12, pale=True, anchor="middle")


def _header() -> Iterator[str]:
    used = {wire.position: wire for wire in wires()}
    for position in range(1, 41):
        x, y = (LEFT if position % 2 else RIGHT), _row(position)
        wire = used.get(position)
        fill = wire.colour if wire else "#8a939b"
        if wire and wire.colour == INK:
            fill = "#000000"
        rim = PAPER if wire else "none"
        if position == 1:
            yield box(x - 11, y - 11, 22, 22, fill=fill)
        else:
            yield f"<circle cx='{x}' cy='{y}' r='11' fill='{fill}' stroke='{rim}' stroke-width='2'/>"
        yield (
            f"<text x='{x}' y='{y + 4}' font-size='11' font-weight='600' text-anchor='middle' "
            f"fill='{PAPER if wire else INK}'>{position}</text>"
        )
        if position % 2:
            yield text(LEFT - 24, y + 4, _named(position), size=12, pale=wire is None, bold=wire is not None,
                       anchor="end")  # fmt: skip


def _named(position: int) -> str:
    if position in GROUNDS:
        return "ground"
    if position in VOLTS:
        return VOLTS[position]
    return f"GPIO {next(gpio for gpio, at in POSITIONS.items() if at == position)}"


def _wires() -> Iterator[str]:
    for wire in wires():
        x = LEFT if wire.position % 2 else RIGHT
        start = f"M{x} {_row(wire.position):g}"
        if wire.position % 2:
            start += f" L{x + 15} {_level(wire.position):g}"
        path = f"{start} H{wire.turn_x:g} V{wire.end_y:g} H{PART_X}"
        # A pale rim shows that wires which cross don't touch.
        for stroke, thick in ((PAPER, 7), (wire.colour, 3.5)):
            yield _stroke(path, stroke, thick)


def _ends(part: str) -> Iterator[str]:
    for wire in (wire for wire in wires() if wire.part == part):
        upper = wire.end_y < PART_Y[part]
        label = f"{wire.position} ({_named(wire.position)})"
        yield text(PART_X - 8, wire.end_y + (-8 if upper else 18), label, size=13, bold=True, anchor="end")


def _stroke(path: str, colour: str, thick: float) -> str:
    return (
        f"<path d='{path}' fill='none' stroke='{colour}' stroke-width='{thick:g}' stroke-linejoin='round'/>"
    )


def _frame(y: float, title: str, words: tuple[str, ...]) -> list[str]:
    shapes = [box(PART_X, y - 66, 468, 140, fill="#f8fafc", stroke=RULE, rx=8)]
    shapes.append(text(PART_X + 206, y - 38, title, size=17, bold=True))
    shapes += [text(PART_X + 206, y - 14 + 20 * i, line_, size=13) for i, line_ in enumerate(words)]
    return shapes


def _leads(part: str, x: float) -> Iterator[str]:
    """Draw a part's two wires inside its frame, as far as ``x``, each with its screw."""
    for wire in (wire for wire in wires() if wire.part == part):
        yield _stroke(f"M{PART_X} {wire.end_y:g} H{x}", wire.colour, 3.5)
        yield f"<circle cx='{x}' cy='{wire.end_y:g}' r='5' fill='{PAPER}' stroke='{INK}' stroke-width='2'/>"


def _button(y: float, part: str, cap: str) -> Iterator[str]:
    x = PART_X + 50
    yield from _leads(part, x)
    # Two contacts and the bar that a press pushes onto them.
    yield _stroke(f"M{x + 26} {y - 20} v40 m0 -20 h36", INK, 4)
    yield f"<path d='M{x + 62} {y - 30} q34 6 34 30 q0 24 -34 30Z' fill='{cap}'/>"
    yield text(x - 16, y - 32, "NO", size=11, pale=True)
    yield text(x - 16, y + 42, "NO", size=11, pale=True)
    yield _stroke(f"M{x + 132} {y} h-24 m8 -6 l-8 6 l8 6", PALE, 2)


def _wall(y: float) -> list[str]:
    words = (
        "Its normally open contact: the two",
        "screws marked NO, or 13 and 14.",
        "Either wire on either screw.",
    )
    return [*_frame(y, "Wall button", words), *_button(y, "wall", COLOUR["wall"])]


def _desk(y: float) -> list[str]:
    words = (
        "Under the desk's edge, within reach.",
        "Wired as the wall button: NO, and",
        "either wire on either screw.",
    )
    return [*_frame(y, "Desk button", words), *_button(y, "desk", COLOUR["wall"])]


def _door(y: float) -> list[str]:
    x = PART_X + 50
    words = (
        "The part with the wires on the frame,",
        "the magnet on the door, 5 mm apart",
        "when it is shut (contact closed).",
    )
    shapes = [*_frame(y, "Front door", words), box(x - 10, y - 32, 56, 64, fill=PAPER, stroke=INK, rx=4)]
    shapes += _leads("door", x)
    shapes += [
        _stroke(f"M{x + 5} {y - 18} h19 v12 m-19 24 h19 v-12 m0 -14 l2 16", INK, 2.5),
        box(x + 66, y - 32, 34, 64, fill="#9aa5b1", stroke=INK, rx=4),
        text(x + 83, y + 5, "N S", size=12, bold=True, anchor="middle"),
        text(x + 18, y + 52, "frame", size=12, pale=True, anchor="middle"),
        text(x + 83, y + 52, "door", size=12, pale=True, anchor="middle"),
    ]
    return shapes


def _lamp(y: float) -> list[str]:
    x = PART_X + 50
    ground, signal = (
        wire.end_y for wire in sorted(wires(), key=lambda w: w.colour != INK) if wire.part == "lamp"
    )
    words = (
        "An LED with a 330 ohm resistor.",
        "The resistor goes to the LED's long",
        "leg (+); the short leg, at the flat",
        "side of its rim, to ground.",
    )
    shapes = [*_frame(y - 2, "Lamp", words)]
    shapes += [
        _stroke(f"M{PART_X} {signal:g} H{x - 12}", COLOUR["lamp"], 3.5),
        box(x - 12, signal - 8, 46, 16, fill="#ead9b5", stroke=INK, rx=4),
        *(box(x + at, signal - 8, 4, 16, fill=ring) for at, ring in zip((-5, 4, 13, 26), RINGS, strict=True)),
        _stroke(f"M{x + 34} {signal:g} H{x + 82}", INK, 2.5),
        _stroke(f"M{PART_X} {ground:g} H{x + 82}", INK, 2.5),
        f"<path d='M{x + 82} {y - 26} v52 h22 q28 -2 28 -26 q0 -24 -28 -26Z' fill='#fcd9a0'/>",
        _stroke(f"M{x + 82} {y - 26} v52 h22 q28 -2 28 -26 q0 -24 -28 -26Z", COLOUR["lamp"], 2),
        text(x + 62, signal + (20 if signal > y else -10), "long", size=11, pale=True, anchor="middle"),
        text(x + 62, ground + (18 if ground > y else -8), "short", size=11, pale=True, anchor="middle"),
        text(x + 11, signal + 24, "330 Ω", size=11, pale=True, anchor="middle"),
    ]
    return shapes
