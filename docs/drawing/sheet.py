"""One wiring picture: a Raspberry Pi's header, its terminals in use, and the wires that leave them.

Narrow on purpose, so that its words can still be read on a phone. No meaning hangs on a colour alone:
every wire begins at a terminal with its name, and the supplies' wires are broken lines.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from config.wiring import GROUNDS, HEADER
from docs.drawing.svg import INK, PALE, PAPER, box, page, text

WIDTH: Final = 480
CARD: Final = 186
"""The width of the Pi's card."""
PITCH: Final = 16
NOTES_Y: Final = 474
"""Where the words under a picture begin: below the card."""
VOLTS: Final = {1: "3.3 V", 2: "5 V", 4: "5 V", 17: "3.3 V"}
"""Positions of the supplies on the header."""

Kind = Literal["signal", "second", "third", "ground", "3.3 V", "5 V", "plain"]
COLOUR: Final[dict[Kind, str]] = {
    "signal": "#0072b2",
    "second": "#00795c",
    "third": "#a3457a",
    "ground": INK,
    "3.3 V": "#c2410c",
    "5 V": "#7e22ce",
    "plain": "#56626e",
}
DASHES: Final[dict[Kind, str]] = {"3.3 V": "9 4", "5 V": "3 3"}


class Terminal(NamedTuple):
    """A place where wires begin: a position of the header, or another part's pin."""

    position: int | None
    y: float
    kind: Kind
    upper: str
    lower: str


def kind_of(position: int) -> Kind:
    """Return what a position of the header carries: a supply, ground or a signal."""
    if position in VOLTS:
        return "3.3 V" if VOLTS[position] == "3.3 V" else "5 V"
    return "ground" if position in GROUNDS else "signal"


def named(position: int) -> str:
    """Return what a position of the header is: a supply, ground or a GPIO."""
    if position in VOLTS:
        return VOLTS[position]
    if position in GROUNDS:
        return "ground"
    return f"GPIO {next(gpio for gpio, at in HEADER.items() if at == position)}"


