"""Writing a site's incidents, doors, tests, drills and postures, and its whole record, as files."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, Select, select

from config.clock import stamp
from hub.incident import Incident
from hub.store import chain, export_drills
from hub.store.tables import doors, events, incidents
from hub.store.torn import STATE, incident_of, read
from hub.verify_record import VERSION
from hub.view import DoorView

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be reckoned by a spreadsheet: it gets an apostrophe before it."""
PROVED: Final = "proved"
"""What a row of the record says of a zone that a walk test proved."""

Told = Callable[[str, int, int], None]
"""Told how far it is: a file's name, done, whole."""

INCIDENT: Final = (
    "number", "kind", "state", "drill", "late", "opened_at", "rooms", "acknowledged_by", "acknowledged_at",
    "resolved_by", "resolved_at", "disposition", "revision", "id",
)  # fmt: skip
DOOR: Final = ("at", "device", "zone", "what", "received_at", "seq")
DOOR_NOW: Final = ("device", "room", "building", "zone", "label", "state", "since")
DOOR_WEEK: Final = (
    "week", "version", "name", "room", "building", "opened", "longest_ms", "held_open", "after_hours",
    "secure", "faults", "unknown_ms", "device", "zone", "at", "seq",
)  # fmt: skip
DOOR_SIGNED: Final = ("week", "version", "by", "note", "via", "at", "seq")
TEST: Final = ("at", "device", "zone", "reason", "detail", "seq")
POSTURES: Final = ("posture", "posture-again", "posture-asked", "posture-held-back", "posture-not-raised")
"""Rows of the record that say how the posture changed, was asked about, or was not raised."""
POSTURE: Final = ("at", "what", "reason", "detail", "seq")


def export(engine: Engine, site: str, to: Path, since: int, until: int, told: Told) -> list[Path]:
    """Write every file into the folder ``to``, which is made; returns them.

    ``since`` and ``until`` are wall ms, ``until`` excluded; the record is always whole, for the verifier.
    Raises ``OSError``, and SQLAlchemy's errors.
    """
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    of_drills = export_drills.reports(engine, site, since, until)
    lists: tuple[tuple[str, tuple[str, ...], Callable[[], Iterable[dict[str, Any]]]], ...] = (
        ("incidents", INCIDENT, lambda: _incidents(engine, site, since, until)),
        ("doors", DOOR, lambda: _door_events(engine, site, since, until)),
        ("doors-now", DOOR_NOW, lambda: _doors_now(engine, site)),
        ("door-weeks", DOOR_WEEK, lambda: _door_weeks(engine, site, since, until)),
        ("door-weeks-signed", DOOR_SIGNED, lambda: _door_weeks_signed(engine, site, since, until)),
        ("tests", TEST, lambda: _of_record(engine, site, (PROVED,), since, until)),
        ("drills", export_drills.DRILL, lambda: export_drills.drills(of_drills)),
        ("drill-presses", export_drills.PRESS, lambda: export_drills.presses(of_drills)),
        ("drill-acknowledgements", export_drills.ANSWER, lambda: export_drills.answers(of_drills)),
        ("drill-deliveries", export_drills.DELIVERY, lambda: export_drills.deliveries(of_drills)),
        ("postures", POSTURE, lambda: _of_record(engine, site, POSTURES, since, until)),
    )
    made = []
    for number, (name, columns, rows) in enumerate(lists):
        told(name, number, len(lists))
        made += _both(to / name, columns, rows())
    told("lists", 1, 1)
    made.append(to / "record.jsonl")
    whole = chain.size(engine, site)
    with _new(made[-1]) as file:
        file.write(json.dumps({"record": VERSION, "site": site}) + "\n")
        for done, row in enumerate(chain.rows(engine, site)):
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            if done % chain.ROWS == 0:
                told("record", done, whole)
    told("record", 1, 1)
    return made


def cell(value: Any) -> Any:
    """Return a value as a spreadsheet may show it and not reckon it."""
    if value is None:
        return ""
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return value


