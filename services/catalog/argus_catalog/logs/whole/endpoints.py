"""Routes that page through whole logs, search them, and save them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from argus_catalog.access.dependencies import ReadableBatch, ReadableJob
from argus_catalog.logs.whole import service
from argus_catalog.logs.whole.download import log_file
from argus_catalog.logs.whole.outline import Log, Outlines
from argus_catalog.logs.whole.repository import Wanted
from argus_catalog.logs.whole.schemas import LogPage
from argus_catalog.logs.whole.service import Place
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading, part_of, platform_of
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api", tags=["logs"], route_class=ConditionalRoute)

Limit = Annotated[int, Query(ge=1, le=2000)]
Text = Annotated[str | None, Query(max_length=200, description="Only lines that hold this text, in any case")]
Id = Annotated[int | None, Query(ge=0, le=2**62)]
Number = Annotated[int | None, Query(ge=0, le=2**62, description="From this place on; lines are counted from 0")]
Lowest = Annotated[str | None, Query(max_length=20, description="Lines of this level and above: info, warn, error")]
Plain = Annotated[bool, Query(description="What the run wrote alone, without time, level and job")]
Here = Annotated[Outlines, part_of(Outlines)]
A_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


def _place(
    line: Number = None,
    before: Id = None,
    after: Id = None,
    around: Id = None,
    at: Annotated[AwareDatetime | None, Query(description="Around the first line of this time")] = None,
) -> Place:
    when: datetime | None = at
    return Place(line, before, after, around, when)


Where = Annotated[Place, Depends(_place)]


@router.get("/jobs/{batch_id}/{job_id:path}/log", response_model=LogPage)
async def read_job_log(
    *,
    job: ReadableJob,
    connection: Reading,
    outlines: Here,
    place: Where,
    limit: Limit = 500,
    level: Lowest = None,
    q: Text = None,
) -> Response:
    """A page of a job's log, in its order, at its end when no place is named. `before`, `after` and `around` are ids.

    With `q` or `level` the matching lines of a bounded part of the log, before or after an id; `scanned` says which.
    """
    log = Log(job.batch.batch_key, job.job_id)
    return _sent(await service.page(connection, outlines, log, place, wanted=Wanted(q, level), limit=limit))


@router.get("/jobs/{batch_id}/{job_id:path}/log.txt", response_class=Response, responses=A_TEXT)
async def download_job_log(job: ReadableJob, request: Request, *, plain: Plain = False) -> StreamingResponse:
    """A job's whole log as text."""
    log = Log(job.batch.batch_key, job.job_id)
    name = f"{job.batch.id}-{job.job_id}.log"
    return log_file(platform_of(request).database, log, name, is_plain=plain)


@router.get("/batches/{batch_id:path}/log", response_model=LogPage)
async def read_batch_log(
    *,
    batch: ReadableBatch,
    connection: Reading,
    outlines: Here,
    place: Where,
    limit: Limit = 500,
    job_id: str | None = None,
    level: Lowest = None,
    q: Text = None,
) -> Response:
    """The same of a batch: the lines of all its jobs and its own, or with `job_id` of one."""
    log = Log(batch.batch_key, job_id)
    return _sent(await service.page(connection, outlines, log, place, wanted=Wanted(q, level), limit=limit))


@router.get("/batches/{batch_id:path}/log.txt", response_class=Response, responses=A_TEXT)
async def download_batch_log(batch: ReadableBatch, request: Request, *, plain: Plain = False) -> StreamingResponse:
    """A batch's whole log as text."""
    log = Log(batch.batch_key)
    return log_file(platform_of(request).database, log, f"{batch.id}.log", is_plain=plain)


def _sent(page: LogPage) -> Response:
    # Checked when it was made; the framework would check each of the lines once more.
    return Response(page.model_dump_json(), media_type="application/json")
