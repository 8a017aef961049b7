"""Routes of a project's settings. They come before those that end in a project's name, which may hold slashes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from argus_catalog.project_settings import service
from argus_catalog.project_settings.schemas import ProjectSettings, ProjectSettingsIn
from argus_catalog.wire import ConditionalRoute
from argus_catalog.writing import Writing
from argus_kit.platform import Reading
from argus_kit.policy import MayChangeProjects, MayReadProjects
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/projects/{project:path}/settings", tags=["projects"], route_class=ConditionalRoute)

Project = Annotated[str, Path(max_length=256)]


@router.get("")
async def get_project_settings(project: Project, actor: MayReadProjects, connection: Reading) -> ProjectSettings:
    """What was said about a project."""
    return await service.settings(connection, actor, project)


@router.put("")
async def put_project_settings(
    project: Project, said: ProjectSettingsIn, actor: MayChangeProjects, change: Writing
) -> ProjectSettings:
    """Say what a project is for, which metric decides, and what its tables show first."""
    return await service.change(change, actor, project, said)
