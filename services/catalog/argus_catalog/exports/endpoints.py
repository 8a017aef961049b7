"""Routes of exports. They end in a word: an id may hold slashes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from argus_catalog.access.dependencies import OpenBatch
from argus_catalog.access.turns import VISITORS_TAKE_TURNS
from argus_catalog.exports.boards import leaderboard_export, matrix_export
from argus_catalog.exports.queries import QueryExport, query_export
from argus_catalog.exports.response import FILES, export_response
from argus_catalog.exports.table import Format
from argus_catalog.matrix import repository
from argus_catalog.matrix import service as matrices
from argus_catalog.matrix.choice import choose
from argus_catalog.matrix.parameters import BoardAsked
from argus_catalog.matrix.schemas import JobMatrix
from argus_catalog.projects import boards
from argus_catalog.projects.service import must_see
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadPublished, MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(tags=["exports"], route_class=ConditionalRoute)

Wanted = Annotated[Format, Query(alias="format", description="How the table is written")]


@router.get(
    "/api/projects/{project:path}/matrix/export",
    response_class=Response,
    responses=FILES,
    dependencies=[VISITORS_TAKE_TURNS],
)
async def export_project_matrix(
    project: str, actor: MayReadPublished, connection: Reading, asked: BoardAsked, form: Wanted = "csv"
) -> Response:
    """A project's matrix as a file."""
    found = await boards.matrix(connection, actor, project, asked.metric, asked)
    board = JobMatrix(**found.model_dump(include=set(JobMatrix.model_fields)))
    return await export_response(matrix_export(project, board), form)


@router.get(
    "/api/projects/{project:path}/leaderboard/export",
    response_class=Response,
    responses=FILES,
    dependencies=[VISITORS_TAKE_TURNS],
)
async def export_project_leaderboard(
    project: str, actor: MayReadPublished, connection: Reading, asked: BoardAsked, form: Wanted = "csv"
) -> Response:
    """A project's leaderboard as a file, the best first."""
    await must_see(connection, actor, project)
    where = repository.of_project(actor, project)
    choice = await choose(connection, project, where, asked.metric, asked.direction)
    rows = await boards.leaderboard(connection, actor, project, choice.metric, asked)
    metrics = list(dict.fromkeys([choice.metric, *asked.also]))
    return await export_response(leaderboard_export(project, rows, metrics, choice.direction), form)


@router.get("/api/batches/{batch_id:path}/matrix/export", response_class=Response, responses=FILES)
async def export_batch_matrix(
    batch: OpenBatch, connection: Reading, asked: BoardAsked, form: Wanted = "csv"
) -> Response:
    """A batch's matrix as a file."""
    return await export_response(matrix_export(batch.id, await matrices.of_batch(connection, batch, asked)), form)


@router.post("/api/query/export", response_class=Response, responses=FILES)
async def export_query(asked: QueryExport, actor: MayReadRuns, connection: Reading) -> Response:
    """All jobs, batches or groups that a query finds, as a file."""
    return await export_response(await query_export(connection, actor, asked), asked.format)
