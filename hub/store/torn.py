"""Reading rows of the site's state so that one which is damaged stops nobody."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Table, select

from hub.incident import Incident
from hub.store.tables import incidents, record
from hub.torn import Torn, pieced, pieced_trouble, readable
from hub.view import Trouble

STATE: Final = (incidents.c.id, incidents.c.number, incidents.c.state, incidents.c.body)
"""What :func:`incident_of` reads of an incident."""
_INCIDENT = msgspec.json.Decoder(Incident)
_T = TypeVar("_T")


def read(text: str | bytes, kind: type[_T]) -> _T | None:
    """Return a row as what it is; None where it can't be read as that."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, RecursionError):
        return None


def agree(found: object, columns: Mapping[str, Any]) -> bool:
    """Tell whether a row says of itself what its columns say of it; damage may leave it readable."""
    return all(getattr(found, name, value) == value for name, value in columns.items())


def torn(table: Table, key: str, text: str | bytes, columns: dict[str, Any] | None = None) -> Torn:
    """Return a row that can't be read, with its columns; ``key`` is its name among its table's."""
    return Torn(table.name, key, _words(text), columns or {})


def whole(rows: Iterable[Any], table: Table, kind: type[_T], lost: list[Torn]) -> Iterator[tuple[Any, _T]]:
    """Yield rows with what they are; those that can't be read as that are added to ``lost``."""
    names = [column.name for column in table.primary_key if column.name != "site"]
    for row in rows:
        found = read(row.row, kind)
        columns = {name: value for name, value in row._mapping.items() if name not in ("site", "row")}
        if found is not None and agree(found, columns):
            yield row, found
            continue
        key = " ".join(str(columns[name]) for name in names if name != "since")
        lost.append(torn(table, key, row.row, columns))


def torn_incident(connection: Connection, site: str, row: Any) -> Torn:
    """Return an incident that can't be read, with what the record says of it; ``row`` has :data:`STATE`."""
    statement = (
        select(record.c.at, record.c.detail)
        .where(record.c.site == site, record.c.incident == row.id, record.c.stream.is_not(None))
        .order_by(record.c.seq)
    )
    said = []
    for at, text in connection.execute(statement):
        with contextlib.suppress(msgspec.MsgspecError, RecursionError):
            said.append(msgspec.json.decode(text, type=dict[str, Any]) | {"recorded_at": at})
    columns = {name: value for name, value in row._mapping.items() if name != "body"}
    return Torn(incidents.name, row.id, _words(row.body), {"course": "", **columns}, tuple(said))


def incident_of(connection: Connection, site: str, row: Any) -> Incident:
    """Return an incident for those who look: of one that can't be read what is left of it."""
    try:
        return _INCIDENT.decode(row.body)
    except (msgspec.MsgspecError, RecursionError):
        return pieced(torn_incident(connection, site, row), site)


def trouble_of(row: Any) -> Trouble:
    """Return a trouble for those who look: of one that can't be read what is left of it."""
    try:
        return msgspec.json.decode(row.row, type=Trouble)
    except (msgspec.MsgspecError, RecursionError):
        found = readable(_words(row.row), Trouble)
        trouble = pieced_trouble(row.key, row.since, found, row.since)
        return trouble if row.open else replace(trouble, restored=found.get("restored") or row.since)


def _words(text: str | bytes) -> str:
    """Return what can be kept of a text: PostgreSQL takes no U+0000."""
    words = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return words.replace("\0", "�")
