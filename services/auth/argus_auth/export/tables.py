"""What of a person lies in which table, and what of it goes into the archive: all but secrets and their hashes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa

from argus_schema import auth, catalog, executor, ingest, notifier
from argus_schema.access import exists_for_people

# Whoever has one of these could do something with it.
_SECRET: Final = frozenset(
    {"password_hash", "secret_hash", "token_hash", "user_agent_hash", "unsubscribe_token"}
) | frozenset({"url_encrypted", "secret_encrypted"})


def of_person(user_id: int) -> dict[str, sa.Select[Any]]:
    """File name to statement, in the order of the archive."""
    mine = {
        "account/profile": (auth.user, auth.user.c.id),
        "account/sessions": (auth.session, auth.session.c.user_id),
        "account/tokens": (auth.api_token, auth.api_token.c.user_id),
        "account/connected-accounts": (auth.oauth_identity, auth.oauth_identity.c.user_id),
        "account/places-of-login": (auth.login_origin, auth.login_origin.c.user_id),
        "account/invites": (auth.invite, auth.invite.c.created_by),
        "account/audit-log": (auth.audit_log, auth.audit_log.c.user_id),
        "notifications/preferences": (notifier.notification_pref, notifier.notification_pref.c.user_id),
        "notifications/mutes": (notifier.inbox_mute, notifier.inbox_mute.c.user_id),
        "notifications/inbox-choices": (notifier.inbox_choice, notifier.inbox_choice.c.user_id),
        "notifications/subscriptions": (notifier.subscription, notifier.subscription.c.user_id),
        "notifications/batch-subscriptions": (notifier.batch_subscription, notifier.batch_subscription.c.user_id),
        "notifications/digest": (notifier.digest_pref, notifier.digest_pref.c.user_id),
        "notifications/rules": (notifier.rule, notifier.rule.c.user_id),
        "notifications/recipients": (notifier.recipient, notifier.recipient.c.added_by_user_id),
        "notifications/channels": (notifier.channel, notifier.channel.c.added_by_user_id),
        "notifications/inbox": (notifier.notification, notifier.notification.c.user_id),
        "projects/stars": (catalog.star, catalog.star.c.user_id),
        "projects/pins": (catalog.pin, catalog.pin.c.user_id),
        "projects/saved-views": (catalog.saved_view, catalog.saved_view.c.user_id),
        "projects/memberships": (catalog.project_member, catalog.project_member.c.user_id),
        "projects/shares-given": (catalog.project_share, catalog.project_share.c.owner_id),
        "projects/shares-received": (catalog.project_share, catalog.project_share.c.grantee_id),
        "projects/batch-shares-received": (catalog.batch_share, catalog.batch_share.c.grantee_id),
        "hosts/agents": (executor.agent, executor.agent.c.owner_id),
        "hosts/commands": (executor.command, executor.command.c.requested_by),
    }
    without = _SECRET | {"code_hash", "previous_hash", "hash"}
    return {name: _select(table, without).where(owner == user_id) for name, (table, owner) in mine.items()}


def batches(user_id: int) -> sa.Select[Any]:
    """The person's batches."""
    column = ingest.batch.c
    own = sa.and_(column.owner_id == user_id, exists_for_people())
    return _select(ingest.batch, {"event_seq", "is_placeholder", "deleted_at", "deleted_by", "purge_at"}).where(own)


def of_batch(batch_key: int, batch_id: str) -> dict[str, sa.Select[Any]]:
    """What hangs on one batch, but for its points."""
    job, artifact, share = ingest.job.c, ingest.artifact.c, catalog.batch_share.c
    jobs = _select(ingest.job, {"n_blocks", "deleted_at"})
    return {
        "jobs": jobs.where(job.batch_key == batch_key, job.deleted_at.is_(None)),
        "files": _select(ingest.artifact, {"path"}).where(artifact.batch_key == batch_key),
        "shares": _select(catalog.batch_share, ()).where(share.batch_id == batch_id),
    }


def _select(table: sa.Table, without: Collection[str]) -> sa.Select[Any]:
    columns = [column for column in table.columns if column.name not in without]
    return sa.select(*columns).order_by(*table.primary_key.columns)
