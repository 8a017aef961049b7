"""Looks for words among what the caller sees. The work is bounded: of jobs the newest are read, and those whose id
begins with the text are found by an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.holdings import single, whole
from argus_catalog.access.visibility import visible
from argus_kit.actor import Actor
from argus_schema import catalog as own
from argus_schema import ingest

batch = ingest.batch.c
job = ingest.job.c
holding = ingest.holding.c
host = ingest.host.c
seen = ingest.host_batch.c
meta = own.project_meta.c

Row = Any

_NEWEST_JOBS: Final = 5_000
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
# Names of projects that were deleted.
_GONE = sa.select(meta.project).where(meta.deleted_at.is_not(None))


def _has(words: Sequence[str], *columns: Any) -> sa.ColumnElement[bool]:
    return sa.and_(*(sa.or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words))


async def projects(connection: AsyncConnection, actor: Actor, words: Sequence[str], limit: int) -> Sequence[Row]:
    """Projects, the latest at work first."""
    names = _projects(actor)
    mine = batch.project == names.c.project
    # A walk from the newest end of an index, where the largest of all starts would be a look at every batch.
    latest = (
        sa.select(batch.start_time)
        .where(visible(actor), mine, batch.start_time.is_not(None))
        .order_by(batch.start_time.desc())
        .limit(1)
        .correlate(names)
        .scalar_subquery()
    )
    query = (
        sa.select(names.c.project)
        .where(names.c.project != "", names.c.project.not_in(_GONE), _has(words, names.c.project))
        .order_by(latest.desc().nulls_last(), names.c.project)
        .limit(limit)
    )
    return (await connection.execute(query)).all()


def _projects(actor: Actor) -> sa.Subquery:
    """The names of the projects of which the caller sees a batch, from the sums that are kept of them."""
    held = sa.select(holding.project).where(whole(actor), holding.n_batches > 0)
    beside = single(actor)
    if isinstance(beside, sa.sql.elements.False_):
        return held.distinct().subquery()
    return sa.union(held, sa.select(batch.project).where(beside)).subquery()


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
    newest = _newest(actor, job.job_no, job.job_id, job.model, job.dataset)
    found = newest.c
    same = sa.and_(job.batch_key == found.batch_key, job.job_no == found.job_no)
    query = (
        sa.select(*_JOB)
        .select_from(newest.join(ingest.job, same).join(ingest.batch, job.batch_key == batch.batch_key))
        .where(_has(words, found.job_id, found.model, found.dataset))
        .order_by(found.start_time.desc())
        .limit(limit)
    )
    return (await connection.execute(query)).all()


def _newest(actor: Actor, *columns: Any, limit: Any = _NEWEST_JOBS) -> sa.Subquery:
    """Columns of the jobs that started last, of those that the caller sees."""
    return (
        sa.select(job.batch_key, job.start_time, *columns)
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(visible(actor), job.deleted_at.is_(None), job.start_time.is_not(None))
        .order_by(job.start_time.desc())
        .limit(limit)
        .subquery()
    )


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
    newest = _newest(actor, job.study_name, limit=sa.case((_is_study(words), _NEWEST_JOBS), else_=0))
    name = newest.c.study_name
    query = sa.select(name.label("study"), sa.func.count().label("n_trials")).where(name != "", _has(words, name))
    return (await connection.execute(query.group_by(name).order_by(sa.desc("n_trials"), name).limit(limit))).all()


def _is_study(words: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether any study, of whomever, has these words: a step in the index for each name, however many its trials.
    Mostly there is none, and no job need be read. As a condition on jobs SQLite would ask each of them.
    """
    first = sa.select(sa.func.min(job.study_name).label("name")).where(job.study_name > "")
    names = first.cte("names", recursive=True)
    following = ingest.job.alias()
    step = sa.select(sa.func.min(following.c.study_name)).where(following.c.study_name > names.c.name)
    names = names.union_all(sa.select(step.correlate(names).scalar_subquery()).where(names.c.name.is_not(None)))
    return sa.select(names.c.name).where(names.c.name.is_not(None), _has(words, names.c.name)).exists()
