"""How much memory each process holds over time, and whether that grows without end."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

_MIB = 2**20
# A life shorter than this says nothing.
_SHORTEST_S = 60.0
_LONGEST_WARM_UP_S = 180.0
# Over the thirds of a life, memory may grow by so much or by a tenth, whichever is more: what allocators keep in hand
# and caches that are not full yet. Beyond that it grows where it does so from the first third to the second and from
# the second to the third: what a process keeps of the first outage that it lives through is a step, and stays.
_ALLOWED_MIB = 12.0
_ALLOWED_SHARE = 0.1


@dataclass
class Life:
    """One process, from its start to its death or the end of the run."""

    name: str
    pid: int
    samples: list[tuple[float, float]] = field(default_factory=list)

    def judge(self) -> Growth | None:
        """None where it was too short."""
        begin, end = self.samples[0][0], self.samples[-1][0]
        warm = begin + min((end - begin) / 3, _LONGEST_WARM_UP_S)
        settled = [(at, mib) for at, mib in self.samples if at >= warm]
        if end - begin < _SHORTEST_S or len(settled) < 6:
            return None
        third = len(settled) // 3
        first = statistics.median(mib for _, mib in settled[:third])
        middle = statistics.median(mib for _, mib in settled[third:-third])
        last = statistics.median(mib for _, mib in settled[-third:])
        slope = statistics.linear_regression([at / 60 for at, _ in settled], [mib for _, mib in settled]).slope
        peak = max(mib for _, mib in self.samples)
        return Growth(
            self.name,
            round(end - begin),
            *(round(mib, 1) for mib in (first, middle, last, peak)),
            slope_mib_per_minute=round(slope, 2),
        )


@dataclass(frozen=True)
class Growth:
    """Medians of the thirds of a life after its warm-up, in MiB, and the slope in MiB a minute."""

    name: str
    lived_s: int
    first_mib: float
    middle_mib: float
    last_mib: float
    peak_mib: float
    slope_mib_per_minute: float

    @property
    def is_flat(self) -> bool:
        """Whether it does not go on growing."""
        allowed = max(_ALLOWED_MIB, _ALLOWED_SHARE * self.first_mib)
        each = min(self.middle_mib - self.first_mib, self.last_mib - self.middle_mib)
        return self.last_mib - self.first_mib <= allowed or each <= allowed / 3


class Watch:
    """Samples the processes that `pids` names; a process in the place of a killed one is another life."""

    def __init__(self, pids: Callable[[], dict[str, int]]) -> None:
        self._pids = pids
        self._lives: dict[tuple[str, int], Life] = {}

    def sample(self) -> None:
        """Look once."""
        at = time.monotonic()
        for name, pid in self._pids().items():
            try:
                mib = psutil.Process(pid).memory_info().rss / _MIB
            except psutil.Error:  # it was killed in between
                continue
            self._lives.setdefault((name, pid), Life(name, pid)).samples.append((at, mib))

    def growths(self) -> list[Growth]:
        """The longest life of each process that lived long enough."""
        found: dict[str, Growth] = {}
        for life in self._lives.values():
            growth = life.judge()
            if growth and (growth.name not in found or growth.lived_s > found[growth.name].lived_s):
                found[growth.name] = growth
        return sorted(found.values(), key=lambda growth: growth.name)
