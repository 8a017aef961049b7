"""Rows of `notification_pref`, `subscription` and `batch_subscription`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_notifier import kinds
from argus_notifier.upserts import put
from argus_schema.notifier import batch_subscription, notification_pref, subscription

DEFAULT_PREFS = {
    "notify_batch_done": True,
    "notify_batch_failed": True,
    "notify_job_failed": True,
    "notify_diverged": True,
    "notify_job_idle": False,
}


async def prefs(connection: AsyncConnection, user_id: int) -> dict[str, bool]:
    """A person's preferences, the defaults where they have none."""
    columns = [notification_pref.c[name] for name in DEFAULT_PREFS]
    statement = sa.select(*columns).where(notification_pref.c.user_id == user_id)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return dict(DEFAULT_PREFS) if row is None else {name: row[name] for name in DEFAULT_PREFS}


async def prefs_of(connection: AsyncConnection, user_ids: Collection[int]) -> dict[int, dict[str, bool]]:
    """Preferences of several people, as `prefs`."""
    columns = [notification_pref.c[name] for name in DEFAULT_PREFS]
    statement = sa.select(notification_pref.c.user_id, *columns).where(notification_pref.c.user_id.in_(user_ids))
    chosen = {row["user_id"]: row for row in (await connection.execute(statement)).mappings()}
    return {
        user_id: {name: chosen[user_id][name] for name in DEFAULT_PREFS} if user_id in chosen else dict(DEFAULT_PREFS)
        for user_id in user_ids
    }


async def put_prefs(connection: AsyncConnection, user_id: int, values: Mapping[str, bool]) -> None:
    await put(connection, notification_pref, ("user_id",), {"user_id": user_id, **values})


async def subscriptions(connection: AsyncConnection, actor: Actor) -> Sequence[sa.Row[Any]]:
    s = subscription.c
    statement: sa.Select[Any] = sa.select(s.project, s.event_type, s.enabled).where(s.user_id == actor.user_id)
    if actor.project is not None:
        statement = statement.where(s.project == actor.project)
    rows: Sequence[sa.Row[Any]] = (await connection.execute(statement.order_by(s.project, s.event_type))).all()
    return rows


async def put_subscription(
    connection: AsyncConnection, user_id: int, project: str, event_type: str, *, enabled: bool
) -> None:
    row = {"user_id": user_id, "project": project, "event_type": event_type, "enabled": enabled}
    await put(connection, subscription, ("user_id", "project", "event_type"), row)


async def delete_subscription(connection: AsyncConnection, user_id: int, project: str, event_type: str) -> None:
    """Under whatever name the choice was saved."""
    s = subscription.c
    names = kinds.names_of(event_type) if event_type in kinds.KINDS else {event_type}
    theirs = sa.and_(s.user_id == user_id, s.project == project, s.event_type.in_(names))
    await connection.execute(sa.delete(subscription).where(theirs))


async def batch_choice(connection: AsyncConnection, user_id: int, batch_id: str) -> sa.Row[Any] | None:
    b = batch_subscription.c
    statement = sa.select(batch_subscription).where(b.batch_id == batch_id, b.user_id == user_id)
    return (await connection.execute(statement)).one_or_none()


async def put_batch_choice(
    connection: AsyncConnection, user_id: int, batch_id: str, kinds: Sequence[str], *, enabled: bool
) -> sa.Row[Any]:
    at = now()
    row = {
        "batch_id": batch_id,
        "user_id": user_id,
        "event_kinds": list(kinds),
        "enabled": enabled,
        "created_at": at,
        "updated_at": at,
    }
    return await put(connection, batch_subscription, ("batch_id", "user_id"), row, once=("created_at",))


async def delete_batch_choice(connection: AsyncConnection, user_id: int, batch_id: str) -> bool:
    """Whether there was one."""
    b = batch_subscription.c
    gone = sa.delete(batch_subscription).where(b.batch_id == batch_id, b.user_id == user_id)
    return bool((await connection.execute(gone)).rowcount)
