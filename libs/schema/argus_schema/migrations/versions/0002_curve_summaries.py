"""Jobs keep a summary of each metric, where they began anew, and how many of their metric blocks are not merged.

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("job") as job:
        job.add_column(sa.Column("summary", Json, nullable=True))
        job.add_column(sa.Column("resumes", Json, nullable=True))
        job.add_column(sa.Column("n_blocks", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Remove the columns."""
    with op.batch_alter_table("job") as job:
        job.drop_column("n_blocks")
        job.drop_column("resumes")
        job.drop_column("summary")
