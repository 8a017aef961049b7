"""Routes of public pages: a batch behind a link, for everyone who has it. No credential is asked for."""

from __future__ import annotations

from fastapi import BackgroundTasks, Depends, Request, Response

from argus_catalog.jobs import service as jobs
from argus_catalog.jobs.schemas import EpochPoint
from argus_catalog.shares import links, views
from argus_catalog.shares.links import LinkedBatch, LinkedJob, limit_rate
from argus_catalog.shares.schemas import PublicBatch, PublicJob
from argus_catalog.wire import ConditionalRoute, json_response
from argus_kit.platform import Reading
from argus_kit.policy import PUBLIC
from argus_kit.routing import APIRouter

router = APIRouter(
    prefix="/api/public", tags=["public"], route_class=ConditionalRoute, dependencies=[PUBLIC, Depends(limit_rate)]
)


@router.get("/{slug}")
async def get_public_batch(
    slug: str, batch: LinkedBatch, connection: Reading, request: Request, later: BackgroundTasks
) -> PublicBatch:
    """The batch behind a link. This is what counts as one view of the page."""
    later.add_task(views.count_look, request, slug)
    return await links.public_batch(connection, batch)


@router.get("/{slug}/jobs")
async def list_public_jobs(batch: LinkedBatch, connection: Reading) -> list[PublicJob]:
    """The jobs of the batch behind a link."""
    return await links.public_jobs(connection, batch)


@router.get("/{slug}/jobs/{job_id:path}/epochs", response_model=list[EpochPoint])
async def list_public_epochs(job: LinkedJob, connection: Reading) -> Response:
    """The epochs of a job behind a link."""
    return json_response(await jobs.epochs(connection, job))


@router.get("/{slug}/jobs/{job_id:path}")
async def get_public_job(job: LinkedJob, connection: Reading) -> PublicJob:
    """One job of the batch behind a link."""
    return await links.public_job(connection, job)
