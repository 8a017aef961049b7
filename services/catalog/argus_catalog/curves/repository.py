"""Reads metric points: blocks that were not merged yet, and chunks from near and from afar. Many jobs at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.curves.merging import Head
from argus_contracts.curves.packing import unpack_stats
from argus_contracts.curves.rollups import Stats
from argus_contracts.curves.rows import Cut, StoredBlock
from argus_contracts.points import EPOCHS, STEPS
from argus_schema import ingest

block = ingest.metric_block.c
chunk = ingest.metric_chunk.c
column = ingest.metric_column.c
job = ingest.job.c

_KEYS_AT_ONCE = 1024

T = TypeVar("T")
JobKey = tuple[int, int]
ChunkKey = tuple[int, int, int, int]
ColumnKey = tuple[int, int, str, int, int]


class JobHead(NamedTuple):
    """What a curve's reader must know of its job."""

    batch_key: int
    job_no: int
    job_id: str
    model: str | None
    dataset: str | None
    status: str | None
    start_time: datetime | None
    last_epoch_at: datetime | None
    resumes: Sequence[dict[str, Any]] | None

    @property
    def key(self) -> JobKey:
        """Where the job's points lie."""
        return self.batch_key, self.job_no


_HEAD = tuple(job[name] for name in JobHead._fields)


async def heads_of_batch(connection: AsyncConnection, batch_key: int) -> list[JobHead]:
    """The undeleted jobs of a batch, in the order of their start."""
    query = sa.select(*_HEAD).where(job.batch_key == batch_key, job.deleted_at.is_(None))
    query = query.order_by(job.start_time.asc().nulls_last(), job.job_id)
    return [JobHead(*row) for row in await connection.execute(query)]


async def heads(connection: AsyncConnection, jobs: Iterable[tuple[int, str]]) -> dict[tuple[int, str], JobHead]:
    """Of these jobs (batch_key, job_id), those that are there and not deleted."""
    query = sa.select(*_HEAD).where(job.deleted_at.is_(None))
    found = {}
    for some in _portions(list(jobs)):
        where = sa.tuple_(job.batch_key, job.job_id).in_(some)
        for row in await connection.execute(query.where(where)):
            found[row.batch_key, row.job_id] = JobHead(*row)
    return found


async def head(connection: AsyncConnection, key: JobKey) -> JobHead | None:
    """One job, if it is there and not deleted."""
    query = sa.select(*_HEAD).where(job.batch_key == key[0], job.job_no == key[1], job.deleted_at.is_(None))
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else JobHead(*row)


async def configs(connection: AsyncConnection, batch_key: int) -> dict[int, dict[str, Any] | None]:
    """By number of the job, the settings that each job of a batch told at its start."""
    query = sa.select(job.job_no, job.extra["config"]).where(job.batch_key == batch_key, job.deleted_at.is_(None))
    return {number: config if isinstance(config, dict) else None for number, config in await connection.execute(query)}


async def ends(connection: AsyncConnection, jobs: Sequence[JobKey]) -> dict[int, tuple[int, int]]:
    """By kind, the first and the last step of all that is stored of these jobs, what was superseded included."""
    found: dict[int, tuple[int, int]] = {}
    unmerged = []
    for some in _portions(jobs):
        query = sa.select(chunk.kind, sa.func.min(chunk.first_step), sa.func.max(chunk.last_step))
        rows = [tuple(row) for row in await connection.execute(query.where(_of_jobs(chunk, some)).group_by(chunk.kind))]
        # A block does not say of which kind it is: it widens both.
        query = sa.select(sa.func.min(block.first_step), sa.func.max(block.last_step)).where(_of_jobs(block, some))
        unmerged += [tuple(row) for row in await connection.execute(query) if row[0] is not None]
        for kind, first, last in rows:
            low, high = found.get(kind, (first, last))
            found[kind] = (min(low, first), max(high, last))
    for kind in (EPOCHS, STEPS):
        for first, last in unmerged:
            low, high = found.get(kind, (first, last))
            found[kind] = (min(low, first), max(high, last))
    return found


async def span(connection: AsyncConnection, key: JobKey) -> tuple[datetime | None, datetime | None] | None:
    """When a job began and ended, if it is there and not deleted."""
    query = sa.select(job.start_time, job.end_time)
    query = query.where(job.batch_key == key[0], job.job_no == key[1], job.deleted_at.is_(None))
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1])


async def readings(
    connection: AsyncConnection, batch_key: int, begin: datetime, end: datetime, measures: Sequence[str]
) -> list[Sequence[Any]]:
    """Host, time and measures of the snapshots that a batch sent in a time."""
    columns = ingest.resource_snapshot.c
    query = sa.select(columns.host, columns.at, *(columns[name] for name in measures))
    query = query.where(columns.batch_key == batch_key, columns.at >= begin, columns.at <= end)
    return list(await connection.execute(query))


async def blocks(connection: AsyncConnection, jobs: Sequence[JobKey]) -> dict[JobKey, list[StoredBlock]]:
    """By job, its unmerged blocks in the order of their ids."""
    found: dict[JobKey, list[StoredBlock]] = defaultdict(list)
    for some in _portions(jobs):
        query = sa.select(block.batch_key, block.job_no, block.names, block.payload)
        query = query.where(_of_jobs(block, some)).order_by(block.batch_key, block.job_no, block.id)
        for key, number, names, payload in await connection.execute(query):
            found[key, number].append(StoredBlock(names, payload))
    return found


