"""The record becomes a chain; what names a person goes beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.chain import chain_older

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply, and chain every row there is."""
    op.create_table(
        "personal",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("incident", sa.String(length=64), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("removed", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site", "seq", "field"),
    )
    op.create_index("personal_incident", "personal", ["site", "incident", "at"], unique=False)
    op.create_index("events_seq", "events", ["site", "seq"], unique=False)
    op.add_column("record", sa.Column("hash", sa.String(length=64), nullable=False, server_default=""))
    chain_older(op.get_bind())


def downgrade() -> None:
    """A schema only goes forward; the way back is the backup taken before."""
    raise NotImplementedError("restore the backup that was taken before the migration")
