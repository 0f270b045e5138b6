"""An incident's timeline as people read it. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct

from config.clock import read_stamp
from config.contract import shown
from hub.console.words import Words

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
"""A time as the record writes it; shown in the school's own time."""


class Entry(Struct, frozen=True):
    """One row of the record, in words."""

    clock: str
    what: str
    reason: str
    detail: tuple[tuple[str, str], ...]


def rows(timeline: list[dict[str, Any]], words: Words, now: int) -> list[Entry]:
    """Return the rows of a timeline, oldest first."""
    return [
        Entry(
            words.when(read_stamp(row["at"]), now),
            _plain(str(row["what"])),
            _plain(str(row["reason"])),
            _detail(row["detail"], words, now),
        )
        for row in timeline
    ]


def _detail(detail: Any, words: Words, now: int) -> tuple[tuple[str, str], ...]:
    if not isinstance(detail, dict):
        return () if detail in (None, "", []) else (("", _value(detail, words, now)),)
    return tuple(
        (_plain(str(name)), _value(value, words, now))
        for name, value in detail.items()
        if value not in (None, "", [], {})
    )


def _value(value: Any, words: Words, now: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_value(each, words, now) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{_plain(str(name))} {_value(each, words, now)}" for name, each in value.items())
    text = str(value)
    return words.when(read_stamp(text), now) if _STAMP.fullmatch(text) else shown(text)


def _plain(name: str) -> str:
    return shown(name.replace("_", " ").replace(".", " "))
