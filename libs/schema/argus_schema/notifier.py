"""Tables that `notifier` writes: the inbox, who wants to hear of what, mails and their deliveries."""

from __future__ import annotations

import sqlalchemy as sa

from argus_schema.base import BigInt, Json, UtcDateTime, outbox_table, table

OWNER = "notifier"

notification = table(
    "notification",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("user_id", BigInt, nullable=False),
    sa.Column("batch_id", sa.Text),
    sa.Column("job_id", sa.Text),
    sa.Column("rule_id", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    # What makes the second arrival of one message one notification.
    sa.Column("dedupe_key", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("read_at", UtcDateTime),
    sa.UniqueConstraint("user_id", "dedupe_key"),
    sa.Index("ix_notification_user_id_id", "user_id", "id"),
    read_by=("auth", "catalog"),
)

notification_pref = table(
    "notification_pref",
    OWNER,
    sa.Column("user_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("notify_batch_done", sa.Boolean, nullable=False, default=True),
    sa.Column("notify_batch_failed", sa.Boolean, nullable=False, default=True),
    sa.Column("notify_job_failed", sa.Boolean, nullable=False, default=True),
    sa.Column("notify_diverged", sa.Boolean, nullable=False, default=True),
    sa.Column("notify_job_idle", sa.Boolean, nullable=False, default=False),
    read_by=("auth",),
)

subscription = table(
    "subscription",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("user_id", BigInt, nullable=False),
    # Empty text stands for every project: a null would not take part in the unique key.
    sa.Column("project", sa.Text, nullable=False, default=""),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.UniqueConstraint("user_id", "project", "event_type"),
    read_by=("auth",),
)

batch_subscription = table(
    "batch_subscription",
    OWNER,
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("user_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("event_kinds", Json, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime),
    read_by=("auth",),
)

recipient = table(
    "recipient",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("event_kinds", Json, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    sa.Column("unsubscribe_token", sa.Text, nullable=False, unique=True),
    sa.Column("added_by_user_id", BigInt),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime),
    sa.UniqueConstraint("project", "email"),
    read_by=("auth",),
)

unsubscribe_token = table(
    "unsubscribe_token",
    OWNER,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("user_id", BigInt, nullable=False),
    sa.Column("event_type", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)

rule = table(
    "rule",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("user_id", BigInt),
    sa.Column("project", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("condition", sa.Text, nullable=False),
    sa.Column("channels", Json, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime),
    read_by=("auth",),
)

template = table(
    "template",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body_html", sa.Text, nullable=False),
    sa.Column("body_text", sa.Text, nullable=False),
    sa.Column("is_system", sa.Boolean, nullable=False, default=True),
    sa.Column("updated_at", UtcDateTime),
    sa.Column("updated_by_user_id", BigInt),
    sa.UniqueConstraint("event_type", "locale"),
)

outgoing_mail = table(
    "outgoing_mail",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("to_addr", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body_text", sa.Text, nullable=False),
    sa.Column("body_html", sa.Text),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("dedupe_key", sa.Text, nullable=False, unique=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("last_error", sa.Text),
    sa.Column("next_attempt_at", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime),
    sa.Index("ix_outgoing_mail_status_next_attempt_at", "status", "next_attempt_at"),
)

delivery = table(
    "delivery",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("dedupe_key", sa.Text, nullable=False, unique=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("delivered_at", UtcDateTime),
)

outbox = outbox_table(OWNER)
