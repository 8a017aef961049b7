"""Routes of published projects, for everyone. They come before those of public links, whose slug may be any word."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Response

from argus_catalog.access.turns import EVERYONE_TAKES_TURNS
from argus_catalog.projects import boards
from argus_catalog.projects import service as projects
from argus_catalog.projects.schemas import ActiveBatch, LeaderboardRow, Matrix, ProjectResources
from argus_catalog.public import service
from argus_catalog.public.discretion import shown_to
from argus_catalog.public.schemas import PublicProject, PublicProjectBatch, PublicProjectCard
from argus_catalog.wire import ConditionalRoute
from argus_kit.actor import VISITOR
from argus_kit.identity import limit_visits
from argus_kit.platform import Reading
from argus_kit.policy import PUBLIC
from argus_kit.routing import APIRouter

# Whoever asks is answered as a visitor: also who has rights of their own sees what everyone does.
_OPEN = [PUBLIC, Depends(limit_visits)]
router = APIRouter(prefix="/api/public/projects", tags=["public"], route_class=ConditionalRoute, dependencies=_OPEN)

Metric = Annotated[str, Query(min_length=1, max_length=256, pattern=r"^[^\x00]*$")]


@router.get("")
async def list_public_projects(connection: Reading) -> list[PublicProjectCard]:
    """Published projects, the one that was published last first."""
    return await service.listed(connection)


@router.get("/{project:path}/leaderboard", dependencies=[EVERYONE_TAKES_TURNS])
async def get_public_leaderboard(project: str, connection: Reading, metric: Metric = "MSE") -> list[LeaderboardRow]:
    """The best job of every model and dataset of a published project."""
    return shown_to(VISITOR, await boards.leaderboard(connection, VISITOR, project, metric))


@router.get("/{project:path}/matrix", dependencies=[EVERYONE_TAKES_TURNS])
async def get_public_matrix(project: str, connection: Reading, metric: Metric = "MSE") -> Matrix:
    """Best values of a published project, models by datasets."""
    return shown_to(VISITOR, await boards.matrix(connection, VISITOR, project, metric))


@router.get("/{project:path}/active-batches")
async def list_public_active_batches(project: str, connection: Reading) -> list[ActiveBatch]:
    """The running batches of a published project, the latest start first. Whose they are is not told."""
    return shown_to(VISITOR, await projects.active_batches(connection, VISITOR, project))


@router.get("/{project:path}/resources", dependencies=[EVERYONE_TAKES_TURNS])
async def get_public_resources(project: str, connection: Reading) -> ProjectResources:
    """What a published project used."""
    return await projects.resources(connection, VISITOR, project)


@router.get("/{project:path}/batches")
async def list_public_batches(
    project: str,
    connection: Reading,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
    cursor: Annotated[str | None, Query(description="From X-Next-Cursor of the page before")] = None,
) -> list[PublicProjectBatch]:
    """The batches of a published project, the latest start first. X-Next-Cursor is there when more follow."""
    shown, after = await service.batches(connection, project, limit, cursor)
    if after:
        response.headers["X-Next-Cursor"] = after
    return shown


one = APIRouter(prefix="/api/public/projects", tags=["public"], route_class=ConditionalRoute, dependencies=_OPEN)


@one.get("/{project:path}")
async def get_public_project(project: str, connection: Reading) -> PublicProject:
    """One published project."""
    return await service.detail(connection, project)
