"""What a failed write means: the disk is sick, or a row is refused."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

StoreError = SQLAlchemyError
"""What the store raises where the database fails or refuses."""


def is_of_the_disk(error: Exception) -> bool:
    """Tell a disk (or database server) that fails from a row that it refuses."""
    if isinstance(error, OperationalError | InterfaceError):
        # SQLite says "too many SQL variables", "string or blob too big" as operational, too: rows' faults.
        refused = ("too big", "too many", "no such")
        return not (isinstance(error.orig, sqlite3.Error) and any(w in str(error.orig) for w in refused))
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return not isinstance(error, SQLAlchemyError | ValueError | TypeError | OverflowError)


def words(error: Exception) -> str:
    """Return what the database said, in one line."""
    return str(getattr(error, "orig", None) or error).splitlines()[0][:300] if str(error) else repr(error)
