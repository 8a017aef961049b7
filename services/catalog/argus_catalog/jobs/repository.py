"""Reads jobs. Lists never touch the points of curves: the newest epoch stands in the job's row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.holdings import single, whole
from argus_catalog.access.visibility import Scope, hidden, sees_everything, visible
from argus_catalog.derivations.progress import EPOCH_KEYS
from argus_contracts.timestamps import parse_timestamp
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_schema import ingest
from argus_schema.statuses import LIVE_JOB, LOST, TERMINAL

batch = ingest.batch.c
holding = ingest.holding.c
job = ingest.job.c

Row = Any

_AGE = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

LISTED = (
    job.batch_key,
    job.job_no,
    job.job_id,
    job.model,
    job.dataset,
    job.status,
    job.start_time,
    job.end_time,
    job.elapsed_s,
    job.paused_s,
    job.metrics,
    job.reason,
    job.is_idle_flagged,
    job.n_points,
    job.last_epoch,
    job.first_epoch_at,
    job.last_epoch_at,
    job.latest,
    job.val_loss_trace,
    job.extra["run_dir"].as_string().label("run_dir"),
    # How many epochs the start announced; the whole of `extra` may be long and stays out of lists.
    sa.func.coalesce(*(job.extra[key].as_string() for key in EPOCH_KEYS)).label("announced_epochs"),
)


class JobFilter(NamedTuple):
    """Which jobs are wanted. `status` in any case; `since` like 30m, 24h, 7d, or a time."""

    status: str | None = None
    project: str | None = None
    host: str | None = None
    batch_id: str | None = None
    since: str | None = None
    scope: Scope = "all"
    text: str | None = None
    page: int = 1
    page_size: int = 50


async def of_batches(connection: AsyncConnection, batch_keys: Sequence[int]) -> dict[int, list[Row]]:
    """By batch, its undeleted jobs in the order of their start."""
    if not batch_keys:
        return {}
    query = (
        sa.select(*LISTED)
        .where(job.batch_key.in_(batch_keys), job.deleted_at.is_(None))
        .order_by(job.batch_key, job.start_time.asc().nulls_last(), job.job_id)
    )
    found: dict[int, list[Row]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.batch_key, []).append(row)
    return found


_PAGED = (
    *LISTED,
    batch.id.label("batch_id"),
    batch.project,
    batch.host,
    batch.name.label("batch_name"),
    batch.status.label("batch_status"),
    batch.end_time.label("batch_end"),
)
_JOINED = ingest.job.join(ingest.batch, job.batch_key == batch.batch_key)


async def page(connection: AsyncConnection, actor: Actor, chosen: JobFilter) -> tuple[Sequence[Row], int]:
    """One page of jobs with their batches' facts, and how many there are in all."""
    conditions = _conditions(chosen)
    if conditions is None:
        return [], 0
    where = (visible(actor, chosen.scope), job.deleted_at.is_(None), *conditions)
    total = await _total(connection, actor, chosen, where)
    skipped = (chosen.page - 1) * chosen.page_size
    # Those without a start come last, and are asked for by themselves: PostgreSQL has its index the other way round.
    begun = sa.select(*_PAGED).select_from(_JOINED).where(*where, job.start_time.is_not(None))
    begun = begun.order_by(job.start_time.desc(), job.job_id, job.batch_key).limit(chosen.page_size).offset(skipped)
    rows = list((await connection.execute(begun)).all())
    if len(rows) < min(chosen.page_size, total - skipped):
        rows += await _without_start(connection, where, skipped + len(rows), chosen.page_size - len(rows), total)
    return rows, total


async def _without_start(
    connection: AsyncConnection, where: Sequence[sa.ColumnElement[bool]], skipped: int, limit: int, total: int
) -> Sequence[Row]:
    others = sa.select(sa.func.count()).select_from(_JOINED).where(*where, job.start_time.is_(None))
    before = total - int((await connection.execute(others)).scalar_one())
    query = sa.select(*_PAGED).select_from(_JOINED).where(*where, job.start_time.is_(None))
    query = query.order_by(job.job_id, job.batch_key).limit(limit).offset(max(0, skipped - before))
    rows: Sequence[Row] = (await connection.execute(query)).all()
    return rows


