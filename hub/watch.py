"""Readings that make a trouble and end it: when it opens, when it is over, and no sooner. Pure.

Between the two marks of a rule nothing changes, and a reading that is missing says nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

RESTORED: Final = ""
"""What :meth:`Watch.look` says of a trouble that is over."""


class Rule(Struct, frozen=True):
    """When a reading is a trouble."""

    what: str
    """The trouble's word."""
    field: str
    """What is read."""
    wrong: Callable[[Any], bool]
    well: Callable[[Any], bool]
    """Not the contrary of ``wrong``: what lies between the two marks changes nothing."""
    words: str
    """What is said of it; ``{}`` is the reading. They stay as they were when it opened."""
    after_s: float = 0.0
    """How long it must be wrong."""
    well_for_s: float = 0.0
    """How long it must then be well, without a wrong reading between."""


class Watch:
    """The readings of one source, and since when each has been wrong or well."""

    def __init__(self) -> None:
        self._wrong_since: dict[str, float] = {}
        self._well_since: dict[str, float] = {}

    def look(self, rule: Rule, reading: Any, mono: float, *, is_open: bool) -> str | None:
        """Return the words of a trouble that opens now, :data:`RESTORED` of one that ends, else None."""
        if reading is None:
            return None
        if rule.wrong(reading):
            self._well_since.pop(rule.what, None)
            since = self._wrong_since.setdefault(rule.what, mono)
            return None if is_open or mono - since < rule.after_s else rule.words.format(reading)
        if not rule.well(reading):
            return None
        self._wrong_since.pop(rule.what, None)
        if not is_open:
            return None
        since = self._well_since.setdefault(rule.what, mono)
        if mono - since < rule.well_for_s:
            return None
        self._well_since.pop(rule.what, None)
        return RESTORED
