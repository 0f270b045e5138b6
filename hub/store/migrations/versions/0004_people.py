"""Roles, second factors, sessions and tokens that end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Whoever could sign in could do everything, and goes on so: an administrator."""
    op.add_column(
        "people",
        sa.Column("role", sa.String(length=16), nullable=False, server_default="administrator"),
    )
    with op.batch_alter_table("people") as people:
        # The default was for those who were there alone.
        people.alter_column("role", server_default=None)
        people.add_column(sa.Column("factor", sa.Text(), nullable=True))
        people.add_column(sa.Column("factor_since", sa.BigInteger(), nullable=True))
        people.add_column(sa.Column("factor_step", sa.BigInteger(), nullable=True))
    op.add_column("tokens", sa.Column("ends", sa.BigInteger(), nullable=True))
    op.create_table(
        "recovery_codes",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("site", "name", "digest"),
    )
    op.create_table(
        "sessions",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("site", "id"),
    )
    op.create_index("sessions_name", "sessions", ["site", "name"], unique=False)


def downgrade() -> None:
    """A schema only goes forward; the way back is the backup taken before."""
    raise NotImplementedError("restore the backup that was taken before the migration")