async def chunk_heads(connection: AsyncConnection, jobs: Sequence[JobKey]) -> dict[JobKey, dict[int, list[Head]]]:
    """By job and kind, the chunks without their points, in the order of steps."""
    found: dict[JobKey, dict[int, list[Head]]] = defaultdict(lambda: defaultdict(list))
    columns = (chunk.first_step, chunk.last_step, chunk.n_rows, chunk.first_at, chunk.last_at, chunk.cuts)
    for some in _portions(jobs):
        query = sa.select(chunk.batch_key, chunk.job_no, chunk.kind, *columns).where(_of_jobs(chunk, some))
        for row in await connection.execute(query.order_by(chunk.first_step)):
            head = Head(*row[3:8], [Cut(*cut) for cut in row.cuts])
            found[row.batch_key, row.job_no][row.kind].append(head)
    return found


async def column_stats(
    connection: AsyncConnection, jobs: Sequence[JobKey], names: Sequence[str] | None
) -> dict[JobKey, dict[tuple[int, str], dict[int, Stats]]]:
    """By job, then kind and metric, then first step of the chunk: the stats of each stored column."""
    found: dict[JobKey, dict[tuple[int, str], dict[int, Stats]]] = defaultdict(lambda: defaultdict(dict))
    columns = (column.batch_key, column.job_no, column.kind, column.name, column.first_step, column.stats)
    for some in _portions(jobs):
        query = sa.select(*columns).where(_of_jobs(column, some))
        if names is not None:
            query = query.where(column.name.in_(names))
        for key, number, kind, name, first_step, packed in await connection.execute(query):
            found[key, number][kind, name][first_step] = unpack_stats(packed)
    return found


async def column_names(connection: AsyncConnection, key: JobKey) -> list[str]:
    """The metrics that a job's chunks hold."""
    query = sa.select(column.name).where(column.batch_key == key[0], column.job_no == key[1]).distinct()
    return list((await connection.execute(query)).scalars())


async def everything(
    connection: AsyncConnection, key: JobKey, kind: int
) -> tuple[list[tuple[int, bytes]], dict[int, dict[str, bytes]]]:
    """All chunks of a job: first step and packed axis of each in the order of steps, and their packed values."""
    query = sa.select(chunk.first_step, chunk.payload).where(
        chunk.batch_key == key[0], chunk.job_no == key[1], chunk.kind == kind
    )
    axes = [(first, axis) for first, axis in await connection.execute(query.order_by(chunk.first_step))]
    columns: dict[int, dict[str, bytes]] = defaultdict(dict)
    if axes:
        stored = sa.select(column.first_step, column.name, column.payload).where(
            column.batch_key == key[0], column.job_no == key[1], column.kind == kind
        )
        for first_step, name, payload in await connection.execute(stored):
            columns[first_step][name] = payload
    return axes, columns


async def rollups(connection: AsyncConnection, keys: Sequence[ColumnKey]) -> dict[ColumnKey, bytes]:
    """Packed roll-ups."""
    return await _of_columns(connection, keys, column.rollup)


async def values(connection: AsyncConnection, keys: Sequence[ColumnKey]) -> dict[ColumnKey, bytes]:
    """Packed values."""
    return await _of_columns(connection, keys, column.payload)


async def axes(connection: AsyncConnection, keys: Sequence[ChunkKey]) -> dict[ChunkKey, bytes]:
    """Packed axes of chunks, by batch, job, kind and first step."""
    key = (chunk.batch_key, chunk.job_no, chunk.kind, chunk.first_step)
    found: dict[ChunkKey, bytes] = {}
    for some in _portions(keys):
        wanted = _wanted(some, ("batch_key", "job_no", "kind", "first_step"))
        for *where, payload in await connection.execute(_picked(ingest.metric_chunk, key, wanted, chunk.payload)):
            found[tuple(where)] = payload
    return found


async def _of_columns(
    connection: AsyncConnection, keys: Sequence[ColumnKey], wanted_column: sa.ColumnElement[bytes]
) -> dict[ColumnKey, bytes]:
    key = (column.batch_key, column.job_no, column.name, column.kind, column.first_step)
    found: dict[ColumnKey, bytes] = {}
    for some in _portions(keys):
        wanted = _wanted(some, ("batch_key", "job_no", "name", "kind", "first_step"))
        for *where, payload in await connection.execute(_picked(ingest.metric_column, key, wanted, wanted_column)):
            found[tuple(where)] = payload
    return found


# A list of whole keys as a table of its own: a look into the index for each, which `in` would not promise.
def _wanted(keys: Sequence[tuple[Any, ...]], names: Sequence[str]) -> sa.CTE:
    columns = [sa.column(name, sa.Text if name == "name" else sa.BigInteger) for name in names]
    return sa.values(*columns, name="keys").data([tuple(key) for key in keys]).cte("wanted")


def _picked(
    table: sa.Table, key: Sequence[sa.ColumnElement[Any]], wanted: sa.CTE, payload: sa.ColumnElement[bytes]
) -> sa.Select[Any]:
    on = sa.and_(*(mine == its for mine, its in zip(key, wanted.c, strict=True)))
    return sa.select(*key, payload).select_from(wanted.join(table, on))


def _of_jobs(columns: Any, jobs: Sequence[JobKey]) -> sa.ColumnElement[bool]:
    batches = {key for key, _ in jobs}
    if len(batches) == 1:
        return sa.and_(columns.batch_key == jobs[0][0], columns.job_no.in_([number for _, number in jobs]))
    return sa.tuple_(columns.batch_key, columns.job_no).in_(jobs)


def _portions(keys: Sequence[T]) -> Iterable[Sequence[T]]:
    return (keys[begin : begin + _KEYS_AT_ONCE] for begin in range(0, len(keys), _KEYS_AT_ONCE))
