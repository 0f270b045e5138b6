"""Alembic's way in: the connection is handed over by hub.store.migrate."""

from __future__ import annotations

from alembic import context

from hub.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
