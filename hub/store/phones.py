"""The phones that have signed up for Web Push: kept in the store, and at hand in memory.

A notice needs no disk to find them: what was read last stands while the disk is sick.
"""

from __future__ import annotations

import hmac
import threading
from hashlib import blake2b
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict, replace
from sqlalchemy import ColumnElement, Engine, delete, insert, select, update

from hub.store.tables import phones

MOST: Final = 10
"""Of one person: a new one takes the place of the oldest."""


class Phone(Struct, frozen=True):
    """A browser that has signed up."""

    person: str
    """The key of who is told there."""
    account: str
    """Who signed it up."""
    endpoint: str
    point: str
    auth: str
    """What only it and the hub know."""
    browser: str
    made_at: int
    last_success: int | None = None

    @property
    def id(self) -> str:
        """Its name: by its endpoint, which is a secret of its own."""
        return _id_of(self.endpoint)


class Phones:
    """The phones of one site. What changes them blocks on disk; :meth:`of` and the like don't."""

    def __init__(self, engine: Engine, site: str, reads: Engine | None = None) -> None:
        self._engine = engine
        self._reads = engine if reads is None else reads
        self._site = site
        self._lock = threading.Lock()
        self._disk = threading.RLock()
        """Held while the disk is asked, so that what is read is not older than what is known."""
        self._known: dict[str, Phone] = {}
        self.look()

    def look(self) -> None:
        """Read them anew: accounts, and their phones, are also removed on the command line."""
        with self._disk:
            with self._reads.connect() as connection:
                rows = connection.execute(select(*_COLUMNS).where(phones.c.site == self._site)).all()
            found = [Phone(*row) for row in rows]
            with self._lock:
                self._known = {phone.id: phone for phone in found}

    def of(self, person: str) -> list[Phone]:
        """Return a person's phones, the newest first."""
        with self._lock:
            found = [phone for phone in self._known.values() if phone.person == person]
        return sorted(found, key=lambda phone: -phone.made_at)

    def of_account(self, account: str) -> list[Phone]:
        """Return the phones that somebody signed up, the newest first."""
        with self._lock:
            found = [phone for phone in self._known.values() if phone.account == account]
        return sorted(found, key=lambda phone: -phone.made_at)

    def by_secret(self, endpoint: str, auth: str) -> Phone | None:
        """Return the phone that shows its endpoint and its secret."""
        found = self._known.get(_id_of(endpoint))
        is_its = found is not None and hmac.compare_digest(
            found.auth.encode(), auth.encode("utf-8", "replace")
        )
        return found if is_its else None

    def add(self, phone: Phone) -> None:
        """Sign a phone up, in place of what it was before."""
        with self._disk:
            with self._engine.begin() as connection:
                connection.execute(delete(phones).where(*self._is(phone.id)))
                connection.execute(insert(phones).values(site=self._site, id=phone.id, **asdict(phone)))
            with self._lock:
                self._known[phone.id] = phone
            for old in self.of(phone.person)[MOST:]:
                self.remove(old.id)

    def remove(self, phone_id: str) -> None:
        """Let a phone be told no more, from now on whatever the disk does."""
        with self._lock:
            self._known.pop(phone_id, None)
        with self._disk, self._engine.begin() as connection:
            connection.execute(delete(phones).where(*self._is(phone_id)))

    def took(self, phone_id: str, wall: int) -> None:
        """Note that a phone's push service took a message."""
        with self._lock:
            if phone_id not in self._known:
                return
            self._known[phone_id] = replace(self._known[phone_id], last_success=wall)
        with self._disk, self._engine.begin() as connection:
            connection.execute(update(phones).where(*self._is(phone_id)).values(last_success=wall))

    def _is(self, phone_id: str) -> tuple[ColumnElement[bool], ...]:
        return phones.c.site == self._site, phones.c.id == phone_id


_COLUMNS = tuple(phones.c[name] for name in Phone.__struct_fields__)


def _id_of(endpoint: str) -> str:
    return blake2b(endpoint.encode("utf-8", "replace"), digest_size=16).hexdigest()
