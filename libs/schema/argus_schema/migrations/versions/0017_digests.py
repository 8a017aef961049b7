"""When a person's daily mail comes, and until when they were told.

Revision: 0017, after 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "digest_pref",
        sa.Column("user_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("told_until", UtcDateTime(), nullable=True),
        sa.Column("told_day", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_digest_pref")),
    )
    op.create_index("ix_digest_pref_next_at", "digest_pref", ["next_at"])


def downgrade() -> None:
    """Remove it; nobody gets a daily mail then."""
    op.drop_table("digest_pref")
