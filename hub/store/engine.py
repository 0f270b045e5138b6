"""Opening the database: SQLite as durable as it can be, or PostgreSQL by its URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event

BUSY_MS = 2000
"""How long SQLite waits for another process's lock before the commit is tried again."""


def sqlite_url(data: Path) -> str:
    """Return the URL of a site's SQLite file."""
    return f"sqlite:///{data / 'tocsin.db'}"


def open_engine(url: str, *, read_only: bool = False) -> Engine:
    """Open the database; nothing is read or written yet.

    SQLite runs in WAL mode with ``synchronous=FULL``: a commit that returned survives a power cut.
    """
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=4, max_overflow=4, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        # The driver begins a transaction late and alone; we begin each one ourselves, below.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
            return  # SQLAlchemy says "begin" there, too: a held reader would see one moment for ever
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine
