"""What stands beside a job: its cell, its seed group, and the jobs before and after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import JobRef
from argus_catalog.matrix import repository
from argus_catalog.matrix.cells import Entry
from argus_catalog.matrix.choice import choose
from argus_catalog.matrix.schemas import NeighbourJob, Neighbours
from argus_catalog.seeds import seed_key, seed_of
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError

_MOST: Final = 100


async def neighbours(connection: AsyncConnection, actor: Actor, job: JobRef) -> Neighbours:
    """The neighbours of a job.

    Raises:
        ArgusError: job.not_found.
    """
    batch, own = job.batch, (job.batch.batch_key, job.known)
    in_batch = repository.of_batch(batch.batch_key)
    choice = await choose(connection, batch.project, in_batch, None, None)
    listed = await repository.entries(connection, in_batch, [choice.metric], with_config=True)
    place = next((i for i, one in enumerate(listed) if one.key == own), None)
    if place is None:
        raise ArgusError(ErrorCode.JOB_NOT_FOUND)
    me = listed[place]
    where = repository.of_cell(actor, batch.project, me.model, me.dataset)
    found = await repository.entries(connection, where, [choice.metric], with_config=True)
    cell = [one for one in found if one.key != own]
    key = seed_key(me.config)

    def told(one: Entry) -> NeighbourJob:
        return _told(one, choice.metric)

    return Neighbours(
        cell=[told(one) for one in _latest(cell)],
        seeds=[told(one) for one in _latest([one for one in cell if seed_key(one.config) == key])],
        previous=told(listed[place - 1]) if place else None,
        next=told(listed[place + 1]) if place + 1 < len(listed) else None,
    )


def _latest(entries: Sequence[Entry]) -> Sequence[Entry]:
    return entries[::-1][:_MOST]


def _told(one: Entry, metric: str) -> NeighbourJob:
    return NeighbourJob(
        batch_id=one.batch_id,
        job_id=one.job_id,
        model=one.model or None,
        dataset=one.dataset or None,
        status=one.status,
        seed=seed_of(one.config),
        value=one.value,
        metric=None if one.value is None else metric,
    )
