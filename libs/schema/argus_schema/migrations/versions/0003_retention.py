"""What retention keeps of what it removed: the keys of purged events, and a history of its runs; batches that are to go
at once.

Revision: 0003, after 0002.
"""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, add the column."""
    # SQLite gives the highest key once more when its row was removed, unless a table says AUTOINCREMENT. The key of a
    # batch is in the names of subjects and folders, an artifact's id in links.
    never_again = {"sqlite_autoincrement": True}
    anew: Literal["always", "never"] = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("batch", recreate=anew, table_kwargs=never_again) as batch:
        batch.add_column(sa.Column("purge_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("artifact", recreate=anew, table_kwargs=never_again):
        pass
    op.create_table(
        "purged_event",
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("id", BigInt, autoincrement=False, nullable=False),
        sa.Column("newest_at", UtcDateTime(), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_key", "id", name=op.f("pk_purged_event")),
    )
    op.create_table(
        "retention_run",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("actor_id", BigInt, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("classes", Json, nullable=False),
        sa.Column("freed_bytes", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("retention_run")
    op.drop_table("purged_event")
    with op.batch_alter_table("batch") as batch:
        batch.drop_column("purge_at")
