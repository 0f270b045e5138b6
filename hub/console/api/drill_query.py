"""Reading what a call asks of drills. Pure; raises ApiError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from config.clock import read_stamp
from config.contract import PANIC_KINDS, PanicKind
from hub.console.api.errors import bad_input
from hub.console.api.query import json_type, note
from hub.drill import NEVER

TEXT_LONGEST: Final = 128
NAMES_MOST: Final = 2000
MAY_BE_DRILLED: Final[tuple[PanicKind, ...]] = tuple(kind for kind in PANIC_KINDS if kind not in NEVER)


def text(body: Mapping[str, Any], name: str, usual: str | None = None) -> str:
    """Return a short text; ``usual`` where there is none."""
    value = body.get(name)
    if value is None and usual is not None:
        return usual
    found = note({"note": value}) if isinstance(value, str) else None
    if found is None or len(found) > TEXT_LONGEST:
        raise bad_input(f"{name}: none, or too long", f"text of 1 to {TEXT_LONGEST} characters")
    return found


def start(body: Mapping[str, Any]) -> int | None:
    """Return when a drill is to begin, in wall ms; None is now."""
    value = body.get("start")
    if value is None:
        return None
    try:
        return read_stamp(str(value))
    except ValueError:
        allowed = "a time in UTC, such as 2026-11-30T10:00:00.000Z, or none: now"
        raise bad_input(f"start: found {str(value)[:64]!r}", allowed) from None


def names(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return names of rooms' devices or of buildings; empty where none are given."""
    value = body.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise bad_input(f"{name}: found {json_type(value)}", "an array of text, or none")
    if len(value) > NAMES_MOST:
        raise bad_input(f"{name}: found {len(value)}", f"at most {NAMES_MOST}")
    return tuple(value)


def kinds(body: Mapping[str, Any]) -> tuple[PanicKind, ...]:
    """Return the kinds of press that a drill covers; panic where none are given."""
    wanted = names(body, "kinds")
    if unknown := [kind for kind in wanted if kind not in MAY_BE_DRILLED]:
        raise bad_input(f"kinds: found {unknown[0][:64]!r}", *MAY_BE_DRILLED)
    return tuple(kind for kind in MAY_BE_DRILLED if kind in wanted) or ("panic",)


def press(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return which press is meant: its device, and its event's id; both may be left out."""
    found = []
    for name in ("device", "event"):
        value = body.get(name)
        if value is not None and not (isinstance(value, str) and 0 < len(value) <= TEXT_LONGEST):
            raise bad_input(f"{name}: found {json_type(value)}", f"text of 1 to {TEXT_LONGEST} characters")
        found.append(value)
    if found[1] is not None and found[0] is None:
        raise bad_input("device: none", "the device whose event it is")
    return found[0], found[1]
