"""Reads the jobs or batches that fulfil a condition. Every statement begins at what the caller sees."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.holdings import single, whole
from argus_catalog.access.visibility import Scope, visible
from argus_catalog.query.anchors import Anchor
from argus_catalog.query.keyset import Key, after, by_score
from argus_kit.actor import Actor
from argus_query.fields import JOBS, PLAIN, Json, Place, Plain, Source
from argus_query.json_values import anything_at
from argus_schema import auth, ingest
from argus_schema.plans import unindexed
from argus_schema.seeds import NO_SETTINGS

Row = Any
Column = sa.ColumnElement[Any]

batch = ingest.batch.c
job = ingest.job.c

# Of open links cells know nothing.
OwnScope = Literal["mine", "shared", "all"]

LISTED: Final = ("id", "batch", "project", "status", "model", "dataset", "host", "owner", "started", "ended", "elapsed")
_CHUNK: Final = 2_000
_KEYS_AT_ONCE: Final = 5_000
_OWNED = auth.user.c.id == batch.owner_id
_FROM: Final = {
    "jobs": ingest.job.join(ingest.batch, job.batch_key == batch.batch_key).outerjoin(auth.user, _OWNED),
    "batches": ingest.batch.outerjoin(auth.user, _OWNED),
}
# What is told of each row besides the columns that were asked for.
_TOLD: Final = {
    "jobs": (*(PLAIN[name].value for name in LISTED), job.metrics),
    "batches": (batch.batch_key,),
}
_NAMES: Final = {"jobs": (batch.id, job.job_id), "batches": (batch.id, batch.id.label("same"))}
_ORDER: Final = {"jobs": (job.batch_key, job.job_no), "batches": (batch.batch_key,)}


async def page(
    connection: AsyncConnection,
    actor: Actor,
    condition: Column,
    *,
    columns: Sequence[Place],
    keys: Sequence[Key],
    last: Sequence[Any] | None,
    limit: int,
    source: Source = JOBS,
    scope: Scope = "all",
    begin: Anchor | None = None,
) -> Sequence[Row]:
    """Rows in the order of the keys, after the one with the sort key `last`: what is told of each, columns, keys.

    Of jobs the listed fields and the metrics are told, of batches the key.
    """
    query = _from(sa.select(*_TOLD[source.name], *_values(columns), *(key.value for key in keys)), source, begin).where(
        _seen(actor, source, scope), condition
    )
    if last is not None:
        query = query.where(after(keys, last))
    first, *others = keys
    by_others = [key.ordering() for key in others]
    # Rows without the first key come last, and are asked for by themselves: so an index serves either database.
    there = query.where(first.value.is_not(None)).order_by(first.plain_ordering(), *by_others).limit(limit)
    rows = [] if last is not None and last[0] is None else list((await connection.execute(there)).all())
    if len(rows) < limit:
        rest = query.where(first.value.is_(None)).order_by(*by_others).limit(limit - len(rows))
        rows += (await connection.execute(rest)).all()
    return rows


async def best(
    connection: AsyncConnection,
    actor: Actor,
    begin: Anchor,
    *,
    columns: Sequence[Place],
    keys: Sequence[Key],
    last: Sequence[Any] | None,
    limit: int,
    scope: OwnScope = "all",
) -> Sequence[Row]:
    """The same of jobs, where scores alone decide which and in which order: only those of the page are read."""
    score, order = ingest.score.c, by_score(keys)
    chosen = (
        _seen_scores(sa.select(score.batch_key, score.job_no, score.value), actor, scope, begin)
        .where(begin.where)
        .order_by(*(key.plain_ordering() for key in order))
        .limit(limit)
    )
    if last is not None:
        chosen = chosen.where(after(order, last))
    found = chosen.subquery("chosen")
    of_job = sa.and_(job.batch_key == found.c.batch_key, job.job_no == found.c.job_no)
    joined = found.join(ingest.job, of_job).join(ingest.batch, batch.batch_key == found.c.batch_key)
    by_value = found.c.value.desc() if keys[0].is_descending else found.c.value
    query = (
        sa.select(*_TOLD["jobs"], *_values(columns), *(key.value for key in keys))
        .select_from(joined.outerjoin(auth.user, _OWNED))
        .order_by(by_value, found.c.batch_key.desc(), found.c.job_no.desc())
    )
    return (await connection.execute(query)).all()


def _seen_scores(query: sa.Select[Any], actor: Actor, scope: OwnScope, begin: Anchor) -> sa.Select[Any]:
    """Of scores those that the caller sees: their cells tell, so that not every one's batch is looked at."""
    key = ingest.score.c.batch_key
    seen, beside = whole(actor, scope, ingest.cell), single(actor, scope)
    if not isinstance(beside, sa.sql.elements.False_):
        seen = sa.or_(seen, unindexed(key).in_(sa.select(batch.batch_key).where(beside)))
    return query.select_from(begin.table).where(seen)


