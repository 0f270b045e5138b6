"""Writing decisions: many at a time, in order, in one transaction. And what a start reads back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, Table, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.decision import Decision
from hub.delivery import Delivery
from hub.devices import LAMP_REPEATED_S
from hub.enrolment.identity import Code, Identity
from hub.incident import Incident
from hub.kept_course import KeptCourse
from hub.loaded import Loaded
from hub.store.chain import Chain
from hub.store.held import Held
from hub.store.retention import remove
from hub.store.statement import Statement
from hub.store.tables import (
    codes,
    deliveries,
    devices,
    doors,
    events,
    facts,
    identities,
    incidents,
    personal,
    quarantine,
    record,
    troubles,
)
from hub.store.torn import STATE, agree, read, torn, torn_incident, whole
from hub.view import DeviceView, DoorView, Trouble

_JSON = msgspec.json.Encoder()
RESOLVED_FOR_MS: Final = round(LAMP_REPEATED_S * 1000)
"""How long before the record's last row one may have been resolved, for its rooms to hear of it again."""
RESOLVED_READ: Final = 10_000
"""Resolved incidents that a start looks at, at most, whatever a wall clock that jumped says of their time."""
RESOLVED_AT_ONCE: Final = 100
"""Of them read from the database together: most starts look at a few."""


