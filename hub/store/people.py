"""People who may sign in: their passwords, roles and second factors."""

from __future__ import annotations

import hashlib
import secrets
import time

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Engine, delete, func, insert, select, update

from hub.rights import Role
from hub.store.tables import people, phones, recovery_codes, sessions

# 19 MiB, 2 passes, 1 lane: OWASP's second choice; the library's own 64 MiB would let eight sign-ins
# at once take half the memory of a small board.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _HASHER.hash(secrets.token_hex(8))

LONGEST_PASSWORD = 1024
"""Characters of a password that are looked at."""


class Person(Struct, frozen=True):
    """A person who may sign in."""

    name: str
    epoch: int
    role: Role
    has_factor: bool = False


class Account(Struct, frozen=True):
    """A person as the list of accounts shows them."""

    name: str
    role: Role
    created_at: int
    factor_since: int | None
    recovery_codes: int
    """How many are left."""


class AccountError(ValueError):
    """A change of an account that can't be made; says why."""


class People:
    """The people of one site. Calls block on disk and, for passwords, on argon2 (25 ms).

    ``reads`` is an engine for what only reads: it holds no lock that a commit waits for.
    """

    def __init__(self, engine: Engine, site: str, reads: Engine | None = None) -> None:
        self._engine = engine
        self._reads = engine if reads is None else reads
        self._site = site

    def add(self, name: str, password: str, role: Role | None = None) -> bool:
        """Add a person, or give one a new password and end their sessions; True when new.

        Without a role the first person of a site is an administrator, and who is there keeps theirs;
        raises :class:`AccountError` for a new one.
        """
        hashed = _HASHER.hash(password)
        with self._engine.begin() as connection:
            row = connection.execute(select(people.c.epoch).where(self._who(name))).one_or_none()
            if row is not None:
                changed = {"password": hashed, "epoch": row.epoch + 1}
                if role is not None:
                    self._keep_an_administrator(connection, name, role)
                    changed["role"] = role
                connection.execute(update(people).where(self._who(name)).values(**changed))
                self._end_sessions(connection, name)
                return False
            if role is None:
                of_site = select(func.count()).select_from(people).where(people.c.site == self._site)
                if connection.execute(of_site).scalar_one():
                    raise AccountError(f"{name} is new: which role?")
                role = "administrator"
            new = {"site": self._site, "name": name, "epoch": 1, "created_at": _now()}
            connection.execute(insert(people).values(**new, password=hashed, role=role))
            return True

    def check(self, name: str, password: str) -> Person | None:
        """Return the person if the password is theirs; takes as long for a name nobody has."""
        with self._reads.connect() as connection:
            row = connection.execute(select(people.c.password, *_PERSON).where(self._who(name))).one_or_none()
        try:
            _HASHER.verify(_NOBODY if row is None else row.password, password)
        except (VerificationError, InvalidHashError):
            return None
        return None if row is None else Person(name, row.epoch, row.role, row.factor is not None)

    def person(self, name: str) -> Person | None:
        """Return a person by name."""
        with self._reads.connect() as connection:
            row = connection.execute(select(*_PERSON).where(self._who(name))).one_or_none()
        return None if row is None else Person(name, row.epoch, row.role, row.factor is not None)

    def standing(self, session: str, name: str) -> Person | None:
        """Return a session's person; None where either of them is gone. One look into the store."""
        its = (
            (sessions.c.site == self._site) & (sessions.c.id == session) & (sessions.c.name == people.c.name)
        )
        with self._reads.connect() as connection:
            row = connection.execute(
                select(*_PERSON).join(sessions, its).where(self._who(name))
            ).one_or_none()
        return None if row is None else Person(name, row.epoch, row.role, row.factor is not None)

    def all(self) -> list[Account]:
        """Return everybody who may sign in, by name."""
        left = (
            select(func.count())
            .select_from(recovery_codes)
            .where(recovery_codes.c.site == people.c.site, recovery_codes.c.name == people.c.name)
            .scalar_subquery()
        )
        with self._reads.connect() as connection:
            rows = connection.execute(
                select(people.c.name, people.c.role, people.c.created_at, people.c.factor_since, left)
                .where(people.c.site == self._site)
                .order_by(people.c.name)
            ).all()
        return [Account(*row) for row in rows]

    def set_role(self, name: str, role: Role) -> None:
        """Give a person another role; raises :class:`AccountError`."""
        with self._engine.begin() as connection:
            self._keep_an_administrator(connection, name, role)
            done = connection.execute(update(people).where(self._who(name)).values(role=role))
            _found(done.rowcount, name)

    def remove(self, name: str) -> None:
        """Let a person sign in no more, and end their sessions; raises :class:`AccountError`."""
        with self._engine.begin() as connection:
            self._keep_an_administrator(connection, name, None)
            done = connection.execute(delete(people).where(self._who(name)))
            _found(done.rowcount, name)
            self._forget_codes(connection, name)
            self._end_sessions(connection, name)
            connection.execute(delete(phones).where(phones.c.site == self._site, phones.c.account == name))

    # --- the second factor: hub.console.sign_in.code knows what a code is ---

    def factor(self, name: str) -> str | None:
        """Return the secret of a person's second factor; None: there is none."""
        with self._reads.connect() as connection:
            found = connection.execute(select(people.c.factor).where(self._who(name))).scalar()
        return None if found is None else str(found)

    def set_factor(self, name: str, secret: str, step: int, codes: list[str]) -> None:
        """Keep a second factor whose code of time step ``step`` was shown, with its recovery codes."""
        row = {"factor": secret, "factor_since": _now(), "factor_step": step}
        with self._engine.begin() as connection:
            done = connection.execute(update(people).where(self._who(name)).values(**row))
            _found(done.rowcount, name)
            self._forget_codes(connection, name)
            new = [{"site": self._site, "name": name, "digest": digest(code)} for code in codes]
            connection.execute(insert(recovery_codes), new)

    def remove_factor(self, name: str) -> bool:
        """Take a second factor and its recovery codes away; False where there is none."""
        with self._engine.begin() as connection:
            done = connection.execute(
                update(people)
                .where(self._who(name), people.c.factor.is_not(None))
                .values(factor=None, factor_since=None, factor_step=None)
            )
            self._forget_codes(connection, name)
            return done.rowcount == 1

    def take_step(self, name: str, step: int) -> bool:
        """Take the code of a time step; False where that one, or a newer, was taken already."""
        is_new = people.c.factor_step.is_(None) | (people.c.factor_step < step)
        with self._engine.begin() as connection:
            done = connection.execute(update(people).where(self._who(name), is_new).values(factor_step=step))
            return done.rowcount == 1

    def take_recovery_code(self, name: str, code: str) -> bool:
        """Take a recovery code, which is then gone; False where it is none of the person's."""
        its = (recovery_codes.c.site == self._site, recovery_codes.c.name == name)
        with self._engine.begin() as connection:
            done = connection.execute(
                delete(recovery_codes).where(*its, recovery_codes.c.digest == digest(code))
            )
            return done.rowcount == 1

    # ---

    def _who(self, name: str) -> ColumnElement[bool]:
        return (people.c.site == self._site) & (people.c.name == name)

    def _keep_an_administrator(self, connection: Connection, name: str, role: Role | None) -> None:
        """Refuse to take the role from the last one who has it."""
        if role == "administrator":
            return
        are = (people.c.site == self._site, people.c.role == "administrator")
        names = connection.execute(select(people.c.name).where(*are).with_for_update()).scalars().all()
        if list(names) == [name]:
            raise AccountError(f"{name} is the only administrator; make somebody else one first")

    def _forget_codes(self, connection: Connection, name: str) -> None:
        its = (recovery_codes.c.site == self._site, recovery_codes.c.name == name)
        connection.execute(delete(recovery_codes).where(*its))

    def _end_sessions(self, connection: Connection, name: str) -> None:
        connection.execute(delete(sessions).where(sessions.c.site == self._site, sessions.c.name == name))


_PERSON = (people.c.epoch, people.c.role, people.c.factor)


def _found(rows: int, name: str) -> None:
    if rows != 1:
        raise AccountError(f"nobody is called {name}")


def digest(secret: str) -> str:
    """Return what is kept of a secret that is random itself."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _now() -> int:
    return time.time_ns() // 1_000_000
