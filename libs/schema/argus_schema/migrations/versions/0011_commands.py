"""Commands with a history, signed; agents that tell what they do, several on one host, and whom their owner allows.

Revision: 0011, after 0010.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, Json, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _of_agents() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("os_user", sa.Text(), nullable=False, server_default=""),
        sa.Column("children", Json, nullable=True),
        sa.Column("is_draining", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("policy", Json, nullable=True),
        sa.Column("clock_skew_s", sa.Float(), nullable=True),
    )


def _of_commands() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("handed_at", UtcDateTime(), nullable=True),
        sa.Column("exit_code", BigInt, nullable=True),
        sa.Column("signal", BigInt, nullable=True),
        sa.Column("result", Json, nullable=True),
        sa.Column("owed_move", sa.Text(), nullable=True),
        sa.Column("owed_reason", sa.Text(), nullable=True),
        sa.Column("owed_after", UtcDateTime(), nullable=True),
        sa.Column("signed", sa.Text(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
    )


def upgrade() -> None:
    """Create the tables, change the columns."""
    with op.batch_alter_table("agent") as agent:
        agent.drop_constraint(op.f("uq_agent_hostname_owner_id"), type_="unique")
        for column in _of_agents():
            agent.add_column(column)
        agent.create_unique_constraint(op.f("uq_agent_hostname_owner_id_os_user"), ["hostname", "owner_id", "os_user"])
    for column in _of_commands():
        op.add_column("command", column)
    op.drop_index("ix_command_agent_id", table_name="command")
    op.create_index("ix_command_agent_id_status", "command", ["agent_id", "status"])
    op.create_index("ix_command_created_at_id", "command", ["created_at", "id"])
    owed = sa.text("owed_move is not null")
    op.create_index("ix_command_owed_after", "command", ["owed_after"], postgresql_where=owed, sqlite_where=owed)
    _create_tables()


def _create_tables() -> None:
    op.create_table(
        "agent_allowed",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_agent_allowed_agent_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("agent_id", "user_id", name=op.f("pk_agent_allowed")),
    )
    op.create_table(
        "command_step",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("seq", BigInt, nullable=True),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("facts", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["command_id"], ["command.id"], name=op.f("fk_command_step_command_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_command_step")),
        sa.UniqueConstraint("command_id", "seq", name=op.f("uq_command_step_command_id_seq")),
    )
    op.create_table(
        "command_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_command_key")),
    )
    op.create_table(
        "command_secret",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("private_key_encrypted", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["kid"], ["command_key.kid"], name=op.f("fk_command_secret_kid"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_command_secret")),
    )


def downgrade() -> None:
    """Back to commands without a history, and one agent for each person and host: the one that is newest."""
    for table in ("command_secret", "command_key", "command_step", "agent_allowed"):
        op.drop_table(table)
    for index in ("ix_command_owed_after", "ix_command_created_at_id", "ix_command_agent_id_status"):
        op.drop_index(index, table_name="command")
    op.create_index("ix_command_agent_id", "command", ["agent_id"])
    with op.batch_alter_table("command") as command:
        for column in _of_commands():
            command.drop_column(column.name)
    op.execute(
        "delete from agent where exists (select 1 from agent as other where other.hostname = agent.hostname"
        " and other.owner_id = agent.owner_id and (other.created_at, other.id) > (agent.created_at, agent.id))"
    )
    with op.batch_alter_table("agent") as agent:
        agent.drop_constraint(op.f("uq_agent_hostname_owner_id_os_user"), type_="unique")
        for column in _of_agents():
            agent.drop_column(column.name)
        agent.create_unique_constraint(op.f("uq_agent_hostname_owner_id"), ["hostname", "owner_id"])
