"""An incident's timeline as people read it. Pure."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from config.clock import read_stamp
from config.contract import shown
from hub.console.words import Words


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
            _detail(row["detail"]),
        )
        for row in timeline
    ]


def _detail(detail: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(detail, dict):
        return () if detail in (None, "", []) else (("", _value(detail)),)
    return tuple(
        (_plain(str(name)), _value(value))
        for name, value in detail.items()
        if value not in (None, "", [], {})
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_value(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{_plain(str(name))} {_value(each)}" for name, each in value.items())
    return shown(str(value))


def _plain(name: str) -> str:
    return shown(name.replace("_", " ").replace(".", " "))
