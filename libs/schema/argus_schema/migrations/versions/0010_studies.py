"""The study of a job as a column of its own, with an index of those jobs alone.

Revision: 0010, after 0009. The database computes the column from what the job's start told: nobody writes it, and jobs
that are there already have it at once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# PostgreSQL keeps such a column, SQLite computes it and keeps it in the index alone.
_KEPT = {"postgresql": "stored", "sqlite": "virtual"}


def upgrade() -> None:
    """Add the column and its index."""
    kept = _KEPT[op.get_bind().dialect.name]
    op.execute(
        f"alter table job add column study_name text generated always as (extra -> 'optuna' ->> 'study_name') {kept}"
    )
    there = sa.text("study_name is not null")
    op.create_index("ix_job_study_name", "job", ["study_name"], sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    """Back to looking into every job."""
    op.drop_index("ix_job_study_name", table_name="job")
    op.execute("alter table job drop column study_name")
