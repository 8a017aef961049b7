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
        sa.Column("parent_hash", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["jti"], ["session.jti"], name=op.f("fk_refresh_token_jti"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_token")),
    )
    op.create_index("ix_refresh_token_jti", "refresh_token", ["jti"], unique=False)
    op.create_index("ix_refresh_token_parent_hash", "refresh_token", ["parent_hash"], unique=False)
    op.create_index("ix_audit_log_target", "audit_log", ["target_type", "target_id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        # What the grants are on PostgreSQL. A later revision that builds the table anew must make them again.
        for change in ("update", "delete"):
            op.execute(
                f"create trigger audit_log_no_{change} before {change} on audit_log "
                "begin select raise(abort, 'the audit log is append-only'); end"
            )
    op.create_table(
        "login_failure",
        sa.Column("name_hash", sa.Text(), nullable=False),
        sa.Column("failed_login_count", sa.Integer(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name_hash", name=op.f("pk_login_failure")),
    )
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
        sa.Column("required_group", sa.Text(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.Column("updated_by", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_oidc_provider")),
    )
    with op.batch_alter_table("oauth_identity") as oauth_identity:
        oauth_identity.add_column(sa.Column("granted", Json, nullable=True))
    op.create_table(
        "oauth_state_used",
        sa.Column("state_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_oauth_state_used")),
    )
    op.create_index("ix_oauth_state_used_expires_at", "oauth_state_used", ["expires_at"], unique=False)
    with op.batch_alter_table("project_member") as project_member:
        project_member.add_column(sa.Column("granted_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Back to what was before; browsers have to log in again."""
    with op.batch_alter_table("project_member") as project_member:
        project_member.drop_column("granted_by")
    op.drop_index("ix_oauth_state_used_expires_at", table_name="oauth_state_used")
    op.drop_table("oauth_state_used")
    with op.batch_alter_table("oauth_identity") as oauth_identity:
        oauth_identity.drop_column("granted")
    op.drop_table("oidc_provider")
    op.drop_table("login_failure")
    if op.get_bind().dialect.name == "sqlite":
        for change in ("update", "delete"):
            op.execute(f"drop trigger audit_log_no_{change}")
    op.drop_index("ix_audit_log_target", table_name="audit_log")
    op.drop_index("ix_refresh_token_parent_hash", table_name="refresh_token")
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
