"""Removing what its time is over for: a removal's own row stays, and what it removed is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, and_, delete, func, or_, select, update

from hub.decision import Removal
from hub.kept_facts import ASIDE
from hub.record_chain import FORGOTTEN
from hub.store.tables import deliveries, events, facts, incidents, personal, quarantine, record, troubles
from hub.store.torn import STATE, incident_of

AT_ONCE: Final = 200
"""Values in one transaction at most: some milliseconds, so that no press waits for it."""
PAYLOAD: Final = "payload"
"""Stands for an event's payload where other refs name a field."""
KEY: Final = "key"
"""A trouble's, where it names an end of a channel."""


class Due:
    """Finds what is older than its time, and of no unresolved incident. On a reader's engine."""

    def __init__(self, engine: Engine, site: str) -> None:
        self._engine = engine
        self._site = site

    def personal(self, before: int, after: tuple[int, str]) -> list[tuple[int, str]]:
        """Return the next rows and fields of what names a person, after these; ``before`` is wall ms.

        What is said of an incident goes as a whole, when all of it is old enough.
        """
        younger = personal.alias("younger")
        of_same = and_(younger.c.site == self._site, younger.c.incident == personal.c.incident)
        wanted = (
            personal.c.site == self._site,
            personal.c.value.is_not(None),
            personal.c.at < before,
            or_(
                personal.c.seq > after[0],
                and_(personal.c.seq == after[0], personal.c.field > after[1]),
            ),
            ~_unresolved(self._site, personal.c.incident),
            ~select(younger.c.seq).where(of_same, younger.c.at >= before).exists(),
        )
        chosen = select(personal.c.seq, personal.c.field).where(*wanted)
        with self._engine.connect() as connection:
            found = connection.execute(chosen.order_by(personal.c.seq, personal.c.field).limit(AT_ONCE))
            return [(seq, field) for seq, field in found]

    def payloads(self, before: int, after: tuple[int, str]) -> list[tuple[int, str]]:
        """Return the next rows of events whose payload is to go, after this one."""
        wanted = (
            events.c.site == self._site,
            events.c.payload != b"",
            events.c.at < before,
            events.c.seq > after[0],
            ~_unresolved(self._site, events.c.incident),
        )
        chosen = select(events.c.seq).where(*wanted).order_by(events.c.seq).limit(AT_ONCE)
        with self._engine.connect() as connection:
            return [(seq, PAYLOAD) for (seq,) in connection.execute(chosen)]

    def goes_on(self, since: int, until: int) -> bool:
        """Tell whether the record has a row of between these moments (wall ms)."""
        wanted = (record.c.site == self._site, record.c.at.between(since, until))
        with self._engine.connect() as connection:
            return connection.execute(select(record.c.seq).where(*wanted).limit(1)).first() is not None

    def quarantined(self, before: int) -> int:
        """Return how many messages are in quarantine from before this (wall ms)."""
        wanted = (quarantine.c.site == self._site, quarantine.c.at < before)
        with self._engine.connect() as connection:
            found = connection.execute(select(func.count()).select_from(quarantine).where(*wanted))
            return int(found.scalar_one())


def remove(connection: Connection, site: str, removals: Sequence[Removal]) -> None:
    """Carry removals out, in the transaction that writes the rows that tell of them."""
    for removal in removals:
        rows: dict[str, list[int]] = {}
        for seq, field in removal.values:
            rows.setdefault(field, []).append(seq)
        for field, seqs in rows.items():
            if field == PAYLOAD:
                of_row = (events.c.site == site, events.c.seq.in_(seqs))
                connection.execute(update(events).where(*of_row).values(payload=b""))
                continue
            where = (personal.c.site == site, personal.c.seq.in_(seqs), personal.c.field == field)
            if field == KEY:
                _forget_troubles(connection, site, where)
            emptied = {"salt": None, "value": None, "removed": removal.seq}
            connection.execute(update(personal).where(*where).values(emptied))
        named = [seq for field, seqs in rows.items() if field != PAYLOAD for seq in seqs]
        if named:
            _clear_states(connection, site, named, removal.person)


def _forget_troubles(connection: Connection, site: str, where: Sequence[Any]) -> None:
    """Take out the restored troubles of ends of channels that these rows name."""
    for value, at in connection.execute(select(personal.c.value, personal.c.at).where(*where)).all():
        if value is not None:
            key = msgspec.json.decode(value)
            over = (troubles.c.key == key, ~troubles.c.open, troubles.c.since <= at)
            connection.execute(delete(troubles).where(troubles.c.site == site, *over))


def _clear_states(connection: Connection, site: str, seqs: list[int], person: str | None) -> None:
    """Take the names out of resolved incidents whose words are gone, and what is owed no more.

    Where it is one person's name that goes, those of others stay.
    """
    chosen = select(personal.c.incident).where(personal.c.site == site, personal.c.seq.in_(seqs)).distinct()
    of_these = (incidents.c.site == site, incidents.c.id.in_(chosen), incidents.c.state == "resolved")
    found = connection.execute(select(*STATE).where(*of_these)).all()
    for row in found:
        incident = incident_of(connection, site, row)
        bare: dict[str, Any] = {
            name: replace(deed, by=FORGOTTEN)
            for name, deed in (("acknowledged", incident.acknowledged), ("resolved", incident.resolved))
            if deed is not None and person in (None, deed.by)
        }
        text = msgspec.json.encode(replace(incident, **bare)).decode()
        of_this = (incidents.c.site == site, incidents.c.id == row.id)
        connection.execute(update(incidents).where(*of_this).values(body=text, course="{}"))
        aside = f"{ASIDE}{incidents.name} {row.id}"
        connection.execute(delete(facts).where(facts.c.site == site, facts.c.name == aside))
    if found:
        over = (deliveries.c.incident.in_([row.id for row in found]), deliveries.c.state != "owed")
        connection.execute(delete(deliveries).where(deliveries.c.site == site, *over))


def _unresolved(site: str, incident: Any) -> Any:
    chosen = select(incidents.c.id).where(incidents.c.site == site, incidents.c.id == incident)
    return chosen.where(incidents.c.state != "resolved").exists()
