"""Tables that `executor` writes: agents on training hosts, and the commands that they are given."""

from __future__ import annotations

import sqlalchemy as sa

from argus_schema.base import BigInt, Json, UtcDateTime, outbox_table, table

OWNER = "executor"

agent = table(
    "agent",
    OWNER,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner_id", BigInt, nullable=False),
    sa.Column("hostname", sa.Text, nullable=False),
    sa.Column("version", sa.Text),
    sa.Column("capabilities", Json),
    sa.Column("note", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_seen_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    sa.UniqueConstraint("hostname", "owner_id"),
    read_by=("auth", "catalog", "realtime", "notifier"),
)

command = table(
    "command",
    OWNER,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("agent_id", sa.Text, index=True),
    sa.Column("batch_id", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("payload", Json, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("requested_by", BigInt),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("delivered_at", UtcDateTime),
    sa.Column("acked_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("deadline", UtcDateTime),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("pid", BigInt),
    sa.Column("error", sa.Text),
    read_by=("auth", "catalog", "realtime", "notifier"),
)

outbox = outbox_table(OWNER)
