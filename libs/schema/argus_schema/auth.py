"""Tables that `auth` writes: people, sessions, tokens, keys, configuration, the audit log."""

from __future__ import annotations

import sqlalchemy as sa

from argus_schema.base import BigInt, Json, UtcDateTime, outbox_table, table

OWNER = "auth"

user = table(
    "user",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("username_lower", sa.Text, nullable=False, unique=True),
    sa.Column("email", sa.Text, nullable=False, unique=True),
    sa.Column("password_hash", sa.Text),
    sa.Column("is_admin", sa.Boolean, nullable=False, default=False),
    sa.Column("is_active", sa.Boolean, nullable=False, default=True),
    sa.Column("email_verified", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_login", UtcDateTime),
    sa.Column("failed_login_count", sa.Integer, nullable=False, default=0),
    sa.Column("locked_until", UtcDateTime),
    sa.Column("github_login", sa.Text),
    sa.Column("hide_demo", sa.Boolean, nullable=False, default=False),
    sa.Column("preferred_locale", sa.Text, nullable=False, default="en-US"),
    sa.Column("password_changed_at", UtcDateTime),
    sa.Column("deleted_at", UtcDateTime),
    read_by=("*",),
)

session = table(
    "session",
    OWNER,
    sa.Column("jti", sa.Text, primary_key=True),
    sa.Column("user_id", BigInt, sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("issued_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("user_agent", sa.Text),
    sa.Column("ip", sa.Text),
    sa.Column("last_seen_at", UtcDateTime),
    sa.Column("family", sa.Text, index=True),
    sa.Column("method", sa.Text),
    read_by=("*",),
)

# All that a browser's session ever had: one that was used before and comes again was stolen. `parent_hash` is the token
# that it was given for.
refresh_token = table(
    "refresh_token",
    OWNER,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("jti", sa.Text, sa.ForeignKey("session.jti", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("parent_hash", sa.Text, index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)

api_token = table(
    "api_token",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("user_id", BigInt, sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("key_id", sa.Text, nullable=False, unique=True),
    sa.Column("secret_hash", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("display_hint", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("agent_id", sa.Text, index=True),
    sa.Column("project", sa.Text),
    sa.Column("networks", Json),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_used", UtcDateTime),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    read_by=("*",),
)

signing_key = table(
    "signing_key",
    OWNER,
    sa.Column("kid", sa.Text, primary_key=True),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("public_jwk", Json, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("retired_at", UtcDateTime),
    sa.Column("verifies_until", UtcDateTime),
    read_by=("*",),
)

# The private halves lie in a table of their own, so that a service which may read the public keys cannot read these.
signing_secret = table(
    "signing_secret",
    OWNER,
    sa.Column("kid", sa.Text, sa.ForeignKey("signing_key.kid", ondelete="CASCADE"), primary_key=True),
    sa.Column("private_key_encrypted", sa.LargeBinary, nullable=False),
)

oauth_identity = table(
    "oauth_identity",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("user_id", BigInt, sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("login", sa.Text),
    sa.Column("email", sa.Text),
    # What the provider's groups gave: {"admin": true, "projects": {"vision": "editor"}}. Only that is taken away again.
    sa.Column("granted", Json),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("provider", "subject"),
)

# States of logins that came back, until they would have expired anyway: each is good once.
oauth_state_used = table(
    "oauth_state_used",
    OWNER,
    sa.Column("state_hash", sa.Text, primary_key=True),
    sa.Column("expires_at", UtcDateTime, nullable=False, index=True),
)

oidc_provider = table(
    "oidc_provider",
    OWNER,
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("client_secret_encrypted", sa.LargeBinary),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("allowed_domains", Json),
    sa.Column("groups_claim", sa.Text),
    sa.Column("group_roles", Json),
    sa.Column("required_group", sa.Text),
    sa.Column("is_enabled", sa.Boolean, nullable=False, default=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime),
    sa.Column("updated_by", BigInt),
)

one_time_token = table(
    "one_time_token",
    OWNER,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("user_id", BigInt, sa.ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("payload", Json),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)

invite = table(
    "invite",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("code_hash", sa.Text, nullable=False, unique=True),
    sa.Column("display_hint", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", BigInt),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("max_uses", sa.Integer, nullable=False),
    sa.Column("uses", sa.Integer, nullable=False, default=0),
    sa.Column("revoked_at", UtcDateTime),
)

# Failed logins under names that nobody has, counted like those of an account.
login_failure = table(
    "login_failure",
    OWNER,
    sa.Column("name_hash", sa.Text, primary_key=True),
    sa.Column("failed_login_count", sa.Integer, nullable=False, default=0),
    sa.Column("locked_until", UtcDateTime),
    sa.Column("failed_at", UtcDateTime, nullable=False),
)

login_origin = table(
    "login_origin",
    OWNER,
    sa.Column("user_id", BigInt, sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("ip", sa.Text, primary_key=True),
    sa.Column("user_agent_hash", sa.Text, primary_key=True),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)

system_config = table(
    "system_config",
    OWNER,
    sa.Column("group", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", Json),
    sa.Column("encrypted", sa.Boolean, nullable=False, default=False),
    sa.Column("description", sa.Text),
    sa.Column("updated_at", UtcDateTime),
    sa.Column("updated_by", BigInt),
    read_by=("*",),
)

audit_log = table(
    "audit_log",
    OWNER,
    sa.Column("id", BigInt, primary_key=True, autoincrement=True),
    sa.Column("entry_id", sa.Text, nullable=False, unique=True),
    sa.Column("action", sa.Text, nullable=False, index=True),
    sa.Column("user_id", BigInt, index=True),
    sa.Column("target_type", sa.Text),
    sa.Column("target_id", sa.Text),
    sa.Column("metadata", Json),
    sa.Column("timestamp", UtcDateTime, nullable=False, index=True),
    sa.Column("ip_address", sa.Text),
    sa.Column("previous_hash", sa.Text),
    sa.Column("hash", sa.Text),
    sa.Index("ix_audit_log_target", "target_type", "target_id"),
    append_only=True,
)

outbox = outbox_table(OWNER)
