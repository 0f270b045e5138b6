"""An incident's transitions, from the table that decides them, as a table to read and a picture."""

from __future__ import annotations

from typing import Final, NamedTuple

from docs.drawing import svg
from hub.transitions import SAME_PRESS_MS, TABLE, Rule


class Row(NamedTuple):
    """What one wish does in one state, by :data:`hub.transitions.TABLE`."""

    state: str
    wish: str
    becomes: str
    does: str
    """What else follows, in words."""


WISHES: Final[dict[str, str]] = {
    "press: higher kind": "a press of a higher kind",
    "press: another room": "a press in another room",
    "press: higher kind in its room": "a higher kind in the same room",
    "press: same room later": f"the same room more than {SAME_PRESS_MS // 1000} s later",
    "press: certain at last": "a certain press where all was in doubt",
    "press: not expected in its drill": "in a drill: the same room more than 10 s later, not expected",
    "press: same room": f"the same room within {SAME_PRESS_MS // 1000} s",
    "acknowledge: all shown": "acknowledged: the screen showed every room",
    "acknowledge: part shown": "acknowledged: a room pressed since the screen showed it",
    "acknowledge: none shown": "acknowledged: the screen showed no room that asks",
    "door closed": "its door is closed again",
    "note": "a note",
    "confirm": "confirmed, by several rooms or a person",
    "resolve: all shown": "resolved",
    "resolve: part shown": "resolved: a room pressed since the screen showed it",
}
"""Each wish in a reader's words."""


def rows() -> list[Row]:
    """Return every wish in every state: what the table says, and what it refuses."""
    found = [Row("none", "a press", "open", "its room asks; the plan starts")]
    for state in ("open", "acknowledged", "resolved"):
        for wish, words in WISHES.items():
            rule = TABLE.get((state, wish))  # type: ignore[call-overload]
            if rule is None:
                found.append(Row(state, words, "refused", ""))
            else:
                found.append(Row(state, words, rule.becomes, _does(rule)))
    return found


def _does(rule: Rule) -> str:
    does = ["the room asks"] if rule.asks else []
    does += ["the plan of its present kind starts again"] if rule.restarts else []
    return "; ".join(does)


def table() -> str:
    """Return the transitions as a Markdown table."""
    lines = ["| it is | what comes | it becomes | and |", "| --- | --- | --- | --- |"]
    for row in rows():
        if row.becomes == "refused":
            continue  # see the last lines
        becomes = f"**{row.becomes}**" if row.becomes != row.state else row.becomes
        state = "no incident" if row.state == "none" else row.state
        lines.append(f"| {state} | {row.wish} | {becomes} | {row.does} |")
    lines.append(f"| open | {WISHES['resolve: part shown']} | refused: nobody has seen that call | |")
    lines.append("| resolved | a press | **another incident** opens | the plan starts |")
    lines.append("| resolved | anything else | refused | |")
    return "\n".join(lines)


PLACES: Final = {"open": (150, 140), "acknowledged": (560, 140), "resolved": (355, 330)}
WIDTH, HEIGHT = 160, 54


def picture() -> str:
    """Return the SVG of the states, with arrows for the changes of state in the table."""
    changes: dict[tuple[str, str], list[str]] = {}
    for row in rows():
        if row.becomes not in (row.state, "refused"):
            changes.setdefault((row.state, row.becomes), []).append(row.wish)
    shapes = [svg.HEAD]
    for state, (x, y) in PLACES.items():
        fill = {"open": "#fde8e8", "acknowledged": "#fef3d6", "resolved": "#e3f4e7"}[state]
        shapes.append(svg.box(x, y, WIDTH, HEIGHT, fill=fill, stroke=svg.INK, rx=10))
        shapes.append(svg.text(x + WIDTH / 2, y + 33, state, size=16, bold=True, anchor="middle"))
    for change, wishes in changes.items():
        path, x, y, anchor = _ARROWS[change]
        shapes.append(svg.arrow(path))
        words = [part for wish in wishes for part in wish.replace(": ", ":\n").split("\n")]
        shapes += [svg.text(x, y + 16 * i, each, size=12, anchor=anchor) for i, each in enumerate(words)]
    unused = set(_ARROWS) - set(changes)
    if unused:
        raise LookupError(f"drawn, but not in the code: {unused}")
    return svg.page(870, 404, "An incident's states", shapes)


_ARROWS: Final = {
    ("none", "open"): ("M80 167 H148", 70, 171, "end"),
    ("open", "acknowledged"): ("M310 175 H558", 434, 193, "middle"),
    ("acknowledged", "open"): ("M610 140 C560 100 310 100 260 138", 434, 24, "middle"),
    ("open", "resolved"): ("M230 194 C230 260 300 310 353 345", 222, 275, "end"),
    ("acknowledged", "resolved"): ("M640 194 C640 260 570 310 517 345", 648, 275, "start"),
}
"""By (from, to): the arrow's path, and where its words stand."""
