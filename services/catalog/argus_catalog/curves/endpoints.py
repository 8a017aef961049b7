"""Routes of curves, made for charts: columns of numbers, thinned out on the server with the extremes kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from argus_catalog.access.dependencies import OpenBatch, OpenJob, ReadableJob
from argus_catalog.access.turns import VISITORS_TAKE_TURNS
from argus_catalog.curves.schemas import (
    BatchCurves,
    JobMetrics,
    JobSystem,
    Kind,
    MetricsQuery,
    QueryAnswer,
    Seconds,
    Step,
)
from argus_catalog.public.splits import must_not_tell_settings
from argus_catalog.wire import ConditionalRoute, json_response
from argus_kit.platform import Reading
from argus_kit.policy import MayReadPublished
from argus_kit.routing import APIRouter

# What counts curves is loaded with the first curve: numpy is a tenth of a server's start.
router = APIRouter(prefix="/api", tags=["curves"], route_class=ConditionalRoute)


@router.get("/jobs/{batch_id}/{job_id:path}/metrics", response_model=JobMetrics)
async def get_job_metrics(
    *,
    job: OpenJob,
    connection: Reading,
    names: Annotated[str | None, Query(max_length=4000, description="Comma list of metrics; absent: all")] = None,
    points: Annotated[int, Query(ge=2, le=20_000, description="Most points of each curve")] = 2000,
    from_step: Annotated[Step | None, Query(description="First step that is wanted")] = None,
    to_step: Annotated[Step | None, Query(description="Last step that is wanted")] = None,
    from_time: Annotated[Seconds | None, Query(description="Earliest time, seconds since 1970")] = None,
    to_time: Annotated[Seconds | None, Query(description="Latest time, seconds since 1970")] = None,
    kind: Annotated[Kind | None, Query(description="Only curves over epochs, or over steps")] = None,
) -> Response:
    """The curves of one job: at most `points` of each, every extreme exact."""
    from argus_catalog.curves import service
    from argus_catalog.curves.loading import Wish
    from argus_catalog.curves.reading import Window

    wanted = [name for name in names.split(",") if name] if names is not None else None
    window = Window(from_step, to_step, from_time, to_time)
    wish = Wish(wanted, points, window, None if kind is None else service.KINDS[kind])
    return json_response(await service.job_metrics(connection, job, wish))


@router.get("/jobs/{batch_id}/{job_id:path}/system", response_model=JobSystem)
async def get_job_system(
    job: ReadableJob,
    connection: Reading,
    points: Annotated[int, Query(ge=2, le=5000, description="Most points of each curve")] = 500,
) -> Response:
    """What the job's machines did in its time: means over equal parts of it."""
    from argus_catalog.curves import service

    return json_response(await service.job_system(connection, job, points))


@router.get("/batches/{batch_id:path}/curves", response_model=BatchCurves, dependencies=[VISITORS_TAKE_TURNS])
async def get_batch_curves(
    batch: OpenBatch,
    connection: Reading,
    metric: Annotated[str, Query(min_length=1, max_length=256)] = "val_loss",
    points: Annotated[int, Query(ge=2, le=5000, description="Most points of each job")] = 500,
) -> Response:
    """One metric of every job of a batch."""
    from argus_catalog.curves import service

    return json_response(await service.batch_curves(connection, batch, metric, points))


@router.post("/metrics/query", response_model=QueryAnswer, dependencies=[VISITORS_TAKE_TURNS])
async def query_metrics(asked: MetricsQuery, actor: MayReadPublished, connection: Reading) -> Response:
    """Curves of many jobs in one answer. What is not there, or not visible, is told job by job."""
    from argus_catalog.curves import service

    must_not_tell_settings(actor, (one.by for one in asked.split))
    return json_response(await service.query(connection, actor, asked))
