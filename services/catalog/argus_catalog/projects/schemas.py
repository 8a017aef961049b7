"""Shapes of projects. Rates 0..1, `gpu_hours` in hours."""

from __future__ import annotations

from typing import Any

from argus_catalog.matrix.schemas import MatrixCell, MatrixJob
from argus_catalog.seeds import Spread
from argus_catalog.wire import Shape, WireTime


class TopModel(Shape):
    """One of a project's best jobs."""

    model: str | None
    dataset: str | None
    metric_name: str
    metric_value: float


class BestMetric(Shape):
    """The best value of a metric."""

    name: str
    value: float


class ProjectCard(Shape):
    """A project on the front page."""

    project: str
    running_batches: int
    jobs_done: int
    jobs_failed: int
    eta_seconds: int | None
    last_event_at: WireTime | None
    is_starred: bool
    is_demo: bool
    failure_rate: float | None
    gpu_hours: float
    top_models: list[TopModel]
    batch_volume_7d: list[int]
    n_batches: int
    total_batches: int
    best_metric: float | None
    best_metric_key: str | None
    owners: list[str]


class ProjectDetail(Shape):
    """One project. `is_public` is null for people who are not administrators."""

    project: str
    n_batches: int
    running_batches: int
    jobs_done: int
    jobs_failed: int
    failure_rate: float | None
    gpu_hours: float
    best_metric: BestMetric | None
    top_models: list[TopModel]
    first_event_at: WireTime | None
    last_event_at: WireTime | None
    batches_this_week: int
    is_starred: bool
    owners: list[str]
    is_public: bool | None
    public_description: str | None


class ActiveJob(Shape):
    """A running job on a card. `trend` is "up", "down" or "flat" (of the validation loss)."""

    job_id: str
    model: str | None
    dataset: str | None
    status: str | None
    start_time: WireTime | None
    metrics: dict[str, Any] | None
    epoch: int | None
    total_epochs: int | None
    val_loss: float | None
    trend: str | None
    loss_trace: list[float | None]


class ActiveBatch(Shape):
    """A running batch on a project's page."""

    batch_id: str
    project: str
    owner_id: int | None
    host: str | None
    status: str | None
    n_total: int | None
    n_done: int
    n_failed: int
    completion_pct: float | None
    start_time: WireTime | None
    last_event_at: WireTime | None
    eta_seconds: int | None
    is_stalled: bool
    running_jobs: list[ActiveJob]
    warnings: list[str]
    user: str | None
    elapsed_s: int | None
    eta_s: int | None
    gpu_util_pct: float | None
    gpu_mem_mb: float | None
    gpu_mem_total_mb: float | None
    disk_free_mb: float | None
    last_event_age_s: int | None
    sparkline: list[float | None]
    best_so_far_pct: float | None


class LeaderboardRow(Shape):
    """The best job of a model and dataset.

    With seeds it is the best job of the best seed group: `mean` and so on are of that group's `n` members that count,
    `spreads` the same of all its metrics. Without seeds these are null.
    """

    model: str
    dataset: str
    best_metric: float | None
    metric_name: str | None
    batch_id: str
    job_id: str
    status: str | None
    train_epochs: int | None
    elapsed_s: int | None
    metrics: dict[str, Any] | None
    n: int | None = None
    mean: float | None = None
    std: float | None = None
    min: float | None = None
    max: float | None = None
    n_members: int | None = None
    n_jobs: int | None = None
    n_groups: int | None = None
    spreads: dict[str, Spread] | None = None
    jobs: list[MatrixJob] | None = None


class Matrix(Shape):
    """Best values of a metric, models by datasets. `cells` tell more of each, when `seeds` was asked for or refused."""

    project: str
    metric: str
    direction: str
    rows: list[str]
    cols: list[str]
    values: list[list[float | None]]
    batch_ids: list[list[list[str] | None]]
    is_sure: bool
    seeds: bool
    others: list[str]
    cells: list[list[MatrixCell | None]] | None


class HostShare(Shape):
    """How many GPU-hours a host gave to a project."""

    host: str
    gpu_hours: float


class DayHours(Shape):
    """GPU-hours of one day (UTC)."""

    date: str
    gpu_hours: float


class ProjectResources(Shape):
    """What a project used. The heat map counts jobs by the hour of their end: Monday first, UTC."""

    project: str
    gpu_hours: float
    total_gpu_hours: float
    jobs_completed: int
    avg_job_minutes: float | None
    hourly_heatmap: list[list[int]]
    host_distribution: dict[str, int]
    by_host: list[HostShare]
    timeseries: list[DayHours]


class DeletedProject(Shape):
    """A project was hidden."""

    status: str = "deleted"
    project: str


class BulkDeleteProjects(Shape):
    """Projects to delete, at most 500."""

    projects: list[str]
