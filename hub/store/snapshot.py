"""One site's rows as a file of their own, a SQLite database, whichever kind they come from or go to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, text, update

from hub.store.engine import one_moment, open_engine
from hub.store.migrate import HEAD
from hub.store.statement import Statement
from hub.store.tables import facts, metadata, people, quarantine, record, sessions

ROWS: Final = 2000
"""Rows held in memory at a time."""
OWN_NUMBER: Final = {quarantine: "id"}
"""Columns that each database numbers by itself."""

Told = Callable[[int, int], None]
"""Told how far it is: rows done, rows in all."""


class Contents(Struct, frozen=True):
    """What a file of rows holds."""

    schema: str
    rows: dict[str, int]
    """By table."""
    head: tuple[int, str] | None
    """Number and hash of the record's newest row."""


def take(engine: Engine, site: str, to: Path, told: Told) -> Contents:
    """Write a site's rows as they are at this moment into the new file ``to``.

    The hub may write meanwhile: nothing waits for this. Raises SQLAlchemy's errors.
    """
    file = open_engine(f"sqlite:///{to}", scratch=True)
    try:
        metadata.create_all(file)
        with one_moment(engine) as source, file.begin() as target:
            found = _contents(source, site)
            _set_schema(target)
            _copy(source, target, site, found, told)
    finally:
        file.dispose()
    return found


def put(source: Connection, target: Connection, site: str, told: Told) -> Contents:
    """Write a site's rows into a database that has none of it; returns what was written."""
    found = _contents(source, site)
    _copy(source, target, site, found, told)
    return found


def contents(engine: Engine, site: str) -> Contents:
    """Return what a database holds of a site."""
    with one_moment(engine) as connection:
        return _contents(connection, site)


def remove_all(target: Connection, site: str) -> None:
    """Take every row of a site out."""
    for table in metadata.tables.values():
        target.execute(delete(table).where(table.c.site == site))


def set_fact(target: Connection, site: str, name: str, value: str) -> None:
    """Keep a single value of a site, whether it had one or not."""
    target.execute(delete(facts).where(facts.c.site == site, facts.c.name == name))
    target.execute(insert(facts).values(site=site, name=name, value=value))


def fact(source: Connection, site: str, name: str) -> str | None:
    """Return a single value of a site."""
    of_it = (facts.c.site == site, facts.c.name == name)
    found = source.execute(select(facts.c.value).where(*of_it)).scalar()
    return None if found is None else str(found)


def end_sessions(target: Connection, site: str) -> None:
    """End every session of the site's people."""
    target.execute(delete(sessions).where(sessions.c.site == site))
    target.execute(update(people).where(people.c.site == site).values(epoch=people.c.epoch + 1))


def make_tables(engine: Engine) -> None:
    """Make the tables in a file that holds none, at the newest schema."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        _set_schema(connection)


def _set_schema(target: Connection) -> None:
    # As Alembic makes it, whose weight this is spared.
    target.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    target.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def _contents(source: Connection, site: str) -> Contents:
    rows = {}
    for name, table in metadata.tables.items():
        counted = source.execute(select(func.count()).select_from(table).where(table.c.site == site))
        rows[name] = int(counted.scalar_one())
    newest = select(record.c.seq, record.c.hash).where(record.c.site == site)
    head = source.execute(newest.order_by(record.c.seq.desc()).limit(1)).first()
    return Contents(HEAD, rows, None if head is None else (int(head[0]), str(head[1])))


def _copy(source: Connection, target: Connection, site: str, found: Contents, told: Told) -> None:
    whole, done = sum(found.rows.values()), 0
    for table in metadata.tables.values():
        names = [column.name for column in table.columns if column.name != OWN_NUMBER.get(table)]
        put_in = Statement(insert(table), target.dialect, names)
        for rows in _batches(source, table, names, site):
            put_in.run(target, rows)
            done += len(rows)
            told(done, whole)


def _batches(source: Connection, table: Table, names: list[str], site: str) -> Iterator[list[dict[str, Any]]]:
    wanted = select(*(table.c[name] for name in names)).where(table.c.site == site)
    ordered = wanted.order_by(*table.primary_key)
    found = source.execute(ordered, execution_options={"yield_per": ROWS})
    for rows in found.partitions():
        yield [dict(zip(names, row, strict=True)) for row in rows]
