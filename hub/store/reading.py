"""What pages and the API read of the record. Never called on the recorder's way of a press."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, and_, or_, select

from config.clock import stamp
from hub.delivery import Delivery, DeliveryState
from hub.drill_record import name_of
from hub.incident import Incident
from hub.record_chain import detail_of, joined
from hub.store.chain import head, values_and_gone
from hub.store.tables import deliveries, incidents, personal, record, troubles
from hub.store.torn import STATE, incident_of, trouble_of
from hub.view import StreamEvent, Trouble

FORGOTTEN_AT_ONCE: Final = 200
"""Values that one word removes at most: a transaction of some milliseconds."""


class Reading:
    """Reads of one site's record, each a short transaction of its own on the calling thread."""

    def __init__(self, engine: Engine, site: str) -> None:
        self._engine = engine
        self._site = site

    def to_forget(
        self, incident: str | None, person: str | None, after: tuple[int, str], newest: int
    ) -> list[tuple[int, str]]:
        """Return the next values beside the chain, after these, that an incident or a person left there.

        None is of a row after the row ``newest``.
        A person's are those that say the name and nothing else; none of an unresolved incident is among them.
        """
        which = personal.c.incident == incident
        if person is not None:
            which = personal.c.value == msgspec.json.encode(person).decode()
        open_ = incidents.alias("open_")
        unresolved = select(open_.c.id).where(
            open_.c.site == self._site, open_.c.id == personal.c.incident, open_.c.state != "resolved"
        )
        later = or_(personal.c.seq > after[0], and_(personal.c.seq == after[0], personal.c.field > after[1]))
        wanted = (
            personal.c.site == self._site,
            personal.c.value.is_not(None),
            which,
            later,
            personal.c.seq <= newest,
            ~unresolved.exists(),
        )
        chosen = select(personal.c.seq, personal.c.field).where(*wanted)
        with self._engine.connect() as connection:
            found = connection.execute(
                chosen.order_by(personal.c.seq, personal.c.field).limit(FORGOTTEN_AT_ONCE)
            )
            return [(seq, field) for seq, field in found]

    def incidents(
        self, states: tuple[str, ...] = (), limit: int = 50, before: int | None = None
    ) -> list[Incident]:
        """Return incidents, the highest number first: of these states (none: all), under ``before``."""
        wanted = [incidents.c.site == self._site]
        if states:
            wanted.append(incidents.c.state.in_(states))
        if before is not None:
            wanted.append(incidents.c.number < before)
        statement = select(*STATE).where(*wanted).order_by(incidents.c.number.desc()).limit(limit)
        with self._engine.connect() as connection:
            found = connection.execute(statement).all()
            return [incident_of(connection, self._site, row) for row in found]

    def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, or None."""
        statement = select(*STATE).where(incidents.c.site == self._site, incidents.c.id == incident_id)
        with self._engine.connect() as connection:
            row = connection.execute(statement).first()
            return None if row is None else incident_of(connection, self._site, row)

    def timeline(self, incident_id: str) -> list[dict[str, Any]]:
        """Return an incident's rows of the record, oldest first: ``{"at","what","reason","detail"}``."""
        return [{k: v for k, v in row.items() if k != "seq"} for row in self.rows_of(incident_id)]

    def rows_of(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of an incident, or a drill's own, with their numbers, oldest first.

        A drill's stand under :func:`hub.drill_record.name_of` its id.
        """
        with self._engine.connect() as connection:
            beside = (personal.c.site == self._site, personal.c.incident == name)
            return self._rows(connection, (record.c.incident == name,), beside)

    def delivered(self, channel: str, incident: str) -> list[Delivery]:
        """Return what of an incident was delivered by a channel, in the order in which it was owed."""
        return self._told(channel, incident, ("delivered",))

    def told(self, channel: str, incident: str) -> list[Delivery]:
        """Return what of an incident is or was owed to a channel, whether or not it came through."""
        return self._told(channel, incident, ("owed", "delivered", "failed"))

    def _told(self, channel: str, incident: str, states: tuple[DeliveryState, ...]) -> list[Delivery]:
        statement = select(deliveries.c.row).where(
            deliveries.c.site == self._site,
            deliveries.c.incident == incident,
            deliveries.c.state.in_(states),
        )
        with self._engine.connect() as connection:
            found = [msgspec.json.decode(row, type=Delivery) for (row,) in connection.execute(statement)]
        chosen = [one for one in found if one.target.channel == channel]
        return sorted(chosen, key=lambda one: (one.owed_at, one.revision))

    def postures(self, since: int, until: int) -> list[dict[str, Any]]:
        """Return the rows that say how the posture changed from a row of the record to another."""
        between = record.c.seq.between(since, until)
        with self._engine.connect() as connection:
            return self._rows(
                connection,
                (between, record.c.what.in_(("posture", "posture-asked"))),
                (personal.c.site == self._site, personal.c.seq.between(since, until)),
            )

    def drills(self, newest: int, limit: int = 200) -> list[dict[str, Any]]:
        """Return the rows with which drills ended or were cancelled, by their numbers, the highest first."""
        names = [name_of(str(number)) for number in range(newest, max(newest - limit, 0), -1)]
        over = record.c.what.in_(("drill-ended", "drill-cancelled"))
        with self._engine.connect() as connection:
            beside = (personal.c.site == self._site, personal.c.incident.in_(names))
            rows = self._rows(connection, (record.c.incident.in_(names), over), beside)
        whole = [row for row in rows if "drill" in row["detail"]]
        return sorted(whole, key=lambda row: -int(row["detail"]["drill"]))

    def _rows(
        self, connection: Connection, which: tuple[Any, ...], beside: tuple[Any, ...]
    ) -> list[dict[str, Any]]:
        """Return rows of the record with what lies beside them, oldest first."""
        statement = (
            select(record.c.seq, record.c.at, record.c.what, record.c.reason, record.c.detail)
            .where(record.c.site == self._site, *which)
            .order_by(record.c.seq)
        )
        values, gone = values_and_gone(connection, *beside)
        rows = []
        for seq, at, what, reason, detail in connection.execute(statement):
            said, whole = joined(reason, detail_of(detail), values.get(seq, {}), gone.get(seq, {}))
            rows.append({"seq": seq, "at": stamp(at), "what": what, "reason": said, "detail": whole})
        return rows

    def stream_since(self, seq: int, limit: int = 1000) -> list[StreamEvent]:
        """Return the changes of incidents after a row of the record, each with its incident as it is now."""
        statement = (
            select(record.c.seq, record.c.stream, *STATE)
            .join(
                incidents,
                and_(incidents.c.site == record.c.site, incidents.c.id == record.c.incident),
            )
            .where(record.c.site == self._site, record.c.seq > seq, record.c.stream.is_not(None))
            .order_by(record.c.seq)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [
                StreamEvent(row.seq, row.stream, incident_of(connection, self._site, row))
                for row in connection.execute(statement).all()
            ]

    def head(self) -> tuple[int, str] | None:
        """Return the number and hash of the record's newest row."""
        return head(self._engine, self._site)

    def troubles(self, limit: int = 500) -> list[Trouble]:
        """Return the newest troubles, open and restored."""
        statement = (
            select(troubles)
            .where(troubles.c.site == self._site)
            .order_by(troubles.c.open.desc(), troubles.c.since.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            return [trouble_of(row) for row in connection.execute(statement)]
