"""Rows of `artifact`, and the batches and jobs that a person may see or change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.identity import Actor
from argus_schema import catalog
from argus_schema import ingest as tables

_batch, _job, _artifact = tables.batch.c, tables.job.c, tables.artifact.c
_EDITING_ROLES = ("owner", "editor")


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Batches whose artifacts a person may see."""
    if actor.is_admin:
        return sa.true()
    return sa.or_(_batch.owner_id == actor.user_id, _shared(actor.user_id, editing=False))


def editable_by(actor: Actor) -> sa.ColumnElement[bool]:
    """Batches to which a person may add."""
    if actor.is_admin:
        return sa.true()
    return sa.or_(_batch.owner_id == actor.user_id, _shared(actor.user_id, editing=True))


def _shared(user_id: int, *, editing: bool) -> sa.ColumnElement[bool]:
    one, project, member = catalog.batch_share.c, catalog.project_share.c, catalog.project_member.c
    by_batch = sa.exists().where(one.batch_id == _batch.id, one.grantee_id == user_id)
    by_project = sa.exists().where(
        project.owner_id == _batch.owner_id, project.project == _batch.project, project.grantee_id == user_id
    )
    by_membership = sa.exists().where(member.project == _batch.project, member.user_id == user_id)
    if editing:
        by_batch = by_batch.where(one.permission == "editor")
        by_project = by_project.where(project.permission == "editor")
        by_membership = by_membership.where(member.role.in_(_EDITING_ROLES))
    return sa.or_(by_batch, by_project, by_membership)


def _places(actor: Actor) -> sa.Select[Any]:
    """Batches, with whether the caller may add to each; the likeliest one first: own before shared, new before old."""
    return (
        sa.select(_batch.batch_key, _batch.id.label("batch_id"), editable_by(actor).label("may_edit"))
        .where(visible_to(actor), _batch.deleted_at.is_(None), ~_batch.is_placeholder)
        .order_by((_batch.owner_id == actor.user_id).desc(), _batch.batch_key.desc())
    )


async def batch_place(connection: AsyncConnection, actor: Actor, batch_id: str) -> sa.Row[Any] | None:
    """The batch, if the caller may see it."""
    found: sa.Row[Any] | None = (await connection.execute(_places(actor).where(_batch.id == batch_id))).one_or_none()
    return found


async def job_places(
    connection: AsyncConnection, actor: Actor, job_id: str, batch_id: str | None
) -> Sequence[sa.Row[Any]]:
    """The batches that have a job of this id, of those that the caller may see; in the order of `_places`."""
    query = _places(actor).join(tables.job, _job.batch_key == _batch.batch_key)
    query = query.where(_job.job_id == job_id, _job.deleted_at.is_(None))
    if batch_id is not None:
        query = query.where(_batch.id == batch_id)
    found: Sequence[sa.Row[Any]] = (await connection.execute(query.limit(20))).all()
    return found


async def of_job(connection: AsyncConnection, batch_key: int, job_id: str) -> Sequence[sa.Row[Any]]:
    """A job's artifacts, oldest first."""
    query = sa.select(tables.artifact).where(_artifact.batch_key == batch_key, _artifact.job_id == job_id)
    return (await connection.execute(query.order_by(_artifact.id))).all()


async def find(connection: AsyncConnection, actor: Actor, artifact_id: int) -> sa.Row[Any] | None:
    """One artifact with its batch, if the caller may see it."""
    query = (
        sa.select(tables.artifact, _batch.id.label("batch_id"), _batch.owner_id)
        .join(tables.batch, _batch.batch_key == _artifact.batch_key)
        .where(_artifact.id == artifact_id, visible_to(actor), _batch.deleted_at.is_(None))
    )
    found: sa.Row[Any] | None = (await connection.execute(query)).one_or_none()
    return found


async def used_bytes(connection: AsyncConnection, batch_key: int, job_id: str | None) -> int:
    """Bytes that a job's artifacts (or those of the batch itself) take. Locks the batch, so that sums stay true."""
    await connection.execute(sa.select(_batch.batch_key).where(_batch.batch_key == batch_key).with_for_update())
    mine = _artifact.job_id == job_id if job_id is not None else _artifact.job_id.is_(None)
    query = sa.select(sa.func.coalesce(sa.func.sum(_artifact.size_bytes), 0))
    return int((await connection.execute(query.where(_artifact.batch_key == batch_key, mine))).scalar_one())


async def add(connection: AsyncConnection, values: dict[str, Any]) -> sa.Row[Any]:
    """Insert an artifact."""
    statement = sa.insert(tables.artifact).values(values).returning(tables.artifact)
    row: sa.Row[Any] = (await connection.execute(statement)).one()
    return row


async def remove(connection: AsyncConnection, artifact_id: int) -> None:
    """Delete an artifact's row."""
    await connection.execute(sa.delete(tables.artifact).where(_artifact.id == artifact_id))
