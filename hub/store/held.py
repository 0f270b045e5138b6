"""One connection kept open for one thread: taking one from a pool at each press would cost more."""

from __future__ import annotations

import contextlib

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError


class Held:
    """A connection that is made when it is needed, kept, and made anew after a failure."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def get(self) -> Connection:
        """Return the connection; raises SQLAlchemy's errors when there can be none now."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def give_up(self) -> None:
        """Let go of the connection, whatever state it is in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(SQLAlchemyError):
                connection.invalidate()
                connection.close()
