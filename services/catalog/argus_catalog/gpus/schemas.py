"""Shapes of single GPUs. `*_pct` 0..100, `*_mb` MiB, `temp_c` degrees Celsius."""

from __future__ import annotations

from typing import Literal

from argus_catalog.wire import Shape, WireTime


class GpuHolder(Shape):
    """The batch that holds a GPU. `owner` is an account, `user` what they are called on the machine."""

    batch_id: str
    project: str
    status: str | None
    owner: str | None
    user: str | None
    jobs: list[str]


class GpuTile(Shape):
    """A GPU now. `foreign`: used by what reports nothing, or to others; `silent`: its host was not heard of lately."""

    host: str
    index: int
    name: str | None
    state: Literal["busy", "idle", "free", "foreign", "silent"]
    util_pct: float | None
    mem_mb: float | None
    mem_total_mb: float | None
    temp_c: float | None
    power_w: float | None
    power_limit_w: float | None
    slowed_by: list[str]
    idle_s: int | None
    seen_at: WireTime
    holder: GpuHolder | None


class GpuHistory(Shape):
    """All GPUs over time, a value a bucket: known, held by anybody, and the load in whole GPUs."""

    begin: WireTime
    bucket_s: int
    known: list[int]
    held: list[int]
    busy: list[float]


class GpuLane(Shape):
    """A GPU over time, a value a bucket; `holder` is a place in `batches`."""

    index: int
    name: str | None
    mem_total_mb: float | None
    util_pct: list[float | None]
    mem_mb: list[float | None]
    temp_c: list[float | None]
    slowed: list[bool | None]
    holder: list[int | None]


class LaneBatch(Shape):
    """A batch that held GPUs of the host."""

    batch_id: str
    project: str
    status: str | None
    owner: str | None


class LaneJob(Shape):
    """A job of such a batch that ran meanwhile. `batch` is a place in `batches`."""

    batch: int
    job_id: str
    model: str | None
    dataset: str | None
    status: str | None
    start_time: WireTime | None
    end_time: WireTime | None


class GpuLanes(Shape):
    """A host's GPUs over time, and what ran on them."""

    host: str
    begin: WireTime
    bucket_s: int
    n_buckets: int
    gpus: list[GpuLane]
    batches: list[LaneBatch]
    jobs: list[LaneJob]


class DiskPoint(Shape):
    """Free disk at one time."""

    ts: WireTime
    free_mb: float


class DiskForecast(Shape):
    """When a disk will be full if it goes on filling as it did since `since`; null: it does not fill, or nothing can be
    said. `early` and `late` bound the likely time: about 95 of 100.
    """

    host: str
    free_mb: float | None
    total_mb: float | None
    since: WireTime | None
    mb_per_day: float | None
    error_mb_per_day: float | None
    full_at: WireTime | None
    early: WireTime | None
    late: WireTime | None
    points: list[DiskPoint]


class HostUser(Shape):
    """What one person's jobs used of a host."""

    owner: str | None
    gpu_hours: float
    jobs: int
