"""Asking which events are recorded: on the way of every press, so one held connection and no transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, bindparam, select

from hub.presses import Seen
from hub.store.held import Held
from hub.store.tables import events

_KNOWN = select(events.c.digest, events.c.content, events.c.at, events.c.incident).where(
    events.c.digest.in_(bindparam("names", expanding=True))
)


class Known:
    """Reads of the events' table for one thread."""

    def __init__(self, engine: Engine) -> None:
        self._held = Held(engine.execution_options(isolation_level="AUTOCOMMIT"))

    def seen(self, digests: Sequence[str]) -> dict[str, Seen]:
        """Return which of these events are recorded; raises SQLAlchemy's errors."""
        try:
            rows = self._held.get().execute(_KNOWN, {"names": digests}).all()
        except BaseException:
            self._held.give_up()
            raise
        return {name: Seen(content, at, incident) for name, content, at, incident in rows}
