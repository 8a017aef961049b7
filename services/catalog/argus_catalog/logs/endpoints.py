"""Routes of log lines."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from argus_catalog.access.dependencies import OpenBatch, OpenJob
from argus_catalog.logs import repository
from argus_catalog.logs.repository import LogFilter
from argus_catalog.logs.schemas import LogLine
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadPublished
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["logs"], route_class=ConditionalRoute)

Limit = Annotated[int, Query(ge=1, le=2000)]
Since = Annotated[int | None, Query(ge=0, description="Only lines after this id")]
Before = Annotated[int | None, Query(ge=0, description="Only lines before this id")]
Text = Annotated[str | None, Query(max_length=200, description="Only lines that hold this text")]


@router.get("/jobs/{batch_id}/{job_id:path}/log-lines")
async def list_job_log_lines(
    *,
    job: OpenJob,
    actor: MayReadPublished,
    connection: Reading,
    limit: Limit = 200,
    since: Since = None,
    before: Before = None,
    level: str | None = None,
    q: Text = None,
) -> list[LogLine]:
    """The log lines of a job, the newest first. Lines are not published: without a credential there are none."""
    if actor.is_anonymous:
        return []
    chosen = LogFilter(job.job_id, limit, since, before, level, q)
    return await repository.log_lines(connection, job.batch.batch_key, chosen)


@router.get("/batches/{batch_id:path}/log-lines")
async def list_batch_log_lines(
    *,
    batch: OpenBatch,
    actor: MayReadPublished,
    connection: Reading,
    limit: Limit = 200,
    job_id: str | None = None,
    since: Since = None,
    before: Before = None,
    level: str | None = None,
    q: Text = None,
) -> list[LogLine]:
    """The log lines of a batch, the newest first. Lines are not published: without a credential there are none."""
    if actor.is_anonymous:
        return []
    chosen = LogFilter(job_id, limit, since, before, level, q)
    return await repository.log_lines(connection, batch.batch_key, chosen)
