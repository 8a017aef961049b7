"""Shapes of batches and of what hangs on one batch."""

from __future__ import annotations

from typing import Any

from argus_catalog.hosts.schemas import SnapshotOut
from argus_catalog.jobs.schemas import JobOut
from argus_catalog.wire import Shape, WireTime


class BatchOut(Shape):
    """A batch. `env_snapshot` is null in lists.

    `pause_requested_at` stands while a pause is asked for and has not come. `paused_at` is null unless it is paused
    now; `paused_s` is how long it was before. `checkpoint`: the newest state that one of its jobs saved.
    """

    id: str
    experiment_type: str | None
    project: str
    user: str | None
    host: str | None
    command: str | None
    n_total: int | None
    n_done: int
    n_failed: int
    status: str | None
    start_time: WireTime | None
    end_time: WireTime | None
    env_snapshot: dict[str, Any] | None = None
    source_batch_id: str | None
    name: str | None
    owner_id: int | None
    owner: str | None
    n_jobs: int
    completion_pct: float | None
    last_event_at: WireTime | None
    is_stalled: bool
    divergent: bool
    is_idle: bool
    error: str | None
    stop_requested_at: WireTime | None
    pause_requested_at: WireTime | None
    pause_requested_by: str | None
    paused_at: WireTime | None
    paused_s: int
    checkpoint: dict[str, Any] | None
    can_edit: bool


class EpochLatest(Shape):
    """The newest epoch of a job. `val_loss_trace` holds at most 20 values, the newest at the end."""

    job_id: str
    epoch: int
    train_loss: float | None
    val_loss: float | None
    lr: float | None
    val_loss_trace: list[float | None]
    metrics: dict[str, Any]
    at: WireTime | None


class EpochsLatestOut(Shape):
    """The newest epoch of each job of a batch that has one."""

    jobs: list[EpochLatest]


class CompactBatch(Shape):
    """All that a card of a batch shows. `resources` runs from the oldest to the newest snapshot."""

    batch: BatchOut
    jobs: list[JobOut]
    epochs_latest: list[EpochLatest]
    resources: list[SnapshotOut]
    eta_s: int | None
    elapsed_s: int | None


class CompactBatches(Shape):
    """Cards of batches."""

    batches: list[CompactBatch]


class BatchHealth(Shape):
    """Whether a batch is well."""

    batch_id: str
    is_stalled: bool
    last_event_age_s: int | None
    failure_count: int
    warnings: list[str]
    stalled_threshold_s: int


class BatchEta(Shape):
    """When a batch will be done, from its finished jobs."""

    batch_id: str
    eta_seconds: int | None
    pending_count: int
    sampled_done_jobs: int


class BatchSnapshot(SnapshotOut):
    """A snapshot under both families of names that pages read."""

    ts: WireTime
    gpu_util: float | None
    vram_used_mb: float | None
    vram_total_mb: float | None
    cpu_util: float | None
    ram_used_mb: float | None
    disk_free_gb: float | None
    extra: dict[str, Any] | None


class BatchResources(Shape):
    """The newest snapshots of a batch, from the oldest to the newest."""

    host: str | None
    snapshots: list[BatchSnapshot]


class MetricName(Shape):
    """A metric that is known in a batch. `direction` is what is better: "min" or "max"."""

    name: str
    n_jobs: int
    direction: str
    is_curve: bool
    is_final: bool


class BatchMetrics(Shape):
    """The metrics of a batch's jobs, the usual ones first."""

    batch_id: str
    metrics: list[MetricName]


class DeletedBatch(Shape):
    """A batch was hidden."""

    status: str = "deleted"
    batch_id: str


class BulkDeleteBatches(Shape):
    """Batches to delete, at most 500."""

    batch_ids: list[str]


class Skipped(Shape):
    """Something that was not deleted, and why."""

    id: str
    reason: str


class BulkDeleted(Shape):
    """What a bulk deletion did."""

    deleted: list[str]
    skipped: list[Skipped]
