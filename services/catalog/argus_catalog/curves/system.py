"""What the machines of a job did in its time, as columns for charts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

MEASURES: Final = (
    "gpu_util_pct",
    "gpu_mem_mb",
    "gpu_mem_total_mb",
    "gpu_temp_c",
    "cpu_util_pct",
    "ram_mb",
    "ram_total_mb",
    "proc_cpu_pct",
    "proc_ram_mb",
    "proc_gpu_mem_mb",
)
# Hardly any machine reports more often than this.
_NARROWEST_S: Final = 1


class Means:
    """Readings of one host in buckets of time, each the mean of what was measured in it. A bucket stands at the mean
    time of its readings, so that a lone reading stays where it was.
    """

    def __init__(self, begin: float, end: float, points: int) -> None:
        self._begin = begin
        self._width = max(_NARROWEST_S, (end - begin) / points)
        self._last = points - 1
        self._open: dict[int, tuple[list[float], dict[str, list[float]]]] = {}

    def add(self, at: float, values: Sequence[float | None]) -> None:
        """One reading, its values in the order of `MEASURES`."""
        place = min(self._last, int((at - self._begin) // self._width))
        times, measured = self._open.setdefault(place, ([], {}))
        times.append(at)
        for name, value in zip(MEASURES, values, strict=True):
            if value is not None:
                measured.setdefault(name, []).append(value)

    def columns(self) -> dict[str, list[Any]]:
        """`times` in seconds since 1970, and by measure its means; null where it was not measured."""
        buckets = [bucket for _, bucket in sorted(self._open.items())]
        found: dict[str, list[Any]] = {"times": [round(_mean(times), 3) for times, _ in buckets]}
        for name in MEASURES:
            found[name] = [_mean(measured[name]) if name in measured else None for _, measured in buckets]
        return found


def by_host(rows: Iterable[Sequence[Any]], begin: datetime, end: datetime, points: int) -> list[dict[str, Any]]:
    """Rows of host, time, and the measures in their order: see `schemas.HostReadings`."""
    hosts: dict[str, Means] = {}
    for host, at, *values in rows:
        means = hosts.setdefault(host, Means(begin.timestamp(), end.timestamp(), points))
        means.add(at.timestamp(), values)
    return [{"host": host, **means.columns()} for host, means in sorted(hosts.items())]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
