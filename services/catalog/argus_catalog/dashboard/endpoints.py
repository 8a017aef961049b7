"""The route of the front page."""

from __future__ import annotations

from typing import Literal

from argus_catalog.dashboard import service
from argus_catalog.dashboard.schemas import Dashboard
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/dashboard", tags=["dashboard"], route_class=ConditionalRoute)


@router.get("")
async def get_dashboard(
    actor: MayReadRuns, connection: Reading, scope: Literal["mine", "shared", "all"] = "all"
) -> Dashboard:
    """Tiles, projects, hosts and the latest happenings, in one answer."""
    return await service.dashboard(connection, actor, scope)
