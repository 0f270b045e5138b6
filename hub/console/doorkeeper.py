"""Who is there: a signed-in person by their cookie, a system by its bearer token.

The record is asked each time, so that a new password, another role, an ended session or a removed token
takes hold at once. While the disk doesn't answer, what was last known stands: the officer's board must go
on through a sick disk. A session whose signature holds but which this process has not yet been able to
look up is let in too, with the role of its sign-in, and the log says so.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import OrderedDict
from typing import Final

from msgspec.structs import replace
from starlette.requests import Request

from config import logs
from config.clock import Clock
from hub.console.aside import GLANCE_S, Aside, NoAnswerError
from hub.console.desk import Desk
from hub.console.session import Sealer, Session
from hub.rights import OF_ROLE, WITHOUT_FACTOR, Right
from hub.store.people import Person
from hub.store.sessions import SignedIn
from hub.store.tokens import Token

TOKENS_KEPT: Final = 256
SESSIONS_KEPT: Final = 1024
AGAIN_S: Final = 10.0
"""Between two tries to write a session down that no disk has."""

_log = logs.get(part="console")


class Doorkeeper:
    """Lets people and systems in."""

    def __init__(self, desk: Desk, aside: Aside, sealer: Sealer, clock: Clock) -> None:
        self._desk = desk
        self._aside = aside
        self._sealer = sealer
        self._clock = clock
        self._writes = Aside(clock, threads=1)
        """A thread of its own: tries that hang in the disk take none from the pages."""
        self._standing: OrderedDict[str, Person | None] = OrderedDict()
        self._over: OrderedDict[str, None] = OrderedDict()
        self._unwritten: dict[str, SignedIn] = {}
        self._write_again = float("-inf")
        self._tokens: OrderedDict[bytes, Token] = OrderedDict()

    async def session(self, request: Request) -> Session | None:
        """Return the session of a request's cookie while it holds, with what it may do."""
        cookie = request.cookies.get(self._sealer.session_cookie)
        hours = self._desk.settings.console.session_h
        session = self._sealer.open(cookie, self._clock.now().wall, hours)
        return None if session is None else await self.as_it_stands(session)

    async def as_it_stands(self, session: Session) -> Session | None:
        """Return a session with the role and rights of now; None where it is over.

        It is once its time is, its row is gone, its person is, or their epoch is another.
        """
        is_over = self._clock.now().wall >= session.ends(self._desk.settings.console.session_h)
        if is_over or session.id in self._over:
            return None
        try:
            if await self._is_written(session.id):
                person = await self._aside.glance(self._desk.people.standing, session.id, session.name)
            else:
                person = await self._aside.glance(self._desk.people.person, session.name)
        except NoAnswerError:
            if session.id not in self._standing:
                _log.warning("let in by signature alone: the record does not answer", person=session.name)
                return replace(session, rights=self._rights(session))
            person = self._standing[session.id]
        self._keep(session.id, person)
        if person is None:
            return None
        if person.epoch != session.epoch:
            await self.end(session.id)  # it was written down only after all of theirs were ended
            return None
        now = replace(session, role=person.role, has_factor=person.has_factor)
        return replace(now, rights=self._rights(now))

    async def open(self, session: Session, person: Person, row: SignedIn) -> None:
        """Keep a session that was just begun; while the disk takes nothing, in memory."""
        self._keep(session.id, person)
        self._unwritten[session.id] = row
        if not await self._is_written(session.id):
            _log.warning("signed in, and not written down yet", person=session.name)

    async def end(self, session_id: str) -> None:
        """End a session whose browser has no more use for it; while the disk takes nothing, here alone."""
        self.forget(session_id)
        with contextlib.suppress(NoAnswerError):
            await self._aside.call(self._desk.sessions.end, session_id, patience_s=GLANCE_S)

    async def end_others(self, session: Session) -> int:
        """End all sessions of a person but this one, also those that no disk has; returns how many."""
        name = session.name
        waiting = {one.id for one in self._unwritten.values() if one.name == name} - {session.id}
        for session_id in waiting:
            self.forget(session_id)
        written = await self._aside.call(self._desk.sessions.end_others, name, session.id)
        for session_id in written:
            self.forget(session_id)
        return len(waiting.union(written))

    def forget(self, session_id: str) -> None:
        """Know a session as over, whatever the disk says."""
        self._unwritten.pop(session_id, None)
        self._over[session_id] = None
        while len(self._over) > SESSIONS_KEPT:
            self._over.popitem(last=False)

    def _keep(self, session_id: str, person: Person | None) -> None:
        self._standing.pop(session_id, None)
        self._standing[session_id] = person
        while len(self._standing) > SESSIONS_KEPT:
            self._standing.popitem(last=False)

    async def _is_written(self, session_id: str) -> bool:
        """Tell whether a session stands in the record; one that doesn't is written now and then."""
        row, now = self._unwritten.get(session_id), self._clock.now()
        if row is None:
            return True
        if now.mono < self._write_again:
            return False
        try:
            await self._writes.call(self._desk.sessions.open, row, patience_s=GLANCE_S)
        except NoAnswerError:
            self._write_again = self._clock.now().mono + AGAIN_S
            return False
        self._unwritten.pop(session_id, None)
        return True

    def close(self) -> None:
        """Let the thread end."""
        self._writes.close()

    def _rights(self, session: Session) -> frozenset[Right]:
        rights = OF_ROLE[session.role]
        owes = session.factor_at == 0 and session.role in self._desk.settings.console.second_factor
        return rights & WITHOUT_FACTOR if owes else rights

    async def token(self, authorization: str | None) -> Token | None:
        """Return the token of an ``Authorization`` header, or None; one whose time is over is none.

        Raises :class:`NoAnswerError` when the record doesn't answer and the token was not met before.
        """
        scheme, _, value = (authorization or "").partition(" ")
        value = value.strip()
        if scheme.lower() != "bearer" or not value:
            return None
        digest = hashlib.sha256(value.encode("utf-8", "replace")).digest()
        try:
            token = await self._aside.glance(self._desk.tokens.token, value)
        except NoAnswerError:
            if digest not in self._tokens:
                raise
            token = self._tokens[digest]
        self._tokens.pop(digest, None)
        if token is None or token.over(self._clock.now().wall):
            return None
        self._tokens[digest] = token
        while len(self._tokens) > TOKENS_KEPT:
            self._tokens.popitem(last=False)
        return token
