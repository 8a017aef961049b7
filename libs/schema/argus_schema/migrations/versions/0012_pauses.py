"""Batches that pause: who asked, since when, for how long so far, and from where a run goes on.

Revision: 0012, after 0011.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, Json, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _of_batches() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("pause_requested_at", UtcDateTime(), nullable=True),
        sa.Column("pause_requested_by", sa.Text(), nullable=True),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("paused_s", BigInt, nullable=False, server_default="0"),
        sa.Column("went_on_at", UtcDateTime(), nullable=True),
        sa.Column("checkpoint", Json, nullable=True),
    )


def _of_jobs() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("paused_s", BigInt, nullable=False, server_default="0"),
        sa.Column("checkpoint", Json, nullable=True),
    )


def upgrade() -> None:
    """Add the columns."""
    for column in _of_batches():
        op.add_column("batch", column)
    for column in _of_jobs():
        op.add_column("job", column)


def downgrade() -> None:
    """Remove them."""
    for column in _of_jobs():
        op.drop_column("job", column.name)
    for column in _of_batches():
        op.drop_column("batch", column.name)
