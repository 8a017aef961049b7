"""Which list of the keys of commands an agent knows.

Revision: 0014, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("agent", sa.Column("keys_serial", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("agent", "keys_serial")
