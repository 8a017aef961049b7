"""Divides a host's load over time and among batches. Pure.

The host's own value is the mean of its samples in a bucket. A batch's part is the mean of its processes' samples; parts
that together exceed the host's value (shared memory is counted by each process, a process's CPU by cores) are scaled
down, so that a stack of them never rises above the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple


class Measure(NamedTuple):
    """Which columns tell a metric: the host's, the processes', and the host's capacity (None: percent)."""

    host: str
    process: str
    capacity: str | None
    is_share: bool = False


MEASURES = {
    "gpu_mem_mb": Measure("gpu_mem_mb", "proc_gpu_mem_mb", "gpu_mem_total_mb"),
    # No process tells its share of GPU time: the host's is divided as its GPU memory is.
    "gpu_util_pct": Measure("gpu_util_pct", "proc_gpu_mem_mb", None, is_share=True),
    "cpu_util_pct": Measure("cpu_util_pct", "proc_cpu_pct", None),
    "ram_mb": Measure("ram_mb", "proc_ram_mb", "ram_total_mb"),
}
DEFAULT_MEASURE = "gpu_mem_mb"


class Sample(NamedTuple):
    """What a batch's snapshot said of the host and of its own processes."""

    at: datetime
    batch_id: str
    total: float | None
    part: float | None


class Bucket(NamedTuple):
    """One bucket, named by its beginning."""

    at: datetime
    total: float | None
    by_batch: dict[str, float]


def buckets(samples: Iterable[Sample], width_s: int, *, is_share: bool = False) -> list[Bucket]:
    """The samples in buckets of `width_s` seconds, the oldest first; empty buckets are left out."""
    grouped: dict[int, list[Sample]] = {}
    for sample in samples:
        grouped.setdefault(int(sample.at.timestamp() // width_s), []).append(sample)
    return [_bucket(number * width_s, group, is_share=is_share) for number, group in sorted(grouped.items())]


def _bucket(begin_s: int, samples: list[Sample], *, is_share: bool) -> Bucket:
    totals = [sample.total for sample in samples if sample.total is not None]
    total = sum(totals) / len(totals) if totals else None
    parts: dict[str, list[float]] = {}
    for sample in samples:
        if sample.part is not None:
            parts.setdefault(sample.batch_id, []).append(sample.part)
    means = {batch_id: sum(values) / len(values) for batch_id, values in parts.items()}
    return Bucket(datetime.fromtimestamp(begin_s, UTC), _rounded(total), _fitted(means, total, is_share=is_share))


def _fitted(means: dict[str, float], total: float | None, *, is_share: bool) -> dict[str, float]:
    whole = sum(means.values())
    if total is not None and whole > 0 and (is_share or whole > total):
        means = {batch_id: value * total / whole for batch_id, value in means.items()}
    elif is_share:
        means = {}
    # Rounded down, so that rounding does not lift the stack above the whole.
    return {batch_id: int(value * 1000) / 1000 for batch_id, value in means.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
