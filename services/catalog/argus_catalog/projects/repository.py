"""Reads projects. A project is what visible batches say it is: it exists while it has one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.holdings import single
from argus_catalog.access.visibility import Scope, visible
from argus_catalog.derivations.status import RUNNING
from argus_catalog.jobs.repository import LISTED
from argus_kit.actor import Actor
from argus_schema import catalog as own
from argus_schema import ingest

batch = ingest.batch.c
job = ingest.job.c
meta = own.project_meta.c

Row = Any

_RUNS = sa.or_(batch.status.in_(RUNNING), batch.status.is_(None))


def in_project_views(actor: Actor, scope: Scope = "all") -> sa.ColumnElement[bool]:
    """Visible batches whose project was not deleted: a deleted name stays hidden from project views for ever."""
    return sa.and_(visible(actor, scope), not_deleted(batch.project))


def not_deleted(project: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The name belongs to no project that was deleted."""
    return project.not_in(sa.select(meta.project).where(meta.deleted_at.is_not(None)))


async def starts_since(
    connection: AsyncConnection, actor: Actor, scope: Scope, since: datetime, only: str | None = None
) -> Sequence[tuple[str, datetime]]:
    """Project and start of each single shared batch that began since a time."""
    beside = single(actor, scope)
    if isinstance(beside, sa.sql.elements.False_):
        return []
    query = sa.select(batch.project, batch.start_time).where(
        beside, not_deleted(batch.project), batch.start_time >= since
    )
    return [(project, start) for project, start in await connection.execute(query)]


async def first_and_recent(
    connection: AsyncConnection, actor: Actor, project: str, week_ago: datetime
) -> tuple[datetime | None, int]:
    """When the first visible batch of a project began, and how many began since a time."""
    mine = (in_project_views(actor), batch.project == project)
    first = sa.select(batch.start_time).where(*mine, batch.start_time.is_not(None)).order_by(batch.start_time).limit(1)
    recent = sa.select(sa.func.count()).where(*mine, batch.start_time >= week_ago)
    return (await connection.execute(first)).scalar(), (await connection.execute(recent)).scalar_one()


async def last_events(
    connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None = None
) -> Sequence[tuple[str, datetime | None]]:
    """Of each project with running batches, the newest sign of life of those."""
    query = sa.select(batch.project, sa.func.max(batch.last_event_at)).where(*_running(actor, scope, only))
    return [(project, at) for project, at in await connection.execute(query.group_by(batch.project))]


async def paces(
    connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None = None
) -> Sequence[tuple[int, str, int]]:
    """Running batches of which jobs are done, the latest start first: key, project, how many are done."""
    query = (
        sa.select(batch.batch_key, batch.project, batch.n_done)
        .where(*_running(actor, scope, only), batch.n_done > 0)
        .order_by(batch.start_time.desc().nulls_last(), batch.batch_key.desc())
    )
    return [(key, project, n_done) for key, project, n_done in await connection.execute(query)]


def _running(actor: Actor, scope: Scope, only: str | None) -> list[sa.ColumnElement[bool]]:
    of_project = [] if only is None else [batch.project == only]
    return [in_project_views(actor, scope), _RUNS, *of_project]


async def running(connection: AsyncConnection, actor: Actor, project: str) -> Sequence[Row]:
    """The running batches of a project with what their cards need, the latest start first."""
    query = (
        sa.select(
            batch.batch_key,
            batch.id,
            batch.project,
            batch.owner_id,
            batch.user,
            batch.host,
            batch.status,
            batch.n_total,
            batch.n_done,
            batch.n_failed,
            batch.start_time,
            batch.end_time,
            batch.paused_at,
            batch.paused_s,
            batch.last_event_at,
        )
        .where(in_project_views(actor), batch.project == project, _RUNS)
        .order_by(batch.start_time.desc().nulls_last(), batch.batch_key.desc())
    )
    return (await connection.execute(query)).all()


async def starred(connection: AsyncConnection, user_id: int) -> set[str]:
    """Projects that a person starred."""
    star = own.star.c
    query = sa.select(star.target_id).where(star.user_id == user_id, star.target_type == "project")
    return set((await connection.execute(query)).scalars())


async def published(connection: AsyncConnection, project: str) -> Row | None:
    """What is set for a project."""
    query = sa.select(meta.is_public, meta.public_description).where(meta.project == project)
    return (await connection.execute(query)).first()


async def is_visible(connection: AsyncConnection, actor: Actor, project: str) -> bool:
    """Whether the caller sees any batch of a project."""
    query = sa.select(batch.batch_key).where(in_project_views(actor), batch.project == project).limit(1)
    return (await connection.execute(query)).first() is not None


async def existing(connection: AsyncConnection, actor: Actor, projects: Sequence[str]) -> set[str]:
    """Those of these projects of which the caller sees a batch."""
    query = sa.select(batch.project).where(in_project_views(actor), batch.project.in_(projects)).distinct()
    return set((await connection.execute(query)).scalars())


async def deleted_names(connection: AsyncConnection, projects: Sequence[str]) -> set[str]:
    """Those of these names that belonged to a project which was deleted."""
    query = sa.select(meta.project).where(meta.project.in_(projects), meta.deleted_at.is_not(None))
    return set((await connection.execute(query)).scalars())


async def jobs(connection: AsyncConnection, actor: Actor, project: str) -> Sequence[Row]:
    """All undeleted jobs of a project, with their batches, in the order of their end."""
    query = (
        sa.select(
            *LISTED,
            batch.id.label("batch_id"),
            batch.status.label("batch_status"),
            batch.end_time.label("batch_end"),
            batch.host,
        )
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(in_project_views(actor), batch.project == project, job.deleted_at.is_(None))
        .order_by(job.end_time.asc().nulls_last(), job.batch_key, job.job_no)
    )
    return (await connection.execute(query)).all()


async def usage(connection: AsyncConnection, actor: Actor, project: str) -> Sequence[Row]:
    """Of each ended job of a project: host, status, end and seconds."""
    query = (
        sa.select(batch.host, job.status, job.end_time, job.elapsed_s)
        .join_from(ingest.job, ingest.batch, job.batch_key == batch.batch_key)
        .where(in_project_views(actor), batch.project == project, job.deleted_at.is_(None), job.end_time.is_not(None))
    )
    return (await connection.execute(query)).all()


async def batches_by_host(connection: AsyncConnection, actor: Actor, project: str) -> dict[str, int]:
    """How many batches of a project ran on each host."""
    query = (
        sa.select(batch.host, sa.func.count())
        .where(in_project_views(actor), batch.project == project, batch.host.is_not(None))
        .group_by(batch.host)
    )
    return dict(tuple(row) for row in await connection.execute(query))
