"""When a disk will be full, if it goes on filling as it did. Pure.

A straight line through the readings since the last time somebody made room, by least squares. The readings of a disk
hang together, so the error of the slope is taken from as many readings as there are days in them, not from all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

# Fewer readings, or a shorter time, say nothing.
_LEAST_READINGS = 6
_LEAST_SPAN = timedelta(hours=6)
# A jump up by this share of the disk: somebody made room.
_MADE_ROOM = 0.02
_DAY_S = 86_400.0
# Two standard errors each way: about 95 of 100.
_WIDTH = 2.0
_FARTHEST_DAYS = 3_650.0


class Forecast(NamedTuple):
    """`mb_per_day` is positive where the disk fills. `early` and `late` bound the likely time; None: never, or not
    within ten years.
    """

    since: datetime
    mb_per_day: float
    error_mb_per_day: float
    full_at: datetime | None
    early: datetime | None
    late: datetime | None


def forecast(readings: Sequence[tuple[datetime, float]], total_mb: float | None) -> Forecast | None:
    """From pairs of time and free MiB, the oldest first; None where they say nothing."""
    told = readings[_after_room_was_made(readings, total_mb) :]
    if len(told) < _LEAST_READINGS or told[-1][0] - told[0][0] < _LEAST_SPAN:
        return None
    begin = told[0][0]
    days = [(at - begin).total_seconds() / _DAY_S for at, _ in told]
    used = [-free for _, free in told]
    slope, error = _line(days, used)
    at, free = told[-1]
    return Forecast(
        begin, slope, error, _full(at, free, slope), _full(at, free, slope + _WIDTH * error),
        _full(at, free, slope - _WIDTH * error),
    )  # fmt: skip


def _after_room_was_made(readings: Sequence[tuple[datetime, float]], total_mb: float | None) -> int:
    if not total_mb:
        return 0
    jumps = [
        place
        for place in range(1, len(readings))
        if readings[place][1] - readings[place - 1][1] > _MADE_ROOM * total_mb
    ]
    return jumps[-1] if jumps else 0


def _line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """The slope and its standard error."""
    n, mean_x, mean_y = len(xs), sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    left = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in zip(xs, ys, strict=True))
    independent = max(3.0, min(float(n), 4.0 * (xs[-1] - xs[0])))
    return slope, (left / n / (spread / n) / (independent - 2.0)) ** 0.5


def _full(at: datetime, free_mb: float, mb_per_day: float) -> datetime | None:
    if mb_per_day <= 0:
        return None
    days = free_mb / mb_per_day
    return at + timedelta(days=days) if days < _FARTHEST_DAYS else None
