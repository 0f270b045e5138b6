"""What of the record is chained, and what lies beside the chain because it may name a person. Pure.

The hashes themselves, and what finds an alteration, are in :mod:`hub.verify_record`.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from hub.decision import EventRow, RecordRow
from hub.verify_record import BEGAN, event_hash, payload_hash, value_hash

PEOPLE: Final = frozenset(
    {"by", "note", "target", "person", "people", "leader", "planned_by", "stand_in", "signed_by"}
)
"""Fields of a row's detail that name or describe a person, whatever the row is."""
NAMING_REASONS: Final = frozenset(
    {
        *("confirmed", "reminded", "owed", "step", "step-skipped", "bypassed", "bypass-ended"),
        *("settings-reloaded", "settings-refused"),
    }
)
"""Rows whose reason says who confirmed, is asked in turn, is away or stands in, a person's own words, or
names people by their settings."""
ENDS: Final = "channel "
"""A trouble whose key begins so names an end of a channel, which may be a person's phone."""
NOBODY: Final = "-"
"""The target of a channel that has but one end: no person."""
REASON: Final = "reason"
FORGOTTEN: Final = "(removed)"
"""Stands for a name whose time is over, wherever it was kept outside the record."""
UNREAD: Final = "(can't be read)"
"""Stands for what is damaged, where a row of the record is shown: ``verify-record`` finds it."""

PLAIN: Final = re.compile(r"step \d{1,4} at [\d.e+]{1,12} s|revision \d{1,9}", re.ASCII)
"""Reasons of nearly every row of a storm; nobody can be named in them."""

_JSON = msgspec.json.Encoder()


class Beside(Struct, frozen=True):
    """A value that lies beside the chain; ``value`` is JSON text."""

    field: str
    salt: str
    value: str


class Gone(NamedTuple):
    """What the record lets go of, and with it every part of a site that keeps names outside the record."""

    values: frozenset[tuple[int, str]]
    """Number of the row, and field."""
    person: str | None = None
    """Whose name goes, and nobody else's; None: what its time is over for, or what an incident holds."""

    def names(self, row: int, field: str, name: str | None) -> bool:
        """Tell whether a name goes that is kept outside the record, and stands in this row and field."""
        return (row, field) in self.values or (self.person is not None and name == self.person)


class Split(Struct, frozen=True):
    """A row of the record as it is chained, and what of it lies beside."""

    reason: str
    detail: str
    beside: tuple[Beside, ...]


def split(row: RecordRow, event: EventRow | None, salts: Any) -> Split:
    """Part a row; ``salts()`` returns a new random salt each time."""
    detail, reason, beside = dict(row.detail), row.reason, []
    for name in _personal(row):
        whole = reason if name == REASON else detail[name]
        kept = Beside(name, salts(), _JSON.encode(whole).decode())
        beside.append(kept)
        detail[name] = {"ref": f"{row.seq}.{name}", "hash": value_hash(kept.salt, kept.value)}
        if name == REASON:
            reason = ""
    if event is not None:
        known = asdict(event)
        hashes = {"row": event_hash(known), "payload": payload_hash(event.payload)}
        detail["event"] = hashes | {"at": event.at}
    return Split(reason, _JSON.encode(detail).decode(), tuple(beside))


def is_plain(reason: str) -> bool:
    """Tell whether a reason is one of those that can name nobody."""
    return PLAIN.fullmatch(reason) is not None


def _personal(row: RecordRow) -> list[str]:
    detail = row.detail
    target = detail.get("target")
    key = detail.get("key")
    found = [name for name in detail if name in PEOPLE and detail[name] not in (None, "")]
    if target == NOBODY:
        found.remove("target")
    if isinstance(key, str) and key.startswith(ENDS):
        found += [name for name in ("key", "detail") if detail.get(name)]
    names = [detail[name] for name in found if isinstance(detail[name], str)]
    if row.reason and not is_plain(row.reason) and _may_name(row, target, names):
        found.append(REASON)
    return found


def _may_name(row: RecordRow, target: Any, names: list[str]) -> bool:
    # What a channel said of an attempt may hold the number it was made to.
    reaches_a_person = target not in (None, NOBODY)
    return row.what in NAMING_REASONS or reaches_a_person or any(name in row.reason for name in names)


def detail_of(text: str) -> dict[str, Any]:
    """Return the detail of a row of the record; of one that is damaged that it can't be read."""
    found = _read(text)
    return found if isinstance(found, dict) else {"detail": found}


def _read(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return UNREAD


def joined(
    reason: str, detail: dict[str, Any], values: dict[str, str], gone: dict[str, str]
) -> tuple[str, dict[str, Any]]:
    """Return a row's reason and detail as they were said.

    ``values`` are those kept beside it (JSON text) by field; ``gone`` the words that stand for those removed.
    """
    whole = dict(detail)
    for name, value in values.items():
        whole[name] = _read(value)
    whole |= gone
    said = whole.pop(REASON, reason) if REASON in values or REASON in gone else reason
    return str(said), whole


def began(site: str, salt: str, at: int) -> RecordRow:
    """Return row 0, with which a chain begins."""
    return RecordRow(0, at, BEGAN, "the record begins", detail={"site": site, "salt": salt})
