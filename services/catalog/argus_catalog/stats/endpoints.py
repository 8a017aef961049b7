"""Routes of sums over people."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from argus_catalog.stats import service
from argus_catalog.stats.schemas import UserGpuHours
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/stats", tags=["stats"], route_class=ConditionalRoute)


@router.get("/gpu-hours-by-user")
async def list_gpu_hours_by_user(
    actor: MayReadRuns, connection: Reading, days: Annotated[int, Query(ge=1, le=365)] = 30
) -> list[UserGpuHours]:
    """GPU-hours of the last days, most first: everyone's for administrators, else one's own."""
    return await service.gpu_hours_by_user(connection, actor, days)
