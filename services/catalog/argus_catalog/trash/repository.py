"""Reads what was deleted, as far as the caller may take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_schema import auth, ingest
from argus_schema.access import exists_for_people, restorable_by

batch = ingest.batch.c
job = ingest.job.c
owner = auth.user.alias("owner")
deleter = auth.user.alias("deleter")

Row = Any
Key = tuple[datetime, int, int]

_BATCH_GONE = sa.and_(batch.deleted_at.is_not(None), batch.purge_at.is_(None))
_JOB_GONE = sa.and_(job.deleted_at.is_not(None), job.purge_at.is_(None), job.purged_at.is_(None))


async def batches(connection: AsyncConnection, actor: Actor, last: Key | None, limit: int) -> Sequence[Row]:
    """Deleted batches after the one with this key, the last deleted first."""
    query = (
        sa.select(
            batch.id.label("batch_id"),
            batch.name,
            batch.experiment_type,
            batch.project,
            batch.status,
            batch.n_jobs,
            batch.deleted_at,
            batch.batch_key,
            sa.literal(0).label("job_no"),
            owner.c.username.label("owner"),
            deleter.c.username.label("deleted_by"),
        )
        .select_from(ingest.batch)
        .outerjoin(owner, owner.c.id == batch.owner_id)
        .outerjoin(deleter, deleter.c.id == batch.deleted_by)
        .where(restorable_by(actor), _BATCH_GONE)
        .order_by(batch.deleted_at.desc(), batch.batch_key.desc())
        .limit(limit)
    )
    if last is not None:
        same = sa.and_(batch.deleted_at == last[0], batch.batch_key < last[1])
        query = query.where(sa.or_(batch.deleted_at < last[0], same))
    return (await connection.execute(query)).all()


async def jobs(connection: AsyncConnection, actor: Actor, last: Key | None, limit: int) -> Sequence[Row]:
    """Deleted jobs of batches that are not deleted, after the one with this key, the last deleted first."""
    query = (
        sa.select(
            batch.id.label("batch_id"),
            job.job_id,
            job.model,
            job.dataset,
            batch.project,
            job.status,
            job.deleted_at,
            job.batch_key,
            job.job_no,
            owner.c.username.label("owner"),
            deleter.c.username.label("deleted_by"),
        )
        .select_from(ingest.job)
        .join(ingest.batch, batch.batch_key == job.batch_key)
        .outerjoin(owner, owner.c.id == batch.owner_id)
        .outerjoin(deleter, deleter.c.id == job.deleted_by)
        .where(restorable_by(actor), exists_for_people(), _JOB_GONE)
        .order_by(job.deleted_at.desc(), job.batch_key.desc(), job.job_no.desc())
        .limit(limit)
    )
    if last is not None:
        at, key, number = last
        same_batch = sa.and_(job.deleted_at == at, job.batch_key == key, job.job_no < number)
        query = query.where(sa.or_(job.deleted_at < at, sa.and_(job.deleted_at == at, job.batch_key < key), same_batch))
    return (await connection.execute(query)).all()


async def deleted_batches(connection: AsyncConnection, actor: Actor, ids: Sequence[str]) -> set[str]:
    """Those of these batches that are in the caller's trash."""
    query = sa.select(batch.id).where(batch.id.in_(ids), restorable_by(actor), _BATCH_GONE)
    return set((await connection.execute(query)).scalars())


async def deleted_jobs(connection: AsyncConnection, actor: Actor, ids: Sequence[tuple[str, str]]) -> set[Any]:
    """Those of these jobs (batch, job) that are in the caller's trash."""
    query = (
        sa.select(batch.id, job.job_id)
        .join_from(ingest.job, ingest.batch, batch.batch_key == job.batch_key)
        .where(restorable_by(actor), exists_for_people(), _JOB_GONE)
        .where(batch.id.in_([one[0] for one in ids]), job.job_id.in_([one[1] for one in ids]))
    )
    return {tuple(row) for row in await connection.execute(query)} & set(ids)
