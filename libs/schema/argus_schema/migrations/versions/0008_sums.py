"""Sums over batches and jobs that lists and boards read. `argus_schema.migrate` fills them.

Revision: 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema import sums
from argus_schema.base import BigInt, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# `argus_schema.migrate` then sums up everything anew. So must say who changes rows of `batch` or `job` of which
# something is summed up, or what is summed up; to build these tables anew as they are is no such change.
sums_anew = True


def upgrade() -> None:
    """Create the tables, and say of each batch how long its jobs took."""
    op.add_column("batch", sa.Column("elapsed_s", BigInt, nullable=False, server_default="0"))
    least = "min" if op.get_bind().dialect.name == "sqlite" else "least"
    most = "max" if op.get_bind().dialect.name == "sqlite" else "greatest"
    op.execute(
        f"update batch set elapsed_s = coalesce((select sum({least}({most}(j.elapsed_s, 0), 10000000000)) from job j "  # noqa: S608 # nosec B608
        "where j.batch_key = batch.batch_key and j.deleted_at is null and j.elapsed_s is not null), 0)"
    )
    op.create_index("ix_batch_end_time", "batch", ["end_time"], unique=False)
    is_there = sa.text("deleted_at is null")
    op.drop_index("ix_job_status_end_time", table_name="job")
    op.create_index(
        "ix_job_status_end_time",
        "job",
        ["status", "end_time", "batch_key", "deleted_at"],
        unique=False,
        sqlite_where=is_there,
        postgresql_where=is_there,
    )
    op.create_table(
        "holding",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("owner_id", BigInt, autoincrement=False, nullable=False),
        *(
            sa.Column(name, BigInt, nullable=False)
            for name in (
                "n_batches",
                "n_running",
                "n_live",
                "n_jobs",
                "n_done",
                "n_failed",
                "n_pending",
                "elapsed_s",
            )
        ),
        sa.Column("last_event_at", UtcDateTime(), nullable=True),
        sa.Column("gone_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("project", "owner_id", name=op.f("pk_holding")),
    )
    op.create_table(
        "holding_day",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("owner_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("n_batches", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("project", "owner_id", "day", name=op.f("pk_holding_day")),
    )
    op.create_table(
        "cell",
        sa.Column("cell_key", BigInt, autoincrement=True, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("owner_id", BigInt, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cell_key", name=op.f("pk_cell")),
        sa.UniqueConstraint("project", "owner_id", "digest", name=op.f("uq_cell_project_owner_id_digest")),
    )
    op.create_table(
        "cell_metric",
        sa.Column("cell_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cell_key", "name", name=op.f("pk_cell_metric")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "score",
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("job_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("cell_key", BigInt, nullable=False),
        sa.Column("ended_s", sa.Double(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("batch_key", "job_no", "name", name=op.f("pk_score")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_score_cell_key", "score", ["cell_key", "name", "value", "ended_s", "batch_key", "job_no"], unique=False
    )


def downgrade() -> None:
    """Back to counting."""
    sums.remove(op.get_bind())
    for table in ("score", "cell_metric", "cell", "holding_day", "holding"):
        op.drop_table(table)
    op.drop_index("ix_batch_end_time", table_name="batch")
    op.drop_index("ix_job_status_end_time", table_name="job")
    op.create_index("ix_job_status_end_time", "job", ["status", "end_time"], unique=False)
    with op.batch_alter_table("batch") as batch:
        batch.drop_column("elapsed_s")
