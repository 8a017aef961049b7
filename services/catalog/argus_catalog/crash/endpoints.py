"""The route of a job's failure."""

from __future__ import annotations

from fastapi import APIRouter

from argus_catalog.access.dependencies import ReadableJob
from argus_catalog.crash import service
from argus_catalog.crash.schemas import CrashOut
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=ConditionalRoute)


@router.get("/{batch_id}/{job_id:path}/crash")
async def get_job_crash(job: ReadableJob, connection: Reading) -> CrashOut:
    """Why a job died: the kind of failure, and the lines of its log that show it. Nothing of one that did not die."""
    return await service.crash(connection, job)
