"""Every test of the store runs on SQLite and on a real PostgreSQL alike."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from hub.store.engine import open_engine, sqlite_url
from hub.store.tables import metadata
from tests.hub.store.postgres import Postgres

_names = itertools.count(1)


@dataclass
class Store:
    """One empty database."""

    url: str
    data: Path
    engine: Engine
    server: Postgres | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.server is None

    def reader(self) -> Engine:
        return open_engine(self.url, read_only=True)

    def count(self, table: str) -> int:
        with self.reader().connect() as connection:
            found = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
        assert found is not None
        return int(found)


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A PostgreSQL for the whole run."""
    with Postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Make a database that holds nothing at all, of either kind."""
    made: list[Store] = []

    def make() -> Store:
        data = tmp_path / f"store-{next(_names)}"
        data.mkdir()
        if request.param == "sqlite":
            store = Store(sqlite_url(data), data, open_engine(sqlite_url(data)))
        else:
            running: Postgres = request.getfixturevalue("server")
            name = f"t{next(_names)}"
            admin = open_engine(running.url("postgres")).execution_options(isolation_level="AUTOCOMMIT")
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            admin.dispose()
            store = Store(running.url(name), data, open_engine(running.url(name)), running)
        made.append(store)
        return store

    yield make
    for store in made:
        store.engine.dispose()


@pytest.fixture
def empty(make_store: Callable[[], Store]) -> Store:
    """A database that holds nothing at all."""
    return make_store()


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """A database at the newest schema: test_migrate holds the tables to the migrations."""
    made = make_store()
    metadata.create_all(made.engine)
    return made
