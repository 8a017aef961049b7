"""What people's inboxes are told of in one project.

Revision: 0021, after 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "inbox_choice",
        sa.Column("user_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "project", "kind", name=op.f("pk_inbox_choice")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("inbox_choice")
