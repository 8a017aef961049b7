"""The route of a job's life."""

from __future__ import annotations

from typing import Annotated

from argus_catalog.access.dependencies import ReadableJob
from argus_catalog.logs.whole.outline import Outlines
from argus_catalog.timeline import service
from argus_catalog.timeline.schemas import JobTimeline
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading, part_of
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=ConditionalRoute)

Here = Annotated[Outlines, part_of(Outlines)]


@router.get("/{batch_id}/{job_id:path}/timeline")
async def get_job_timeline(job: ReadableJob, connection: Reading, outlines: Here) -> JobTimeline:
    """The life of a job: its runs, and what happened in them, the oldest first."""
    return await service.timeline(connection, outlines, job)
