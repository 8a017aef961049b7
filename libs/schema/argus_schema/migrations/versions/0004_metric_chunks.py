"""Metric blocks are merged into chunks; each job says how many of its blocks are not merged yet.

Revision: 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, Json

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and count the blocks that are there."""
    op.create_table(
        "metric_chunk",
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("job_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("first_step", BigInt, autoincrement=False, nullable=False),
        sa.Column("last_step", BigInt, nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.Column("cuts", Json, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_key", "job_no", "kind", "first_step", name=op.f("pk_metric_chunk")),
    )
    op.create_table(
        "metric_column",
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("job_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("first_step", BigInt, autoincrement=False, nullable=False),
        sa.Column("n_points", sa.Integer(), nullable=False),
        sa.Column("stats", sa.LargeBinary(), nullable=False),
        sa.Column("rollup", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_key", "job_no", "name", "kind", "first_step", name=op.f("pk_metric_column")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # They are compressed already: the database need not try again.
        for table, column in (("metric_chunk", "payload"), ("metric_column", "rollup"), ("metric_column", "payload")):
            op.execute(f"alter table {table} alter column {column} set storage external")
    op.execute(
        "update job set n_blocks = (select count(*) from metric_block b "
        "where b.batch_key = job.batch_key and b.job_no = job.job_no)"
    )


def downgrade() -> None:
    """Drop them, and with them every point that was merged."""
    op.drop_table("metric_column")
    op.drop_table("metric_chunk")
