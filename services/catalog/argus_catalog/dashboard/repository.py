"""Reads the front page's tiles and feeds, from the summary columns of batches and jobs: events are not scanned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.holdings import single, whole
from argus_catalog.access.visibility import Scope, visible
from argus_catalog.derivations.status import TERMINAL
from argus_kit.actor import Actor
from argus_schema import ingest

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


async def job_counts(connection: AsyncConnection, actor: Actor, scope: Scope, since: datetime) -> dict[str, int]:
    """Jobs that run now, and those that ended well or badly since a time."""
    # Three ranges of one index: together in one condition they would be a walk through all jobs.
    ended = job.status.in_(("done", "failed"))
    alive = sa.func.coalesce(batch.status, "").not_in(TERMINAL)
    seen = visible(actor, scope)
    parts = (
        _counted(job.status == "running", sa.and_(seen, alive)),
        _counted(sa.and_(ended, job.end_time >= since), seen),
        _counted(sa.and_(ended, job.end_time.is_(None)), seen),
    )
    found: dict[str, int] = {}
    for status, n in await connection.execute(sa.union_all(*parts)):
        found[status] = found.get(status, 0) + int(n)
    return found


def _counted(jobs: sa.ColumnElement[bool], batches: sa.ColumnElement[bool]) -> sa.Select[Any]:
    # First by batch, from the index alone, so that each batch is looked at once.
    by_batch = (
        sa.select(job.batch_key, job.status, sa.func.count().label("n"))
        .where(job.deleted_at.is_(None), jobs)
        .group_by(job.batch_key, job.status)
        .subquery()
    )
    return (
        sa.select(by_batch.c.status, sa.func.sum(by_batch.c.n).label("n"))
        .join_from(by_batch, ingest.batch, by_batch.c.batch_key == batch.batch_key)
        .where(batches)
        .group_by(by_batch.c.status)
    )


async def batch_happenings(
    connection: AsyncConnection, actor: Actor, scope: Scope, at_most: int
) -> tuple[Sequence[Row], Sequence[Row]]:
    """The batches that began last, and those that ended last."""
    query = sa.select(
        batch.id,
        batch.project,
        batch.status,
        batch.start_time,
        batch.end_time,
        batch.n_done,
        batch.n_failed,
        batch.error,
    ).where(visible(actor, scope))
    begun = query.where(batch.start_time.is_not(None)).order_by(batch.start_time.desc()).limit(at_most)
    ended = query.where(batch.end_time.is_not(None), _ENDED).order_by(batch.end_time.desc()).limit(at_most)
    return (await connection.execute(begun)).all(), (await connection.execute(ended)).all()


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
