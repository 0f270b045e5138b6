"""An incident's transitions, found by asking ``hub/incident.py`` itself, as a table and a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from config.contract import PanicKind
from docs.drawing import svg
from hub.incident import (
    SAME_PRESS_MS,
    Change,
    Deed,
    IllegalTransitionError,
    Incident,
    Place,
    Press,
    Resolution,
    acknowledged,
    joined,
    noted,
    opened,
    resolved,
)

AT: Final = 1_000_000_000
DEED: Final = Deed("officer", AT, "console")


class Row(NamedTuple):
    """What one input does in one state."""

    state: str
    wish: str
    becomes: str
    """The next state, or ``refused``."""
    said: str
    """The reason that the record keeps, or the refusal's words."""


def press(room: str, after_ms: int = 0, kind: PanicKind = "panic") -> Press:
    """Return a press in a room, so long after the first one."""
    at = AT + after_ms
    return Press(
        f"{room}{at}{kind}", f"{room}{at}{kind}", Place(room, room), "desk", None, kind, "alarm", at, at
    )


def one(state: str) -> Incident:
    """Return an incident of one room in a state."""
    incident = opened("site", "site", 41, press("room-101", kind="medical")).incident
    if state != "open":
        incident = acknowledged(incident, DEED).incident
    if state == "resolved":
        incident = resolved(incident, Resolution("officer", AT, "console", "real")).incident
    return incident


def in_part(incident: Incident) -> Change:
    """Acknowledge what the first revision showed, after another room has pressed."""
    return acknowledged(joined(incident, press("room-102", kind="medical")).incident, DEED, revision=1)


WISHES: Final[dict[str, Callable[[Incident], Change]]] = {
    "a press in another room": lambda i: joined(i, press("room-102", kind="medical")),
    "a press of a higher kind": lambda i: joined(i, press("room-101", 1000)),
    f"a press in the same room more than {SAME_PRESS_MS // 1000} s later": lambda i: joined(
        i, press("room-101", SAME_PRESS_MS + 1, "medical")
    ),
    f"a press in the same room within {SAME_PRESS_MS // 1000} s": lambda i: joined(
        i, press("room-101", 1000, "medical")
    ),
    "acknowledged: the screen showed every room": lambda i: acknowledged(i, DEED),
    "acknowledged: a room pressed since the screen showed it": in_part,
    "a note": noted,
    "resolved": lambda i: resolved(i, Resolution("officer", AT, "console", "real")),
}


def rows() -> list[Row]:
    """Ask the code: every wish in every state."""
    found = [Row("none", "a press", opened("site", "site", 41, press("room-101")).incident.state, "pressed")]
    for state in ("open", "acknowledged", "resolved"):
        for wish, do in WISHES.items():
            if (do is in_part and state != "open") or (do is noted and state == "resolved"):
                continue  # in part: like the row before it; a note is never asked for of one that is resolved
            try:
                change = do(one(state))
            except IllegalTransitionError as error:
                becomes, said = "refused", str(error)
            else:
                becomes, said = change.incident.state, change.reason
            found.append(Row(state, wish, becomes, said))
    return found


def table() -> str:
    """Return the transitions as a Markdown table."""
    lines = ["| it is | what comes | it becomes | the record's reason |", "| --- | --- | --- | --- |"]
    for row in rows():
        if row.becomes == "refused" and "press" in row.wish:
            continue  # never asked for: see the last line
        becomes = f"**{row.becomes}**" if row.becomes != row.state else row.becomes
        state = "no incident" if row.state == "none" else row.state
        lines.append(f"| {state} | {row.wish} | {becomes} | {row.said} |")
    lines.append("| resolved | a press | **another incident** opens | pressed |")
    return "\n".join(lines)


PLACES: Final = {"open": (150, 100), "acknowledged": (560, 100), "resolved": (355, 290)}
WIDTH, HEIGHT = 160, 54


def picture() -> str:
    """Return the SVG of the states, with arrows for the changes that the code makes."""
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
    return svg.page(870, 364, "An incident's states", shapes)


_ARROWS: Final = {
    ("none", "open"): ("M80 127 H148", 70, 131, "end"),
    ("open", "acknowledged"): ("M310 135 H558", 434, 153, "middle"),
    ("acknowledged", "open"): ("M610 100 C560 56 310 56 260 98", 434, 24, "middle"),
    ("open", "resolved"): ("M230 154 C230 220 300 270 353 305", 222, 235, "end"),
    ("acknowledged", "resolved"): ("M640 154 C640 220 570 270 517 305", 648, 235, "start"),
}
"""By (from, to): the arrow's path, and where its words stand."""