def _from(query: sa.Select[Any], source: Source, begin: Anchor | None) -> sa.Select[Any]:
    if begin is None:
        return query.select_from(_FROM[source.name])
    score = ingest.score.c
    of_score = sa.and_(job.batch_key == unindexed(score.batch_key), job.job_no == unindexed(score.job_no))
    joined = begin.table.join(ingest.job, of_score).join(ingest.batch, batch.batch_key == unindexed(score.batch_key))
    return query.select_from(joined.outerjoin(auth.user, _OWNED)).where(begin.where)


async def count(
    connection: AsyncConnection,
    actor: Actor,
    condition: Column,
    source: Source = JOBS,
    scope: Scope = "all",
    *,
    begin: Anchor | None = None,
) -> int:
    """How many rows fulfil the condition."""
    if begin is not None and begin.is_all and scope != "public":
        return await _count_scores(connection, actor, scope, begin)
    query = _from(sa.select(sa.func.count()), source, begin).where(_seen(actor, source, scope), condition)
    return int((await connection.execute(query)).scalar_one())


async def _count_scores(connection: AsyncConnection, actor: Actor, scope: Scope, begin: Anchor) -> int:
    """The same where scores alone decide: those of whole holdings, and those of single shared batches."""
    scores = sa.select(sa.func.count()).select_from(begin.table).where(begin.where, whole(actor, scope, ingest.cell))
    total = int((await connection.execute(scores)).scalar_one())
    beside = single(actor, scope)
    if not isinstance(beside, sa.sql.elements.False_):
        joined = begin.table.join(ingest.batch, ingest.score.c.batch_key == batch.batch_key)
        more = sa.select(sa.func.count()).select_from(joined).where(begin.where, beside)
        total += int((await connection.execute(more)).scalar_one())
    return total


async def members(
    connection: AsyncConnection,
    actor: Actor,
    condition: Column,
    columns: Sequence[Column],
    *,
    source: Source = JOBS,
    scope: Scope = "all",
    begin: Anchor | None = None,
) -> AsyncIterator[Sequence[Row]]:
    """All rows that fulfil the condition, some thousand at a time: batch, id, columns."""
    query = (
        _from(sa.select(*_NAMES[source.name], *columns), source, begin)
        .where(_seen(actor, source, scope), condition)
        .order_by(*_ORDER[source.name])
    )
    async with connection.stream(query) as result:
        async for rows in result.partitions(_CHUNK):
            yield rows


async def configurations(connection: AsyncConnection, keys: Iterable[int]) -> dict[int, Any]:
    """Settings by the number under which they are kept."""
    found: dict[int, Any] = {}
    wanted = iter(set(keys) - {NO_SETTINGS})
    while some := list(islice(wanted, _KEYS_AT_ONCE)):
        query = sa.select(ingest.configuration).where(ingest.configuration.c.settings_key.in_(some))
        found.update([tuple(row) for row in await connection.execute(query)])
    return found


async def newest(connection: AsyncConnection, actor: Actor, columns: Sequence[Column], limit: int) -> Sequence[Row]:
    """Columns of the jobs that started last."""
    query = (
        sa.select(*columns)
        .select_from(_FROM["jobs"])
        .where(_seen(actor, JOBS, "all"), job.start_time.is_not(None))
        .order_by(job.start_time.desc())
        .limit(limit)
    )
    return (await connection.execute(query)).all()


def _seen(actor: Actor, source: Source, scope: Scope) -> Column:
    return sa.and_(visible(actor, scope), job.deleted_at.is_(None) if source is JOBS else sa.true())


def _values(columns: Sequence[Place]) -> list[Column]:
    return [value_of(place) for place in columns]


def value_of(place: Place) -> Column:
    """What stands there, of whatever type."""
    if isinstance(place, Plain):
        return place.value
    column, path = (place.column, place.path) if isinstance(place, Json) else (job.extra, ("tags",))
    return anything_at(column, path)
