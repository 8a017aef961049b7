"""Rows of `artifact`, and the batches and jobs that a person may see or change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_kit.policy import Permission, role_for
from argus_schema import access
from argus_schema import ingest as tables

_batch, _job, _artifact = tables.batch.c, tables.job.c, tables.artifact.c


class Used(NamedTuple):
    """Bytes that lie there already: of the job (or the batch itself), and of the batch with all its jobs."""

    own: int
    batch: int


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Batches whose artifacts a person may see."""
    return access.visible_to(actor)


def _places(actor: Actor) -> sa.Select[Any]:
    """Batches, with whether the caller may add to each; the likeliest one first: own before shared, new before old."""
    may_edit = access.held_by(actor, role_for(Permission.ARTIFACTS_WRITE))
    return (
        sa.select(_batch.batch_key, _batch.id.label("batch_id"), may_edit.label("may_edit"))
        .where(visible_to(actor))
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


def _owned_by(job_id: str | None) -> sa.ColumnElement[bool]:
    return _artifact.job_id.is_(None) if job_id is None else _artifact.job_id == job_id


async def of_job(
    connection: AsyncConnection, batch_key: int, job_id: str | None, after: int, limit: int
) -> Sequence[sa.Row[Any]]:
    """Artifacts of a job, or (None) of a batch itself, oldest first."""
    mine = sa.select(tables.artifact).where(_artifact.batch_key == batch_key, _owned_by(job_id), _artifact.id > after)
    return (await connection.execute(mine.order_by(_artifact.id).limit(limit))).all()


async def of_batch(connection: AsyncConnection, batch_key: int, after: int, limit: int) -> Sequence[sa.Row[Any]]:
    """Artifacts of a batch and of all its jobs that were not deleted, oldest first."""
    hidden = sa.select(_job.job_id).where(_job.batch_key == batch_key, _job.deleted_at.is_not(None))
    shown = sa.or_(_artifact.job_id.is_(None), _artifact.job_id.not_in(hidden))
    query = sa.select(tables.artifact).where(_artifact.batch_key == batch_key, shown, _artifact.id > after)
    return (await connection.execute(query.order_by(_artifact.id).limit(limit))).all()


async def find(connection: AsyncConnection, actor: Actor, artifact_id: int) -> sa.Row[Any] | None:
    """One artifact with its batch, if the caller may see it, and with `may_delete`."""
    may_delete = access.held_by(actor, role_for(Permission.ARTIFACTS_DELETE)).label("may_delete")
    query = (
        sa.select(tables.artifact, _batch.id.label("batch_id"), may_delete)
        .join(tables.batch, _batch.batch_key == _artifact.batch_key)
        .where(_artifact.id == artifact_id, visible_to(actor))
    )
    found: sa.Row[Any] | None = (await connection.execute(query)).one_or_none()
    return found


async def lock_batch(connection: AsyncConnection, batch_key: int) -> bool:
    """Hold a batch until the commit, so that sums of its artifacts stay true. False: it was deleted meanwhile."""
    query = sa.select(_batch.batch_key).where(_batch.batch_key == batch_key, _batch.deleted_at.is_(None))
    return (await connection.execute(query.with_for_update())).first() is not None


async def used_bytes(connection: AsyncConnection, batch_key: int, job_id: str | None) -> Used:
    """What a job's artifacts (or those of the batch itself) take, and what all of the batch take."""
    own = sa.func.sum(sa.case((_owned_by(job_id), _artifact.size_bytes), else_=0))
    query = sa.select(sa.func.coalesce(own, 0), sa.func.coalesce(sa.func.sum(_artifact.size_bytes), 0))
    row = (await connection.execute(query.where(_artifact.batch_key == batch_key))).one()
    return Used(int(row[0]), int(row[1]))


async def add(connection: AsyncConnection, values: dict[str, Any]) -> sa.Row[Any]:
    """Insert an artifact."""
    statement = sa.insert(tables.artifact).values(values).returning(tables.artifact)
    row: sa.Row[Any] = (await connection.execute(statement)).one()
    return row


async def remove(connection: AsyncConnection, artifact_ids: Sequence[int]) -> None:
    """Delete rows of artifacts."""
    await connection.execute(sa.delete(tables.artifact).where(_artifact.id.in_(artifact_ids)))


async def named_in(connection: AsyncConnection, batch_key: int) -> set[str]:
    """The paths that rows of a batch name."""
    query = sa.select(_artifact.path).where(_artifact.batch_key == batch_key)
    return set((await connection.execute(query)).scalars())
