"""Opening the database: SQLite as durable as it can be, or PostgreSQL by its URL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy import Engine as Engine  # for those who hand one on, and know no SQL

BUSY_MS = 2000
"""How long SQLite waits for another process's lock before the commit is tried again."""


def sqlite_url(data: Path) -> str:
    """Return the URL of a site's SQLite file."""
    return f"sqlite:///{data / 'tocsin.db'}"


def open_engine(url: str, *, read_only: bool = False, scratch: bool = False) -> Engine:
    """Open the database; nothing is read or written yet.

    SQLite runs in WAL mode with ``synchronous=FULL``: a commit that returned survives a power cut. A file
    that is ``scratch`` is thrown away where anything fails: it has no journal and waits for no disk. No
    error quotes what was to be written or looked for: a secret or a mistyped name may be among it.
    """
    if not url.startswith("sqlite"):
        options = {"postgresql_readonly": True} if read_only else {}
        return create_engine(
            url,
            pool_size=4,
            max_overflow=4,
            pool_pre_ping=True,
            execution_options=options,
            hide_parameters=True,
        )
    for_sqlite = {"timeout": BUSY_MS / 1000, "check_same_thread": False}
    engine = create_engine(url, connect_args=for_sqlite, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        connection.text_factory = _text  # a text that a sick disk damaged is a fault of its row alone
        # The driver begins a transaction late and alone; we begin each one ourselves, below.
        connection.isolation_level = None
        connection.execute(f"PRAGMA journal_mode={'OFF' if scratch else 'WAL'}")
        connection.execute(f"PRAGMA synchronous={'OFF' if scratch else 'FULL'}")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            return  # SQLAlchemy says "begin" there, too: a held reader would see one moment for ever
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")


@contextlib.contextmanager
def one_moment(engine: Engine) -> Iterator[Connection]:
    """Yield a connection of a reader's that sees one moment, whatever is written meanwhile."""
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection
