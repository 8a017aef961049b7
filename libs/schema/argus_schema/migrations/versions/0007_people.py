"""Refresh tokens that turn over, where a token may be used from, providers of identity, accounts that were deleted.

Revision: 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, Json, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, change the columns."""
    with op.batch_alter_table("session") as session:
        session.drop_constraint(op.f("uq_session_refresh_hash"), type_="unique")
        session.drop_column("refresh_hash")
        session.add_column(sa.Column("method", sa.Text(), nullable=True))
    with op.batch_alter_table("api_token") as api_token:
        api_token.add_column(sa.Column("networks", Json, nullable=True))
    with op.batch_alter_table("user") as user:
        user.add_column(sa.Column("deleted_at", UtcDateTime(), nullable=True))
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["jti"], ["session.jti"], name=op.f("fk_refresh_token_jti"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_token")),
    )
    op.create_index("ix_refresh_token_jti", "refresh_token", ["jti"], unique=False)
    op.create_table(
        "oidc_provider",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("allowed_domains", Json, nullable=True),
        sa.Column("groups_claim", sa.Text(), nullable=True),
        sa.Column("group_roles", Json, nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.Column("updated_by", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_oidc_provider")),
    )


def downgrade() -> None:
    """Back to what was before; browsers have to log in again."""
    op.drop_table("oidc_provider")
    op.drop_index("ix_refresh_token_jti", table_name="refresh_token")
    op.drop_table("refresh_token")
    with op.batch_alter_table("user") as user:
        user.drop_column("deleted_at")
    with op.batch_alter_table("api_token") as api_token:
        api_token.drop_column("networks")
    with op.batch_alter_table("session") as session:
        session.drop_column("method")
        session.add_column(sa.Column("refresh_hash", sa.Text(), nullable=True))
        session.create_unique_constraint(op.f("uq_session_refresh_hash"), ["refresh_hash"])
