"""Reads the front page's tiles and feeds, from the summary columns of batches and jobs: events are not scanned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import Scope, visible
from argus_catalog.derivations.status import TERMINAL
from argus_kit.actor import Actor
from argus_schema import ingest

batch = ingest.batch.c
job = ingest.job.c

Row = Any


async def batch_counts(connection: AsyncConnection, actor: Actor, scope: Scope) -> Row:
    """`running` batches, and how many of those are the caller's own."""
    is_mine = sa.case((batch.owner_id == actor.user_id, 1), else_=0)
    query = sa.select(sa.func.count().label("running"), sa.func.coalesce(sa.func.sum(is_mine), 0).label("mine")).where(
        visible(actor, scope), batch.status == "running"
    )
    return (await connection.execute(query)).one()


async def job_counts(connection: AsyncConnection, actor: Actor, scope: Scope, since: datetime) -> dict[str, int]:
    """Jobs that run now, and those that ended well or badly since a time."""
    recent = sa.or_(job.end_time >= since, job.end_time.is_(None))
    query = (
        sa.select(job.status, sa.func.count())
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(
            visible(actor, scope),
            job.deleted_at.is_(None),
            sa.or_(
                sa.and_(job.status == "running", sa.func.coalesce(batch.status, "").not_in(TERMINAL)),
                sa.and_(job.status.in_(("done", "failed")), recent),
            ),
        )
        .group_by(job.status)
    )
    return dict(tuple(row) for row in await connection.execute(query))


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
    ended = (
        query.where(batch.end_time.is_not(None), batch.status.in_(("done", "failed", "stopped")))
        .order_by(batch.end_time.desc())
        .limit(at_most)
    )
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
