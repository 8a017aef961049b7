"""Reads hosts and snapshots, always through the batches that the caller may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import Scope, visible
from argus_kit.actor import Actor
from argus_schema import auth, ingest
from argus_schema.statuses import LIVE_JOB, TERMINAL

batch = ingest.batch.c
job = ingest.job.c
host = ingest.host.c
seen = ingest.host_batch.c
snapshot = ingest.resource_snapshot.c

Row = Any


def _not_deleted(name: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return name.not_in(sa.select(host.host).where(host.deleted_at.is_not(None)))


async def names(connection: AsyncConnection, actor: Actor) -> list[str]:
    """Names of the hosts that the caller sees, sorted."""
    query = (
        sa.select(seen.host)
        .join(ingest.batch, batch.batch_key == seen.batch_key)
        .where(visible(actor), _not_deleted(seen.host))
        .distinct()
        .order_by(seen.host)
    )
    return list((await connection.execute(query)).scalars())


async def newest(
    connection: AsyncConnection,
    actor: Actor,
    *,
    scope: Scope = "all",
    since: datetime | None = None,
    only: str | None = None,
) -> Sequence[Row]:
    """Of each host the newest snapshot that a visible batch sent, by host."""
    place = sa.func.row_number().over(partition_by=seen.host, order_by=(seen.last_seen.desc(), seen.batch_key.desc()))
    ranked = (
        sa.select(
            seen.host,
            seen.latest,
            seen.last_seen,
            sa.func.min(seen.first_seen).over(partition_by=seen.host).label("first_seen"),
            place.label("place"),
        )
        .join(ingest.batch, batch.batch_key == seen.batch_key)
        .where(visible(actor, scope), _not_deleted(seen.host))
    )
    if since is not None:
        ranked = ranked.where(seen.last_seen >= since)
    if only is not None:
        ranked = ranked.where(seen.host == only)
    rows = ranked.subquery()
    query = sa.select(rows).where(rows.c.place == 1).order_by(rows.c.host)
    return (await connection.execute(query)).all()


async def running_jobs(connection: AsyncConnection, actor: Actor, hosts: Sequence[str]) -> dict[str, list[Row]]:
    """By host, the running jobs of visible batches that report from it, the latest start first."""
    if not hosts:
        return {}
    query = (
        sa.select(
            seen.host,
            seen.latest,
            batch.id.label("batch_id"),
            job.job_id,
            job.model,
            job.dataset,
            auth.user.c.username.label("owner"),
        )
        .select_from(
            ingest.host_batch.join(ingest.batch, batch.batch_key == seen.batch_key)
            .join(ingest.job, job.batch_key == batch.batch_key)
            .outerjoin(auth.user, auth.user.c.id == batch.owner_id)
        )
        .where(
            seen.host.in_(hosts),
            # A batch that moved to another host runs there, and no longer here.
            sa.or_(batch.host.is_(None), batch.host == seen.host),
            visible(actor),
            batch.status.not_in(TERMINAL),
            job.status.in_(LIVE_JOB),
            job.deleted_at.is_(None),
        )
        .order_by(seen.host, job.start_time.desc().nulls_last(), job.job_id)
    )
    found: dict[str, list[Row]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.host, []).append(row)
    return found


async def batches_of(connection: AsyncConnection, actor: Actor, name: str, at_most: int = 50) -> Sequence[Row]:
    """Visible batches that reported from a host, the most recent first."""
    query = (
        sa.select(
            batch.id.label("batch_id"),
            batch.project,
            batch.status,
            batch.user,
            auth.user.c.username.label("owner"),
            seen.first_seen,
            seen.last_seen,
        )
        .select_from(
            ingest.host_batch.join(ingest.batch, batch.batch_key == seen.batch_key).outerjoin(
                auth.user, auth.user.c.id == batch.owner_id
            )
        )
        .where(seen.host == name, visible(actor))
        .order_by(seen.last_seen.desc(), seen.batch_key.desc())
        .limit(at_most)
    )
    return (await connection.execute(query)).all()


async def snapshots(
    connection: AsyncConnection, actor: Actor, name: str | None, since: datetime | None, limit: int
) -> Sequence[Row]:
    """Snapshots of visible batches, the newest first."""
    query = (
        sa.select(*ingest.resource_snapshot.c, batch.id.label("batch_id"))
        .join(ingest.batch, batch.batch_key == snapshot.batch_key)
        .where(visible(actor), _not_deleted(snapshot.host))
        .order_by(snapshot.at.desc(), snapshot.id.desc())
        .limit(limit)
    )
    if name is not None:
        query = query.where(snapshot.host == name)
    if since is not None:
        query = query.where(snapshot.at >= since)
    return (await connection.execute(query)).all()


async def samples(
    connection: AsyncConnection, actor: Actor, name: str, since: datetime, columns: Sequence[str]
) -> Sequence[Row]:
    """Single columns of a host's snapshots since a time, the oldest first."""
    query = (
        sa.select(snapshot.at, batch.id.label("batch_id"), *(snapshot[column] for column in columns))
        .join(ingest.batch, batch.batch_key == snapshot.batch_key)
        .where(snapshot.host == name, snapshot.at >= since, visible(actor))
        .order_by(snapshot.at)
    )
    return (await connection.execute(query)).all()
