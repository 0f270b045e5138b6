"""An incident's timeline as people read it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from config.clock import read_stamp
from config.contract import shown
from hub.console.words import Words

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
"""A time as the record writes it; shown in the school's own time."""

_FOR_MACHINES: Final = frozenset({"revision", "showed", "id", "delivery", "n"})
"""What a row also holds for programs; the API gives it."""
_WHAT: Final = {"acknowledge": "acknowledged", "note": "noted", "reckoned-earlier": "time corrected"}
"""Rows whose own word is no plain one."""
_NAMES: Final = {"device": "room", "label": "button"}


class Entry(Struct, frozen=True):
    """One row of the record, in words."""

    clock: str
    what: str
    reason: str
    detail: tuple[tuple[str, str], ...]


def rows(
    timeline: list[dict[str, Any]], words: Words, now: int, rooms: Mapping[str, str] | None = None
) -> list[Entry]:
    """Return the rows of a timeline, oldest first; ``rooms`` are the names of its devices' rooms."""
    return [_entry(row, words, now, rooms or {}) for row in timeline]


def closing_note(timeline: list[dict[str, Any]]) -> str | None:
    """Return what was said as the incident was resolved, if anything was."""
    for row in reversed(timeline):
        if row["what"] == "resolved" and isinstance(row["detail"], dict):
            return shown(str(row["detail"]["note"]), 2000) if row["detail"].get("note") else None
    return None


def _entry(row: dict[str, Any], words: Words, now: int, rooms: Mapping[str, str]) -> Entry:
    clock = words.when(read_stamp(row["at"]), now)
    what = _WHAT.get(row["what"], _plain(str(row["what"])))
    detail = row["detail"]
    if isinstance(detail, dict):
        detail = _for_people(detail, clock, words, now, rooms)
    return Entry(clock, what, _reason(what, str(row["reason"]), words, now), _detail(detail, words, now))


def _reason(what: str, reason: str, words: Words, now: int) -> str:
    """Return a reason without the word that stands before it already, its times as people read them."""
    rest = reason.removeprefix(what)
    said = rest.lstrip(": ") if rest[:1] in ("", ":", " ") else reason
    return shown(_STAMP.sub(lambda at: words.when(read_stamp(at[0]), now), said), 2000)


def _for_people(
    detail: dict[str, Any], clock: str, words: Words, now: int, rooms: Mapping[str, str]
) -> dict[str, Any]:
    """Return what people read of a row: rooms and buttons by their names, and nothing twice."""
    kept = {name: value for name, value in detail.items() if name not in _FOR_MACHINES}
    if kept.get("label"):
        kept.pop("zone", None)
    if "at" in kept and _value(kept["at"], words, now) == clock:
        del kept["at"]
    if kept.get("device") in rooms:
        kept["device"] = rooms[kept["device"]]
    return {_NAMES.get(name, name): value for name, value in kept.items()}


def _detail(detail: Any, words: Words, now: int) -> tuple[tuple[str, str], ...]:
    if not isinstance(detail, dict):
        return () if detail in (None, "", []) else (("", _value(detail, words, now)),)
    return tuple(
        (_plain(str(name)), shown(str(value), 2000) if name == "note" else _value(value, words, now))
        for name, value in detail.items()
        if value not in (None, "", "-", [], {})
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
