"""Reads the jobs that ran in a time, and what they brought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.holdings import in_project_views
from argus_catalog.access.visibility import visible
from argus_catalog.matrix.choice import Choice
from argus_kit.actor import Actor
from argus_schema import catalog as own
from argus_schema import ingest

batch, job, cell, score = ingest.batch.c, ingest.job.c, ingest.cell.c, ingest.score.c
meta, snapshot = own.project_meta.c, ingest.resource_snapshot.c

Row = Any

_OF: Final = ingest.job.join(ingest.batch, batch.batch_key == job.batch_key)
_GPUS: Final = job.metrics["gpu_count"].as_string().label("gpus")
# As the watchdog of idle GPUs has it when nobody says otherwise.
_IDLE_BELOW_PCT: Final = 5.0
MOST_JOBS: Final = 50_000
MOST_BATCHES: Final = 1_000
MOST_FAILURES: Final = 2_000
MOST_RESULTS: Final = 5_000


async def ran(connection: AsyncConnection, actor: Actor, since: datetime, until: datetime) -> Sequence[Row]:
    """Jobs that ended in that time, and those that run, the last ended first."""
    ended = sa.and_(job.end_time >= since, job.end_time < until)
    goes_on = sa.and_(job.status == "running", job.start_time < until)
    query = (
        sa.select(
            *(batch.batch_key, batch.id, batch.project, batch.status.label("batch_status")),
            *(job.status, job.start_time, job.end_time, job.elapsed_s, job.is_idle_flagged, _GPUS),
        )
        .select_from(_OF)
        .where(visible(actor), job.deleted_at.is_(None), sa.or_(ended, goes_on))
        .order_by(job.end_time.desc().nulls_first(), job.batch_key.desc(), job.job_no)
        .limit(MOST_JOBS)
    )
    return (await connection.execute(query)).all()


async def failed(connection: AsyncConnection, actor: Actor, since: datetime, until: datetime) -> Sequence[Row]:
    """Jobs that failed in that time, the last first, as `overview.service.causes` reads them."""
    query = (
        sa.select(job.job_id, job.reason, job.extra, job.elapsed_s, _GPUS, batch.id.label("batch_id"))
        .select_from(_OF)
        .where(
            visible(actor),
            job.deleted_at.is_(None),
            job.status == "failed",
            job.end_time >= since,
            job.end_time < until,
        )
        .order_by(job.end_time.desc(), job.batch_key.desc(), job.job_no)
        .limit(MOST_FAILURES)
    )
    return (await connection.execute(query)).all()


async def done(connection: AsyncConnection, actor: Actor, since: datetime, until: datetime) -> Sequence[Row]:
    """Jobs that were done in that time, with their final metrics, the last first."""
    query = (
        sa.select(batch.project, batch.id, job.job_id, job.model, job.dataset, job.metrics)
        .select_from(_OF)
        .where(
            visible(actor),
            job.deleted_at.is_(None),
            job.status == "done",
            job.end_time >= since,
            job.end_time < until,
            job.metrics.is_not(None),
        )
        .order_by(job.end_time.desc(), job.batch_key.desc(), job.job_no)
        .limit(MOST_RESULTS)
    )
    return (await connection.execute(query)).all()


async def idle_shares(
    connection: AsyncConnection, batch_keys: Sequence[int], since: datetime, until: datetime
) -> dict[int, float]:
    """The part of each batch's readings of that time in which its GPUs did nothing; without any, it is left out."""
    idle = sa.func.sum(sa.case((snapshot.gpu_util_pct < _IDLE_BELOW_PCT, 1.0), else_=0.0))
    query = (
        sa.select(snapshot.batch_key, (idle / sa.func.count()).label("share"))
        .where(snapshot.batch_key.in_(batch_keys), snapshot.at >= since, snapshot.at < until)
        .where(snapshot.gpu_util_pct.is_not(None))
        .group_by(snapshot.batch_key)
    )
    return {row.batch_key: float(row.share) for row in await connection.execute(query)}


async def settings_of(connection: AsyncConnection, projects: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What was set for these projects."""
    query = sa.select(meta.project, meta.settings).where(meta.project.in_(projects))
    return {row.project: row.settings for row in await connection.execute(query) if isinstance(row.settings, dict)}


async def record(connection: AsyncConnection, actor: Actor, project: str, choice: Choice) -> tuple[float | None, int]:
    """The best value that any job of a project has in a metric, and how many jobs have one."""
    extreme = sa.func.max(score.value) if choice.direction == "max" else sa.func.min(score.value)
    query = (
        sa.select(extreme, sa.func.count())
        .select_from(ingest.cell.join(ingest.score, score.cell_key == cell.cell_key))
        .where(in_project_views(actor, of=ingest.cell), cell.project == project, score.name == choice.metric)
    )
    best, count = (await connection.execute(query)).one()
    return best, count
