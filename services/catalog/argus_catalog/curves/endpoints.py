"""Routes of curves, made for charts: columns of numbers, thinned out on the server with the extremes kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from argus_catalog.access.dependencies import ReadableBatch, ReadableJob
from argus_catalog.curves.schemas import BatchCurves, JobMetrics
from argus_catalog.wire import ConditionalRoute, json_response
from argus_kit.platform import Reading

# What counts curves is loaded with the first curve: numpy is a tenth of a server's start.
router = APIRouter(prefix="/api", tags=["curves"], route_class=ConditionalRoute)


@router.get("/jobs/{batch_id}/{job_id:path}/metrics", response_model=JobMetrics)
async def get_job_metrics(
    *,
    job: ReadableJob,
    connection: Reading,
    names: Annotated[str | None, Query(max_length=4000, description="Comma list of metrics; absent: all")] = None,
    max_points: Annotated[int, Query(ge=2, le=20_000, description="Of each metric")] = 2000,
    min_step: Annotated[int | None, Query(description="First step that is wanted")] = None,
    max_step: Annotated[int | None, Query(description="Last step that is wanted")] = None,
) -> Response:
    """The curves of one job."""
    from argus_catalog.curves import service

    wanted = [name for name in names.split(",") if name] if names is not None else None
    return json_response(await service.job_metrics(connection, job, wanted, max_points, (min_step, max_step)))


@router.get("/batches/{batch_id:path}/curves", response_model=BatchCurves)
async def get_batch_curves(
    batch: ReadableBatch,
    connection: Reading,
    metric: Annotated[str, Query(min_length=1, max_length=256)] = "val_loss",
    max_points: Annotated[int, Query(ge=2, le=5000, description="Of each job")] = 500,
) -> Response:
    """One metric of every job of a batch."""
    from argus_catalog.curves import service

    return json_response(await service.batch_curves(connection, batch, metric, max_points))
