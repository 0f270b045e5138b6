"""Who is signed in: a row for each session, which is over once its row is gone."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, Engine, delete, insert, select, update

from hub.store.tables import people, sessions

MOST = 50
"""Sessions of one person, those that are over among them; a 51st lets go of the oldest."""


class SignedIn(Struct, frozen=True):
    """A session as it is kept and listed."""

    id: str
    name: str
    since: int
    """Wall ms, as ``ends``."""
    ends: int
    address: str
    browser: str


class Sessions:
    """The sessions of one site. Calls block on disk."""

    def __init__(self, engine: Engine, site: str, reads: Engine | None = None) -> None:
        self._engine = engine
        self._reads = engine if reads is None else reads
        self._site = site

    def open(self, session: SignedIn) -> None:
        """Keep a session.

        None goes because its time is over: by a clock that is wrong for a moment, that is all of them.
        """
        row = {name: getattr(session, name) for name in SignedIn.__struct_fields__}
        with self._engine.begin() as connection:
            its = (sessions.c.site == self._site, sessions.c.id == session.id)
            if connection.execute(select(sessions.c.id).where(*its)).first() is None:
                self._make_room(connection, session.name)
                connection.execute(insert(sessions).values(site=self._site, **row))

    def _make_room(self, connection: Connection, name: str) -> None:
        """Let go of one person's oldest sessions where they have more than anybody uses."""
        its = (sessions.c.site == self._site, sessions.c.name == name)
        older = select(sessions.c.id).where(*its).order_by(sessions.c.since.desc(), sessions.c.id)
        for one in connection.execute(older.offset(MOST - 1).limit(MOST)).scalars().all():
            connection.execute(delete(sessions).where(sessions.c.site == self._site, sessions.c.id == one))

    def all(self, now: int, name: str | None = None) -> list[SignedIn]:
        """Return the sessions that are not over, of everybody or of one person, the newest first."""
        wanted = [sessions.c.site == self._site, sessions.c.ends > now]
        if name is not None:
            wanted.append(sessions.c.name == name)
        with self._reads.connect() as connection:
            rows = connection.execute(select(*_FIELDS).where(*wanted).order_by(sessions.c.since.desc())).all()
        return [SignedIn(*row) for row in rows]

    def end(self, session: str, name: str | None = None) -> SignedIn | None:
        """End one session, where given only if it is this person's, and return it; None: there is none."""
        its = [sessions.c.site == self._site, sessions.c.id == session]
        if name is not None:
            its.append(sessions.c.name == name)
        with self._engine.begin() as connection:
            row = connection.execute(delete(sessions).where(*its).returning(*_FIELDS)).one_or_none()
        return None if row is None else SignedIn(*row)

    def end_others(self, name: str, but: str) -> list[str]:
        """End a person's sessions but this one; returns their ids."""
        its = (sessions.c.site == self._site, sessions.c.name == name, sessions.c.id != but)
        with self._engine.begin() as connection:
            ended = connection.execute(delete(sessions).where(*its).returning(sessions.c.id)).scalars().all()
        return list(ended)

    def end_all(self, name: str | None = None) -> int:
        """End every session, or every one of a person; returns how many there were.

        The epoch of who may have one rises, so that one is over, too, which a running hub could not
        write down yet.
        """
        of_site, whose = [sessions.c.site == self._site], [people.c.site == self._site]
        if name is not None:
            of_site.append(sessions.c.name == name)
            whose.append(people.c.name == name)
        with self._engine.begin() as connection:
            connection.execute(update(people).where(*whose).values(epoch=people.c.epoch + 1))
            return connection.execute(delete(sessions).where(*of_site)).rowcount


_FIELDS = tuple(sessions.c[field] for field in SignedIn.__struct_fields__)
