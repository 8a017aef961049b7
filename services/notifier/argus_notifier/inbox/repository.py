"""Rows of `notification`; every statement is about one person's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_notifier.turns import by_key
from argus_notifier.upserts import add_new, put
from argus_schema.access import reached_by
from argus_schema.ingest import batch
from argus_schema.notifier import notification

_N = notification.c
# A statement of SQLite has at most 32,766 values.
_AT_ONCE = 1000


def _of(actor: Actor) -> sa.ColumnElement[bool]:
    """A person's own; by a token that is tied to a project, those about its batches."""
    if actor.project is None:
        return _N.user_id == actor.user_id
    return sa.and_(_N.user_id == actor.user_id, _N.batch_id.in_(sa.select(batch.c.id).where(reached_by(actor))))


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> Sequence[sa.Row[Any]]:
    """Insert notifications; those whose dedupe key the person had already are left out of what is returned."""
    added: list[sa.Row[Any]] = []
    for begin in range(0, len(rows), _AT_ONCE):
        added += await add_new(connection, notification, rows[begin : begin + _AT_ONCE])
    return added


async def write_again(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> Sequence[sa.Row[Any]]:
    """Notifications that tell of more than before: as if they had just come. They keep their id and their time."""
    told = {"read_at": None}
    return [
        await put(connection, notification, ("user_id", "dedupe_key"), {**row, **told}, once=("created_at",))
        for row in rows
    ]


async def read_of_batches(
    connection: AsyncConnection, people: Collection[int], kind: str, batch_ids: Sequence[str], since: datetime
) -> Sequence[sa.Row[Any]]:
    """Mark what these people were told of these batches since then as read; returns what was not."""
    told = sa.and_(_N.rule_id == kind, _N.batch_id.in_(batch_ids), _N.created_at >= since)
    theirs = sa.and_(_N.user_id.in_(people), _N.read_at.is_(None), told)
    read = sa.update(notification).where(by_key(notification, theirs)).values(read_at=now())
    rows: Sequence[sa.Row[Any]] = (await connection.execute(read.returning(notification))).all()
    return rows


async def newest(
    connection: AsyncConnection, actor: Actor, *, limit: int, unread_only: bool, before: int | None
) -> Sequence[sa.Row[Any]]:
    statement = sa.select(notification).where(_of(actor)).order_by(_N.id.desc()).limit(limit)
    if unread_only:
        statement = statement.where(_N.read_at.is_(None))
    if before is not None:
        statement = statement.where(_N.id < before)
    return (await connection.execute(statement)).all()


async def count_unread(connection: AsyncConnection, actor: Actor) -> int:
    statement = sa.select(sa.func.count()).select_from(notification).where(_of(actor), _N.read_at.is_(None))
    found: int = (await connection.execute(statement)).scalar_one()
    return found


async def mark_read(connection: AsyncConnection, actor: Actor, notification_id: int) -> bool:
    """Whether it exists; the first time of reading stays."""
    statement = (
        sa.update(notification)
        .where(_N.id == notification_id, _of(actor))
        .values(read_at=sa.func.coalesce(_N.read_at, sa.bindparam("at", now(), type_=_N.read_at.type)))
    )
    return bool((await connection.execute(statement)).rowcount)


async def mark_all_read(connection: AsyncConnection, actor: Actor) -> None:
    unread = by_key(notification, sa.and_(_of(actor), _N.read_at.is_(None)))
    await connection.execute(sa.update(notification).where(unread).values(read_at=now()))


async def delete(connection: AsyncConnection, actor: Actor, notification_id: int) -> bool:
    """Whether it existed."""
    statement = sa.delete(notification).where(_N.id == notification_id, _of(actor))
    return bool((await connection.execute(statement)).rowcount)
