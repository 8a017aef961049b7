"""Shapes of hosts and snapshots. `*_pct` 0..100, `*_mb` MiB, `gpu_temp_c` degrees Celsius."""

from __future__ import annotations

from typing import Any

from argus_catalog.wire import Shape, WireTime


class SnapshotOut(Shape):
    """What a host and a reporting process used at one time."""

    id: int
    host: str
    timestamp: WireTime
    gpu_util_pct: float | None
    gpu_mem_mb: float | None
    gpu_mem_total_mb: float | None
    gpu_temp_c: float | None
    cpu_util_pct: float | None
    ram_mb: float | None
    ram_total_mb: float | None
    disk_free_mb: float | None
    disk_total_mb: float | None
    proc_cpu_pct: float | None
    proc_ram_mb: float | None
    proc_gpu_mem_mb: float | None
    pid: int | None
    gpus: list[dict[str, Any]] | None
    batch_id: str | None


class HostJob(Shape):
    """A job that runs on a host. `user` is the account that owns its batch."""

    job_id: str
    batch_id: str
    model: str | None
    dataset: str | None
    user: str | None
    pid: int | None


class HostCard(Shape):
    """A host as far as the caller may see it: the newest snapshot and what runs there."""

    host: str
    last_seen: WireTime | None
    gpu_util_pct: float | None
    gpu_mem_mb: float | None
    gpu_mem_total_mb: float | None
    gpu_temp_c: float | None
    cpu_util_pct: float | None
    ram_mb: float | None
    ram_total_mb: float | None
    disk_free_mb: float | None
    disk_total_mb: float | None
    gpus: list[dict[str, Any]] | None
    running_jobs: int
    running_jobs_top5: list[HostJob]
    warnings: list[str]


class HostBatch(Shape):
    """A batch that reported from a host."""

    batch_id: str
    project: str
    status: str | None
    user: str | None
    owner: str | None
    first_seen: WireTime
    last_seen: WireTime


class HostDetail(HostCard):
    """One host, with the batches that reported from it, the most recent first."""

    first_seen: WireTime | None
    batches: list[HostBatch]


class HostBucket(Shape):
    """One bucket of a host's series: the mean of the host, and of each batch's processes."""

    ts: WireTime
    total: float | None
    by_batch: dict[str, float]


class HostSeries(Shape):
    """A host's load over time, and how it divides among batches."""

    host: str
    metric: str
    buckets: list[HostBucket]
    host_total_capacity: float | None


class DeletedHost(Shape):
    """A host was hidden."""

    status: str = "deleted"
    host: str


class BulkDeleteHosts(Shape):
    """Hosts to delete, at most 500."""

    hosts: list[str]
