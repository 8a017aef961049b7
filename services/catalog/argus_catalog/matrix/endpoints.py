"""Routes of matrices, metrics of boards, trends and neighbours. They end in a word: an id may hold slashes."""

from __future__ import annotations

from argus_catalog.access.dependencies import OpenBatch, ReadableJob
from argus_catalog.access.turns import VISITORS_TAKE_TURNS
from argus_catalog.matrix import choice, repository, service, trend
from argus_catalog.matrix.neighbours import neighbours
from argus_catalog.matrix.parameters import BoardAsked
from argus_catalog.matrix.schemas import BestTrend, BoardMetrics, JobMatrix, Neighbours
from argus_catalog.projects.service import must_see
from argus_catalog.public.discretion import shown_to
from argus_catalog.wire import ConditionalRoute
from argus_kit.platform import Reading
from argus_kit.policy import MayReadPublished, MayReadRuns
from argus_kit.routing import APIRouter

router = APIRouter(tags=["matrix"], route_class=ConditionalRoute)


@router.get("/api/batches/{batch_id:path}/matrix")
async def get_batch_matrix(
    batch: OpenBatch, actor: MayReadPublished, connection: Reading, asked: BoardAsked
) -> JobMatrix:
    """A batch as models by datasets: the last job of each, or with seeds the best seed group."""
    return shown_to(actor, await service.of_batch(connection, batch, asked))


@router.get("/api/batches/{batch_id:path}/board-metrics")
async def list_batch_board_metrics(batch: OpenBatch, connection: Reading) -> BoardMetrics:
    """The metrics of a batch's final values, what is better in each, and which one decides."""
    return await choice.board_metrics(connection, batch.project, repository.of_batch(batch.batch_key))


@router.get("/api/projects/{project:path}/board-metrics")
async def list_project_board_metrics(project: str, actor: MayReadPublished, connection: Reading) -> BoardMetrics:
    """The same of a project."""
    await must_see(connection, actor, project)
    return await choice.board_metrics(connection, project, repository.of_project(actor, project))


@router.get("/api/projects/{project:path}/leaderboard/trend", dependencies=[VISITORS_TAKE_TURNS])
async def get_leaderboard_trend(
    project: str, actor: MayReadPublished, connection: Reading, asked: BoardAsked
) -> BestTrend:
    """How the best value of a metric came about: each job that set a record."""
    return await trend.best_trend(connection, actor, project, asked)


@router.get("/api/jobs/{batch_id}/{job_id:path}/neighbours")
async def get_job_neighbours(job: ReadableJob, actor: MayReadRuns, connection: Reading) -> Neighbours:
    """What stands beside a job: its cell and seed group in the project, the jobs before and after it in its batch."""
    return await neighbours(connection, actor, job)