def _both(stem: Path, columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> list[Path]:
    """Write rows as CSV and as a JSON list, one by one."""
    made = [stem.with_name(stem.name + ".csv"), stem.with_name(stem.name + ".json")]
    with _new(made[0]) as table, _new(made[1]) as file:
        writer = csv.writer(table)
        writer.writerow(columns)
        before = "[\n"
        for row in rows:
            writer.writerow([cell(row[name]) for name in columns])
            file.write(before + json.dumps(row, ensure_ascii=False))
            before = ",\n"
        file.write("[]\n" if before == "[\n" else "\n]\n")
    return made


def _new(path: Path) -> Any:
    """Open a file for its owner alone: names and notes are in it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def _incidents(engine: Engine, site: str, since: int, until: int) -> Iterator[dict[str, Any]]:
    statement = select(*STATE).where(incidents.c.site == site).order_by(incidents.c.number)
    with engine.connect() as beside:
        found = (incident_of(beside, site, row) for row in _streamed(engine, statement))
        yield from _incident_rows(found, since, until)


def _incident_rows(found: Iterable[Incident], since: int, until: int) -> Iterator[dict[str, Any]]:
    for incident in found:
        if not since <= incident.opened_at < until:
            continue
        seen, ended = incident.acknowledged, incident.resolved
        yield {
            "number": incident.number,
            "kind": incident.kind,
            "state": incident.state,
            "drill": incident.drill,
            "late": incident.late,
            "opened_at": stamp(incident.opened_at),
            "rooms": ", ".join(room.place.room for room in incident.rooms),
            "acknowledged_by": seen and seen.by,
            "acknowledged_at": seen and stamp(seen.at),
            "resolved_by": ended and ended.by,
            "resolved_at": ended and stamp(ended.at),
            "disposition": ended and ended.disposition,
            "revision": incident.revision,
            "id": incident.id,
        }


def _door_events(engine: Engine, site: str, since: int, until: int) -> Iterator[dict[str, Any]]:
    columns = (events.c.at, events.c.device, events.c.zone, events.c.what, events.c.received_at, events.c.seq)
    wanted = (events.c.site == site, events.c.kind == "door", events.c.at >= since, events.c.at < until)
    for row in _streamed(engine, select(*columns).where(*wanted).order_by(events.c.seq)):
        found = dict(row._mapping)
        yield found | {"at": stamp(found["at"]), "received_at": stamp(found["received_at"])}


def _doors_now(engine: Engine, site: str) -> Iterator[dict[str, Any]]:
    statement = select(doors.c.row).where(doors.c.site == site).order_by(doors.c.device, doors.c.zone)
    for (row,) in _streamed(engine, statement):
        door = read(row, DoorView)
        if door is None:
            continue  # its events are in the list of them
        where = {"device": door.place.device, "room": door.place.room, "building": door.place.building}
        state = {"label": door.label, "state": door.state, "since": stamp(door.since)}
        yield where | {"zone": door.zone} | state


def _door_weeks(engine: Engine, site: str, since: int, until: int) -> Iterator[dict[str, Any]]:
    """Yield each door of each week as it was frozen, and again where it was corrected."""
    for row in chain.said(engine, site, ("door-week",), since, until):
        detail = row["detail"]
        week = {"week": detail["week"], "version": detail["version"], "at": stamp(row["at"])}
        yield from (door | week | {"seq": row["seq"]} for door in detail["doors"])


def _door_weeks_signed(engine: Engine, site: str, since: int, until: int) -> Iterator[dict[str, Any]]:
    for row in chain.said(engine, site, ("door-week-signed",), since, until):
        said = {name: row["detail"].get(name) for name in ("week", "version", "by", "note", "via")}
        yield said | {"at": stamp(row["at"]), "seq": row["seq"]}


def _of_record(
    engine: Engine, site: str, whats: tuple[str, ...], since: int, until: int
) -> Iterator[dict[str, Any]]:
    """Yield rows of the record of these kinds, with what lies beside them."""
    for row in chain.said(engine, site, whats, since, until):
        detail = row["detail"]
        where = {"device": detail.get("device"), "zone": detail.get("zone")}
        yield row | where | {"at": stamp(row["at"])}


def _streamed(engine: Engine, statement: Select[Any]) -> Iterator[Any]:
    with engine.connect().execution_options(yield_per=chain.ROWS) as connection:
        yield from connection.execute(statement)
