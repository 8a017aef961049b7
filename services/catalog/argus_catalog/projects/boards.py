"""Leaderboards and matrices of a project: the best job, or seed group, of every model and dataset; its CSV files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.batches.export import METRICS, result_cells
from argus_catalog.csv import to_csv
from argus_catalog.derivations.metrics import direction, metric_order, number
from argus_catalog.jobs.service import job_out
from argus_catalog.matrix import repository as board_rows
from argus_catalog.matrix.cells import Cell, Entry
from argus_catalog.matrix.choice import Choice, choose
from argus_catalog.matrix.service import Asked, grid, members, of_project
from argus_catalog.projects import repository
from argus_catalog.projects.best import best_jobs
from argus_catalog.projects.repository import Row
from argus_catalog.projects.schemas import LeaderboardRow, Matrix
from argus_catalog.projects.service import must_see
from argus_catalog.public.discretion import shown_to
from argus_catalog.seeds import Spread, spread
from argus_kit.actor import Actor

_EXPORTED_METRIC = "MSE"
_SHOWN_BATCHES = 3


async def leaderboard(
    connection: AsyncConnection, actor: Actor, project: str, metric: str | None, asked: Asked | None = None
) -> list[LeaderboardRow]:
    """The best job of every model and dataset, or with seeds the best seed group; by name.

    One without the metric stands where nothing better does.

    Raises:
        ArgusError: project.not_found.
    """
    await must_see(connection, actor, project)
    asked = asked or Asked()
    where = board_rows.of_project(actor, project)
    choice = await choose(connection, project, where if asked.seeds else None, metric, asked.direction)
    if asked.seeds:
        return await _of_groups(connection, where, choice)
    best = await best_jobs(connection, actor, project, choice.metric, is_max=choice.direction == "max")
    return [_row(job, choice.metric) for job in best]


async def _of_groups(connection: AsyncConnection, where: board_rows.Where, choice: Choice) -> list[LeaderboardRow]:
    found = await board_rows.entries(connection, where, [choice.metric], with_config=True)
    made = await asyncio.to_thread(lambda: grid(found, choice.direction, by_seed=True))
    places = [(model, dataset) for model in made.rows for dataset in made.cols if (model, dataset) in made.cells]
    cells = [made.cells[place] for place in places]
    keys = [entry.key for cell in cells for entry in (cell.shown.counted or cell.shown.members[-1:])]
    rows = await board_rows.rows(connection, keys)
    return [_group_row(cell, rows, choice) for cell in cells]


def _group_row(cell: Cell, rows: Mapping[tuple[int, int], Row], choice: Choice) -> LeaderboardRow:
    one = cell.shown
    plain = _row(rows[_speaker(cell, choice).key], choice.metric)
    return plain.model_copy(
        update={
            **one.total.model_dump(),
            "n_members": len(one.members),
            "n_jobs": cell.n_jobs,
            "n_groups": cell.n_groups,
            "spreads": _spreads([rows[entry.key].metrics or {} for entry in one.counted]),
            "jobs": members(one),
        }
    )


def _speaker(cell: Cell, choice: Choice) -> Entry:
    sign = -1.0 if choice.direction == "max" else 1.0
    counted = cell.shown.counted
    return min(counted, key=lambda entry: sign * (entry.value or 0.0)) if counted else cell.shown.members[-1]


def _spreads(metrics: Sequence[Mapping[str, Any]]) -> dict[str, Spread]:
    names = sorted({name for some in metrics for name in some}, key=metric_order)
    values = {name: [value for some in metrics if (value := number(some.get(name))) is not None] for name in names}
    return {name: spread(some) for name, some in values.items() if some}


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


async def matrix(
    connection: AsyncConnection, actor: Actor, project: str, metric: str | None, asked: Asked | None = None
) -> Matrix:
    """The leaderboard as a table, models by datasets; jobs without either name are left out.

    With `asked` each cell is told in full.

    Raises:
        ArgusError: project.not_found.
    """
    if asked is None:
        return await _plain_matrix(connection, actor, project, metric)
    await must_see(connection, actor, project)
    where = board_rows.of_project(actor, project)
    choice = await choose(connection, project, where, metric, asked.direction)
    found, made = await of_project(connection, where, choice, asked)
    return Matrix(
        project=project,
        **found.model_dump(exclude={"cells"}),
        values=[[None if cell is None else cell.mean for cell in line] for line in found.cells],
        batch_ids=[[_batches(made.cells.get((model, dataset))) for dataset in made.cols] for model in made.rows],
        cells=found.cells,
    )


def _batches(cell: Cell | None) -> list[str] | None:
    if cell is None:
        return None
    return list(dict.fromkeys(entry.batch_id for entry in cell.shown.members))[:_SHOWN_BATCHES]


async def _plain_matrix(connection: AsyncConnection, actor: Actor, project: str, metric: str | None) -> Matrix:
    await must_see(connection, actor, project)
    choice = await choose(connection, project, None, metric, None)
    best = await best_jobs(connection, actor, project, choice.metric, is_max=choice.direction == "max")
    cells = {(job.model, job.dataset): _row(job, choice.metric) for job in best if job.model and job.dataset}
    rows = sorted({model for model, _ in cells})
    cols = sorted({dataset for _, dataset in cells})
    found = [[cells.get((model, dataset)) for dataset in cols] for model in rows]
    return Matrix(
        project=project,
        metric=choice.metric,
        direction=choice.direction,
        is_sure=choice.is_sure,
        seeds=False,
        others=[],
        rows=rows,
        cols=cols,
        values=[[None if cell is None else cell.best_metric for cell in line] for line in found],
        batch_ids=[[None if cell is None else [cell.batch_id] for cell in line] for line in found],
        cells=None,
    )


async def leaderboard_csv(connection: AsyncConnection, actor: Actor, project: str) -> str:
    """The leaderboard by MSE.

    Raises:
        ArgusError: project.not_found.
    """
    await must_see(connection, actor, project)
    is_max = direction(_EXPORTED_METRIC) == "max"
    jobs = await best_jobs(connection, actor, project, _EXPORTED_METRIC, is_max=is_max)
    header = ("batch_id", "model", "dataset", "status", "epochs", "elapsed_s", *METRICS)
    shown = (shown_to(actor, job_out(row, row.batch_id, row.batch_status, row.batch_end)) for row in jobs)
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
