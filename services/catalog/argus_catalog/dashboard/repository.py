"""Reads the front page's tiles and feeds, from the summary columns of batches and jobs: events are not scanned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.holdings import single, whole
from argus_catalog.access.visibility import Scope, hidden, sees_everything, visible
from argus_kit.actor import Actor
from argus_schema import ingest
from argus_schema.statuses import TERMINAL

batch = ingest.batch.c
holding = ingest.holding.c
job = ingest.job.c

Row = Any

# Not the column alone: SQLite would sort all that its index finds, where a walk from the last end finds these at once.
_ENDED = sa.func.coalesce(batch.status, "").in_(("done", "failed", "stopped"))


async def live(connection: AsyncConnection, actor: Actor, scope: Scope) -> tuple[int, int]:
    """Running batches, and how many of those are the caller's own."""
    query = (
        sa.select(holding.owner_id, sa.func.sum(holding.n_live)).where(whole(actor, scope)).group_by(holding.owner_id)
    )
    counts = {owner: int(count) for owner, count in await connection.execute(query)}
    beside = single(actor, scope)
    if not isinstance(beside, sa.sql.elements.False_):
        more = sa.select(sa.func.count()).select_from(ingest.batch).where(beside, batch.status == "running")
        counts[0] = counts.get(0, 0) + int((await connection.execute(more)).scalar_one())
    return sum(counts.values()), counts.get(actor.user_id, 0)


def _of_jobs(status: str, *when: sa.ColumnElement[bool], by: sa.ColumnElement[int] | None = None) -> sa.Select[Any]:
    # From the index alone: a single status in a single range of ends, so that each batch is then looked at once.
    told: tuple[sa.ColumnElement[Any], ...] = (
        sa.literal_column(f"'{status}'").label("status"),
        sa.func.count().label("n"),
    )
    query = sa.select(*told).where(job.deleted_at.is_(None), job.status == status, *when)
    return query if by is None else query.add_columns(by).group_by(by)


_SINCE = sa.bindparam("since", type_=job.end_time.type)
_ENDS = tuple(
    (status, when) for status in ("done", "failed") for when in (job.end_time >= _SINCE, job.end_time.is_(None))
)


def _alive_or_ended(counted: sa.Subquery) -> sa.ColumnElement[bool]:
    return sa.or_(counted.c.status != "running", sa.func.coalesce(batch.status, "").not_in(TERMINAL))


def _seen(counted: sa.Subquery, actor: Actor, scope: Scope) -> sa.Select[Any]:
    return (
        sa.select(counted.c.status, sa.func.sum(counted.c.n).label("n"))
        .join_from(counted, ingest.batch, counted.c.batch_key == batch.batch_key)
        .where(visible(actor, scope), _alive_or_ended(counted))
        .group_by(counted.c.status)
    )


_RUN = _of_jobs("running", by=job.batch_key)
_RUNNING = _RUN.subquery()
_COUNTED = sa.union_all(_RUN, *(_of_jobs(status, when, by=job.batch_key) for status, when in _ENDS)).subquery()
_ALL_ENDED = tuple(_of_jobs(status, when, job.batch_key.not_in(hidden())) for status, when in _ENDS)


async def job_counts(connection: AsyncConnection, actor: Actor, scope: Scope, since: datetime) -> dict[str, int]:
    """Jobs that run now, and those that ended well or badly since a time."""
    query: sa.Select[Any] | sa.CompoundSelect[Any] = _seen(_COUNTED, actor, scope)
    if sees_everything(actor, scope):
        # What ended is many, and needs no look at its batch.
        query = sa.union_all(_seen(_RUNNING, actor, scope), *_ALL_ENDED)
    found: Counter[str] = Counter()
    for status, n in await connection.execute(query, {"since": since}):
        found[status] += int(n)
    return found


_HAPPENED = (
    batch.id,
    batch.project,
    batch.status,
    batch.start_time,
    batch.end_time,
    batch.n_done,
    batch.n_failed,
    batch.error,
)


async def batch_happenings(
    connection: AsyncConnection, actor: Actor, scope: Scope, at_most: int
) -> tuple[Sequence[Row], Sequence[Row]]:
    """The batches that began last, and those that ended last."""
    begun, ended = (
        sa.select(*_HAPPENED, sa.literal_column(str(place)).label("place"))
        .where(visible(actor, scope), of.is_not(None), *more)
        .order_by(of.desc())
        .limit(at_most)
        .subquery()
        for place, (of, *more) in enumerate(((batch.start_time,), (batch.end_time, _ENDED)))
    )
    rows = (await connection.execute(sa.union_all(sa.select(begun), sa.select(ended)))).all()
    return [row for row in rows if row.place == 0], [row for row in rows if row.place == 1]


async def failed_jobs(connection: AsyncConnection, actor: Actor, scope: Scope, at_most: int) -> Sequence[Row]:
    """The jobs that failed last."""
    query = (
        sa.select(
            job.job_id, job.model, job.dataset, job.end_time, job.reason, batch.id.label("batch_id"), batch.project
        )
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(visible(actor, scope), job.status == "failed", job.end_time.is_not(None), job.deleted_at.is_(None))
        .order_by(job.end_time.desc())
        .limit(at_most)
    )
    return (await connection.execute(query)).all()
