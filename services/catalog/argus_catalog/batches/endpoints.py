"""Routes of batches. Those that end in a word come first: an id may hold slashes."""

from __future__ import annotations

from typing import Annotated

from fastapi import BackgroundTasks, Depends, Query, Request, Response

from argus_catalog.access.dependencies import OpenBatch
from argus_catalog.access.visibility import Scope
from argus_catalog.batches import cards, service
from argus_catalog.batches.export import jobs_csv
from argus_catalog.batches.repository import BatchFilter
from argus_catalog.batches.schemas import (
    BatchEta,
    BatchHealth,
    BatchMetrics,
    BatchOut,
    BatchResources,
    CompactBatches,
    EpochsLatestOut,
)
from argus_catalog.csv import csv_response
from argus_catalog.jobs.schemas import JobEta, JobOut
from argus_catalog.public.discretion import shown_to
from argus_catalog.shares import views
from argus_catalog.wire import ConditionalRoute, json_response
from argus_kit.platform import Reading
from argus_kit.policy import MayReadPublished, MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/batches", tags=["batches"], route_class=ConditionalRoute)


def _filter(
    *,
    user: Annotated[str | None, Query(description="Account name of the machine that reported")] = None,
    project: str | None = None,
    status: str | None = None,
    scope: Scope = "all",
    since: Annotated[str | None, Query(description="Only batches that started at or after this time")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(description="From X-Next-Cursor of the page before")] = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Text in id, name, project, user, host, command")
    ] = None,
) -> BatchFilter:
    return BatchFilter(user, project, status, scope, since, limit, cursor, q)


Filter = Annotated[BatchFilter, Depends(_filter)]


@router.get("")
async def list_batches(chosen: Filter, actor: MayReadRuns, connection: Reading, response: Response) -> list[BatchOut]:
    """Batches, the latest start first. X-Next-Cursor is there when more follow."""
    page = await service.list_batches(connection, actor, chosen)
    if page.next_cursor:
        response.headers["X-Next-Cursor"] = page.next_cursor
    return page.batches


@router.get("/compact", response_model=CompactBatches)
async def list_compact_batches(
    chosen: Filter,
    actor: MayReadRuns,
    connection: Reading,
    resource_limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Batches with their jobs, newest epochs and snapshots: all that cards show, in one answer."""
    page, found = await cards.compact(connection, actor, chosen, resource_limit)
    headers = {"X-Next-Cursor": page.next_cursor} if page.next_cursor else None
    return json_response({"batches": found}, headers)


@router.get("/{batch_id:path}/jobs/eta-all")
async def list_batch_job_etas(batch: OpenBatch, connection: Reading) -> dict[str, JobEta]:
    """When each job of a batch will be done, by job id."""
    return await service.job_etas(connection, batch)


@router.get("/{batch_id:path}/jobs")
async def list_batch_jobs(batch: OpenBatch, actor: MayReadPublished, connection: Reading) -> list[JobOut]:
    """The jobs of a batch, in the order of their start."""
    return shown_to(actor, await service.jobs(connection, batch))


@router.get("/{batch_id:path}/health")
async def get_batch_health(batch: OpenBatch, actor: MayReadPublished, connection: Reading) -> BatchHealth:
    """Whether a batch is well."""
    return await service.health(connection, batch, tells_error=not actor.is_anonymous)


@router.get("/{batch_id:path}/eta")
async def get_batch_eta(batch: OpenBatch, connection: Reading) -> BatchEta:
    """When a batch will be done."""
    return await service.eta(connection, batch)


@router.get("/{batch_id:path}/epochs/latest")
async def list_latest_epochs(batch: OpenBatch, connection: Reading) -> EpochsLatestOut:
    """The newest epoch of each job."""
    return EpochsLatestOut(jobs=await service.latest_epochs(connection, batch))


@router.get("/{batch_id:path}/resources")
async def list_batch_resources(
    batch: OpenBatch, actor: MayReadPublished, connection: Reading, limit: Annotated[int, Query(ge=1, le=5000)] = 100
) -> BatchResources:
    """The newest snapshots that the batch sent, from the oldest to the newest."""
    return shown_to(actor, await service.resources(connection, batch, limit))


@router.get("/{batch_id:path}/metrics")
async def list_batch_metrics(batch: OpenBatch, connection: Reading) -> BatchMetrics:
    """The metrics that the batch's jobs know, with the direction in which each is better."""
    return await service.metrics(connection, batch)


@router.get("/{batch_id:path}/export.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def export_batch(batch: OpenBatch, actor: MayReadPublished, connection: Reading) -> Response:
    """The jobs of a batch as CSV."""
    jobs = shown_to(actor, await service.jobs(connection, batch))
    return csv_response(f"{batch.id}.csv", jobs_csv(batch.id, jobs))


one = APIRouter(prefix="/api/batches", tags=["batches"], route_class=ConditionalRoute)


@one.get("/{batch_id:path}")
async def get_batch(
    *,
    batch_id: str,
    batch: OpenBatch,
    actor: MayReadPublished,
    connection: Reading,
    request: Request,
    later: BackgroundTasks,
) -> BatchOut:
    """One batch, with its environment. Without a credential an id may be the slug of a public link."""
    if actor.is_anonymous and batch_id != batch.id:
        later.add_task(views.count_page, request, batch_id)
    return shown_to(actor, await service.detail(connection, actor, batch))
