"""A stretch of a curve seen from afar: of every 64 points the lowest and the highest, each at its own step and time,
and the stretch's first and last point. A chart of a million points is drawn from these; no extreme of it is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argus_contracts.curves.rows import Curve

BUCKET: Final = 64
# How many steps are named at which a curve is no number, of each kind.
MARKS: Final = 200


class NonFinite(NamedTuple):
    """Steps at which the value was NaN, +infinity or -infinity: the first `MARKS` of each."""

    nan: list[int]
    pos_inf: list[int]
    neg_inf: list[int]


class RollUp(NamedTuple):
    """`n_points` of a curve as fewer: `outline` are points of it, steps rising, with the first, the last, and the
    lowest and highest of each bucket among them.
    """

    n_points: int
    outline: Curve
    nonfinite: NonFinite | None


class Stats(NamedTuple):
    """What is known of a curve. The extremes are those of its finite values; None: it has none."""

    n: int
    last: float
    last_step: int
    last_at: float
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None


def roll(curve: Curve) -> RollUp:
    """Roll a curve up; it must have a point."""
    return RollUp(len(curve.steps), outline(curve), nonfinite(curve))


def outline(curve: Curve) -> Curve:
    """The lowest and highest of every 64 points, and both ends."""
    count = len(curve.steps)
    return curve if count <= 2 else curve.at(extremes(curve.values, -(-count // BUCKET)))


def extremes(values: NDArray[np.float64], n_runs: int) -> NDArray[np.intp]:
    """Places of the lowest and the highest of each of `n_runs` equal runs, and of both ends, rising. What is no number
    wins neither contest; a run without any number is told by its first place.
    """
    count = len(values)
    begins = np.arange(n_runs, dtype=np.intp) * count // n_runs
    lengths = np.diff(begins, append=count)
    offsets = np.arange(lengths.max())
    outside = offsets >= lengths[:, None]
    table = values[np.minimum(begins[:, None] + offsets, count - 1)]
    unfit = outside | ~np.isfinite(table)
    low = np.where(unfit, np.inf, table).argmin(1)
    high = np.where(unfit, -np.inf, table).argmax(1)
    return np.unique(np.concatenate([begins + low, begins + high, [0, count - 1]]))


def nonfinite(curve: Curve) -> NonFinite | None:
    """Where a curve is no number; None when it always is."""
    values = curve.values
    if bool(np.isfinite(values).all()):
        return None
    masks = (np.isnan(values), np.isposinf(values), np.isneginf(values))
    return NonFinite(*(curve.steps[mask][:MARKS].tolist() for mask in masks))


def stats(curve: Curve) -> Stats:
    """Of a curve with a point, in the order of steps; of equal extremes the first."""
    last = (float(curve.values[-1]), int(curve.steps[-1]), float(curve.times[-1]))
    finite = np.flatnonzero(np.isfinite(curve.values))
    if not len(finite):
        return Stats(len(curve.steps), *last, None, None, None, None)
    values = curve.values[finite]
    low, high = finite[values.argmin()], finite[values.argmax()]
    lowest = (float(curve.values[low]), int(curve.steps[low]))
    return Stats(len(curve.steps), *last, *lowest, float(curve.values[high]), int(curve.steps[high]))


def merged_stats(parts: Iterable[Stats]) -> Stats:
    """Of the parts of one curve, at least one, that share no step."""
    parts = sorted(parts, key=lambda part: part.last_step)
    lows = [(part.min, part.min_step) for part in parts if part.min is not None]
    highs = [(part.max, part.max_step) for part in parts if part.max is not None]
    low = min(lows, key=lambda one: one[0], default=(None, None))
    high = max(highs, key=lambda one: one[0], default=(None, None))
    last = parts[-1]
    return Stats(sum(part.n for part in parts), last.last, last.last_step, last.last_at, *low, *high)


def merged_nonfinite(parts: Iterable[NonFinite | None]) -> NonFinite | None:
    """Of the parts of one curve, in any order."""
    some = [part for part in parts if part is not None]
    if len(some) < 2:
        return some[0] if some else None
    return NonFinite(*(sorted(step for steps in kind for step in steps)[:MARKS] for kind in zip(*some, strict=True)))
