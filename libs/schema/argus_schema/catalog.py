"""Tables that `catalog` writes: what people add to what was recorded (stars, pins, shares, project settings)."""

from __future__ import annotations

import sqlalchemy as sa

from argus_schema.base import BigInt, Json, UtcDateTime, outbox_table, table

OWNER = "catalog"

star = table(
    "star",
    OWNER,
    sa.Column("user_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("target_type", sa.Text, primary_key=True),
    sa.Column("target_id", sa.Text, primary_key=True),
    sa.Column("starred_at", UtcDateTime, nullable=False),
    read_by=("auth",),
)

pin = table(
    "pin",
    OWNER,
    sa.Column("user_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("pinned_at", UtcDateTime, nullable=False),
    read_by=("auth",),
)

batch_share = table(
    "batch_share",
    OWNER,
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("grantee_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("permission", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", BigInt),
    sa.Index("ix_batch_share_grantee_id", "grantee_id"),
    read_by=("auth", "ingest", "realtime", "executor", "notifier"),
)

project_share = table(
    "project_share",
    OWNER,
    sa.Column("owner_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("grantee_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("permission", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_project_share_grantee_id", "grantee_id"),
    read_by=("auth", "ingest", "realtime", "executor", "notifier"),
)

project_member = table(
    "project_member",
    OWNER,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("user_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", BigInt),
    # The provider of identity whose groups made this membership; none when a person did.
    sa.Column("granted_by", sa.Text),
    sa.Index("ix_project_member_user_id", "user_id"),
    read_by=("auth", "ingest", "realtime", "executor", "notifier"),
)

public_share = table(
    "public_share",
    OWNER,
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("batch_id", sa.Text, nullable=False, index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", BigInt),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("view_count", BigInt, nullable=False, default=0),
    sa.Column("last_viewed", UtcDateTime),
)

project_meta = table(
    "project_meta",
    OWNER,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("is_public", sa.Boolean, nullable=False, default=False),
    sa.Column("is_demo", sa.Boolean, nullable=False, default=False),
    sa.Column("public_description", sa.Text),
    sa.Column("published_at", UtcDateTime),
    sa.Column("published_by_user_id", BigInt),
    sa.Column("settings", Json),
    sa.Column("deleted_at", UtcDateTime),
    read_by=("ingest", "realtime", "notifier"),
)

saved_view = table(
    "saved_view",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("user_id", BigInt, nullable=False, index=True),
    sa.Column("project", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("page", sa.Text, nullable=False),
    sa.Column("query", Json, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime),
    read_by=("auth",),
)

outbox = outbox_table(OWNER)
