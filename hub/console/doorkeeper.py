"""Who is there: a signed-in person by their cookie, a system by its bearer token.

The record is asked each time, so that a new password or token takes hold at once. While the disk
doesn't answer, what was last known of a person or token stands: the officer's board must go on
through a sick disk. A session whose signature holds but whose person this process has not yet been
able to look up is let in too, and the log says so.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Final

from starlette.requests import Request

from config import logs
from config.clock import Clock
from hub.console.aside import Aside, NoAnswerError
from hub.console.desk import Desk
from hub.console.session import Sealer, Session
from hub.store.people import Token

TOKENS_KEPT: Final = 256

_log = logs.get(part="console")


class Doorkeeper:
    """Lets people and systems in."""

    def __init__(self, desk: Desk, aside: Aside, sealer: Sealer, clock: Clock) -> None:
        self._desk = desk
        self._aside = aside
        self._sealer = sealer
        self._clock = clock
        self._epochs: dict[str, int | None] = {}
        self._tokens: OrderedDict[bytes, Token] = OrderedDict()

    async def session(self, request: Request) -> Session | None:
        """Return the session of a request's cookie while it holds."""
        cookie = request.cookies.get(self._sealer.session_cookie)
        hours = self._desk.settings.console.session_h
        session = self._sealer.open(cookie, self._clock.now().wall, hours)
        return session if session is not None and await self.holds(session) else None

    async def holds(self, session: Session) -> bool:
        """Tell whether a session is not over and its person has not been given a new password."""
        if self._clock.now().wall >= session.ends(self._desk.settings.console.session_h):
            return False
        try:
            person = await self._aside.glance(self._desk.people.person, session.name)
        except NoAnswerError:
            if session.name not in self._epochs:
                _log.warning("let in by signature alone: the record does not answer", person=session.name)
            return self._epochs.get(session.name, session.epoch) == session.epoch
        epoch = None if person is None else person.epoch
        self._epochs[session.name] = epoch
        return epoch == session.epoch

    async def token(self, authorization: str | None) -> Token | None:
        """Return the token of an ``Authorization`` header, or None.

        Raises :class:`NoAnswerError` when the record doesn't answer and the token was not met before.
        """
        scheme, _, value = (authorization or "").partition(" ")
        value = value.strip()
        if scheme.lower() != "bearer" or not value or len(value) > 512:
            return None
        digest = hashlib.sha256(value.encode("utf-8", "replace")).digest()
        try:
            token = await self._aside.glance(self._desk.people.token, value)
        except NoAnswerError:
            if digest in self._tokens:
                return self._tokens[digest]
            raise
        self._tokens.pop(digest, None)
        if token is not None:
            self._tokens[digest] = token
            while len(self._tokens) > TOKENS_KEPT:
                self._tokens.popitem(last=False)
        return token
