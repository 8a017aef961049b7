"""The route of the front page."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from argus_catalog.dashboard import service
from argus_catalog.dashboard.schemas import Dashboard
from argus_catalog.wire import ConditionalRoute
from argus_kit.identity import Person
from argus_kit.platform import Reading

router = APIRouter(prefix="/api/dashboard", tags=["dashboard"], route_class=ConditionalRoute)


@router.get("")
async def get_dashboard(
    actor: Person, connection: Reading, scope: Literal["mine", "shared", "all"] = "all"
) -> Dashboard:
    """Tiles, projects, hosts and the latest happenings, in one answer."""
    return await service.dashboard(connection, actor, scope)