class Journal:
    """The one writer of a site's state."""

    def __init__(self, engine: Engine, site: str) -> None:
        self._engine = engine
        self._held = Held(engine)
        self._site = site
        name = engine.dialect.name
        earlier = update(events).where(events.c.digest == bindparam("name")).values(at=bindparam("moved"))
        self._chain = Chain(site)
        self._record = self._statement(insert(record), record)
        self._personal = self._statement(insert(personal), personal)
        self._events = self._statement(_insert_new(events, name), events)
        self._earlier = Statement(earlier, engine.dialect, ())
        self._upserts = {
            table: self._statement(_upsert(table, name), table)
            for table in (incidents, deliveries, troubles, devices, doors, facts, codes, identities)
        }
        self._quarantine = insert(quarantine)

    def commit(self, batch: Sequence[Decision]) -> None:
        """Write a batch whole; when it returns, all of it survives a power cut.

        Raises SQLAlchemy's errors, and then nothing of it is written.
        """
        connection = self._held.get()
        try:
            with connection.begin():
                self._write(connection, batch)
        except BaseException:
            self._chain.forget()
            self._held.give_up()
            raise

    def quarantine(self, decision: Decision, at: int, why: str) -> None:
        """Keep the message of a decision that the database refused, raw."""
        topic, payload = decision.raw or ("", b"")
        with self._engine.begin() as connection:
            connection.execute(self._quarantine, self._raw(at, topic, payload, why))

    def _raw(self, at: int, topic: str, payload: bytes, why: str) -> dict[str, Any]:
        return {
            "site": self._site,
            "at": at,
            "topic": topic.encode("utf-8", "replace"),
            "payload": payload,
            "why": why[:2000].replace("\0", "�"),
        }

    def close(self) -> None:
        """Let go of the connection."""
        self._held.give_up()

    def _write(self, connection: Connection, batch: Sequence[Decision]) -> None:
        site = self._site
        lines, beside = self._chain.lines(connection, batch)
        if lines:
            self._record.run(connection, lines)
        if beside:
            self._personal.run(connection, beside)
        rows = [
            {"site": site, **{name: getattr(e, name) for name in e.__struct_fields__}}
            for decision in batch
            for e in decision.events
        ]
        if rows:
            self._events.run(connection, rows)
        moved = [{"name": name, "moved": at} for d in batch for name, at in d.earlier.items()]
        if moved:
            self._earlier.run(connection, moved)
        for table, kept in self._states(batch).items():
            if rows := [row for row in kept.values() if table is not doors or "row" in row]:
                self._upserts[table].run(connection, rows)
            for row in kept.values() if table is doors else ():
                if "row" not in row:
                    this = (doors.c.device == row["device"], doors.c.zone == row["zone"])
                    connection.execute(delete(doors).where(doors.c.site == site, *this))
        remove(connection, site, [removal for decision in batch for removal in decision.removals])
        if raw := [self._raw(*kept) for decision in batch for kept in decision.kept_raw]:
            connection.execute(self._quarantine, raw)
        for before in [decision.raw_over for decision in batch if decision.raw_over is not None]:
            connection.execute(delete(quarantine).where(quarantine.c.site == site, quarantine.c.at < before))

    def _statement(self, statement: Any, table: Table) -> Statement:
        return Statement(statement, self._engine.dialect, [column.name for column in table.columns])

    def _states(self, batch: Sequence[Decision]) -> dict[Table, dict[Any, dict[str, Any]]]:
        """Return the last state of each thing that the batch changed, by table and key."""
        site = self._site
        kept: dict[Table, dict[Any, dict[str, Any]]] = {table: {} for table in self._upserts}
        latest_incidents: dict[str, tuple[Incident, KeptCourse]] = {}
        latest_deliveries: dict[str, Delivery] = {}
        for decision in batch:
            latest_incidents.update(decision.incidents)
            latest_deliveries.update(decision.deliveries)
            for trouble in decision.troubles:
                kept[troubles][(trouble.key, trouble.since)] = {
                    "site": site,
                    "key": trouble.key,
                    "since": trouble.since,
                    "open": trouble.restored is None,
                    "row": _text(trouble),
                }
            for device, view in decision.devices.items():
                kept[devices][device] = {"site": site, "device": device, "row": _text(view)}
            for (device, zone), door in decision.doors.items():
                where = {"site": site, "device": device, "zone": zone}
                kept[doors][(device, zone)] = where if door is None else {**where, "row": _text(door)}
            for digest, code in decision.codes.items():
                kept[codes][digest] = {"site": site, "digest": digest, "row": _text(code)}
            for serial, one in decision.identities.items():
                kept[identities][serial] = {
                    "site": site,
                    "serial": serial,
                    "device": one.device,
                    "state": one.state,
                    "row": _text(one),
                }
            for name, value in decision.facts.items():
                kept[facts][name] = {"site": site, "name": name, "value": value}
        for key, (incident, course) in latest_incidents.items():
            kept[incidents][key] = {
                "site": site,
                "id": key,
                "number": incident.number,
                "state": incident.state,
                "body": _text(incident),
                "course": _text(course),
            }
        for key, delivery in latest_deliveries.items():
            kept[deliveries][key] = {
                "site": site,
                "id": key,
                "incident": delivery.incident,
                "state": delivery.state,
                "row": _JSON.encode(delivery),
            }
        return kept

    # --- reading ---

    def load(self) -> Loaded:
        """Read what the site had when its hub last stopped; nothing that grows with the record."""
        site = self._site
        with self._engine.connect() as connection:

            def rows(table: Table, *columns: Any, **where: Any) -> Any:
                wanted = [table.c.site == site, *(table.c[name] == value for name, value in where.items())]
                return connection.execute(select(*columns).where(*wanted)).all()

            last = connection.execute(
                select(record.c.seq, record.c.at)
                .where(record.c.site == site)
                .order_by(record.c.seq.desc())
                .limit(1)
            ).first()
            number = select(func.max(incidents.c.number)).where(incidents.c.site == site)
            loaded = Loaded(
                seq=0 if last is None else last.seq,
                number=connection.execute(number).scalar() or 0,
                facts=dict(rows(facts, facts.c.name, facts.c.value)),
            )
            self._load_incidents(connection, loaded)
            if last is not None:
                self._load_resolved(connection, loaded, last.at - RESOLVED_FOR_MS)
            lost = loaded.torn
            owed = rows(deliveries, deliveries, state="owed")
            loaded.deliveries += [one for _, one in whole(owed, deliveries, Delivery, lost)]
            loaded.troubles += [
                one for _, one in whole(rows(troubles, troubles, open=True), troubles, Trouble, lost)
            ]
            for row, view in whole(rows(devices, devices), devices, DeviceView, lost):
                loaded.devices[row.device] = view
            loaded.doors += [one for _, one in whole(rows(doors, doors), doors, DoorView, lost)]
            loaded.codes += [one for _, one in whole(rows(codes, codes), codes, Code, lost)]
            loaded.identities += [
                one for _, one in whole(rows(identities, identities), identities, Identity, lost)
            ]
            return loaded

    def _load_incidents(self, connection: Connection, loaded: Loaded) -> None:
        """Read those that are not resolved."""
        state = incidents.c.state
        other = or_(state < "resolved", state > "resolved")  # by the index, whatever else it may say
        unresolved = (incidents.c.site == self._site, other)
        for row in connection.execute(select(*STATE, incidents.c.course).where(*unresolved)).all():
            incident, course = read(row.body, Incident), read(row.course, KeptCourse)
            columns = {"id": row.id, "number": row.number, "state": row.state, "site": self._site}
            if (
                incident is None
                or course is None
                or not agree(incident, columns)
                # Whoever seems to have heard of a revision to come would hear of nothing more.
                or any(entry.revision > incident.reached for entry in course.told)
            ):
                loaded.torn.append(torn_incident(connection, self._site, row))
            else:
                loaded.incidents.append((incident, course))

    def _load_resolved(self, connection: Connection, loaded: Loaded, since: int) -> None:
        """Read those that were resolved since then (wall ms), the latest of each room, the latest first."""
        over = (
            select(record.c.at, *STATE)
            .join(incidents, and_(incidents.c.site == record.c.site, incidents.c.id == record.c.incident))
            .where(record.c.site == self._site, record.c.stream == "incident.resolved")
            .order_by(record.c.seq.desc())
            .limit(RESOLVED_READ)
        )
        known: set[str] = set()
        with connection.execution_options(yield_per=RESOLVED_AT_ONCE).execute(over) as found:
            for row in found:
                if row.at < since:
                    return
                incident = read(row.body, Incident)
                if incident is None:
                    loaded.torn.append(torn(incidents, row.id, row.body, {"state": row.state}))
                    continue
                rooms = {room.place.device for room in incident.rooms}
                if not rooms <= known:
                    known |= rooms
                    loaded.resolved.append(incident)


def _text(value: Any) -> str:
    return _JSON.encode(value).decode()


def _upsert(table: Table, dialect: str) -> Any:
    add: Any = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {c.name: add.excluded[c.name] for c in table.columns if c.name not in keys}
    return add.on_conflict_do_update(index_elements=keys, set_=changed)


def _insert_new(table: Table, dialect: str) -> Any:
    add: Any = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    return add.on_conflict_do_nothing(index_elements=[column.name for column in table.primary_key])
