"""The chain in the store: rows linked as they are written, read back for the verifier, and its head."""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, and_, bindparam, func, insert, select, update

from config.clock import stamp
from hub.decision import Decision, EventRow, RecordRow
from hub.record_chain import REASON, began, detail_of, joined, split
from hub.store.engine import one_moment
from hub.store.tables import events, personal, record
from hub.verify_record import EVENT_COLUMNS, NOTHING, Verifier, link

ROWS: Final = 1000
"""Rows read at a time."""
LOWEST: Final = -(2**63)
"""Below every number that a row may bear, one that was forged among them."""


class Chain:
    """Links one site's rows; remembers its head between commits."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._head: str | None = None

    def lines(
        self, connection: Connection, batch: Sequence[Decision]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return a batch's rows of the record, linked, and what lies beside them, to be written in order."""
        lines: list[dict[str, Any]] = []
        beside: list[dict[str, Any]] = []
        if any(decision.record for decision in batch):
            before = self._head or stored_hash(connection, self._site)
            for decision in batch:
                known = {event.seq: event for event in decision.events}
                for row in decision.record:
                    if before is None:
                        before = self._line(began(self._site, salt(), row.at), None, NOTHING, lines, beside)
                    before = self._line(row, known.get(row.seq), before, lines, beside)
            self._head = before
        return lines, beside

    def forget(self) -> None:
        """Ask the store for the head next time: what was linked may not have been written."""
        self._head = None

    def _line(
        self,
        row: RecordRow,
        event: EventRow | None,
        before: str,
        lines: list[dict[str, Any]],
        beside: list[dict[str, Any]],
    ) -> str:
        line, kept = linked(self._site, row, event, before)
        lines.append(line)
        beside += kept
        return str(line["hash"])


def salt() -> str:
    """Return a new random salt."""
    return secrets.token_hex(16)


