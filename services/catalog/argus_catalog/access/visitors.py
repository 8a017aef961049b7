"""What is open to everyone: batches of published projects, and single ones by the slug of a public link.

A visitor names a batch of a published project by its id, and any other one by the slug in its link, where an id is
expected: that is what public pages ask with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts.errors import ErrorCode
from argus_kit.clock import now
from argus_kit.errors import ArgusError
from argus_schema import catalog as own
from argus_schema import ingest
from argus_schema.access import exists_for_people

batch = ingest.batch.c
link = own.public_share.c
meta = own.project_meta.c


def published() -> sa.ColumnElement[bool]:
    """The condition on `batch` rows that everyone may see them."""
    projects = sa.select(meta.project).where(meta.is_public.is_(True), meta.deleted_at.is_(None))
    return sa.and_(exists_for_people(), batch.project.in_(projects))


async def linked(connection: AsyncConnection, slugs: Sequence[str], *columns: Any) -> dict[str, Any]:
    """By slug, the columns of the batch to which an open link leads.

    Raises:
        ArgusError: public_share.expired, when a single one is asked for, and its link has ended.
    """
    query = (
        sa.select(link.slug, link.expires_at, *columns)
        .join_from(own.public_share, ingest.batch, batch.id == link.batch_id)
        .where(link.slug.in_(slugs), exists_for_people())
    )
    rows = (await connection.execute(query)).all()
    is_open = {row.slug: row.expires_at is None or row.expires_at > now() for row in rows}
    if len(slugs) == 1 and False in is_open.values():
        raise ArgusError(ErrorCode.PUBLIC_SHARE_EXPIRED)
    return {row.slug: row[2:] for row in rows if is_open[row.slug]}
