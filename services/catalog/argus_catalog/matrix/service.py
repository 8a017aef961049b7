"""Matrices: jobs become cells."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.dependencies import BatchRef
from argus_catalog.derivations.metrics import Direction
from argus_catalog.matrix import repository
from argus_catalog.matrix.cells import Cell, Entry, Group, cell, extremes, latest_cell
from argus_catalog.matrix.choice import Choice, choose
from argus_catalog.matrix.schemas import JobMatrix, MatrixCell, MatrixJob
from argus_catalog.seeds import seed_of

_SHOWN_JOBS: Final = 100


class Asked(NamedTuple):
    """How a board is wanted: by which metric, which further ones, whether seed groups are one, what is better."""

    metric: str | None = None
    also: Sequence[str] = ()
    seeds: bool = False
    direction: Direction | None = None


class Grid(NamedTuple):
    """Models by datasets, and the cells where there is one."""

    rows: list[str]
    cols: list[str]
    cells: Mapping[tuple[str, str], Cell]


async def of_batch(connection: AsyncConnection, batch: BatchRef, asked: Asked) -> JobMatrix:
    """The matrix of a batch: of each model and dataset the last job, or the best seed group."""
    where = repository.of_batch(batch.batch_key)
    choice = await choose(connection, batch.project, where, asked.metric, asked.direction)
    others = _others(asked.also, choice.metric)
    found = await repository.entries(connection, where, [choice.metric, *others], with_config=True)

    def build() -> JobMatrix:
        return shown(grid(found, choice.direction, by_seed=asked.seeds, takes_last=True), choice, asked.seeds, others)

    return await asyncio.to_thread(build)


async def of_project(
    connection: AsyncConnection, where: repository.Where, choice: Choice, asked: Asked
) -> tuple[JobMatrix, Grid]:
    """The matrix of a project: of each model and dataset the best job, or the best seed group."""
    others = _others(asked.also, choice.metric)
    found = await repository.entries(connection, where, [choice.metric, *others], with_config=True)

    def build() -> tuple[JobMatrix, Grid]:
        named = [entry for entry in found if entry.model and entry.dataset]
        made = grid(named, choice.direction, by_seed=asked.seeds)
        return shown(made, choice, asked.seeds, others), made

    return await asyncio.to_thread(build)


def _others(also: Sequence[str], metric: str) -> list[str]:
    return [name for name in dict.fromkeys(also) if name != metric]


def grid(entries: Iterable[Entry], direction: Direction, *, by_seed: bool, takes_last: bool = False) -> Grid:
    """Jobs by model and dataset, sorted by name."""
    by_place: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        by_place.setdefault((entry.model, entry.dataset), []).append(entry)
    cells = {
        place: latest_cell(some) if takes_last and not by_seed else cell(some, direction, by_seed=by_seed)
        for place, some in by_place.items()
    }
    return Grid(sorted({model for model, _ in cells}), sorted({dataset for _, dataset in cells}), cells)


def shown(made: Grid, choice: Choice, seeds: bool, others: Sequence[str]) -> JobMatrix:
    """The grid as the wire tells it, with the best and the worst cell."""
    places = [(model, dataset) for model in made.rows for dataset in made.cols]
    told = [made.cells.get(place) for place in places]
    best, worst = extremes([None if one is None else one.shown for one in told], choice.direction)
    cells = [
        None if one is None else _cell(one, others, by_seed=seeds, best=i == best, worst=i == worst)
        for i, one in enumerate(told)
    ]
    width = len(made.cols)
    return JobMatrix(
        metric=choice.metric,
        direction=choice.direction,
        is_sure=choice.is_sure,
        seeds=seeds,
        others=list(others),
        rows=made.rows,
        cols=made.cols,
        cells=[cells[i * width : (i + 1) * width] for i in range(len(made.rows))],
    )


def _cell(found: Cell, others: Sequence[str], *, by_seed: bool, best: bool, worst: bool) -> MatrixCell:
    one = found.shown
    return MatrixCell(
        **one.total.model_dump(),
        best=best,
        worst=worst,
        is_eligible=one.is_eligible,
        n_members=len(one.members),
        n_jobs=found.n_jobs,
        n_groups=found.n_groups,
        states=dict(found.states),
        others={name: one.spread_of(place) for place, name in enumerate(others, 1)},
        jobs=members(one) if by_seed else members(one, found.entries),
    )


def members(one: Group, others: Sequence[Entry] = ()) -> list[MatrixJob]:
    """The first of a group's jobs as the wire tells them, and of others after them, the latest first."""
    counted = {entry.key for entry in one.counted}
    own = {entry.key for entry in one.members}
    listed = [*one.members, *(entry for entry in reversed(others) if entry.key not in own)]
    return [
        MatrixJob(
            batch_id=entry.batch_id,
            job_id=entry.job_id,
            status=entry.status,
            value=entry.value,
            seed=seed_of(entry.config),
            is_counted=entry.key in counted,
        )
        for entry in listed[:_SHOWN_JOBS]
    ]
