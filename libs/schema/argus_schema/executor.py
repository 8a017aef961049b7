"""Tables that `executor` writes: agents on training hosts, the commands that they are given, what became of those."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from argus_schema.base import BigInt, Json, UtcDateTime, outbox_table, table

OWNER = "executor"

_IS_OWED = sa.text("owed_move is not null")
_OWED: dict[str, Any] = {"postgresql_where": _IS_OWED, "sqlite_where": _IS_OWED}

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
    # The user of the host's system that the agent runs as; empty: it did not say.
    sa.Column("os_user", sa.Text, nullable=False, default="", server_default=""),
    # What its last heartbeat told: the processes that it started, whether it takes no more, its own rules, its clock.
    sa.Column("children", Json),
    sa.Column("is_draining", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    sa.Column("policy", Json),
    sa.Column("clock_skew_s", sa.Float),
    # The number of the list of keys that it said it knows; null: it said none.
    sa.Column("keys_serial", sa.Integer),
    sa.UniqueConstraint("hostname", "owner_id", "os_user"),
    read_by=("auth", "catalog", "realtime", "notifier"),
)

# People besides an agent's owner who may have commands run by it.
agent_allowed = table(
    "agent_allowed",
    OWNER,
    sa.Column("agent_id", sa.Text, sa.ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("user_id", BigInt, primary_key=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

command = table(
    "command",
    OWNER,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("agent_id", sa.Text),
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
    # When it was handed over last; `delivered_at` is the first time.
    sa.Column("handed_at", UtcDateTime),
    sa.Column("exit_code", BigInt),
    sa.Column("signal", BigInt),
    sa.Column("result", Json),
    # What the batch is still to be told, when a transaction that ended here has not reached it yet.
    sa.Column("owed_move", sa.Text),
    sa.Column("owed_reason", sa.Text),
    sa.Column("owed_after", UtcDateTime),
    # The very text that was signed, and under which key.
    sa.Column("signed", sa.Text),
    sa.Column("signature", sa.Text),
    sa.Column("key_id", sa.Text),
    sa.Index("ix_command_agent_id_status", "agent_id", "status"),
    sa.Index("ix_command_created_at_id", "created_at", "id"),
    sa.Index("ix_command_owed_after", "owed_after", **_OWED),
    read_by=("auth", "catalog", "realtime", "notifier"),
)

# What happened to a command, in the order in which it became known here. The agent numbers its reports, so that one
# that comes again is not written again; what the server itself did has no number.
command_step = table(
    "command_step",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("command_id", sa.Text, sa.ForeignKey("command.id", ondelete="CASCADE"), nullable=False),
    sa.Column("seq", BigInt),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("detail", sa.Text),
    sa.Column("facts", Json),
    sa.UniqueConstraint("command_id", "seq"),
    read_by=("catalog",),
)

# The keys that sign commands. The private halves lie apart, where no other service may read.
command_key = table(
    "command_key",
    OWNER,
    sa.Column("kid", sa.Text, primary_key=True),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("retired_at", UtcDateTime),
)

command_secret = table(
    "command_secret",
    OWNER,
    sa.Column("kid", sa.Text, sa.ForeignKey("command_key.kid", ondelete="CASCADE"), primary_key=True),
    sa.Column("private_key_encrypted", sa.LargeBinary, nullable=False),
)

outbox = outbox_table(OWNER)
