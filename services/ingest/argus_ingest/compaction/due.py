"""Which jobs have something to merge. Asked all the time, and so apart from what comes with numpy."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_ingest.lifecycle import ENDED, JobStatus
from argus_schema import ingest as tables

batch = tables.batch.c
job = tables.job.c
block = tables.metric_block.c


class Due(NamedTuple):
    """A job with blocks to merge."""

    batch_id: str
    batch_key: int
    job_no: int


async def due(connection: AsyncConnection, many: int, after: tuple[int, int], limit: int) -> list[Due]:
    """Jobs behind `after` (batch_key, job_no) that have many blocks, or have ended and have any; in that order.

    Merged blocks are gone, so the batches that still have some are few: they are looked up one by one.
    """
    keys = _batches_with_blocks(after[0])
    has_ended = sa.or_(job.status != JobStatus.RUNNING, batch.status.in_(sorted(ENDED)))
    query = (
        sa.select(batch.id, job.batch_key, job.job_no)
        .select_from(keys.join(tables.job, job.batch_key == keys.c.batch_key))
        .join(tables.batch, batch.batch_key == job.batch_key)
        .where(
            job.n_blocks > 0,
            sa.or_(job.n_blocks >= many, has_ended),
            sa.tuple_(job.batch_key, job.job_no) > sa.tuple_(*map(sa.literal, after)),
        )
        .order_by(job.batch_key, job.job_no)
        .limit(limit)
    )
    return [Due(*row) for row in await connection.execute(query)]


def _batches_with_blocks(first: int) -> sa.CTE:
    lowest = sa.select(sa.func.min(block.batch_key).label("batch_key")).where(block.batch_key >= first)
    found = lowest.cte("with_blocks", recursive=True)
    following = sa.select(sa.func.min(block.batch_key)).where(block.batch_key > found.c.batch_key).scalar_subquery()
    return found.union_all(sa.select(following).where(found.c.batch_key.is_not(None)))