async def _total(
    connection: AsyncConnection, actor: Actor, chosen: JobFilter, where: Sequence[sa.ColumnElement[bool]]
) -> int:
    """How many jobs there are: from sums where no single job has to be looked at."""
    if chosen.status or chosen.since or chosen.text:
        query = sa.select(sa.func.count()).select_from(_JOINED).where(*where)
        if (status := (chosen.status or LOST).lower()) not in {LOST, *LIVE_JOB}:
            # Ingest keeps statuses in lower case. Compared with how they may be kept, they are counted in an index;
            # pages stay with the index of starts, since to sort all of a status takes longer than to walk there.
            spelled = job.status.in_((status, status.upper(), status.capitalize()))
            if chosen == JobFilter(chosen.status, scope=chosen.scope, page=chosen.page, page_size=chosen.page_size):
                return await _with_status(connection, actor, chosen.scope, spelled)
            query = query.where(spelled)
        return int((await connection.execute(query)).scalar_one())
    if chosen.host or chosen.batch_id or chosen.scope == "public":
        exact = ((batch.project, chosen.project), (batch.host, chosen.host), (batch.id, chosen.batch_id))
        named = [column == value for column, value in exact if value]
        query = sa.select(sa.func.sum(batch.n_jobs)).where(visible(actor, chosen.scope), *named)
        return int((await connection.execute(query)).scalar() or 0)
    return await how_many(connection, actor, chosen.scope, chosen.project)


async def _with_status(connection: AsyncConnection, actor: Actor, scope: Scope, spelled: sa.ColumnElement[bool]) -> int:
    """How many visible jobs have a status: jobs from the index alone, batches read once, or hidden ones alone."""
    if sees_everything(actor, scope):
        seen = job.batch_key.not_in(hidden())
    else:
        seen = job.batch_key.in_(sa.select(batch.batch_key).where(visible(actor, scope)))
    query = sa.select(sa.func.count()).where(job.deleted_at.is_(None), spelled, seen)
    return int((await connection.execute(query)).scalar_one())


async def how_many(connection: AsyncConnection, actor: Actor, scope: Scope, project: str | None = None) -> int:
    """How many jobs the caller sees, or sees of a project, from the sums that are kept; not for the scope "public"."""
    sums = sa.select(sa.func.sum(holding.n_jobs)).where(whole(actor, scope))
    more = sa.select(sa.func.sum(batch.n_jobs)).where(single(actor, scope))
    if project:
        sums, more = sums.where(holding.project == project), more.where(batch.project == project)
    return sum([int((await connection.execute(query)).scalar() or 0) for query in (sums, more)])


def _conditions(chosen: JobFilter) -> list[sa.ColumnElement[bool]] | None:
    found: list[sa.ColumnElement[bool]] = []
    exact = ((batch.project, chosen.project), (batch.host, chosen.host), (batch.id, chosen.batch_id))
    found += [column == value for column, value in exact if value]
    if chosen.status:
        found.append(_has_status(chosen.status.lower()))
    if chosen.since:
        since = parse_since(chosen.since)
        if since is None:
            return None
        found.append(job.start_time >= since)
    if chosen.text:
        searched = (job.job_id, job.model, job.dataset)
        found += [
            sa.or_(*(column.icontains(word, autoescape=True) for column in searched)) for word in chosen.text.split()
        ]
    return found


def _has_status(status: str) -> sa.ColumnElement[bool]:
    # The same rule as `derivations.status.shown_job_status`, for the database to apply.
    heard_later = sa.or_(job.last_epoch_at > batch.end_time, job.start_time > batch.end_time)
    is_lost = sa.and_(
        job.status.in_(LIVE_JOB), batch.status.in_(TERMINAL), sa.not_(sa.func.coalesce(heard_later, sa.false()))
    )
    if status == LOST:
        return sa.or_(job.status == LOST, is_lost)
    if status in LIVE_JOB:
        return sa.and_(job.status == status, sa.not_(sa.func.coalesce(is_lost, sa.false())))
    return sa.func.lower(job.status) == status


def parse_since(text: str) -> datetime | None:
    """The time that `30m`, `24h`, `7d` ago or an ISO text means; None when it cannot be read."""
    age = _AGE.fullmatch(text.strip().lower())
    if age is not None:
        return now() - timedelta(**{_UNITS[age[2]]: int(age[1])})
    return parse_timestamp(text)


async def one(connection: AsyncConnection, batch_key: int, job_no: int) -> Row:
    """The row of one job with all that its start told, and its batch's command."""
    query = (
        sa.select(*LISTED, job.extra, job.summary, batch.command)
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(job.batch_key == batch_key, job.job_no == job_no)
    )
    return (await connection.execute(query)).one()
