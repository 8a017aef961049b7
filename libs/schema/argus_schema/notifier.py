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
    # How many things it tells of, and the rule that said so.
    sa.Column("count", sa.Integer, nullable=False, default=1, server_default="1"),
    sa.Column("made_by_rule", BigInt),
    # Of one that tells of several batches: the first of them.
    sa.Column("batch_ids", Json),
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

# What a person's inbox is not told of. An empty text stands for every kind, or every batch.
inbox_mute = table(
    "inbox_mute",
    OWNER,
    sa.Column("user_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    read_by=("auth",),
)

# What a person's inbox is told of in one project; of a kind without a row, what holds everywhere.
inbox_choice = table(
    "inbox_choice",
    OWNER,
    sa.Column("user_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("shown", sa.Boolean, nullable=False),
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
    sa.Index("ix_unsubscribe_token_user_id_event_type", "user_id", "event_type"),
)

digest_pref = table(
    "digest_pref",
    OWNER,
    sa.Column("user_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("frequency", sa.Text, nullable=False),
    # The full hour of the person's own day, and their time zone by its name in the IANA's list.
    sa.Column("hour", sa.SmallInteger, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    # When the next one is due; null while none is wanted.
    sa.Column("next_at", UtcDateTime),
    # What the last one was about ends here, and the day, in the person's zone, whose digest it was.
    sa.Column("told_until", UtcDateTime),
    sa.Column("told_day", sa.Text),
    sa.Index("ix_digest_pref_next_at", "next_at"),
    read_by=("auth",),
)

rule = table(
    "rule",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    # A person's own, or a project's. What it sees is what whoever made it may see.
    sa.Column("user_id", BigInt),
    sa.Column("project", sa.Text),
    sa.Column("added_by_user_id", BigInt, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # events, metrics or silence; `kinds` of events; a condition in the language of docs/query.md.
    sa.Column("watches", sa.Text, nullable=False),
    sa.Column("kinds", Json, nullable=False),
    sa.Column("condition", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("for_s", sa.Integer, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    # "inbox", "mail", and ids of channels.
    sa.Column("channels", Json, nullable=False),
    # {from, to, zone, days, let_errors}
    sa.Column("quiet_hours", Json),
    sa.Column("throttle_s", sa.Integer, nullable=False),
    sa.Column("grouped", sa.Boolean, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    # When it last spoke, and how often it kept still since then because of `throttle_s`.
    sa.Column("said_at", UtcDateTime),
    sa.Column("unsaid", sa.Integer, nullable=False, default=0),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime),
    sa.CheckConstraint("(user_id is null) <> (project is null)", name="one_owner"),
    sa.Index("ix_rule_user_id", "user_id"),
    sa.Index("ix_rule_project", "project"),
    read_by=("auth",),
)

# Jobs for which a rule's condition holds, since when, and when there will be something to say (null: it was said).
rule_watch = table(
    "rule_watch",
    OWNER,
    sa.Column("rule_id", BigInt, primary_key=True, autoincrement=False),
    sa.Column("batch_key", BigInt, primary_key=True, autoincrement=False),
    sa.Column("job_id", sa.Text, primary_key=True),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime),
    sa.Index("ix_rule_watch_due_at", "due_at"),
)

# What happened of one kind to one batch or host within a window, so that many are told as one.
surge = table(
    "surge",
    OWNER,
    sa.Column("kind", sa.Text, primary_key=True),
    # A batch's or host's id; of a rule, its number before it.
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("begins_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
    # How many there were in this window; how many of them inboxes know of; how many, mails and channels.
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("shown", sa.Integer, nullable=False),
    sa.Column("told", sa.Integer, nullable=False),
    # When there is something to do for it; null: nothing.
    sa.Column("due_at", UtcDateTime),
    # The first of them, whole: the others are told in its place.
    sa.Column("first", Json, nullable=False),
    # How many for which reason, and the ids of the first jobs.
    sa.Column("reasons", Json, nullable=False),
    sa.Column("job_ids", Json, nullable=False),
    # What was counted lately, by a hash: a bundle may come twice.
    sa.Column("counted", Json, nullable=False),
    # The surge over several batches that tells of this one, too; null: it is told by itself.
    sa.Column("wave", sa.Text),
    sa.Index("ix_surge_wave", "wave"),
    sa.Index("ix_surge_due_at", "due_at"),
    sa.Index("ix_surge_ends_at", "ends_at"),
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

channel = table(
    "channel",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    # A person's own, or a project's.
    sa.Column("user_id", BigInt),
    sa.Column("project", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    # Whoever has the address may write there, so it is a secret; `shown` says where it leads.
    sa.Column("url_encrypted", sa.LargeBinary, nullable=False),
    sa.Column("shown", sa.Text, nullable=False),
    sa.Column("secret_encrypted", sa.LargeBinary),
    sa.Column("event_kinds", Json, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False, default=True),
    sa.Column("added_by_user_id", BigInt, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime),
    sa.CheckConstraint("(user_id is null) <> (project is null)", name="one_owner"),
    sa.Index("ix_channel_user_id", "user_id"),
    sa.Index("ix_channel_project", "project"),
    read_by=("auth",),
)

delivery = table(
    "delivery",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),
    # Whose circuit it is, and with whom it shares the places: the mail server, or one channel.
    sa.Column("receiver", sa.Text, nullable=False),
    sa.Column("channel_id", BigInt),
    # Where it goes, for people: an address, or a channel's `shown`.
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("batch_id", sa.Text),
    # What makes its second asking no second delivery; the receiver is told a hash of it.
    sa.Column("dedupe_key", sa.Text, nullable=False, unique=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body_text", sa.Text, nullable=False),
    sa.Column("body_html", sa.Text),
    sa.Column("facts", Json),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("last_error", sa.Text),
    sa.Column("next_attempt_at", UtcDateTime),
    # A worker's lease on the row: whose, and until when nobody else takes it.
    sa.Column("claim", sa.Text),
    sa.Column("claimed_until", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("failed_at", UtcDateTime),
    sa.Column("requeued_at", UtcDateTime),
    sa.Index("ix_delivery_status_receiver_next_attempt_at", "status", "receiver", "next_attempt_at"),
    sa.Index("ix_delivery_channel_id_id", "channel_id", "id"),
    sa.Index("ix_delivery_event_type_created_at", "event_type", "created_at"),
    sa.Index("ix_delivery_sent_at", "sent_at"),
    sa.Index("ix_delivery_failed_at", "failed_at"),
    sa.Index("ix_delivery_batch_id", "batch_id"),
)

circuit = table(
    "circuit",
    OWNER,
    sa.Column("receiver", sa.Text, primary_key=True),
    # Failures in a row; none of a receiver without a row.
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("open_until", UtcDateTime),
    sa.Column("changed_at", UtcDateTime, nullable=False),
)

# What a watchdog remembers of one thing that it watches. A thing that is well and cannot fall silent has no row.
watch = table(
    "watch",
    OWNER,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("detector", sa.Text, nullable=False),
    sa.Column("batch_key", BigInt),
    sa.Column("state", Json, nullable=False),
    # When its silence is looked into, if nothing else happens.
    sa.Column("due_at", UtcDateTime),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Index("ix_watch_batch_key", "batch_key"),
    sa.Index("ix_watch_due_at", "due_at"),
    sa.Index("ix_watch_updated_at", "updated_at"),
)

# What ingest is to be asked for, until it has answered.
watch_request = table(
    "watch_request",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

# When people were last told of a kind about one batch or host, for kinds that are not told again so soon.
told = table(
    "told",
    OWNER,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("dedupe_key", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_told_at", "at"),
)

outbox = outbox_table(OWNER)
