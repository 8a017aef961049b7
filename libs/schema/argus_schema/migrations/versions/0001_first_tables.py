"""The first tables of every service.

Revision: 0001, after nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from argus_schema.base import BigInt, Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "agent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", BigInt, nullable=False),
        sa.Column("hostname", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("capabilities", Json, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
        sa.UniqueConstraint("hostname", "owner_id", name=op.f("uq_agent_hostname_owner_id")),
    )
    op.create_table(
        "artifact",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("batch_key", BigInt, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("size_bytes", BigInt, nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("meta", Json, nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artifact")),
    )
    op.create_index("ix_artifact_batch_key_job_id", "artifact", ["batch_key", "job_id"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("target_type", sa.Text(), nullable=True),
        sa.Column("target_id", sa.Text(), nullable=True),
        sa.Column("metadata", Json, nullable=True),
        sa.Column("timestamp", UtcDateTime(), nullable=False),
        sa.Column("ip_address", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_log_entry_id")),
    )
    op.create_index(op.f("ix_audit_log_action"), "audit_log", ["action"], unique=False)
    op.create_index(op.f("ix_audit_log_timestamp"), "audit_log", ["timestamp"], unique=False)
    op.create_index(op.f("ix_audit_log_user_id"), "audit_log", ["user_id"], unique=False)
    op.create_table(
        "auth_outbox",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("msg_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("headers", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_auth_outbox")),
    )
    op.create_table(
        "batch",
        sa.Column("batch_key", BigInt, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("experiment_type", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("user", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("command", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("owner_id", BigInt, nullable=True),
        sa.Column("n_total", BigInt, nullable=True),
        sa.Column("n_done", BigInt, nullable=False),
        sa.Column("n_failed", BigInt, nullable=False),
        sa.Column("n_jobs", BigInt, nullable=False),
        sa.Column("start_time", UtcDateTime(), nullable=True),
        sa.Column("end_time", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("env_snapshot", Json, nullable=True),
        sa.Column("source_batch_id", sa.Text(), nullable=True),
        sa.Column("overrides_json", sa.Text(), nullable=True),
        sa.Column("rerun_requested_at", UtcDateTime(), nullable=True),
        sa.Column("rerun_requested_by", sa.Text(), nullable=True),
        sa.Column("stop_requested_at", UtcDateTime(), nullable=True),
        sa.Column("stop_requested_by", sa.Text(), nullable=True),
        sa.Column("last_event_at", UtcDateTime(), nullable=True),
        sa.Column("is_divergent", sa.Boolean(), nullable=False),
        sa.Column("is_idle", sa.Boolean(), nullable=False),
        sa.Column("is_placeholder", sa.Boolean(), nullable=False),
        sa.Column("event_seq", BigInt, nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_by", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("batch_key", name=op.f("pk_batch")),
        sa.UniqueConstraint("id", name=op.f("uq_batch_id")),
    )
    op.create_index("ix_batch_owner_id_start_time", "batch", ["owner_id", "start_time"], unique=False)
    op.create_index("ix_batch_project_start_time", "batch", ["project", "start_time"], unique=False)
    op.create_index("ix_batch_start_time", "batch", ["start_time"], unique=False)
    op.create_index("ix_batch_status", "batch", ["status"], unique=False)
    op.create_table(
        "batch_share",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("grantee_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "grantee_id", name=op.f("pk_batch_share")),
    )
    op.create_index("ix_batch_share_grantee_id", "batch_share", ["grantee_id"], unique=False)
    op.create_table(
        "batch_subscription",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("user_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("event_kinds", Json, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "user_id", name=op.f("pk_batch_subscription")),
    )
    op.create_table(
        "catalog_outbox",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("msg_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("headers", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_outbox")),
    )
    op.create_table(
        "command",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested_by", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("acked_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("deadline", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("pid", BigInt, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_command")),
    )
    op.create_index(op.f("ix_command_agent_id"), "command", ["agent_id"], unique=False)
    op.create_index(op.f("ix_command_batch_id"), "command", ["batch_id"], unique=False)
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
    op.create_table(
        "event",
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("id", BigInt, autoincrement=False, nullable=False),
        sa.Column("event_key", sa.LargeBinary(), nullable=False),
        sa.Column("type_code", sa.SmallInteger(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("data", Json, nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("batch_key", "id", name=op.f("pk_event")),
        sa.UniqueConstraint("batch_key", "event_key", name=op.f("uq_event_batch_key_event_key")),
    )
    op.create_table(
        "executor_outbox",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("msg_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("headers", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_executor_outbox")),
    )
    op.create_table(
        "host",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("first_seen", UtcDateTime(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host")),
    )
    op.create_table(
        "host_batch",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("first_seen", UtcDateTime(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=False),
        sa.Column("latest", Json, nullable=False),
        sa.PrimaryKeyConstraint("host", "batch_key", name=op.f("pk_host_batch")),
    )
    op.create_index("ix_host_batch_batch_key", "host_batch", ["batch_key"], unique=False)
    op.create_table(
        "ingest_outbox",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("msg_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("headers", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingest_outbox")),
    )
    op.create_table(
        "job",
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("job_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("dataset", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("start_time", UtcDateTime(), nullable=True),
        sa.Column("end_time", UtcDateTime(), nullable=True),
        sa.Column("elapsed_s", BigInt, nullable=True),
        sa.Column("metrics", Json, nullable=True),
        sa.Column("extra", Json, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("is_idle_flagged", sa.Boolean(), nullable=False),
        sa.Column("n_points", BigInt, nullable=False),
        sa.Column("last_epoch", BigInt, nullable=True),
        sa.Column("first_epoch_at", UtcDateTime(), nullable=True),
        sa.Column("last_epoch_at", UtcDateTime(), nullable=True),
        sa.Column("latest", Json, nullable=True),
        sa.Column("val_loss_trace", Json, nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("batch_key", "job_no", name=op.f("pk_job")),
        sa.UniqueConstraint("batch_key", "job_id", name=op.f("uq_job_batch_key_job_id")),
    )
    op.create_index("ix_job_start_time", "job", ["start_time"], unique=False)
    op.create_index("ix_job_status_end_time", "job", ["status", "end_time"], unique=False)
    op.create_table(
        "log_line",
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("id", BigInt, autoincrement=False, nullable=False),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("batch_key", "id", name=op.f("pk_log_line")),
    )
    op.create_index("ix_log_line_batch_key_job_id_id", "log_line", ["batch_key", "job_id", "id"], unique=False)
    op.create_table(
        "metric_block",
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("job_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", BigInt, autoincrement=False, nullable=False),
        sa.Column("n_points", sa.Integer(), nullable=False),
        sa.Column("first_step", BigInt, nullable=False),
        sa.Column("last_step", BigInt, nullable=False),
        sa.Column("names", Json, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("batch_key", "job_no", "id", name=op.f("pk_metric_block")),
    )
    op.create_table(
        "notification",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("user_id", "dedupe_key", name=op.f("uq_notification_user_id_dedupe_key")),
    )
    op.create_index("ix_notification_user_id_id", "notification", ["user_id", "id"], unique=False)
    op.create_table(
        "notification_pref",
        sa.Column("user_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("notify_batch_done", sa.Boolean(), nullable=False),
        sa.Column("notify_batch_failed", sa.Boolean(), nullable=False),
        sa.Column("notify_job_failed", sa.Boolean(), nullable=False),
        sa.Column("notify_diverged", sa.Boolean(), nullable=False),
        sa.Column("notify_job_idle", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notification_pref")),
    )
    op.create_table(
        "notifier_outbox",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("msg_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("headers", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifier_outbox")),
    )
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
    op.create_index(
        "ix_outgoing_mail_status_next_attempt_at", "outgoing_mail", ["status", "next_attempt_at"], unique=False
    )
    op.create_table(
        "pin",
        sa.Column("user_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("pinned_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "batch_id", name=op.f("pk_pin")),
    )
    op.create_table(
        "project_member",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("user_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("project", "user_id", name=op.f("pk_project_member")),
    )
    op.create_index("ix_project_member_user_id", "project_member", ["user_id"], unique=False)
    op.create_table(
        "project_meta",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("public_description", sa.Text(), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("published_by_user_id", BigInt, nullable=True),
        sa.Column("settings", Json, nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("project", name=op.f("pk_project_meta")),
    )
    op.create_table(
        "project_share",
        sa.Column("owner_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("grantee_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "project", "grantee_id", name=op.f("pk_project_share")),
    )
    op.create_index("ix_project_share_grantee_id", "project_share", ["grantee_id"], unique=False)
    op.create_table(
        "public_share",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", BigInt, nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("view_count", BigInt, nullable=False),
        sa.Column("last_viewed", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_public_share")),
    )
    op.create_index(op.f("ix_public_share_batch_id"), "public_share", ["batch_id"], unique=False)
    op.create_table(
        "recipient",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("event_kinds", Json, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("unsubscribe_token", sa.Text(), nullable=False),
        sa.Column("added_by_user_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient")),
        sa.UniqueConstraint("project", "email", name=op.f("uq_recipient_project_email")),
        sa.UniqueConstraint("unsubscribe_token", name=op.f("uq_recipient_unsubscribe_token")),
    )
    op.create_table(
        "resource_snapshot",
        sa.Column("batch_key", BigInt, autoincrement=False, nullable=False),
        sa.Column("id", BigInt, autoincrement=False, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("gpu_util_pct", sa.Double(), nullable=True),
        sa.Column("gpu_mem_mb", sa.Double(), nullable=True),
        sa.Column("gpu_mem_total_mb", sa.Double(), nullable=True),
        sa.Column("gpu_temp_c", sa.Double(), nullable=True),
        sa.Column("cpu_util_pct", sa.Double(), nullable=True),
        sa.Column("ram_mb", sa.Double(), nullable=True),
        sa.Column("ram_total_mb", sa.Double(), nullable=True),
        sa.Column("disk_free_mb", sa.Double(), nullable=True),
        sa.Column("disk_total_mb", sa.Double(), nullable=True),
        sa.Column("proc_cpu_pct", sa.Double(), nullable=True),
        sa.Column("proc_ram_mb", sa.Double(), nullable=True),
        sa.Column("proc_gpu_mem_mb", sa.Double(), nullable=True),
        sa.Column("gpus", Json, nullable=True),
        sa.Column("extra", Json, nullable=True),
        sa.PrimaryKeyConstraint("batch_key", "id", name=op.f("pk_resource_snapshot")),
    )
    op.create_index("ix_resource_snapshot_host_at", "resource_snapshot", ["host", "at"], unique=False)
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
    op.create_table(
        "saved_view",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("query", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index(op.f("ix_saved_view_user_id"), "saved_view", ["user_id"], unique=False)
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("public_jwk", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.Column("verifies_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "star",
        sa.Column("user_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("target_type", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Text(), nullable=False),
        sa.Column("starred_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "target_type", "target_id", name=op.f("pk_star")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint(
            "user_id", "project", "event_type", name=op.f("uq_subscription_user_id_project_event_type")
        ),
    )
    op.create_table(
        "system_config",
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", Json, nullable=True),
        sa.Column("encrypted", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.Column("updated_by", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("group", "key", name=op.f("pk_system_config")),
    )
    op.create_table(
        "template",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("is_system", sa.Boolean(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=True),
        sa.Column("updated_by_user_id", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
        sa.UniqueConstraint("event_type", "locale", name=op.f("uq_template_event_type_locale")),
    )
    op.create_table(
        "unsubscribe_token",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("event_type", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_unsubscribe_token")),
    )
    op.create_table(
        "user",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("username_lower", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("email_verified", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_login", UtcDateTime(), nullable=True),
        sa.Column("failed_login_count", sa.Integer(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("github_login", sa.Text(), nullable=True),
        sa.Column("hide_demo", sa.Boolean(), nullable=False),
        sa.Column("preferred_locale", sa.Text(), nullable=False),
        sa.Column("password_changed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
        sa.UniqueConstraint("username_lower", name=op.f("uq_user_username_lower")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("display_hint", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=True),
        sa.Column("project", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_api_token_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("key_id", name=op.f("uq_api_token_key_id")),
    )
    op.create_index(op.f("ix_api_token_agent_id"), "api_token", ["agent_id"], unique=False)
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_table(
        "login_origin",
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("user_agent_hash", sa.Text(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_login_origin_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "ip", "user_agent_hash", name=op.f("pk_login_origin")),
    )
    op.create_table(
        "oauth_identity",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_oauth_identity_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_identity")),
        sa.UniqueConstraint("provider", "subject", name=op.f("uq_oauth_identity_provider_subject")),
    )
    op.create_index(op.f("ix_oauth_identity_user_id"), "oauth_identity", ["user_id"], unique=False)
    op.create_table(
        "one_time_token",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("payload", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_one_time_token_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_one_time_token")),
    )
    op.create_index(op.f("ix_one_time_token_user_id"), "one_time_token", ["user_id"], unique=False)
    op.create_table(
        "session",
        sa.Column("jti", sa.Text(), nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("last_seen_at", UtcDateTime(), nullable=True),
        sa.Column("refresh_hash", sa.Text(), nullable=True),
        sa.Column("family", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_session")),
        sa.UniqueConstraint("refresh_hash", name=op.f("uq_session_refresh_hash")),
    )
    op.create_index(op.f("ix_session_family"), "session", ["family"], unique=False)
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)
    op.create_table(
        "signing_secret",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("private_key_encrypted", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["kid"], ["signing_key.kid"], name=op.f("fk_signing_secret_kid"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_secret")),
    )


def downgrade() -> None:
    """Drop the tables, those that others refer to last."""
    op.drop_table("signing_secret")
    op.drop_table("session")
    op.drop_table("one_time_token")
    op.drop_table("oauth_identity")
    op.drop_table("login_origin")
    op.drop_table("api_token")
    op.drop_table("user")
    op.drop_table("unsubscribe_token")
    op.drop_table("template")
    op.drop_table("system_config")
    op.drop_table("subscription")
    op.drop_table("star")
    op.drop_table("signing_key")
    op.drop_table("saved_view")
    op.drop_table("rule")
    op.drop_table("resource_snapshot")
    op.drop_table("recipient")
    op.drop_table("public_share")
    op.drop_table("project_share")
    op.drop_table("project_meta")
    op.drop_table("project_member")
    op.drop_table("pin")
    op.drop_table("outgoing_mail")
    op.drop_table("notifier_outbox")
    op.drop_table("notification_pref")
    op.drop_table("notification")
    op.drop_table("metric_block")
    op.drop_table("log_line")
    op.drop_table("job")
    op.drop_table("ingest_outbox")
    op.drop_table("host_batch")
    op.drop_table("host")
    op.drop_table("executor_outbox")
    op.drop_table("event")
    op.drop_table("delivery")
    op.drop_table("command")
    op.drop_table("catalog_outbox")
    op.drop_table("batch_subscription")
    op.drop_table("batch_share")
    op.drop_table("batch")
    op.drop_table("auth_outbox")
    op.drop_table("audit_log")
    op.drop_table("artifact")
    op.drop_table("agent")
