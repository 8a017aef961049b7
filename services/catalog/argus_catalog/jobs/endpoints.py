"""Routes of jobs. Those that end in a word come first: an id may hold slashes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from argus_catalog.access.dependencies import OpenJob
from argus_catalog.access.visibility import Scope
from argus_catalog.jobs import service
from argus_catalog.jobs.schemas import EpochPoint, JobDetail, JobPage, OneJobEta
from argus_catalog.jobs.service import JobFilter
from argus_catalog.public.discretion import shown_to
from argus_catalog.wire import ConditionalRoute, json_response
from argus_kit.platform import Reading
from argus_kit.policy import MayReadPublished, MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=ConditionalRoute)


@router.get("")
async def list_jobs(
    *,
    actor: MayReadRuns,
    connection: Reading,
    status: str | None = None,
    project: str | None = None,
    host: str | None = None,
    batch_id: str | None = None,
    since: Annotated[str | None, Query(description="30m, 24h, 7d, or a time; of the job's start")] = None,
    scope: Scope = "all",
    q: Annotated[str | None, Query(max_length=200, description="Text in job id, model, dataset")] = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> JobPage:
    """Jobs of all batches that the caller sees, the latest start first."""
    chosen = JobFilter(status, project, host, batch_id, since, scope, q, page, page_size)
    return await service.list_jobs(connection, actor, chosen)


@router.get("/{batch_id}/{job_id:path}/epochs", response_model=list[EpochPoint])
async def list_job_epochs(job: OpenJob, connection: Reading) -> Response:
    """Every epoch of a job as one object, the oldest first; a repeated epoch stands once, with its later numbers."""
    return json_response(await service.epochs(connection, job))


@router.get("/{batch_id}/{job_id:path}/eta")
async def get_job_eta(job: OpenJob, connection: Reading) -> OneJobEta:
    """When a job will be done."""
    return await service.eta(connection, job)


one = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=ConditionalRoute)


@one.get("/{batch_id}/{job_id:path}")
async def get_job(job: OpenJob, actor: MayReadPublished, connection: Reading) -> JobDetail:
    """One job."""
    return shown_to(actor, await service.detail(connection, job))
