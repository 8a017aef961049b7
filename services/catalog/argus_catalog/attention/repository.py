"""Reads batches and jobs that may need a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import Scope, editable, visible
from argus_kit.actor import Actor
from argus_schema import auth, ingest
from argus_schema.statuses import TERMINAL

batch = ingest.batch.c
job = ingest.job.c

Row = Any


async def live_batches(connection: AsyncConnection, actor: Actor, scope: Scope, since: datetime) -> Sequence[Row]:
    """Batches that did not end and were heard of since a time, with whether the caller may stop them."""
    query = (
        sa.select(
            batch.id,
            batch.batch_key,
            batch.project,
            batch.status,
            batch.is_divergent,
            sa.func.coalesce(batch.last_event_at, batch.start_time).label("heard_at"),
            auth.user.c.username.label("owner"),
            editable(actor).label("may_stop"),
        )
        .select_from(ingest.batch.outerjoin(auth.user, auth.user.c.id == batch.owner_id))
        .where(
            visible(actor, scope),
            batch.status.not_in(TERMINAL),
            sa.func.coalesce(batch.last_event_at, batch.start_time) >= since,
        )
        .order_by(batch.batch_key.desc())
        .limit(1000)
    )
    return (await connection.execute(query)).all()


async def failed_jobs(
    connection: AsyncConnection, actor: Actor, scope: Scope, since: datetime, at_most: int
) -> Sequence[Row]:
    """Jobs that failed since a time, the last first."""
    query = (
        sa.select(
            job.job_id,
            job.end_time,
            job.reason,
            job.extra,
            batch.id.label("batch_id"),
            batch.project,
            batch.status.label("batch_status"),
            auth.user.c.username.label("owner"),
        )
        .select_from(
            ingest.job.join(ingest.batch, batch.batch_key == job.batch_key).outerjoin(
                auth.user, auth.user.c.id == batch.owner_id
            )
        )
        .where(visible(actor, scope), job.status == "failed", job.end_time >= since, job.deleted_at.is_(None))
        .order_by(job.end_time.desc())
        .limit(at_most)
    )
    return (await connection.execute(query)).all()
