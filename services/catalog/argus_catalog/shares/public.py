"""Routes of public pages: a batch behind a link, for everyone who has it. No credential is asked for."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from argus_kit.platform import Reading

from argus_catalog.jobs import service as jobs
from argus_catalog.jobs.schemas import EpochPoint
from argus_catalog.shares import links
from argus_catalog.shares.links import LinkedBatch, LinkedJob, limit_rate
from argus_catalog.shares.schemas import PublicBatch, PublicJob
from argus_catalog.wire import ConditionalRoute

router = APIRouter(
    prefix="/api/public", tags=["public"], route_class=ConditionalRoute, dependencies=[Depends(limit_rate)]
)


@router.get("/{slug}")
async def get_public_batch(batch: LinkedBatch, connection: Reading) -> PublicBatch:
    """The batch behind a link."""
    return await links.public_batch(connection, batch)


@router.get("/{slug}/jobs")
async def list_public_jobs(batch: LinkedBatch, connection: Reading) -> list[PublicJob]:
    """The jobs of the batch behind a link."""
    return await links.public_jobs(connection, batch)


@router.get("/{slug}/jobs/{job_id:path}/epochs")
async def list_public_epochs(job: LinkedJob, connection: Reading) -> list[EpochPoint]:
    """The epochs of a job behind a link."""
    return await jobs.epochs(connection, job)


@router.get("/{slug}/jobs/{job_id:path}")
async def get_public_job(job: LinkedJob, connection: Reading) -> PublicJob:
    """One job of the batch behind a link."""
    return await links.public_job(connection, job)
