"""What a circuit reads: how a contact is wired decides what its position means.

One table a circuit. A table maps what is read off the pins to a condition; a circuit that can tell
a fault (``pair``, ``eol``) has rows for ``cut``, ``short`` and ``conflict``, too.
"""

from __future__ import annotations

from typing import Final, Literal

Condition = Literal["normal", "active", "cut", "short", "conflict"]
Circuit = Literal["no", "nc"]
Pull = Literal["up", "down"]

NO: Final[dict[bool, Condition]] = {
    # contact closed?
    False: "normal",
    True: "active",
}
"""A contact that is open at rest and closes when active: a plain button."""

NC: Final[dict[bool, Condition]] = {
    # contact closed?
    True: "normal",
    False: "active",
}
"""A contact that is closed at rest and opens when active: a reed contact on a shut door. A cut wire
reads as active."""

TABLES: Final[dict[Circuit, dict[bool, Condition]]] = {"no": NO, "nc": NC}


def condition(circuit: Circuit, *, closed: bool) -> Condition:
    """Return what a circuit's contact, closed or open, means."""
    return TABLES[circuit][closed]


def is_closed(circuit: Circuit, wanted: Condition) -> bool:
    """Return the position in which a circuit's contact reads ``wanted``.

    Raises ``KeyError`` when no position of this circuit does.
    """
    return {found: closed for closed, found in TABLES[circuit].items()}[wanted]


def level(pull: Pull, *, closed: bool) -> bool:
    """Return the voltage (high is True) on a pin whose contact is closed or open."""
    return closed is (pull == "down")