def linked(
    site: str, row: RecordRow, event: EventRow | None, before: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a row of the record after one of the hash ``before``, and the rows that lie beside it."""
    parts = split(row, event, salt)
    line = {
        "site": site,
        "seq": row.seq,
        "at": row.at,
        "what": row.what,
        "reason": parts.reason,
        "incident": row.incident,
        "stream": row.stream,
        "detail": parts.detail,
    }
    line["hash"] = link(site, before, line)
    where = {"site": site, "seq": row.seq, "at": row.at, "incident": row.incident, "removed": None}
    return line, [where | msgspec.structs.asdict(kept) for kept in parts.beside]


def stored_hash(connection: Connection, site: str) -> str | None:
    """Return the hash of the newest row; None where there is none."""
    newest = select(record.c.hash).where(record.c.site == site).order_by(record.c.seq.desc()).limit(1)
    found = connection.execute(newest).scalar()
    return None if found is None else str(found)


def head(engine: Engine, site: str) -> tuple[int, str] | None:
    """Return the number and hash of the newest row: what is to leave the machine, for ``--head``."""
    newest = select(record.c.seq, record.c.hash).where(record.c.site == site)
    with engine.connect() as connection:
        found = connection.execute(newest.order_by(record.c.seq.desc()).limit(1)).first()
    return None if found is None else (int(found[0]), str(found[1]))


def size(engine: Engine, site: str) -> int:
    """Return how many rows there are."""
    with engine.connect() as connection:
        counted = select(func.count()).select_from(record).where(record.c.site == site)
        return int(connection.execute(counted).scalar_one())


def rows(engine: Engine, site: str) -> Iterator[dict[str, Any]]:
    """Yield the record's rows in order, each with what lies beside it: for the verifier, or an export.

    In one transaction, so that what the hub writes or removes meanwhile is no contradiction.
    """
    with one_moment(engine) as connection:
        after: int | None = LOWEST
        while after is not None:
            after, found = _some(connection, site, after)
            yield from found


def said(engine: Engine, site: str, whats: Sequence[str], since: int, until: int) -> Iterator[dict[str, Any]]:
    """Yield rows of these kinds, ``until`` excluded (wall ms), with what lies beside them in its place."""
    columns = [record.c[name] for name in ("seq", "at", "what", "reason", "incident", "detail")]
    wanted = (record.c.site == site, record.c.what.in_(whats), record.c.at >= since, record.c.at < until)
    options = {"yield_per": ROWS}
    with engine.connect() as asked, engine.connect() as connection:
        for row in connection.execution_options(**options).execute(
            select(*columns).where(*wanted).order_by(record.c.seq)
        ):
            of_row = (personal.c.site == site, personal.c.seq == row.seq)
            values, gone = values_and_gone(asked, *of_row)
            reason, detail = joined(
                row.reason, detail_of(row.detail), values.get(row.seq, {}), gone.get(row.seq, {})
            )
            yield dict(row._mapping) | {"reason": reason, "detail": detail}


def values_and_gone(
    connection: Connection, *wanted: Any
) -> tuple[dict[int, dict[str, str]], dict[int, dict[str, str]]]:
    """Return values beside the chain, by row and field, and the words for those that were removed."""
    removal = record.alias("removal")
    same = and_(removal.c.site == personal.c.site, removal.c.seq == personal.c.removed)
    columns = (personal.c.seq, personal.c.field, personal.c.value, removal.c.at, removal.c.reason)
    values: dict[int, dict[str, str]] = {}
    gone: dict[int, dict[str, str]] = {}
    for seq, field, value, at, why in connection.execute(
        select(*columns).outerjoin(removal, same).where(*wanted)
    ):
        if value is not None:
            values.setdefault(seq, {})[field] = value
        else:
            when = f" on {stamp(at)[:10]}: {why}" if at is not None else ""
            gone.setdefault(seq, {})[field] = f"(removed{when})"
    return values, gone


def strays(engine: Engine, site: str) -> list[str]:
    """Return what lies beside the chain without a row of it, in words."""
    found = []
    for table, words in ((events, "an event"), (personal, "a value")):
        row = select(record.c.seq).where(record.c.site == table.c.site, record.c.seq == table.c.seq)
        lost = select(table.c.seq).where(table.c.site == site, ~row.exists()).limit(20)
        with engine.connect() as connection:
            found += [f"row {seq}: {words} of a row that is missing" for (seq,) in connection.execute(lost)]
    return found


def verify(
    engine: Engine,
    site: str,
    heads: Sequence[tuple[int, str]] = (),
    told: Callable[[int, int], None] | None = None,
) -> Verifier:
    """Look at the whole record; ``told(done, whole)`` is called now and then."""
    verifier, whole = Verifier(site, heads), size(engine, site)
    for row in rows(engine, site):
        verifier.take(row)
        if told is not None and verifier.rows % ROWS == 0:
            told(verifier.rows, whole)
    for words in strays(engine, site):
        verifier.fault(words)
    verifier.end()
    if told is not None:
        told(1, 1)
    return verifier


def _some(connection: Connection, site: str, after: int) -> tuple[int | None, list[dict[str, Any]]]:
    statement = select(record).where(record.c.site == site, record.c.seq > after)
    found = connection.execute(statement.order_by(record.c.seq).limit(ROWS)).mappings().all()
    if not found:
        return None, []
    first, last = found[0]["seq"], found[-1]["seq"]
    beside: dict[int, list[dict[str, Any]]] = {}
    span = select(personal).where(personal.c.site == site, personal.c.seq.between(first, last))
    for kept in connection.execute(span).mappings():
        entry = {name: kept[name] for name in ("field", "salt", "value")}
        beside.setdefault(kept["seq"], []).append(entry)
    happened: dict[int, dict[str, Any]] = {}
    chosen = select(events).where(events.c.site == site, events.c.seq.between(first, last))
    for event in connection.execute(chosen).mappings():
        payload = event["payload"]
        payload = payload.encode() if isinstance(payload, str) else payload  # SQLite takes what it is given
        text = base64.b64encode(payload).decode() if payload or not event["size"] else None
        happened[event["seq"]] = {name: event[name] for name in EVENT_COLUMNS} | {
            "at": event["at"],
            "payload": text,
        }
    return last, [
        {name: value for name, value in row.items() if name != "site"}
        | {"personal": beside.get(row["seq"], []), "event": happened.get(row["seq"])}
        for row in found
    ]


# --- rows of before the chain ---


def chain_older(connection: Connection) -> None:
    """Chain the rows of every site as they are; what names a person goes beside them. For the migration."""
    sites = connection.execute(select(record.c.site, func.count()).group_by(record.c.site)).all()
    change = update(record).where(record.c.site == bindparam("of_site"), record.c.seq == bindparam("of_seq"))
    change = change.values({name: bindparam(f"new_{name}") for name in ("reason", "detail", "hash")})
    for site, whole in sites:
        before, after, done = "", -1, 0
        while True:
            statement = select(record).where(record.c.site == site, record.c.seq > after)
            found = connection.execute(statement.order_by(record.c.seq).limit(ROWS)).mappings().all()
            if not found:
                break
            if not before:
                first, _ = linked(site, began(site, salt(), found[0]["at"]), None, NOTHING)
                connection.execute(insert(record), first)
                before = first["hash"]
            after = found[-1]["seq"]
            chosen = select(events).where(events.c.site == site, events.c.seq.between(found[0]["seq"], after))
            known = {
                event["seq"]: EventRow(**{name: event[name] for name in EventRow.__struct_fields__})
                for event in connection.execute(chosen).mappings()
            }
            changed, beside = [], []
            for old in found:
                row = RecordRow(
                    **{name: old[name] for name in RecordRow.__struct_fields__ if name != "detail"}
                )
                row = msgspec.structs.replace(row, detail=_detail(old["detail"]))
                line, kept = linked(site, row, known.get(row.seq), before)
                before = line["hash"]
                changed.append(
                    {"of_site": site, "of_seq": row.seq}
                    | {f"new_{name}": line[name] for name in (REASON, "detail", "hash")}
                )
                beside += kept
            connection.execute(change, changed)
            if beside:
                connection.execute(insert(personal), beside)
            done += len(found)
            sys.stderr.write(f"migrating: chained {done} of {whole} rows of {site}\n")
            sys.stderr.flush()


def _detail(text: str) -> dict[str, Any]:
    found = msgspec.json.decode(text)
    return found if isinstance(found, dict) else {"detail": found}
