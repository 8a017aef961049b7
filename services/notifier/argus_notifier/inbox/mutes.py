"""Rows of `inbox_mute`: what a person's inbox is not told of. An empty text stands for every kind, or every batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_notifier.upserts import put
from argus_schema.access import reached_by
from argus_schema.ingest import batch
from argus_schema.notifier import inbox_mute

_M = inbox_mute.c

Muted = frozenset[tuple[int, str, str]]
"""Person, kind, batch."""


async def of_person(connection: AsyncConnection, actor: Actor) -> Sequence[sa.Row[Any]]:
    """Their mutes, the newest first; by a token that is tied to a project, those of its batches."""
    statement = sa.select(inbox_mute).where(_M.user_id == actor.user_id)
    if actor.project is not None:
        statement = statement.where(_M.batch_id.in_(sa.select(batch.c.id).where(reached_by(actor))))
    return (await connection.execute(statement.order_by(_M.created_at.desc(), _M.kind, _M.batch_id))).all()


async def add(connection: AsyncConnection, user_id: int, kind: str, batch_id: str) -> None:
    row = {"user_id": user_id, "kind": kind, "batch_id": batch_id, "created_at": now()}
    await put(connection, inbox_mute, ("user_id", "kind", "batch_id"), row)


async def remove(connection: AsyncConnection, user_id: int, kind: str, batch_id: str) -> bool:
    """Whether there was one."""
    theirs = sa.and_(_M.user_id == user_id, _M.kind == kind, _M.batch_id == batch_id)
    return bool((await connection.execute(sa.delete(inbox_mute).where(theirs))).rowcount)


async def muted(
    connection: AsyncConnection, user_ids: Collection[int], kinds: Iterable[str], batch_id: str | None
) -> Muted:
    """Which of these people do not want to hear of these kinds, or of this batch."""
    statement = sa.select(_M.user_id, _M.kind, _M.batch_id).where(
        _M.user_id.in_(user_ids), _M.kind.in_({"", *kinds}), _M.batch_id.in_({"", batch_id or ""})
    )
    return frozenset((row.user_id, row.kind, row.batch_id) for row in await connection.execute(statement))
