"""What differs between two settings of a hub, in words that hold no secret. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import Struct

from config.hub_settings import HubSettings
from config.settings import Report

FIXED: Final = (
    "site",
    "hub",
    "data",
    "store",
    "broker",
    "more_brokers",
    "authority",
    "enrolment.address",
    "enrolment.host",
    "enrolment.port",
    "console.host",
    "console.port",
    "console.https",
)
"""Settings that a hub has for as long as it runs."""
_SAID: Final = frozenset({"name", "timezone", "late_after_s"})
"""Settings outside any table: what they were and are is said."""


def settings_hash(settings: HubSettings) -> str:
    """Return the SHA-256 of settings, by which two can be told apart; comments and defaults don't count."""
    return sha256(msgspec.json.encode(settings, enc_hook=str)).hexdigest()


def check_fixed(old: HubSettings, new: HubSettings, report: Report) -> None:
    """Report each setting that differs and that a running hub can't take."""
    for key in FIXED:
        if _at(old, key) != _at(new, key):
            report(key, "differs from what the hub runs with", "restart the hub for that, or set it back")


def changes(old: HubSettings, new: HubSettings) -> tuple[str, ...]:
    """Return what differs, a line for each table: ``rooms: added room-109; changed room-103 (room)``."""
    found = []
    for name in HubSettings.__struct_fields__:
        was, now = getattr(old, name), getattr(new, name)
        # Plans are looked at in their order.
        if was != now or (isinstance(was, Mapping) and list(was) != list(now)):
            found.append(_words(name, was, now))
    return tuple(found)


def _words(name: str, was: Any, now: Any) -> str:
    if name in _SAID:
        return f"{name}: {was} is now {now}"
    if name == "rooms":
        was, now = ({room.device: room for room in rooms} for rooms in (was, now))
        return f"rooms: {_of_table(was, now) or 'in another order'}"
    if isinstance(was, Mapping):
        return f"{name}: {_of_table(was, now) or 'in another order'}"
    if isinstance(was, Struct):
        return f"{name}: {', '.join(_fields(was, now, say=True))}"
    return f"{name} changed"


def _of_table(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    parts = [("added", [key for key in now if key not in was])]
    parts.append(("removed", [key for key in was if key not in now]))
    changed = [key for key in now if key in was and now[key] != was[key]]
    parts.append(("changed", [f"{key}{_fields_of(was[key], now[key])}" for key in changed]))
    return "; ".join(f"{word} {', '.join(keys)}" for word, keys in parts if keys)


def _fields_of(was: Any, now: Any) -> str:
    if type(was) is not type(now) or not isinstance(was, Struct):
        return ""
    return f" ({', '.join(_fields(was, now, say=False))})"


def _fields(was: Struct, now: Struct, *, say: bool) -> Iterator[str]:
    for name in was.__struct_fields__:
        before, after = getattr(was, name), getattr(now, name)
        if before == after:
            continue
        said = say and isinstance(before, int | float) and isinstance(after, int | float)
        yield f"{name} {before} is now {after}" if said else name


def _at(settings: HubSettings, key: str) -> Any:
    found: Any = settings
    for part in key.split("."):
        found = getattr(found, part)
    return found
