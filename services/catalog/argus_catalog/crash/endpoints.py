"""The routes of a failure: a job's, and a batch's."""

from __future__ import annotations

from argus_catalog.access.dependencies import ReadableBatch, ReadableJob
from argus_catalog.crash import service
from argus_catalog.crash.schemas import CrashOut
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.routing import APIRouter

router = APIRouter(route_class=ConditionalRoute)


@router.get("/api/batches/{batch_id:path}/crash", tags=["batches"])
async def get_batch_crash(batch: ReadableBatch, connection: Reading) -> CrashOut:
    """Why a batch failed: by its reason, its log, and what the host's agent told of its process. Null if it did not."""
    return await service.batch_crash(connection, batch)


@router.get("/api/jobs/{batch_id}/{job_id:path}/crash", tags=["jobs"])
async def get_job_crash(job: ReadableJob, connection: Reading) -> CrashOut:
    """Why a job died: the kind of failure, and the lines of its log that show it. Nothing of one that did not die."""
    return await service.crash(connection, job)
