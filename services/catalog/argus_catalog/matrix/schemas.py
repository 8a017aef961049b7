"""Shapes of matrices, leaderboards in full, trends and neighbours."""

from __future__ import annotations

from typing import Literal

from argus_catalog.seeds import Spread
from argus_catalog.wire import Shape, WireTime

Toward = Literal["min", "max"]


class BoardMetric(Shape):
    """A metric of final values. `direction` is what is better; it is only assumed where `is_sure` is false."""

    name: str
    n_jobs: int
    direction: Toward
    is_sure: bool


class BoardMetrics(Shape):
    """The metrics of final values, the usual ones first, and the one that decides when none is named."""

    metrics: list[BoardMetric]
    primary: str | None


class MatrixJob(Shape):
    """A job of a cell. `is_counted`: its number is part of the mean."""

    batch_id: str
    job_id: str
    status: str | None
    value: float | None
    seed: str | None
    is_counted: bool


class MatrixCell(Shape):
    """What stands in a cell: one job, or with seeds the best seed group.

    `n`, `mean`, `std`, `min` and `max` are over all members that count: done, not flagged as idle, with a finite
    number; where there is none of these, over all with a number, and then the cell is neither best nor worst. `jobs`
    names the first 100 members; of a single job, it first and then what else ran for this model and dataset, which
    `n_jobs` and `n_groups` count.
    """

    n: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    best: bool
    worst: bool
    is_eligible: bool
    n_members: int
    n_jobs: int
    n_groups: int
    states: dict[str, int]
    others: dict[str, Spread]
    jobs: list[MatrixJob]


class JobMatrix(Shape):
    """Models by datasets."""

    metric: str
    direction: Toward
    is_sure: bool
    seeds: bool
    others: list[str]
    rows: list[str]
    cols: list[str]
    cells: list[list[MatrixCell | None]]


class TrendPoint(Shape):
    """A job that was better than all before it."""

    at: WireTime
    value: float
    batch_id: str
    job_id: str
    model: str | None
    dataset: str | None


class BestTrend(Shape):
    """How the best value of a metric came about: each job that set a record, in the order of their end."""

    metric: str
    direction: Toward
    is_sure: bool
    n_results: int
    last_at: WireTime | None
    records: list[TrendPoint]


class NeighbourJob(Shape):
    """A job beside another one."""

    batch_id: str
    job_id: str
    model: str | None
    dataset: str | None
    status: str | None
    seed: str | None
    value: float | None
    metric: str | None


class Neighbours(Shape):
    """What stands beside a job.

    `cell`: other jobs of its model and dataset in the project, the latest first; `seeds`: those of them that differ by
    their seeds alone; `previous` and `next`: in the list of its batch.
    """

    cell: list[NeighbourJob]
    seeds: list[NeighbourJob]
    previous: NeighbourJob | None
    next: NeighbourJob | None
