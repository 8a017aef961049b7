"""Whether a disk is nearly full. Pure. It is well again when two percent more are free than the limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from argus_notifier.watchdogs.idleness import number
from argus_notifier.watchdogs.runs import Run, fold

_MORE: Final = 2.0


class Space(NamedTuple):
    """What a snapshot says of the disk under a run. Disks of a host are told apart by their size."""

    disk: str
    free_mb: float
    total_mb: float

    @property
    def free_pct(self) -> float:
        """How much of it is free."""
        return 100 * self.free_mb / self.total_mb


def space(data: Mapping[str, Any]) -> Space | None:
    """The disk of a snapshot, if it tells of one."""
    free, total = number(data.get("disk_free_mb")), number(data.get("disk_total_mb"))
    if free is None or total is None or total <= 0 or free < 0:
        return None
    return Space(str(int(total)), free, total)


def folded(run: Run | None, at: float, found: Space, *, limit_pct: float) -> Run | None:
    """The run of a full disk after one more snapshot."""
    free = found.free_pct
    return fold(run, at, is_in=free < limit_pct, is_out=free >= limit_pct + _MORE, span_s=0.0)
