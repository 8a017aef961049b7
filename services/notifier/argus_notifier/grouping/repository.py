"""Rows of `surge`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_notifier.grouping.counting import Surge
from argus_notifier.upserts import put
from argus_schema.notifier import surge

_S = surge.c
_FIELDS = ("begins_at", "ends_at", "count", "shown", "told", "due_at", "reasons", "job_ids", "counted")

Key = tuple[str, str]
"""Kind and subject."""


async def of_key(connection: AsyncConnection, key: Key) -> tuple[Surge, dict[str, Any]] | None:
    """What is known of a surge, with the first of it; held until the commit."""
    statement = sa.select(surge).where(_S.kind == key[0], _S.subject == key[1]).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else (Surge(**{name: getattr(row, name) for name in _FIELDS}), row.first)


async def save(connection: AsyncConnection, key: Key, known: Surge, first: dict[str, Any]) -> None:
    values = {name: getattr(known, name) for name in _FIELDS}
    for name in ("reasons", "job_ids", "counted"):
        values[name] = dict(values[name]) if name == "reasons" else list(values[name])
    await put(connection, surge, ("kind", "subject"), {"kind": key[0], "subject": key[1], **values, "first": first})


async def due(connection: AsyncConnection, at: datetime, limit: int) -> Sequence[Key]:
    """Where there is something to do, the longest overdue first."""
    statement = sa.select(_S.kind, _S.subject).where(_S.due_at <= at).order_by(_S.due_at).limit(limit)
    return [(row.kind, row.subject) for row in await connection.execute(statement)]


async def forget(connection: AsyncConnection, before: datetime) -> None:
    """Delete what ended before then and was told."""
    await connection.execute(sa.delete(surge).where(_S.ends_at < before, _S.due_at.is_(None)))
