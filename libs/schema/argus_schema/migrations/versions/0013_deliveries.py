"""One durable queue for all deliveries, mails among them; circuits of receivers; people's and projects' channels.

Revision: 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, Json, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_MAILS = (
    "insert into delivery (kind, receiver, target, event_type, dedupe_key, subject, body_text, body_html, status,"
    " attempts, last_error, next_attempt_at, created_at, sent_at, failed_at)"
    " select 'mail', 'mail', to_addr, event_type, dedupe_key, subject, body_text, body_html, status,"
    " attempts, last_error, next_attempt_at, created_at, sent_at,"
    " case when status = 'failed' then created_at end from outgoing_mail order by id"
)
_BACK = (
    "insert into outgoing_mail (to_addr, subject, body_text, body_html, event_type, dedupe_key, status, attempts,"
    " last_error, next_attempt_at, created_at, sent_at)"
    " select target, subject, body_text, body_html, event_type, dedupe_key,"
    " case when status = 'sending' then 'waiting' else status end,"
    " attempts, last_error, coalesce(next_attempt_at, created_at), created_at, sent_at"
    " from delivery where kind = 'mail' order by id"
)


def upgrade() -> None:
    """Create the queue and move the mails into it. Nothing ever wrote the table that had its name."""
    op.drop_table("delivery")
    op.create_table(
        "delivery",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("channel_id", BigInt, nullable=True),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=True),
        sa.Column("facts", Json, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("requeued_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_delivery_dedupe_key")),
    )
    op.create_index(
        "ix_delivery_status_receiver_next_attempt_at", "delivery", ["status", "receiver", "next_attempt_at"]
    )
    op.create_index("ix_delivery_channel_id_id", "delivery", ["channel_id", "id"])
    op.create_index("ix_delivery_event_type_created_at", "delivery", ["event_type", "created_at"])
    op.create_index("ix_delivery_sent_at", "delivery", ["sent_at"])
    op.create_index("ix_delivery_failed_at", "delivery", ["failed_at"])
    op.execute(_MAILS)
    op.drop_table("outgoing_mail")
    _create_circuits_and_channels()


def _create_circuits_and_channels() -> None:
    op.create_table(
        "circuit",
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("receiver", name=op.f("pk_circuit")),
    )
    op.create_table(
        "channel",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("secret_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("event_kinds", Json, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("added_by_user_id", BigInt, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(user_id is null) <> (project is null)", name=op.f("ck_channel_one_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
    )
    op.create_index("ix_channel_user_id", "channel", ["user_id"])
    op.create_index("ix_channel_project", "channel", ["project"])


def downgrade() -> None:
    """Back to a queue of mails alone; what waits for channels is lost with them."""
    op.create_table(
        "outgoing_mail",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("to_addr", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=True),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_mail")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outgoing_mail_dedupe_key")),
    )
    op.create_index("ix_outgoing_mail_status_next_attempt_at", "outgoing_mail", ["status", "next_attempt_at"])
    op.execute(_BACK)
    for table in ("channel", "circuit", "delivery"):
        op.drop_table(table)
    op.create_table(
        "delivery",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_delivery_dedupe_key")),
    )
