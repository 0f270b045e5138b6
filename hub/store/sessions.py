"""Who is signed in: a row for each session, which is over once its row is gone."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, Engine, delete, insert, select

from hub.store.tables import sessions

MOST = 50
"""Sessions of one person; a 51st ends the oldest."""


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

    def open(self, session: SignedIn, now: int) -> None:
        """Keep a session, and let go of those whose time is over (``now`` in wall ms)."""
        row = {name: getattr(session, name) for name in SignedIn.__struct_fields__}
        with self._engine.begin() as connection:
            over = sessions.c.ends <= now
            connection.execute(delete(sessions).where(sessions.c.site == self._site, over))
            its = (sessions.c.site == self._site, sessions.c.id == session.id)
            if connection.execute(select(sessions.c.id).where(*its)).first() is None:
                connection.execute(insert(sessions).values(site=self._site, **row))
                self._keep_the_newest(connection, session.name)

    def _keep_the_newest(self, connection: Connection, name: str) -> None:
        """Let go of one person's oldest sessions where they have more than anybody uses."""
        its = (sessions.c.site == self._site, sessions.c.name == name)
        older = select(sessions.c.id).where(*its).order_by(sessions.c.since.desc(), sessions.c.id)
        for one in connection.execute(older.offset(MOST).limit(MOST)).scalars().all():
            connection.execute(delete(sessions).where(sessions.c.site == self._site, sessions.c.id == one))

    def all(self, now: int, name: str | None = None) -> list[SignedIn]:
        """Return the sessions that are not over, of everybody or of one person, the newest first."""
        wanted = [sessions.c.site == self._site, sessions.c.ends > now]
        if name is not None:
            wanted.append(sessions.c.name == name)
        columns = [sessions.c[field] for field in SignedIn.__struct_fields__]
        with self._reads.connect() as connection:
            rows = connection.execute(select(*columns).where(*wanted).order_by(sessions.c.since.desc())).all()
        return [SignedIn(*row) for row in rows]

    def end(self, session: str, name: str | None = None) -> bool:
        """End one session, where given only if it is this person's; False where there is none."""
        its = [sessions.c.site == self._site, sessions.c.id == session]
        if name is not None:
            its.append(sessions.c.name == name)
        with self._engine.begin() as connection:
            return connection.execute(delete(sessions).where(*its)).rowcount == 1

    def end_all(self, name: str | None = None, but: str | None = None) -> int:
        """End every session, or every one of a person, but this; returns how many."""
        its = [sessions.c.site == self._site]
        if name is not None:
            its.append(sessions.c.name == name)
        if but is not None:
            its.append(sessions.c.id != but)
        with self._engine.begin() as connection:
            return connection.execute(delete(sessions).where(*its)).rowcount
