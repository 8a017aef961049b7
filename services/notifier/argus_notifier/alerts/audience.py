"""Who may hear of what happened.

Of a batch: everyone who may see it; its owner in the inbox. Of a host: everyone who has a job there or had one within a
day, and the administrators.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.clock import now
from argus_notifier.access import people_with_access
from argus_notifier.alerts.occurrences import Batch, Occurrence
from argus_schema import auth, ingest

_REMEMBERED: Final = timedelta(days=1)
_ALIVE: Final = ("running", "stopping", "stalled", "pending", "requested")


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may hear of something.

    Attributes:
        people: whose own choices decide about mails and channels.
        inboxes: into whose inboxes it comes.
        project: whose recipients and channels may hear of it.
        batch_id: the batch about which people may have chosen.
    """

    people: frozenset[int]
    inboxes: frozenset[int]
    project: str | None = None
    batch_id: str | None = None


async def audience_of(connection: AsyncConnection, occurrence: Occurrence) -> Audience:
    """Who may hear of it."""
    if occurrence.to is not None:
        return Audience(occurrence.to, occurrence.to)
    if occurrence.batch is not None and occurrence.batch_ids:
        return await of_several(connection, occurrence.batch)
    if occurrence.batch is not None:
        return await of_batch(connection, occurrence.batch)
    people = await _people_of_host(connection, occurrence.host or "") | await admins(connection)
    return Audience(people, people)


async def of_batch(connection: AsyncConnection, batch: Batch) -> Audience:
    """Who may hear of a batch."""
    people = await people_with_access(connection, batch.id, batch.owner_id, batch.project)
    owner = frozenset() if batch.owner_id is None else frozenset({batch.owner_id})
    return Audience(frozenset(people), owner, batch.project, batch.id)


async def of_several(connection: AsyncConnection, batch: Batch) -> Audience:
    """Who may hear of all batches of its owner in its project: to whom one was shared may not."""
    people = await people_with_access(connection, "", batch.owner_id, batch.project)
    owner = frozenset() if batch.owner_id is None else frozenset({batch.owner_id})
    return Audience(frozenset(people), owner, batch.project)


async def admins(connection: AsyncConnection) -> frozenset[int]:
    """The administrators whose accounts are active."""
    user = auth.user.c
    statement = sa.select(user.id).where(user.is_admin.is_(True), user.is_active.is_(True))
    return frozenset((await connection.execute(statement)).scalars())


async def _people_of_host(connection: AsyncConnection, host: str) -> frozenset[int]:
    batch, there = ingest.batch.c, ingest.host_batch.c
    reported = sa.exists().where(there.host == host, there.batch_key == batch.batch_key)
    lately = sa.or_(batch.status.in_(_ALIVE), batch.end_time > now() - _REMEMBERED)
    statement = (
        sa.select(batch.owner_id)
        .distinct()
        .where(lately, sa.or_(batch.host == host, reported), batch.deleted_at.is_(None), batch.owner_id.is_not(None))
    )
    return frozenset((await connection.execute(statement)).scalars())
