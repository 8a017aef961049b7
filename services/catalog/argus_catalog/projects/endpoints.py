"""Routes of projects. Those that end in a word come first: a name may hold slashes."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Response

from argus_catalog.access.turns import VISITORS_TAKE_TURNS
from argus_catalog.csv import csv_response
from argus_catalog.matrix.parameters import BoardAsked
from argus_catalog.projects import boards, service
from argus_catalog.projects.schemas import (
    ActiveBatch,
    LeaderboardRow,
    Matrix,
    ProjectCard,
    ProjectDetail,
    ProjectResources,
)
from argus_catalog.public.discretion import shown_to
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadProjects, MayReadPublished
from argus_kit.routing import APIRouter

router = APIRouter(prefix="/api/projects", tags=["projects"], route_class=ConditionalRoute)

_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}


@router.get("")
async def list_projects(
    actor: MayReadPublished, connection: Reading, scope: Literal["mine", "shared", "all"] = "all", starred: bool = False
) -> list[ProjectCard]:
    """Projects: starred ones first, then by running batches, then by name."""
    return shown_to(actor, await service.cards(connection, actor, scope, starred=starred))


@router.get("/{project:path}/active-batches")
async def list_active_batches(project: str, actor: MayReadPublished, connection: Reading) -> list[ActiveBatch]:
    """The running batches of a project, the latest start first."""
    return shown_to(actor, await service.active_batches(connection, actor, project))


@router.get("/{project:path}/leaderboard", dependencies=[VISITORS_TAKE_TURNS])
async def get_leaderboard(
    project: str, actor: MayReadPublished, connection: Reading, asked: BoardAsked
) -> list[LeaderboardRow]:
    """The best job of every model and dataset, or with seeds the best seed group; by MSE when nothing else is said."""
    return shown_to(actor, await boards.leaderboard(connection, actor, project, asked.metric, asked))


@router.get("/{project:path}/matrix", dependencies=[VISITORS_TAKE_TURNS])
async def get_project_matrix(
    project: str, actor: MayReadPublished, connection: Reading, asked: BoardAsked, seeds: bool | None = None
) -> Matrix:
    """Best values, models by datasets. With `seeds`, true or false, each cell is told in full."""
    found = await boards.matrix(connection, actor, project, asked.metric, None if seeds is None else asked)
    return shown_to(actor, found)


@router.get("/{project:path}/resources", dependencies=[VISITORS_TAKE_TURNS])
async def get_project_resources(project: str, actor: MayReadPublished, connection: Reading) -> ProjectResources:
    """What a project used."""
    return await service.resources(connection, actor, project)


@router.get("/{project:path}/export.csv", response_class=Response, responses=_CSV, dependencies=[VISITORS_TAKE_TURNS])
async def export_leaderboard(project: str, actor: MayReadPublished, connection: Reading) -> Response:
    """The leaderboard as CSV."""
    return csv_response(f"{project}_leaderboard.csv", await boards.leaderboard_csv(connection, actor, project))


@router.get("/{project:path}/export-raw.csv", response_class=Response, responses=_CSV)
async def export_project_metrics(project: str, actor: MayReadProjects, connection: Reading) -> Response:
    """Every final metric of every job, one a row, as CSV."""
    return csv_response(f"{project}_raw.csv", await boards.raw_csv(connection, actor, project))


one = APIRouter(prefix="/api/projects", tags=["projects"], route_class=ConditionalRoute)


@one.get("/{project:path}")
async def get_project(project: str, actor: MayReadPublished, connection: Reading) -> ProjectDetail:
    """One project."""
    return shown_to(actor, await service.detail(connection, actor, project))
