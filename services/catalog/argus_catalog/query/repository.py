"""Reads the jobs that fulfil a condition. Every statement begins at what the caller sees."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import visible
from argus_catalog.query.fields import PLAIN, Json, Place, Plain
from argus_catalog.query.keyset import Key, after
from argus_kit.actor import Actor
from argus_schema import auth, ingest

Row = Any
Column = sa.ColumnElement[Any]

batch = ingest.batch.c
job = ingest.job.c

LISTED: Final = ("id", "batch", "project", "status", "model", "dataset", "host", "owner", "started", "ended", "elapsed")
_CHUNK: Final = 2_000
_FROM = ingest.job.join(ingest.batch, job.batch_key == batch.batch_key).outerjoin(
    auth.user, auth.user.c.id == batch.owner_id
)


async def page(
    connection: AsyncConnection,
    actor: Actor,
    condition: Column,
    *,
    columns: Sequence[Place],
    keys: Sequence[Key],
    last: Sequence[Any] | None,
    limit: int,
) -> Sequence[Row]:
    """Jobs in the order of the keys, after the one with the sort key `last`: listed fields, metrics, columns, keys."""
    query = (
        sa.select(
            *(PLAIN[name].value for name in LISTED),
            job.metrics,
            *_values(columns),
            *(key.value for key in keys),
        )
        .select_from(_FROM)
        .where(_seen(actor), condition)
        .order_by(*(key.ordering() for key in keys))
        .limit(limit)
    )
    if last is not None:
        query = query.where(after(keys, last))
    return (await connection.execute(query)).all()


async def count(connection: AsyncConnection, actor: Actor, condition: Column) -> int:
    """How many jobs fulfil the condition."""
    query = sa.select(sa.func.count()).select_from(_FROM).where(_seen(actor), condition)
    return int((await connection.execute(query)).scalar_one())


async def members(
    connection: AsyncConnection, actor: Actor, condition: Column, columns: Sequence[Column]
) -> AsyncIterator[Sequence[Row]]:
    """All jobs that fulfil the condition, some thousand at a time: batch, id, columns."""
    query = (
        sa.select(batch.id, job.job_id, *columns)
        .select_from(_FROM)
        .where(_seen(actor), condition)
        .order_by(job.batch_key, job.job_no)
    )
    async with connection.stream(query) as result:
        async for rows in result.partitions(_CHUNK):
            yield rows


def _seen(actor: Actor) -> Column:
    return sa.and_(visible(actor), job.deleted_at.is_(None))


def _values(columns: Sequence[Place]) -> list[Column]:
    return [value_of(place) for place in columns]


def value_of(place: Place) -> Column:
    """What stands there, of whatever type."""
    if isinstance(place, Plain):
        return place.value
    column, path = (place.column, place.path) if isinstance(place, Json) else (job.extra, ("tags",))
    return sa.type_coerce(column[path], ingest.job.c.extra.type)
