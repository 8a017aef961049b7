"""GPU-hours of people."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.derivations.metrics import gpu_count
from argus_catalog.stats.schemas import UserGpuHours
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_schema import auth, ingest
from argus_schema.access import exists_for_people, reached_by

batch = ingest.batch.c
job = ingest.job.c
user = auth.user.c

_COUNT_KEYS = ("gpu_count", "GPU_Count", "n_gpus")


async def gpu_hours_by_user(connection: AsyncConnection, actor: Actor, days: int) -> list[UserGpuHours]:
    """Seconds of the jobs that ended (or began, if they still run) in the last days, times their GPUs."""
    since = now() - timedelta(days=days)
    told = [job.metrics[key].as_string() for key in _COUNT_KEYS]
    query = (
        sa.select(batch.owner_id, *told, sa.func.sum(job.elapsed_s), sa.func.count())
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(exists_for_people(), reached_by(actor), job.deleted_at.is_(None))
        .where(sa.func.coalesce(job.end_time, job.start_time) >= since)
        .group_by(batch.owner_id, *told)
    )
    if not actor.is_admin:
        query = query.where(batch.owner_id == actor.user_id)
    seconds: dict[int, float] = defaultdict(float)
    counts: dict[int, int] = defaultdict(int)
    for owner_id, *gpus, elapsed, count in await connection.execute(query):
        if owner_id is not None:
            seconds[owner_id] += float(elapsed or 0) * gpu_count(gpus)
            counts[owner_id] += count
    names = await _names(connection, actor)
    found = [
        UserGpuHours(
            user_id=user_id, username=name, gpu_hours=round(seconds[user_id] / 3600, 4), job_count=counts[user_id]
        )
        for user_id, name in names.items()
        if user_id in counts or not actor.is_admin
    ]
    return sorted(found, key=lambda row: (-row.gpu_hours, row.username))


async def _names(connection: AsyncConnection, actor: Actor) -> dict[int, str]:
    if not actor.is_admin:
        return {actor.user_id: actor.username}
    return {row.id: row.username for row in await connection.execute(sa.select(user.id, user.username))}
