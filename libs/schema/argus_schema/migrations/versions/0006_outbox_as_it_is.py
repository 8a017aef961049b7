"""PostgreSQL keeps the outbox's payloads as they are: to compress them cost more than all else about their rows, which
live for a moment.

Revision: 0006, after 0005.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLES = ("ingest_outbox",)


def upgrade() -> None:
    """Store them beside the table, uncompressed."""
    _set("external")


def downgrade() -> None:
    """Compress them again."""
    _set("extended")


def _set(storage: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(f"alter table {table} alter column payload set storage {storage}")
