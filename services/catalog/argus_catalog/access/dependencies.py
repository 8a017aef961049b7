"""Permissions as parameters: a route that names `ReadableBatch` cannot forget to ask.

Ids may hold slashes, and published clients do not encode them. Where a batch's and a job's id follow each other, the
way to divide them is found in the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.visibility import visible
from argus_catalog.access.visitors import linked
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError
from argus_kit.platform import Reading
from argus_kit.policy import MayReadPublished, MayReadRuns, Permission, may, role_for
from argus_schema import ingest
from argus_schema.access import held_by
from argus_schema.roles import Role

batch = ingest.batch.c
job = ingest.job.c

_FORBIDDEN = {Role.OWNER: "Only the batch's owner, an owner of its project or an administrator may do this."}


@dataclass(frozen=True, slots=True)
class BatchRef:
    """A batch that the caller may see."""

    batch_key: int
    id: str
    project: str
    owner_id: int | None
    host: str | None
    status: str | None
    start_time: datetime | None
    end_time: datetime | None


@dataclass(frozen=True, slots=True)
class JobRef:
    """A job of a batch that the caller may see. `job_no` is None when no such job is known (any more)."""

    batch: BatchRef
    job_id: str
    job_no: int | None

    @property
    def known(self) -> int:
        """The job's number.

        Raises:
            ArgusError: job.not_found.
        """
        if self.job_no is None:
            raise ArgusError(ErrorCode.JOB_NOT_FOUND)
        return self.job_no


_REF = (
    batch.batch_key,
    batch.id,
    batch.project,
    batch.owner_id,
    batch.host,
    batch.status,
    batch.start_time,
    batch.end_time,
)


async def find_batch(connection: AsyncConnection, actor: Actor, batch_id: str) -> BatchRef:
    """A batch by its id.

    Raises:
        ArgusError: batch.not_found, also when the caller may not see it.
    """
    found = await find_batches(connection, actor, [batch_id])
    if not found:
        raise ArgusError(ErrorCode.BATCH_NOT_FOUND)
    return found[0]


async def find_batches(connection: AsyncConnection, actor: Actor, batch_ids: Sequence[str]) -> list[BatchRef]:
    """Those of these batches that the caller may see."""
    return list((await named_batches(connection, actor, batch_ids)).values())


async def named_batches(connection: AsyncConnection, actor: Actor, names: Sequence[str]) -> dict[str, BatchRef]:
    """The same by the name that was asked for: the id, or for visitors the slug of a public link.

    Raises:
        ArgusError: public_share.expired, when a visitor asks with nothing but the slug of a link that has ended.
    """
    query = sa.select(*_REF).where(batch.id.in_(names), visible(actor))
    found = {row.id: BatchRef(*row) for row in await connection.execute(query)}
    if actor.is_anonymous and len(found) < len(names):
        rows = await linked(connection, [name for name in names if name not in found], *_REF)
        found |= {slug: BatchRef(*row) for slug, row in rows.items()}
    return found


def _batch_for(permission: Permission) -> Any:
    """The batch in the address, for whoever has this permission and the role that it asks for."""
    caller = may(permission)

    async def find(batch_id: str, connection: Reading, actor: Actor = caller) -> BatchRef:
        found = await find_batch(connection, actor, batch_id)
        await must_hold(connection, actor, found, permission)
        return found

    return Depends(find)


async def must_hold(connection: AsyncConnection, actor: Actor, found: BatchRef, permission: Permission) -> None:
    """Let pass who has the role on this batch that the permission asks for.

    Raises:
        ArgusError: batch.forbidden.
    """
    if not await held(connection, actor, [found], permission):
        raise ArgusError(ErrorCode.BATCH_FORBIDDEN, _FORBIDDEN.get(role_for(permission)))


async def held(
    connection: AsyncConnection, actor: Actor, found: Sequence[BatchRef], permission: Permission
) -> set[int]:
    """The keys of those visible batches on which the caller has the role that the permission asks for."""
    role = role_for(permission)
    keys = {one.batch_key for one in found}
    if actor.is_admin or role is Role.VIEWER or all(one.owner_id == actor.user_id for one in found):
        return keys
    query = sa.select(batch.batch_key).where(batch.batch_key.in_(keys), held_by(actor, role))
    return set((await connection.execute(query)).scalars())


async def _readable_job(batch_id: str, job_id: str, actor: MayReadRuns, connection: Reading) -> JobRef:
    return await find_job(connection, actor, batch_id, job_id)


async def _open_job(batch_id: str, job_id: str, actor: MayReadPublished, connection: Reading) -> JobRef:
    return await find_job(connection, actor, batch_id, job_id)


async def find_job(connection: AsyncConnection, actor: Actor, batch_id: str, job_id: str) -> JobRef:
    """A job by the two ids of its address.

    Raises:
        ArgusError: batch.not_found, also when the caller may not see it.
    """
    divisions = dict(_divisions(batch_id, job_id))
    batches = await named_batches(connection, actor, list(divisions))
    if not batches:
        raise ArgusError(ErrorCode.BATCH_NOT_FOUND)
    wanted = [sa.and_(job.batch_key == b.batch_key, job.job_id == divisions[name]) for name, b in batches.items()]
    query = sa.select(job.batch_key, job.job_id, job.job_no).where(sa.or_(*wanted), job.deleted_at.is_(None))
    rows: Sequence[Any] = (await connection.execute(query)).all()
    numbers = {(row.batch_key, row.job_id): row.job_no for row in rows}
    refs = [JobRef(b, divisions[name], numbers.get((b.batch_key, divisions[name]))) for name, b in batches.items()]
    return next((ref for ref in refs if ref.job_no is not None), refs[0])


def _divisions(batch_id: str, job_id: str) -> list[tuple[str, str]]:
    parts = f"{batch_id}/{job_id}".split("/")
    return [("/".join(parts[:n]), "/".join(parts[n:])) for n in range(1, len(parts))][:16]


ReadableBatch = Annotated[BatchRef, _batch_for(Permission.RUNS_READ)]
"""The batch in the address, if the caller may see it; else 404."""
DeletableBatch = Annotated[BatchRef, _batch_for(Permission.RUNS_DELETE)]
"""The same, if the caller may delete it; else 403. So for the two below."""
OwnedBatch = Annotated[BatchRef, _batch_for(Permission.SHARES_READ)]
SharableBatch = Annotated[BatchRef, _batch_for(Permission.SHARES_CHANGE)]
ReadableJob = Annotated[JobRef, Depends(_readable_job)]
"""The job in the address, if the caller may see its batch."""
OpenBatch = Annotated[BatchRef, _batch_for(Permission.PUBLISHED_READ)]
"""Like `ReadableBatch`, and without a credential, if it was published or the address has the slug of a public link.
What such a route answers goes through `argus_catalog.public.discretion` where it names people, paths or errors."""
OpenJob = Annotated[JobRef, Depends(_open_job)]
"""The same of a job."""
