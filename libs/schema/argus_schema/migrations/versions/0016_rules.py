"""Rules: what they are about, whom they tell and how; what they remember of jobs; and what is told as one.

Revision: 0016, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, Json, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing ever wrote the table of rules that there was."""
    op.drop_table("rule")
    op.create_table(
        "rule",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("added_by_user_id", BigInt, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("watches", sa.Text(), nullable=False),
        sa.Column("kinds", Json, nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("for_s", sa.Integer(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("channels", Json, nullable=False),
        sa.Column("quiet_hours", Json, nullable=True),
        sa.Column("throttle_s", sa.Integer(), nullable=False),
        sa.Column("grouped", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=True),
        sa.Column("unsaid", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(user_id is null) <> (project is null)", name=op.f("ck_rule_one_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
    )
    op.create_index("ix_rule_user_id", "rule", ["user_id"])
    op.create_index("ix_rule_project", "rule", ["project"])
    op.create_table(
        "rule_watch",
        sa.Column("rule_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("rule_id", "batch_key", "job_id", name=op.f("pk_rule_watch")),
    )
    op.create_index("ix_rule_watch_due_at", "rule_watch", ["due_at"])
    _create_surges()
    op.add_column("notification", sa.Column("count", sa.Integer(), server_default="1", nullable=False))
    op.add_column("notification", sa.Column("made_by_rule", BigInt, nullable=True))
    op.create_index("ix_unsubscribe_token_user_id_event_type", "unsubscribe_token", ["user_id", "event_type"])


def _create_surges() -> None:
    op.create_table(
        "surge",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("first", Json, nullable=False),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("job_ids", Json, nullable=False),
        sa.Column("counted", Json, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_surge")),
    )
    op.create_index("ix_surge_due_at", "surge", ["due_at"])
    op.create_index("ix_surge_ends_at", "surge", ["ends_at"])


def downgrade() -> None:
    """Back to a table that nothing writes; rules are lost with it."""
    op.drop_index("ix_unsubscribe_token_user_id_event_type", "unsubscribe_token")
    op.drop_column("notification", "made_by_rule")
    op.drop_column("notification", "count")
    for table in ("surge", "rule_watch", "rule"):
        op.drop_table(table)
    op.create_table(
        "rule",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("channels", Json, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
    )
