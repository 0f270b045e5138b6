"""The tokens of people and systems: what a bearer may do, and until when."""

from __future__ import annotations

import secrets
import time

from msgspec import Struct
from sqlalchemy import Engine, delete, insert, select

from hub.store.people import digest
from hub.store.tables import tokens


class Token(Struct, frozen=True):
    """A bearer token's name, which is who did it, and what it may do."""

    name: str
    scopes: frozenset[str]
    """Of :data:`hub.rights.RIGHTS`; ``all`` stands for every one of them, now and later."""
    ends: int | None = None
    """Wall ms from which it is nobody's; None: when it is removed."""
    created_at: int = 0

    @property
    def factor_at(self) -> int:
        """0: a token shows no second factor."""
        return 0

    def may(self, right: str) -> bool:
        """Tell whether this token has the scope."""
        return right in self.scopes or "all" in self.scopes

    def over(self, wall: int) -> bool:
        """Tell whether its time is over."""
        return self.ends is not None and wall >= self.ends


class Tokens:
    """The tokens of one site. Calls block on disk."""

    def __init__(self, engine: Engine, site: str, reads: Engine | None = None) -> None:
        self._engine = engine
        self._reads = engine if reads is None else reads
        self._site = site

    def add(self, name: str, scopes: frozenset[str], ends: int | None = None) -> str:
        """Make a token, in place of any of that name; returns it, and it can't be read again."""
        token = f"tocsin_{secrets.token_urlsafe(32)}"
        row = {"site": self._site, "name": name, "digest": digest(token), "created_at": _now(), "ends": ends}
        with self._engine.begin() as connection:
            connection.execute(delete(tokens).where(tokens.c.site == self._site, tokens.c.name == name))
            connection.execute(insert(tokens).values(**row, scopes=",".join(sorted(scopes))))
        return token

    def token(self, token: str) -> Token | None:
        """Return what a bearer token is, over or not; None for one that is none of ours."""
        found = self._select(tokens.c.digest == digest(token))
        return found[0] if found else None

    def all(self) -> list[Token]:
        """Return every token, by name."""
        return self._select()

    def remove(self, name: str) -> bool:
        """Take a token away; False where there is none of that name."""
        with self._engine.begin() as connection:
            its = (tokens.c.site == self._site, tokens.c.name == name)
            return connection.execute(delete(tokens).where(*its)).rowcount == 1

    def _select(self, *where: object) -> list[Token]:
        columns = (tokens.c.name, tokens.c.scopes, tokens.c.ends, tokens.c.created_at)
        with self._reads.connect() as connection:
            rows = connection.execute(
                select(*columns).where(tokens.c.site == self._site, *where).order_by(tokens.c.name)  # type: ignore[arg-type]
            ).all()
        return [Token(row.name, frozenset(row.scopes.split(",")), row.ends, row.created_at) for row in rows]


def _now() -> int:
    return time.time_ns() // 1_000_000
