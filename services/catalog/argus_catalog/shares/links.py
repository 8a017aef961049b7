"""Public links: made by the owner of a batch, followed by anyone."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import BatchRef, JobRef
from argus_catalog.derivations.status import shown_job_status
from argus_catalog.public.discretion import numbers_of
from argus_catalog.public.masking import masked
from argus_catalog.shares.schemas import PublicBatch, PublicJob, PublicShare
from argus_catalog.writing import Change
from argus_contracts.errors import ErrorCode
from argus_contracts.timestamps import parse_timestamp
from argus_kit.actor import Actor
from argus_kit.clock import now
from argus_kit.errors import ArgusError, RateLimited
from argus_kit.platform import Reading, platform_of
from argus_schema import auth, ingest
from argus_schema import catalog as own
from argus_schema.access import exists_for_people, reached_by

link = own.public_share.c
batch = ingest.batch.c
job = ingest.job.c

_SLUG_BYTES = 15
_VIEW_COLUMNS = (
    link.slug,
    link.batch_id,
    link.created_at,
    link.expires_at,
    link.view_count,
    link.last_viewed,
)


async def add(change: Change, actor: Actor, of: BatchRef, expires_at: str | None, base_url: str) -> PublicShare:
    """Make a link.

    Raises:
        ArgusError: request.invalid, when the end cannot be read or has passed.
    """
    row = {
        "slug": secrets.token_urlsafe(_SLUG_BYTES),
        "batch_id": of.id,
        "created_at": now(),
        "created_by": actor.user_id,
        "expires_at": _expiry(expires_at),
        "view_count": 0,
    }
    await change.connection.execute(sa.insert(own.public_share).values(row))
    change.audit(actor, "public_share_create", "batch", of.id, slug=row["slug"])
    return _out({**row, "last_viewed": None}, base_url)


def _expiry(text: str | None) -> datetime | None:
    if not text:
        return None
    at = parse_timestamp(text)
    if at is None:
        raise ArgusError(ErrorCode.REQUEST_INVALID, "The end of a public link must be an ISO 8601 date or time.")
    # A bare date means: until the end of that day.
    at = at + timedelta(days=1) if len(text.strip()) <= len("2026-11-23") else at
    if at <= now():
        raise ArgusError(ErrorCode.REQUEST_INVALID, "The end of a public link must lie in the future.")
    return at


async def of_batch(connection: AsyncConnection, batch_id: str, base_url: str) -> list[PublicShare]:
    """Links to a batch, the newest first."""
    query = sa.select(*_VIEW_COLUMNS).where(link.batch_id == batch_id).order_by(link.created_at.desc())
    return [_out(dict(row), base_url) for row in (await connection.execute(query)).mappings()]


async def mine(connection: AsyncConnection, actor: Actor, base_url: str) -> list[PublicShare]:
    """Links that a person made, or that lead to their batches."""
    query = (
        sa.select(*_VIEW_COLUMNS)
        .join(ingest.batch, batch.id == link.batch_id)
        .where(exists_for_people(), reached_by(actor))
        .where(sa.or_(link.created_by == actor.user_id, batch.owner_id == actor.user_id))
        .order_by(link.created_at.desc())
    )
    return [_out(dict(row), base_url) for row in (await connection.execute(query)).mappings()]


async def remove(change: Change, actor: Actor, of: BatchRef, slug: str) -> None:
    """End a link.

    Raises:
        ArgusError: public_share.not_found.
    """
    gone = sa.delete(own.public_share).where(link.slug == slug, link.batch_id == of.id)
    if (await change.connection.execute(gone)).rowcount == 0:
        raise ArgusError(ErrorCode.PUBLIC_SHARE_NOT_FOUND)
    change.audit(actor, "public_share_revoke", "batch", of.id, slug=slug)


def _out(row: dict[str, Any], base_url: str) -> PublicShare:
    keys = ("slug", "batch_id", "created_at", "expires_at", "view_count", "last_viewed")
    return PublicShare(url=f"{base_url}/public/{row['slug']}", **{key: row[key] for key in keys})


# -- behind a link ---------------------------------------------------------------------------------------------------


async def limit_rate(request: Request) -> None:
    """At most 30 requests at once and 5 a second from one address."""
    address = request.client.host if request.client else "unknown"
    wait = await platform_of(request).cache.take(f"public:{address}", capacity=30, per_second=5)
    if wait:
        raise RateLimited(wait)


async def _linked_batch(slug: str, connection: Reading) -> BatchRef:
    query = sa.select(link.batch_id, link.expires_at).where(link.slug == slug)
    found = (await connection.execute(query)).first()
    if found is None:
        raise ArgusError(ErrorCode.PUBLIC_SHARE_NOT_FOUND)
    if found.expires_at is not None and found.expires_at <= now():
        raise ArgusError(ErrorCode.PUBLIC_SHARE_EXPIRED)
    columns = (batch.batch_key, batch.id, batch.project, batch.owner_id, batch.host, batch.status)
    ref = sa.select(*columns, batch.start_time, batch.end_time).where(batch.id == found.batch_id, exists_for_people())
    row = (await connection.execute(ref)).first()
    if row is None:
        raise ArgusError(ErrorCode.PUBLIC_SHARE_NOT_FOUND)
    return BatchRef(*row)


LinkedBatch = Annotated[BatchRef, Depends(_linked_batch)]
"""The batch behind the link in the address; 404 when there is none, 410 when it has ended."""


async def _linked_job(job_id: str, of: LinkedBatch, connection: Reading) -> JobRef:
    query = sa.select(job.job_no).where(job.batch_key == of.batch_key, job.job_id == job_id, job.deleted_at.is_(None))
    return JobRef(of, job_id, (await connection.execute(query)).scalar())


LinkedJob = Annotated[JobRef, Depends(_linked_job)]
"""A job of the batch behind the link."""


async def public_batch(connection: AsyncConnection, of: BatchRef) -> PublicBatch:
    """The batch as everyone sees it."""
    columns = [batch[name] for name in PublicBatch.model_fields if name != "owner_label"]
    query = (
        sa.select(*columns, auth.user.c.username.label("owner_label"))
        .outerjoin(auth.user, auth.user.c.id == batch.owner_id)
        .where(batch.batch_key == of.batch_key)
    )
    row = (await connection.execute(query)).mappings().one()
    return PublicBatch(**{**row, "command": masked(row["command"])})


async def public_jobs(connection: AsyncConnection, of: BatchRef) -> list[PublicJob]:
    """The batch's jobs as everyone sees them."""
    rows = (await connection.execute(_public_jobs(of).order_by(job.start_time, job.job_no))).mappings()
    return [_public_job(of, row) for row in rows]


async def public_job(connection: AsyncConnection, ref: JobRef) -> PublicJob:
    """One job as everyone sees it.

    Raises:
        ArgusError: job.not_found.
    """
    query = _public_jobs(ref.batch).where(job.job_no == ref.known)
    return _public_job(ref.batch, (await connection.execute(query)).mappings().one())


def _public_jobs(of: BatchRef) -> sa.Select[Any]:
    columns = (job.job_id, job.model, job.dataset, job.status, job.start_time, job.end_time, job.elapsed_s, job.metrics)
    return sa.select(*columns, job.last_epoch_at).where(job.batch_key == of.batch_key, job.deleted_at.is_(None))


def _public_job(of: BatchRef, row: Any) -> PublicJob:
    keys = ("model", "dataset", "start_time", "end_time", "elapsed_s")
    status = shown_job_status(row["status"], row["start_time"], row["last_epoch_at"], of.status, of.end_time)
    told = {key: row[key] for key in keys} | {"metrics": numbers_of(row["metrics"])}
    return PublicJob(id=row["job_id"], batch_id=of.id, status=status, **told)
