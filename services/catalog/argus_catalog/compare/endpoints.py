"""Routes of comparisons."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from argus_catalog.compare import jobs, service
from argus_catalog.compare.schemas import Comparison, JobComparison, WantedJobs
from argus_catalog.csv import csv_response
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/compare", tags=["compare"], route_class=ConditionalRoute)

Batches = Annotated[str, Query(max_length=8_500, description="Comma list of 2 to 32 batch ids")]


@router.get("")
async def compare_batches(batches: Batches, actor: MayReadRuns, connection: Reading) -> Comparison:
    """Batches side by side, in the order asked for."""
    return await service.compare(connection, actor, batches)


@router.get("/export.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def export_comparison(batches: Batches, actor: MayReadRuns, connection: Reading) -> Response:
    """All jobs of the batches with the union of their metrics, as CSV."""
    return csv_response("compare.csv", await service.compare_csv(connection, actor, batches))


@router.post("/jobs")
async def compare_jobs(asked: WantedJobs, actor: MayReadRuns, connection: Reading) -> JobComparison:
    """Up to 32 jobs of any batches side by side, in the order asked for."""
    return await jobs.compare(connection, actor, [(one.batch_id, one.job_id) for one in asked.jobs])
