"""A statement compiled once: on the way of a press SQLAlchemy's own execution costs more than the disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler


class Statement:
    """An INSERT, UPDATE or upsert for one dialect, run with rows of its parameters."""

    def __init__(self, statement: Any, dialect: Dialect, keys: Sequence[str]) -> None:
        """``keys`` names the parameters that each row gives."""
        compiled = statement.compile(dialect=dialect, column_keys=list(keys))
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - statements of this package alone
        self._sql = str(compiled)
        self._order = compiled.positiontup

    def run(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Run it once for each row; raises SQLAlchemy's errors."""
        parameters: Any = list(rows)
        if self._order is not None:
            parameters = [tuple(row[name] for name in self._order) for row in rows]
        connection.exec_driver_sql(self._sql, parameters)
