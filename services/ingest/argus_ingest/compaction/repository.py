"""What a merge reads and writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.curves.merging import Head
from argus_contracts.curves.packing import unpack_stats
from argus_contracts.curves.rollups import Stats
from argus_contracts.curves.rows import Cut, Rows, StoredBlock
from argus_ingest.compaction.due import Due
from argus_ingest.compaction.merge import NewChunk, Summary, unpacked
from argus_schema import ingest as tables

job = tables.job.c
block = tables.metric_block.c
chunk = tables.metric_chunk.c
column = tables.metric_column.c


class Slice(NamedTuple):
    """The oldest unmerged blocks of a job, up to and with `last_id`."""

    blocks: Sequence[StoredBlock]
    last_id: int
    is_all: bool


async def resumes(connection: AsyncConnection, one: Due) -> list[dict[str, Any]]:
    """Where a job began anew."""
    query = sa.select(job.resumes).where(job.batch_key == one.batch_key, job.job_no == one.job_no)
    return (await connection.execute(query)).scalar_one_or_none() or []


async def oldest_blocks(connection: AsyncConnection, one: Due, max_blocks: int, max_bytes: int) -> Slice | None:
    """The blocks that the next merge of a job takes; None when there are none."""
    of_job = (block.batch_key == one.batch_key, block.job_no == one.job_no)
    sizes = sa.select(block.id, sa.func.length(block.payload)).where(*of_job).order_by(block.id).limit(max_blocks + 1)
    listed = (await connection.execute(sizes)).all()
    last_id, total, count = 0, 0, 0
    for block_id, size in listed[:max_blocks]:
        if count and total + size > max_bytes:
            break
        last_id, total, count = block_id, total + size, count + 1
    if not count:
        return None
    query = sa.select(block.names, block.payload).where(*of_job, block.id <= last_id).order_by(block.id)
    found = [StoredBlock(*row) for row in await connection.execute(query)]
    return Slice(found, last_id, is_all=count == len(listed))


async def heads(connection: AsyncConnection, one: Due, kind: int) -> list[Head]:
    """A job's chunks of one kind, in the order of steps."""
    columns = (chunk.first_step, chunk.last_step, chunk.n_rows, chunk.first_at, chunk.last_at, chunk.cuts)
    query = sa.select(*columns).where(chunk.batch_key == one.batch_key, chunk.job_no == one.job_no, chunk.kind == kind)
    rows = await connection.execute(query.order_by(chunk.first_step))
    return [Head(*row[:5], [Cut(*cut) for cut in row.cuts]) for row in rows]


async def chunk_rows(connection: AsyncConnection, one: Due, kind: int, first_steps: Sequence[int]) -> list[Rows]:
    """These chunks, unpacked."""
    if not first_steps:
        return []
    of_job = (chunk.batch_key == one.batch_key, chunk.job_no == one.job_no, chunk.kind == kind)
    axes = sa.select(chunk.first_step, chunk.payload).where(*of_job, chunk.first_step.in_(first_steps))
    values = sa.select(column.first_step, column.name, column.payload).where(
        column.batch_key == one.batch_key,
        column.job_no == one.job_no,
        column.kind == kind,
        column.first_step.in_(first_steps),
    )
    columns: dict[int, dict[str, bytes]] = defaultdict(dict)
    for first_step, name, payload in await connection.execute(values):
        columns[first_step][name] = payload
    found = (await connection.execute(axes.order_by(chunk.first_step))).all()
    return [unpacked(payload, columns[first_step]) for first_step, payload in found]


async def stats(connection: AsyncConnection, one: Due) -> list[tuple[int, int, str, Stats]]:
    """Kind, first step, metric and stats of everything in a job's chunks."""
    query = sa.select(column.kind, column.first_step, column.name, column.stats).where(
        column.batch_key == one.batch_key, column.job_no == one.job_no
    )
    return [(kind, first, name, unpack_stats(packed)) for kind, first, name, packed in await connection.execute(query)]


async def remove_blocks(connection: AsyncConnection, one: Due, last_id: int) -> int:
    """Remove a job's blocks up to and with this id; returns how many there were."""
    gone = sa.delete(tables.metric_block).where(
        block.batch_key == one.batch_key, block.job_no == one.job_no, block.id <= last_id
    )
    return (await connection.execute(gone)).rowcount


async def has_blocks(connection: AsyncConnection, one: Due) -> bool:
    """Whether a job has unmerged blocks."""
    query = sa.select(block.id).where(block.batch_key == one.batch_key, block.job_no == one.job_no).limit(1)
    return (await connection.execute(query)).first() is not None


async def remove_chunks(connection: AsyncConnection, one: Due, kind: int, first_steps: Sequence[int]) -> None:
    """Remove chunks with their columns."""
    for table in (tables.metric_chunk, tables.metric_column):
        await connection.execute(
            sa.delete(table).where(
                table.c.batch_key == one.batch_key,
                table.c.job_no == one.job_no,
                table.c.kind == kind,
                table.c.first_step.in_(first_steps),
            )
        )


async def add_chunks(connection: AsyncConnection, one: Due, chunks: Sequence[NewChunk]) -> None:
    """Store new chunks."""
    key = {"batch_key": one.batch_key, "job_no": one.job_no}
    rows = [{**key, "kind": new.kind, **new.head._asdict(), "payload": new.payload} for new in chunks]
    columns = [
        {
            **key,
            "kind": new.kind,
            "first_step": new.head.first_step,
            "name": part.name,
            "n_points": part.stats.n,
            "stats": part.packed_stats,
            "rollup": part.rollup,
            "payload": part.payload,
        }
        for new in chunks
        for part in new.columns
    ]
    if rows:
        await connection.execute(sa.insert(tables.metric_chunk), rows)
    if columns:
        await connection.execute(sa.insert(tables.metric_column), columns)


async def save_job(connection: AsyncConnection, one: Due, n_merged: int, summary: Summary | None) -> None:
    """Say on the job's row that so many blocks were merged, and what its curves come to (None: as it says)."""
    values: dict[str, Any] = {"n_blocks": sa.case((job.n_blocks > n_merged, job.n_blocks - n_merged), else_=0)}
    if summary is not None:
        values["summary"] = summary
    where = (job.batch_key == one.batch_key, job.job_no == one.job_no)
    await connection.execute(sa.update(tables.job).where(*where).values(values))
