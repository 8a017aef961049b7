"""What watchdogs remember, what they ask ingest for, and when people were last told.

Revision: 0019, after 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, Json, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "watch",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("batch_key", BigInt, nullable=True),
        sa.Column("state", Json, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_watch")),
    )
    op.create_index("ix_watch_batch_key", "watch", ["batch_key"])
    op.create_index("ix_watch_due_at", "watch", ["due_at"])
    op.create_index("ix_watch_updated_at", "watch", ["updated_at"])
    op.create_table(
        "watch_request",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_request")),
    )
    op.create_table(
        "told",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_told")),
    )
    op.create_index("ix_told_at", "told", ["at"])


def downgrade() -> None:
    """Drop them."""
    for table in ("told", "watch_request", "watch"):
        op.drop_table(table)
