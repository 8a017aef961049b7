"""Reads projects. A project is what visible batches say it is: it exists while it has one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import Scope, visible
from argus_catalog.derivations.status import RUNNING
from argus_catalog.jobs.repository import LISTED
from argus_kit.actor import Actor
from argus_schema import auth, ingest
from argus_schema import catalog as own

batch = ingest.batch.c
job = ingest.job.c
meta = own.project_meta.c

Row = Any


def in_project_views(actor: Actor, scope: Scope = "all") -> sa.ColumnElement[bool]:
    """Visible batches whose project was not deleted: a deleted name stays hidden from project views for ever."""
    gone = sa.select(meta.project).where(meta.deleted_at.is_not(None))
    return sa.and_(visible(actor, scope), batch.project.not_in(gone))


async def totals(
    connection: AsyncConnection, actor: Actor, scope: Scope, *, week_ago: datetime, only: str | None = None
) -> Sequence[Row]:
    """By project: batches, running ones, ended jobs, first and last sign of life."""
    query = (
        sa.select(
            batch.project,
            sa.func.count().label("n_batches"),
            sa.func.sum(sa.case((batch.status.in_(RUNNING), 1), else_=0)).label("running_batches"),
            sa.func.sum(batch.n_done).label("jobs_done"),
            sa.func.sum(batch.n_failed).label("jobs_failed"),
            sa.func.min(batch.start_time).label("first_event_at"),
            sa.func.max(batch.last_event_at).label("last_event_at"),
            sa.func.sum(sa.case((batch.start_time >= week_ago, 1), else_=0)).label("batches_this_week"),
        )
        .where(in_project_views(actor, scope))
        .group_by(batch.project)
    )
    if only is not None:
        query = query.where(batch.project == only)
    return (await connection.execute(query)).all()


async def owners(
    connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None = None
) -> dict[str, list[str]]:
    """By project, the accounts that own visible batches of it, sorted."""
    query = (
        sa.select(batch.project, auth.user.c.username)
        .join(auth.user, auth.user.c.id == batch.owner_id)
        .where(in_project_views(actor, scope))
        .distinct()
        .order_by(batch.project, auth.user.c.username)
    )
    if only is not None:
        query = query.where(batch.project == only)
    found: dict[str, list[str]] = {}
    for project, username in await connection.execute(query):
        found.setdefault(project, []).append(username)
    return found


async def elapsed_sums(
    connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None = None
) -> dict[str, float]:
    """By project, how many seconds its jobs took in all."""
    query = (
        sa.select(batch.project, sa.func.sum(job.elapsed_s))
        .join(ingest.job, job.batch_key == batch.batch_key)
        .where(in_project_views(actor, scope), job.deleted_at.is_(None), job.elapsed_s.is_not(None))
        .group_by(batch.project)
    )
    if only is not None:
        query = query.where(batch.project == only)
    return {project: float(total) for project, total in await connection.execute(query)}


async def starts_since(
    connection: AsyncConnection, actor: Actor, scope: Scope, since: datetime
) -> Sequence[tuple[str, datetime]]:
    """Project and start of each batch that began since a time."""
    query = sa.select(batch.project, batch.start_time).where(in_project_views(actor, scope), batch.start_time >= since)
    return [(project, start) for project, start in await connection.execute(query)]


async def recent_results(
    connection: AsyncConnection, actor: Actor, scope: Scope, at_most: int, only: str | None = None
) -> Sequence[Row]:
    """Model, dataset and final metrics of the most recently finished jobs, with their project."""
    query = (
        sa.select(batch.project, job.model, job.dataset, job.metrics)
        .join(ingest.batch, batch.batch_key == job.batch_key)
        .where(job.status == "done", job.deleted_at.is_(None), in_project_views(actor, scope))
        .order_by(job.end_time.desc())
        .limit(at_most)
    )
    if only is not None:
        query = query.where(batch.project == only)
    return (await connection.execute(query)).all()


async def running(
    connection: AsyncConnection, actor: Actor, scope: Scope = "all", only: str | None = None
) -> Sequence[Row]:
    """Running batches with what their cards need, the latest start first."""
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
            batch.last_event_at,
        )
        .where(in_project_views(actor, scope), sa.or_(batch.status.in_(RUNNING), batch.status.is_(None)))
        .order_by(batch.start_time.desc().nulls_last(), batch.batch_key.desc())
    )
    if only is not None:
        query = query.where(batch.project == only)
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
