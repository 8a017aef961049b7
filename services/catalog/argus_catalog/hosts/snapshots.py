"""A snapshot's row as the wire shows it."""

from __future__ import annotations

from typing import Any

from argus_catalog.derivations.metrics import number
from argus_catalog.hosts.schemas import SnapshotOut

Row = Any

MEASURES = (
    "gpu_util_pct",
    "gpu_mem_mb",
    "gpu_mem_total_mb",
    "gpu_temp_c",
    "cpu_util_pct",
    "ram_mb",
    "ram_total_mb",
    "disk_free_mb",
    "disk_total_mb",
)
_OF_PROCESS = ("proc_cpu_pct", "proc_ram_mb", "proc_gpu_mem_mb")


def snapshot_fields(row: Row, batch_id: str | None) -> dict[str, Any]:
    """The fields of `SnapshotOut`."""
    return {
        "id": row.id,
        "host": row.host,
        "timestamp": row.at,
        **{name: getattr(row, name) for name in (*MEASURES, *_OF_PROCESS)},
        "pid": pid_of(row.extra),
        "gpus": gpus_of(row.gpus),
        "batch_id": batch_id,
    }


def snapshot_out(row: Row, batch_id: str | None) -> SnapshotOut:
    """A snapshot."""
    return SnapshotOut(**snapshot_fields(row, batch_id))


def pid_of(told: Any) -> int | None:
    """The reporting process among what a snapshot told besides."""
    value = number(told.get("pid")) if isinstance(told, dict) else None
    return None if value is None else int(value)


def gpus_of(told: Any) -> list[dict[str, Any]] | None:
    """The single GPUs that a snapshot told of."""
    if not isinstance(told, list):
        return None
    return [gpu for gpu in told if isinstance(gpu, dict)]
