"""Reads what is compared: some batches and all their jobs, in one statement each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import visible
from argus_kit.actor import Actor
from argus_schema import ingest

batch = ingest.batch.c
job = ingest.job.c

Row = Any

_BATCH = (
    batch.batch_key,
    batch.id,
    batch.project,
    batch.status,
    batch.n_total,
    batch.n_done,
    batch.n_failed,
    batch.start_time,
    batch.end_time,
    batch.owner_id,
)
_JOB = (
    job.batch_key,
    job.job_no,
    job.job_id,
    job.model,
    job.dataset,
    job.status,
    job.start_time,
    job.end_time,
    job.elapsed_s,
    job.metrics,
    job.last_epoch_at,
)


async def batches(connection: AsyncConnection, actor: Actor, batch_ids: Sequence[str]) -> dict[str, Row]:
    """By id, those of these batches that the caller sees."""
    query = sa.select(*_BATCH).where(batch.id.in_(batch_ids), visible(actor))
    return {row.id: row for row in await connection.execute(query)}


async def jobs(connection: AsyncConnection, batch_keys: Sequence[int]) -> dict[int, list[Row]]:
    """By batch, its undeleted jobs in the order of their start."""
    query = (
        sa.select(*_JOB)
        .where(job.batch_key.in_(batch_keys), job.deleted_at.is_(None))
        .order_by(job.batch_key, job.start_time.asc().nulls_last(), job.job_id)
    )
    found: dict[int, list[Row]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.batch_key].append(row)
    return found
