"""The route of a batch's activity."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from argus_catalog.access.dependencies import ReadableBatch
from argus_catalog.activity import service
from argus_catalog.activity.schemas import BatchActivity
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/batches", tags=["batches"], route_class=ConditionalRoute)


@router.get("/{batch_id:path}/activity")
async def list_batch_activity(
    batch: ReadableBatch,
    connection: Reading,
    before: Annotated[int | None, Query(ge=0, description="`next_before` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    jobs: Annotated[bool, Query(description="Also what happened to single jobs")] = True,
) -> BatchActivity:
    """What happened in a batch, the newest first: it and its jobs began, ended, failed, were stopped or flagged."""
    return await service.activity(connection, batch, before=before, limit=limit, with_jobs=jobs)
