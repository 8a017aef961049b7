"""Looks for words among what the caller sees. The work is bounded: of jobs the newest are read, and those whose id
begins with the text are found by an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import visible
from argus_kit.actor import Actor
from argus_schema import catalog as own
from argus_schema import ingest

batch = ingest.batch.c
job = ingest.job.c
host = ingest.host.c
seen = ingest.host_batch.c
meta = own.project_meta.c

Row = Any

_NEWEST_JOBS: Final = 5_000
_NEWEST_TRIALS: Final = 5_000
# The largest code point: no text that begins with another one comes after it and this.
_LAST: Final = "\U0010ffff"

_JOB = (
    job.job_id,
    job.model,
    job.dataset,
    job.status,
    job.start_time,
    job.last_epoch_at,
    batch.id.label("batch_id"),
    batch.name.label("batch_name"),
    batch.project,
    batch.status.label("batch_status"),
    batch.end_time.label("batch_end"),
)
_STUDY = job.study_name


def _has(words: Sequence[str], *columns: Any) -> sa.ColumnElement[bool]:
    return sa.and_(*(sa.or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words))


async def projects(connection: AsyncConnection, actor: Actor, words: Sequence[str], limit: int) -> Sequence[Row]:
    """Projects with their number of batches, the latest at work first."""
    gone = sa.select(meta.project).where(meta.deleted_at.is_not(None))
    query = (
        sa.select(batch.project, sa.func.count().label("n_batches"))
        .where(visible(actor), batch.project != "", batch.project.not_in(gone), _has(words, batch.project))
        .group_by(batch.project)
        .order_by(sa.func.max(batch.start_time).desc().nulls_last(), batch.project)
        .limit(limit)
    )
    return (await connection.execute(query)).all()


async def batches(connection: AsyncConnection, actor: Actor, words: Sequence[str], limit: int) -> Sequence[Row]:
    """Batches by id or name, the latest start first."""
    query = (
        sa.select(batch.id, batch.name, batch.project, batch.status)
        .where(visible(actor), _has(words, batch.id, batch.name))
        .order_by(batch.start_time.desc().nulls_last(), batch.batch_key.desc())
        .limit(limit)
    )
    return (await connection.execute(query)).all()


async def named_jobs(connection: AsyncConnection, actor: Actor, text: str, limit: int) -> Sequence[Row]:
    """Jobs of any age whose id begins with the text, letter by letter."""
    query = (
        sa.select(*_JOB)
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(visible(actor), job.deleted_at.is_(None), _begins(connection, text))
        .limit(limit)
    )
    return (await connection.execute(query)).all()


def _begins(connection: AsyncConnection, text: str) -> sa.ColumnElement[bool]:
    if connection.dialect.name == "sqlite":
        return job.job_id.between(text, text + _LAST)
    # The order of texts is the locale's there, of patterns it is the letters'.
    return job.job_id.startswith(text, autoescape=True)


async def recent_jobs(connection: AsyncConnection, actor: Actor, words: Sequence[str], limit: int) -> Sequence[Row]:
    """Jobs by id, model or data set, among the newest that the caller sees; the latest start first."""
    newest = (
        sa.select(*_JOB)
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(visible(actor), job.deleted_at.is_(None), job.start_time.is_not(None))
        .order_by(job.start_time.desc())
        .limit(_NEWEST_JOBS)
        .subquery()
    )
    found = newest.c
    query = sa.select(newest).where(_has(words, found.job_id, found.model, found.dataset))
    return (await connection.execute(query.order_by(found.start_time.desc()).limit(limit))).all()


async def hosts(connection: AsyncConnection, actor: Actor, words: Sequence[str], limit: int) -> Sequence[Row]:
    """Hosts from which a visible batch reported, the last heard of first."""
    gone = sa.select(host.host).where(host.deleted_at.is_not(None))
    query = (
        sa.select(seen.host, sa.func.count().label("n_batches"))
        .join(ingest.batch, batch.batch_key == seen.batch_key)
        .where(visible(actor), seen.host.not_in(gone), _has(words, seen.host))
        .group_by(seen.host)
        .order_by(sa.func.max(seen.last_seen).desc(), seen.host)
        .limit(limit)
    )
    return (await connection.execute(query)).all()


async def studies(connection: AsyncConnection, actor: Actor, words: Sequence[str], limit: int) -> Sequence[Row]:
    """Studies of the newest jobs, with their number of trials among them."""
    newest = (
        sa.select(_STUDY.label("study"))
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(visible(actor), job.deleted_at.is_(None), job.start_time.is_not(None))
        .order_by(job.start_time.desc())
        .limit(_NEWEST_TRIALS)
        .subquery()
    )
    name = newest.c.study
    query = sa.select(name, sa.func.count().label("n_trials")).where(name != "", _has(words, name)).group_by(name)
    return (await connection.execute(query.order_by(sa.desc("n_trials"), name).limit(limit))).all()
