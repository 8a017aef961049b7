"""Reads a few snapshots out of many: of each batch and host the last one of every bucket of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import Scope, visible
from argus_kit.actor import Actor
from argus_schema import auth, ingest

batch = ingest.batch.c
job = ingest.job.c
host = ingest.host.c
snapshot = ingest.resource_snapshot.c

Row = Any


async def readings(
    connection: AsyncConnection,
    actor: Actor,
    since: datetime,
    width_s: int,
    *,
    only: str | None = None,
    scope: Scope = "all",
    per_batch: bool = True,
) -> Sequence[Row]:
    """Snapshots with their GPUs, the oldest first: of each host, and with `per_batch` of each batch on it, the last of
    every `width_s` seconds.
    """
    who = (snapshot.host, snapshot.batch_key) if per_batch else (snapshot.host,)
    place = sa.func.row_number().over(
        partition_by=(*who, _bucket(connection, width_s)), order_by=(snapshot.at.desc(), snapshot.id.desc())
    )
    light = (
        sa.select(snapshot.batch_key, snapshot.id, batch.id.label("batch_id"), place.label("place"))
        .join_from(ingest.resource_snapshot, ingest.batch, batch.batch_key == snapshot.batch_key)
        .where(snapshot.at >= since, visible(actor, scope), _known(snapshot.host))
    )
    if only is not None:
        light = light.where(snapshot.host == only)
    chosen = light.subquery()
    query = (
        sa.select(
            snapshot.host, snapshot.at, snapshot.batch_key, chosen.c.batch_id, snapshot.gpus, snapshot.gpu_util_pct,
            snapshot.gpu_mem_mb, snapshot.gpu_mem_total_mb, snapshot.gpu_temp_c, snapshot.proc_gpu_mem_mb,
        )
        .join_from(
            chosen,
            ingest.resource_snapshot,
            sa.and_(snapshot.batch_key == chosen.c.batch_key, snapshot.id == chosen.c.id),
        )
        .where(chosen.c.place == 1)
        .order_by(snapshot.at)
    )  # fmt: skip
    return (await connection.execute(query)).all()


async def disk_readings(
    connection: AsyncConnection, actor: Actor, since: datetime, width_s: int, only: str | None = None
) -> Sequence[Row]:
    """`host`, `at`, free and total MiB of disk: of each host the last snapshot of every `width_s` seconds."""
    place = sa.func.row_number().over(
        partition_by=(snapshot.host, _bucket(connection, width_s)), order_by=(snapshot.at.desc(), snapshot.id.desc())
    )
    rows = (
        sa.select(
            snapshot.host, snapshot.at, snapshot.disk_free_mb, snapshot.disk_total_mb, place.label("place")
        )
        .join_from(ingest.resource_snapshot, ingest.batch, batch.batch_key == snapshot.batch_key)
        .where(snapshot.at >= since, visible(actor), _known(snapshot.host), snapshot.disk_free_mb.is_not(None))
    )  # fmt: skip
    if only is not None:
        rows = rows.where(snapshot.host == only)
    found = rows.subquery()
    query = sa.select(found).where(found.c.place == 1).order_by(found.c.host, found.c.at)
    return (await connection.execute(query)).all()


async def batches(connection: AsyncConnection, actor: Actor, keys: Sequence[int]) -> dict[int, Row]:
    """What a holder is called, by key."""
    query = (
        sa.select(
            batch.batch_key, batch.id, batch.project, batch.status, batch.user, auth.user.c.username.label("owner")
        )
        .select_from(ingest.batch.outerjoin(auth.user, auth.user.c.id == batch.owner_id))
        .where(batch.batch_key.in_(keys), visible(actor))
    )
    return {row.batch_key: row for row in await connection.execute(query)} if keys else {}


async def jobs(connection: AsyncConnection, keys: Sequence[int], since: datetime, at_most: int) -> Sequence[Row]:
    """Jobs of these batches that had not ended before a time, the earliest start first."""
    query = (
        sa.select(
            job.batch_key, job.job_id, job.model, job.dataset, job.status, job.start_time, job.end_time
        )
        .where(
            job.batch_key.in_(keys),
            job.deleted_at.is_(None),
            sa.or_(job.end_time.is_(None), job.end_time >= since),
        )
        .order_by(job.start_time.nulls_last(), job.batch_key, job.job_no)
        .limit(at_most)
    )  # fmt: skip
    return (await connection.execute(query)).all() if keys else []


async def use_by_person(connection: AsyncConnection, actor: Actor, name: str, since: datetime) -> Sequence[Row]:
    """`owner`, GPUs a job, seconds and jobs that ended on a host since a time, or still run there."""
    told = job.metrics["gpu_count"].as_string()
    query = (
        sa.select(
            auth.user.c.username.label("owner"),
            told.label("gpus"),
            sa.func.sum(job.elapsed_s).label("seconds"),
            sa.func.count().label("jobs"),
        )
        .select_from(
            ingest.job.join(ingest.batch, batch.batch_key == job.batch_key).outerjoin(
                auth.user, auth.user.c.id == batch.owner_id
            )
        )
        .where(
            batch.host == name,
            visible(actor),
            job.deleted_at.is_(None),
            sa.func.coalesce(job.end_time, job.start_time) >= since,
        )
        .group_by(auth.user.c.username, told)
    )
    return (await connection.execute(query)).all()


def _known(name: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return name.not_in(sa.select(host.host).where(host.deleted_at.is_not(None)))


def _bucket(connection: AsyncConnection, width_s: int) -> sa.ColumnElement[int]:
    if connection.dialect.name == "sqlite":
        seconds: sa.ColumnElement[Any] = sa.cast(sa.func.strftime("%s", snapshot.at), sa.Integer)
    else:
        seconds = sa.cast(sa.func.floor(sa.extract("epoch", snapshot.at)), sa.BigInteger)
    return seconds // width_s
