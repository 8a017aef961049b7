"""Leaderboards and matrices: the best job of every model and dataset, and the exports made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.batches.export import METRICS, result_cells
from argus_catalog.csv import to_csv
from argus_catalog.derivations.metrics import better, direction, metric_order, number
from argus_catalog.jobs.service import job_out
from argus_catalog.projects import repository
from argus_catalog.projects.repository import Row
from argus_catalog.projects.schemas import LeaderboardRow, Matrix
from argus_catalog.projects.service import must_see
from argus_kit.actor import Actor

_EXPORTED_METRIC = "MSE"


async def leaderboard(connection: AsyncConnection, actor: Actor, project: str, metric: str) -> list[LeaderboardRow]:
    """The best job of every model and dataset; one without the metric stands where nothing better does.

    Raises:
        ArgusError: project.not_found.
    """
    return [_row(job, metric) for job in await _best_jobs(connection, actor, project, metric)]


async def _best_jobs(connection: AsyncConnection, actor: Actor, project: str, metric: str) -> list[Row]:
    await must_see(connection, actor, project)
    rows = await repository.jobs(connection, actor, project)
    return await asyncio.to_thread(best_jobs, rows, metric)


def best_jobs(rows: Sequence[Row], metric: str) -> list[Row]:
    """Of each model and dataset the job with the best value of the metric, sorted by model and dataset."""
    best: dict[tuple[str, str], tuple[Row, float | None]] = {}
    for row in rows:
        key = (row.model or "", row.dataset or "")
        value = number((row.metrics or {}).get(metric))
        _, known = best.get(key, (None, None))
        if key not in best or (value is not None and (known is None or better(metric, value, known))):
            best[key] = (row, value)
    return [best[key][0] for key in sorted(best)]


def _row(job: Row, metric: str) -> LeaderboardRow:
    metrics = job.metrics or {}
    value = number(metrics.get(metric))
    epochs = number(metrics.get("train_epochs", metrics.get("epochs")))
    return LeaderboardRow(
        model=job.model or "",
        dataset=job.dataset or "",
        best_metric=value,
        metric_name=None if value is None else metric,
        batch_id=job.batch_id,
        job_id=job.job_id,
        status=job.status,
        train_epochs=None if epochs is None else int(epochs),
        elapsed_s=job.elapsed_s,
        metrics=job.metrics,
    )


async def matrix(connection: AsyncConnection, actor: Actor, project: str, metric: str) -> Matrix:
    """The leaderboard as a table, models by datasets; jobs without either name are left out.

    Raises:
        ArgusError: project.not_found.
    """
    board = [row for row in await leaderboard(connection, actor, project, metric) if row.model and row.dataset]
    rows = sorted({row.model for row in board})
    cols = sorted({row.dataset for row in board})
    cells = {(row.model, row.dataset): row for row in board}
    found = [[cells.get((model, dataset)) for dataset in cols] for model in rows]
    return Matrix(
        project=project,
        metric=metric,
        direction=direction(metric),
        rows=rows,
        cols=cols,
        values=[[None if cell is None else cell.best_metric for cell in line] for line in found],
        batch_ids=[[None if cell is None else [cell.batch_id] for cell in line] for line in found],
    )


async def leaderboard_csv(connection: AsyncConnection, actor: Actor, project: str) -> str:
    """The leaderboard by MSE.

    Raises:
        ArgusError: project.not_found.
    """
    jobs = await _best_jobs(connection, actor, project, _EXPORTED_METRIC)
    header = ("batch_id", "model", "dataset", "status", "epochs", "elapsed_s", *METRICS)
    shown = (job_out(row, row.batch_id, row.batch_status, row.batch_end) for row in jobs)
    return to_csv(header, ([job.batch_id, *result_cells(job)] for job in shown))


async def raw_csv(connection: AsyncConnection, actor: Actor, project: str) -> str:
    """Every final metric of every job, one a row; a job without metrics has one row without a metric.

    Raises:
        ArgusError: project.not_found.
    """
    await must_see(connection, actor, project)
    rows = await repository.jobs(connection, actor, project)
    header = ("batch_id", "job_id", "model", "dataset", "status", "elapsed_s", "metric", "value")
    return await asyncio.to_thread(lambda: to_csv(header, (cells for row in rows for cells in _raw_cells(row))))


def _raw_cells(row: Row) -> list[list[object]]:
    job = job_out(row, row.batch_id, row.batch_status, row.batch_end)
    begin: list[object] = [job.batch_id, job.id, job.model, job.dataset, job.status, job.elapsed_s]
    metrics = job.metrics or {}
    numeric = [name for name in sorted(metrics, key=metric_order) if number(metrics[name]) is not None]
    return [[*begin, name, metrics[name]] for name in numeric] or [[*begin, None, None]]
