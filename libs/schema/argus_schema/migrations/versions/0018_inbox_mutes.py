"""What people's inboxes are not told of; deliveries are found by their batch.

Revision: 0018, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the index."""
    op.create_table(
        "inbox_mute",
        sa.Column("user_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", "batch_id", name=op.f("pk_inbox_mute")),
    )
    op.create_index("ix_delivery_batch_id", "delivery", ["batch_id"])


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_delivery_batch_id", "delivery")
    op.drop_table("inbox_mute")
