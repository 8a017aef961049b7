"""What happens to many batches at once is told as one: which surge tells of which, and the batches of a notification.

Revision: 0020, after 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import Json

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# See deploy/local/migration_check.py.
brief = "a surge is a row for as long as it lasts"


def upgrade() -> None:
    """Add the columns and the index."""
    op.add_column("surge", sa.Column("wave", sa.Text()))
    op.create_index("ix_surge_wave", "surge", ["wave"])
    op.add_column("notification", sa.Column("batch_ids", Json))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("notification", "batch_ids")
    op.drop_index("ix_surge_wave", "surge")
    op.drop_column("surge", "wave")