class Sheet:
    """Collects the shapes of one picture. Wires are kept apart, so that parts lie over them."""

    def __init__(self, title: str, *, card: str = "Raspberry Pi", mirrored: bool = False) -> None:
        self.title = title
        self.terminals: list[Terminal] = []
        self._card_words = card
        self._mirrored = mirrored
        self._height = NOTES_Y
        self._notes: list[str] = []
        self.wires: list[str] = []
        self.parts: list[str] = []

    @property
    def edge(self) -> float:
        """Where the terminals are: the card's edge towards the parts."""
        return WIDTH - 12 - CARD if self._mirrored else 12 + CARD

    def terminal(self, position: int, y: float, kind: Kind | None = None) -> tuple[float, float]:
        """Add a position of the header; returns where its wire begins."""
        found = kind or kind_of(position)
        self.terminals.append(Terminal(position, y, found, f"position {position}", named(position)))
        return self.edge, y

    def other_terminal(self, upper: str, lower: str, y: float, kind: Kind) -> tuple[float, float]:
        """Add a terminal that is no position of the header; returns where its wire begins."""
        self.terminals.append(Terminal(None, y, kind, upper, lower))
        return self.edge, y

    def wire(self, path: str, kind: Kind) -> None:
        """Add a wire along an SVG path, with a pale rim: wires that cross don't touch."""
        dash = f" stroke-dasharray='{DASHES[kind]}'" if kind in DASHES else ""
        self.wires.append(stroke(path, PAPER, 7))
        self.wires.append(
            f"<path d='{path}' fill='none' stroke='{COLOUR[kind]}' stroke-width='3' "
            f"stroke-linejoin='round'{dash}/>"
        )

    def joint(self, x: float, y: float, kind: Kind = "plain") -> None:
        """Add the dot where wires are joined."""
        self.parts.append(f"<circle cx='{x:g}' cy='{y:g}' r='5' fill='{COLOUR[kind]}'/>")

    def add(self, *shapes: str) -> None:
        """Add shapes of parts."""
        self.parts += shapes

    def say(self, x: float, y: float, words: str, *, bold: bool = False, pale: bool = False, size: int = 14,
            anchor: str = "start") -> None:  # fmt: skip
        """Add a line of text."""
        self.parts.append(text(x, y, words, size=size, bold=bold, pale=pale, anchor=anchor))

    def frame(self, x: float, y: float, width: float, height: float, words: str) -> None:
        """Add a housing with its name; it lies under the wires."""
        self._notes.append(
            f"<rect x='{x:g}' y='{y:g}' width='{width:g}' height='{height:g}' rx='10' fill='#f5f7f9' "
            f"stroke='{PALE}' stroke-dasharray='5 4'/>"
        )
        self._notes.append(text(x + width / 2, y - 8, words, size=14, bold=True, anchor="middle"))

    def notes(self, *lines: str) -> None:
        """Add what must be known, under the picture; the first line is bold."""
        for i, words in enumerate(lines):
            self._notes.append(text(16, NOTES_Y + 20 * i, words, size=14, bold=not i))
        self._height = NOTES_Y + 20 * len(lines)

    def svg(self) -> str:
        """Return the whole picture."""
        head = [text(16, 32, self.title, size=18, bold=True)]
        shapes = [*head, *self._notes, *self._card(), *self.wires, *self._ends(), *self.parts]
        return page(WIDTH, self._height, self.title, shapes)

    def _card(self) -> list[str]:
        left = self.edge if self._mirrored else 12
        x = left + CARD - 48 if self._mirrored else left + 28
        used = {terminal.position: terminal for terminal in self.terminals}
        lowest = 92 + 19 * PITCH + 50
        shapes = [
            box(left, 50, CARD, lowest - 50, fill="#e8f3ec", stroke="#7fa98f", rx=10),
            text(left + CARD / 2, 70, self._card_words, size=14, bold=True, anchor="middle"),
            text(x, 92, "1", size=11, pale=True, anchor="middle"),
            text(x + 20, 92, "2", size=11, pale=True, anchor="middle"),
            text(x, 104 + 19 * PITCH + 18, "39", size=11, pale=True, anchor="middle"),
            text(x + 20, 104 + 19 * PITCH + 18, "40", size=11, pale=True, anchor="middle"),
            text(left + CARD / 2, lowest - 6, "USB sockets", size=11, pale=True, anchor="middle"),
            box(x - 11, 96, 42, 19 * PITCH + 18, fill="#30363c", rx=4),
        ]
        for position in range(1, 41):
            at = x if position % 2 else x + 20
            y = 105 + PITCH * ((position - 1) // 2)
            terminal = used.get(position)
            if terminal is None:
                square = box(at - 4, y - 4, 8, 8, fill="#8a939b")
                shapes.append(
                    square if position == 1 else f"<circle cx='{at:g}' cy='{y:g}' r='4' fill='#8a939b'/>"
                )
                continue
            fill = "#000000" if terminal.kind == "ground" else COLOUR[terminal.kind]
            ring = f"stroke='{PAPER}' stroke-width='1.2'"
            shapes += [
                f"<circle cx='{at:g}' cy='{y:g}' r='8' fill='{fill}' {ring}/>"
                if position != 1
                else f"<rect x='{at - 8:g}' y='{y - 8:g}' width='16' height='16' fill='{fill}' {ring}/>",
                f"<text x='{at:g}' y='{y + 3.5:g}' font-size='10' font-weight='700' text-anchor='middle' "
                f"fill='{PAPER}'>{position}</text>",
            ]
        return shapes

    def _ends(self) -> list[str]:
        shapes = []
        for terminal in self.terminals:
            x = self.edge + (16 if self._mirrored else -12)
            anchor = "start" if self._mirrored else "end"
            shapes += [
                f"<circle cx='{self.edge:g}' cy='{terminal.y:g}' r='6' fill='{PAPER}' "
                f"stroke='{COLOUR[terminal.kind]}' stroke-width='3'/>",
                text(x, terminal.y - 1, terminal.upper, size=14, bold=True, anchor=anchor),
                text(x, terminal.y + 15, terminal.lower, size=13, anchor=anchor),
            ]
        return shapes


def stroke(path: str, colour: str = INK, thick: float = 3) -> str:
    """Return a line along an SVG path."""
    return (
        f"<path d='{path}' fill='none' stroke='{colour}' stroke-width='{thick:g}' "
        "stroke-linejoin='round' stroke-linecap='round'/>"
    )
