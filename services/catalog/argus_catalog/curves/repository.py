"""Reads metric blocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.curves.decoding import StoredBlock
from argus_schema import ingest

block = ingest.metric_block.c
job = ingest.job.c


class JobHead(NamedTuple):
    """What a curve's reader must know of its job."""

    job_no: int
    job_id: str
    model: str | None
    dataset: str | None
    status: str | None
    start_time: datetime | None
    last_epoch_at: datetime | None
    first_epoch_at: datetime | None

    @property
    def run_began(self) -> float | None:
        """The first epoch of the present run, in seconds since 1970."""
        return None if self.first_epoch_at is None else self.first_epoch_at.timestamp()


async def heads(connection: AsyncConnection, batch_key: int, job_no: int | None = None) -> list[JobHead]:
    """The undeleted jobs of a batch that have points (or one job), in the order of their start."""
    columns = (job.job_no, job.job_id, job.model, job.dataset, job.status, job.start_time, job.last_epoch_at)
    query = sa.select(*columns, job.first_epoch_at).where(job.batch_key == batch_key, job.deleted_at.is_(None))
    if job_no is not None:
        query = query.where(job.job_no == job_no)
    query = query.order_by(job.start_time.asc().nulls_last(), job.job_id)
    return [JobHead(*row) for row in await connection.execute(query)]


async def blocks(
    connection: AsyncConnection, batch_key: int, job_no: int | None = None
) -> dict[int, list[StoredBlock]]:
    """By job, its blocks in the order of their ids; of one job or of all."""
    query = sa.select(block.job_no, block.names, block.payload).where(block.batch_key == batch_key)
    if job_no is not None:
        query = query.where(block.job_no == job_no)
    rows: Sequence[Any] = (await connection.execute(query.order_by(block.job_no, block.id))).all()
    found: dict[int, list[StoredBlock]] = {}
    for number, names, payload in rows:
        found.setdefault(number, []).append(StoredBlock(names, payload))
    return found
