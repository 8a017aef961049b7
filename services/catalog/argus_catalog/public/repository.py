"""Reads and writes which projects are published."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visitors import published
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.access import exists_for_people

batch = ingest.batch.c
meta = own.project_meta.c

Row = Any

_OPEN = sa.and_(meta.is_public.is_(True), meta.deleted_at.is_(None))
PUBLICATION = (
    meta.project,
    meta.is_public,
    meta.public_description,
    meta.published_at,
    meta.published_by_user_id,
)


async def listed(connection: AsyncConnection) -> list[Row]:
    """Published projects that have batches, the one that was published last first."""
    counted = (
        sa.select(batch.project, sa.func.count().label("n_batches"))
        .where(published())
        .group_by(batch.project)
        .subquery()
    )
    query = (
        sa.select(meta.project, meta.public_description.label("description"), meta.published_at, counted.c.n_batches)
        .join(counted, counted.c.project == meta.project)
        .where(_OPEN)
        .order_by(meta.published_at.desc().nulls_last(), meta.project)
    )
    return list((await connection.execute(query)).mappings())


async def publications(connection: AsyncConnection) -> list[Row]:
    """What is published, also without batches, the last first."""
    query = sa.select(*PUBLICATION).where(_OPEN).order_by(meta.published_at.desc().nulls_last(), meta.project)
    return list((await connection.execute(query)).mappings())


async def publication(connection: AsyncConnection, project: str) -> Row | None:
    """What is set for one project, published or not."""
    query = sa.select(*PUBLICATION, meta.deleted_at).where(meta.project == project)
    return (await connection.execute(query)).mappings().first()


async def has_batches(connection: AsyncConnection, project: str) -> bool:
    """Whether anybody has a batch of this name."""
    query = sa.select(batch.batch_key).where(batch.project == project, exists_for_people()).limit(1)
    return (await connection.execute(query)).first() is not None
