"""The route of a project's overview. It ends in a word: a project's name may hold slashes."""

from __future__ import annotations

from argus_catalog.overview import service
from argus_catalog.overview.schemas import ProjectOverview
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadProjects
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/projects", tags=["projects"], route_class=ConditionalRoute)


@router.get("/{project:path}/overview")
async def get_project_overview(project: str, actor: MayReadProjects, connection: Reading) -> ProjectOverview:
    """Why jobs failed, which GPU-hours were of use, and what happened on each of the last 28 days."""
    return await service.overview(connection, actor, project)
