"""Reads what is compared: some batches and all their jobs, or some jobs, in one statement each."""

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

# Of the environment, what tells one run's code from another's; the whole of it is long.
ENVIRONMENT = ("git_sha", "git_branch", "git_dirty", "python_version")


def _part(column: sa.Column[Any], *path: str) -> sa.ColumnElement[Any]:
    return sa.type_coerce(column[path], ingest.job.c.extra.type)


_RUN_IN = (
    batch.name,
    batch.host,
    batch.command,
    *(_part(batch.env_snapshot, name).label(name) for name in ENVIRONMENT),
)
_SET = (_part(job.extra, "config").label("config"), _part(job.extra, "optuna", "params").label("params"))
_BATCH = (
    batch.batch_key,
    batch.id,
    batch.project,
    *_RUN_IN,
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


_COLUMN = (
    *_JOB,
    *_SET,
    job.latest,
    job.summary,
    batch.id.label("batch_id"),
    batch.project,
    batch.status.label("batch_status"),
    batch.end_time.label("batch_end"),
    *_RUN_IN,
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


async def settings(connection: AsyncConnection, speakers: Sequence[Row]) -> dict[int, list[Row]]:
    """By batch, the undeleted jobs that share model and data set with its speaker, with what they were run with."""
    if not speakers:
        return {}
    same = (
        sa.and_(
            job.batch_key == one.batch_key,
            job.model.is_not_distinct_from(one.model),
            job.dataset.is_not_distinct_from(one.dataset),
        )
        for one in speakers
    )
    query = (
        sa.select(job.batch_key, job.job_no, job.job_id, *_SET)
        .where(sa.or_(*same), job.deleted_at.is_(None))
        .order_by(job.batch_key, job.job_no)
    )
    found: dict[int, list[Row]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.batch_key].append(row)
    return found


async def curve_names(connection: AsyncConnection, speakers: Sequence[Row]) -> set[str]:
    """The names of all curves that these jobs have."""
    if not speakers:
        return set()
    these = (sa.and_(job.batch_key == one.batch_key, job.job_no == one.job_no) for one in speakers)
    query = sa.select(job.summary).where(sa.or_(*these))
    return {name for summary in (await connection.execute(query)).scalars() for name in summary or {}}


async def columns(
    connection: AsyncConnection, actor: Actor, wanted: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Row]:
    """By batch's and job's id, those of these undeleted jobs that the caller sees."""
    by_batch: dict[str, list[str]] = defaultdict(list)
    for batch_id, job_id in wanted:
        by_batch[batch_id].append(job_id)
    any_of = (sa.and_(batch.id == batch_id, job.job_id.in_(ids)) for batch_id, ids in by_batch.items())
    query = (
        sa.select(*_COLUMN)
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(visible(actor), job.deleted_at.is_(None), sa.or_(*any_of))
    )
    return {(row.batch_id, row.job_id): row for row in await connection.execute(query)}
