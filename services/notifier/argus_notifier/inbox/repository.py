"""Rows of `notification`; every statement is about one person's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier.upserts import add_new
from argus_schema.notifier import notification

_N = notification.c


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> Sequence[sa.Row[Any]]:
    """Insert notifications; those whose dedupe key the person had already are left out of what is returned."""
    return await add_new(connection, notification, rows)


async def newest(
    connection: AsyncConnection, user_id: int, *, limit: int, unread_only: bool, before: int | None
) -> Sequence[sa.Row[Any]]:
    statement = sa.select(notification).where(_N.user_id == user_id).order_by(_N.id.desc()).limit(limit)
    if unread_only:
        statement = statement.where(_N.read_at.is_(None))
    if before is not None:
        statement = statement.where(_N.id < before)
    return (await connection.execute(statement)).all()


async def count_unread(connection: AsyncConnection, user_id: int) -> int:
    statement = sa.select(sa.func.count()).select_from(notification).where(_N.user_id == user_id, _N.read_at.is_(None))
    found: int = (await connection.execute(statement)).scalar_one()
    return found


async def mark_read(connection: AsyncConnection, user_id: int, notification_id: int) -> bool:
    """Whether it exists; the first time of reading stays."""
    statement = (
        sa.update(notification)
        .where(_N.id == notification_id, _N.user_id == user_id)
        .values(read_at=sa.func.coalesce(_N.read_at, sa.bindparam("at", now(), type_=_N.read_at.type)))
    )
    return bool((await connection.execute(statement)).rowcount)


async def mark_all_read(connection: AsyncConnection, user_id: int) -> None:
    statement = sa.update(notification).where(_N.user_id == user_id, _N.read_at.is_(None)).values(read_at=now())
    await connection.execute(statement)


async def delete(connection: AsyncConnection, user_id: int, notification_id: int) -> bool:
    """Whether it existed."""
    statement = sa.delete(notification).where(_N.id == notification_id, _N.user_id == user_id)
    return bool((await connection.execute(statement)).rowcount)
