"""People who may sign in, and the tokens of people and systems."""

from __future__ import annotations

import hashlib
import secrets
import time

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from sqlalchemy import Engine, delete, insert, select, update

from hub.store.tables import people, tokens

SCOPES = ("read", "acknowledge", "resolve", "posture", "drill", "maintain", "forget")
"""What a token may do; ``all`` stands for every one of them, now and later."""

# 19 MiB, 2 passes, 1 lane: OWASP's second choice; the library's own 64 MiB would let eight sign-ins
# at once take half the memory of a small board.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _HASHER.hash(secrets.token_hex(8))


class Person(Struct, frozen=True):
    """A person who may sign in."""

    name: str
    epoch: int


class Token(Struct, frozen=True):
    """A bearer token's name, which is who did it, and what it may do."""

    name: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Tell whether this token has the scope."""
        return scope in self.scopes or "all" in self.scopes


class People:
    """The people and tokens of one site. Calls block on disk and, for passwords, on argon2 (25 ms)."""

    def __init__(self, engine: Engine, site: str) -> None:
        self._engine = engine
        self._site = site

    def add(self, name: str, password: str) -> bool:
        """Add a person, or give one a new password and end their sessions; True when new."""
        row = {"password": _HASHER.hash(password)}
        with self._engine.begin() as connection:
            epoch = connection.execute(
                select(people.c.epoch).where(people.c.site == self._site, people.c.name == name)
            ).scalar()
            if epoch is None:
                new = {"site": self._site, "name": name, "epoch": 1, "created_at": _now()}
                connection.execute(insert(people).values(**row, **new))
                return True
            who = (people.c.site == self._site) & (people.c.name == name)
            connection.execute(update(people).where(who).values(epoch=epoch + 1, **row))
            return False

    def check(self, name: str, password: str) -> Person | None:
        """Return the person if the password is theirs; takes as long for a name nobody has."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(people.c.password, people.c.epoch).where(
                    people.c.site == self._site, people.c.name == name
                )
            ).one_or_none()
        try:
            _HASHER.verify(_NOBODY if row is None else row.password, password)
        except (VerificationError, InvalidHashError):
            return None
        return None if row is None else Person(name, row.epoch)

    def person(self, name: str) -> Person | None:
        """Return a person by name: a session holds only while its epoch is this one's."""
        with self._engine.connect() as connection:
            epoch = connection.execute(
                select(people.c.epoch).where(people.c.site == self._site, people.c.name == name)
            ).scalar()
        return None if epoch is None else Person(name, epoch)

    def add_token(self, name: str, scopes: frozenset[str]) -> str:
        """Make a token, in place of any of that name; returns it, and it can't be read again."""
        token = f"tocsin_{secrets.token_urlsafe(32)}"
        row = {
            "site": self._site,
            "name": name,
            "digest": _digest(token),
            "scopes": ",".join(sorted(scopes)),
            "created_at": _now(),
        }
        with self._engine.begin() as connection:
            connection.execute(delete(tokens).where(tokens.c.site == self._site, tokens.c.name == name))
            connection.execute(insert(tokens).values(**row))
        return token

    def token(self, token: str) -> Token | None:
        """Return what a bearer token is, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(tokens.c.name, tokens.c.scopes).where(
                    tokens.c.site == self._site, tokens.c.digest == _digest(token)
                )
            ).one_or_none()
        return None if row is None else Token(row.name, frozenset(row.scopes.split(",")))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _now() -> int:
    return time.time_ns() // 1_000_000
