"""Who deleted a job and when it is removed for good; indexes for the trash and for a search by the id of a job.

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TRASH = ("batch", "job")


def upgrade() -> None:
    """Add the columns and the indexes."""
    op.add_column("job", sa.Column("deleted_by", BigInt, nullable=True))
    op.add_column("job", sa.Column("purge_at", UtcDateTime(), nullable=True))
    op.add_column("job", sa.Column("purged_at", UtcDateTime(), nullable=True))
    deleted = sa.text("deleted_at is not null")
    for table in _TRASH:
        op.create_index(f"ix_{table}_deleted_at", table, ["deleted_at"], postgresql_where=deleted, sqlite_where=deleted)
    op.create_index("ix_job_job_id", "job", ["job_id"], postgresql_ops={"job_id": "text_pattern_ops"})


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_job_job_id", table_name="job")
    for table in _TRASH:
        op.drop_index(f"ix_{table}_deleted_at", table_name=table)
    for name in ("purged_at", "purge_at", "deleted_by"):
        op.drop_column("job", name)
