"""Shapes of jobs."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

from argus_catalog.wire import Shape, WireTime


class JobOut(Shape):
    """A job. `metrics` are the final ones, `latest` those of the newest epoch; `paused_s` seconds it was paused."""

    id: str
    batch_id: str
    model: str | None
    dataset: str | None
    status: str | None
    start_time: WireTime | None
    end_time: WireTime | None
    elapsed_s: int | None
    paused_s: int
    metrics: dict[str, Any] | None
    is_idle_flagged: bool
    avg_batch_time_ms: float | None
    gpu_memory_peak_mb: float | None
    n_params: int | None
    run_dir: str | None
    reason: str | None
    last_epoch: int | None
    latest: dict[str, Any] | None


class MetricSummary(Shape):
    """A metric over the whole job. Extremes are of finite values; a last value that is no number is text ("NaN")."""

    n: int
    last: float | str
    last_step: int
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None


class JobDetail(JobOut):
    """One job with all that its start told. `extra.command` is filled from the batch; `summary` is by metric."""

    extra: dict[str, Any] | None
    project: str
    host: str | None
    n_points: int
    epochs_total: int | None
    summary: dict[str, MetricSummary]


class JobItem(Shape):
    """A job in the list over all batches."""

    job: JobOut
    project: str
    host: str | None
    batch_name: str | None


class JobPage(Shape):
    """One page of jobs."""

    items: list[JobItem]
    total: int
    page: int
    page_size: int


class JobEta(Shape):
    """When a job will be done, from the pace of its epochs."""

    elapsed_s: int
    epochs_done: int
    epochs_total: int
    avg_epoch_time_s: float | None
    eta_s: int | None
    eta_iso: str | None


class OneJobEta(JobEta):
    """The same, naming the job."""

    job_id: str


class EpochPoint(Shape):
    """One epoch's numbers. Other numeric keys that the job sent stand beside these."""

    model_config = ConfigDict(frozen=True, extra="allow", json_schema_serialization_defaults_required=True)

    timestamp: str
    epoch: int
    train_loss: float | None = None
    val_loss: float | None = None
    lr: float | None = None


class DeletedJob(Shape):
    """A job was hidden."""

    status: str = "deleted"
    batch_id: str
    job_id: str


class JobRef(Shape):
    """A job by its batch and id."""

    batch_id: str
    job_id: str


class BulkDeleteJobs(Shape):
    """Jobs to delete, at most 500."""

    items: list[JobRef]
