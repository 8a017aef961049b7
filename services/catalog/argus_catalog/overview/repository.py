"""Reads what a project's overview is made of: sums, and the last failures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import visible
from argus_kit.actor import Actor
from argus_schema import ingest

batch = ingest.batch.c
job = ingest.job.c

Row = Any

_OF = ingest.job.join(ingest.batch, batch.batch_key == job.batch_key)
GPUS = job.metrics["gpu_count"].as_string().label("gpus")


def _in(actor: Actor, project: str) -> sa.ColumnElement[bool]:
    return sa.and_(batch.project == project, visible(actor), job.deleted_at.is_(None))


async def outcomes(connection: AsyncConnection, actor: Actor, project: str) -> Sequence[Row]:
    """`status`, `gpus`, `seconds` and `jobs` of jobs that ended."""
    query = (
        sa.select(job.status, GPUS, sa.func.sum(job.elapsed_s).label("seconds"), sa.func.count().label("jobs"))
        .select_from(_OF)
        .where(_in(actor, project), job.status != "running")
        .group_by(job.status, GPUS)
    )
    return (await connection.execute(query)).all()


async def failures(connection: AsyncConnection, actor: Actor, project: str, at_most: int) -> Sequence[Row]:
    """Jobs that failed, the last first."""
    query = (
        sa.select(job.job_id, job.reason, job.extra, job.elapsed_s, GPUS, batch.id.label("batch_id"))
        .select_from(_OF)
        .where(_in(actor, project), job.status == "failed")
        .order_by(job.end_time.desc().nulls_last(), job.batch_key.desc(), job.job_no)
        .limit(at_most)
    )
    return (await connection.execute(query)).all()


async def batches_by_day(connection: AsyncConnection, actor: Actor, project: str, since: datetime) -> dict[str, int]:
    """How many batches began on each day."""
    day = _day(connection, batch.start_time)
    query = (
        sa.select(day, sa.func.count())
        .where(batch.project == project, visible(actor), batch.start_time >= since)
        .group_by(day)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def jobs_by_day(connection: AsyncConnection, actor: Actor, project: str, since: datetime) -> Sequence[Row]:
    """`day`, `status`, `gpus`, `seconds` and `jobs` of jobs that ended since."""
    day = _day(connection, job.end_time).label("day")
    query = (
        sa.select(day, job.status, GPUS, sa.func.sum(job.elapsed_s).label("seconds"), sa.func.count().label("jobs"))
        .select_from(_OF)
        .where(_in(actor, project), job.end_time >= since)
        .group_by(day, job.status, GPUS)
    )
    return (await connection.execute(query)).all()


def _day(connection: AsyncConnection, time: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    if connection.dialect.name == "sqlite":
        return sa.func.substr(time, 1, 10)
    return sa.func.to_char(sa.func.timezone("UTC", time), "YYYY-MM-DD")
