"""Many curves of one metric as one band: mean, deviation, quartiles and extremes over all of them. Pure.

Rules. Steps are put into buckets. Where the longest member has every step that any member has, as seeds of one setting
do, each step is a bucket of its own, whatever the lengths: a member that ended early is simply gone from later ones.
Else buckets are equal ranges of steps, at multiples of their width: as wide as the usual (median) distance between two
points of the sparsest member, so that each speaks in each, and no narrower than lets the buckets be as many as wanted.
In a bucket every member counts once, by the mean of its own values there, however often it reported. What is no number
counts for nothing, and is counted. A bucket in which nobody has a point is left out; one with points but no number has
n = 0, and the band is interrupted there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argus_contracts.curves.rows import Curve, Floats, Places, Steps

Ints = NDArray[np.int64]

# A member times a bucket is one number in memory: more members get fewer buckets.
_MOST_CELLS = 4_000_000
# Numbers beyond this may overflow when they are summed up; a power of two, so that scaling changes no digit.
_HUGE = 2.0**990
_SMALLER = 2.0**-64
_WIDEST = 2**63 - 1
# Of fewer points nobody can tell a usual distance.
_FEWEST_FOR_DISTANCE = 3


class Buckets(NamedTuple):
    """Each step of `steps`, or, where that is None, `n` ranges of `width` steps from number `first` on."""

    steps: Steps | None
    width: int
    first: int
    n: int

    def places(self, steps: Steps) -> Places:
        """In which bucket each step lies."""
        if self.steps is not None:
            return self.steps.searchsorted(steps)
        return (steps // self.width - self.first).astype(np.intp)


class Band(NamedTuple):
    """By bucket: where it stands (mean step of its points), mean seconds since their jobs began, how many members count
    in it, what they are together, the extremes of all values, and how many were no number. NaN: there is none.
    """

    steps: Ints
    elapsed: Floats
    n: Ints
    mean: Floats
    std: Floats
    min: Floats
    max: Floats
    q1: Floats
    median: Floats
    q3: Floats
    left_out: Ints


def fitting(curves: Sequence[Curve], points: int) -> Buckets:
    """The buckets of these curves, at most `points` (at least 2)."""
    union = np.unique(np.concatenate([curve.steps for curve in curves]))
    wanted = _affordable(len(curves), points)
    if len(union) <= wanted and len(union) == max(len(curve.steps) for curve in curves):
        return Buckets(union, 1, 0, len(union))
    usual = max((_distance(curve.steps) for curve in curves), default=1)
    return spanning(int(union[0]), int(union[-1]), len(curves), points, usual)


def spanning(first_step: int, last_step: int, n_members: int, points: int, width: int = 1) -> Buckets:
    """Equal buckets from the first to the last step, no narrower than `width`."""
    span = last_step - first_step + 1
    width = min(_WIDEST, max(width, -(-span // (_affordable(n_members, points) - 1))))
    first = first_step // width
    return Buckets(None, width, first, last_step // width - first + 1)


def _affordable(n_members: int, points: int) -> int:
    return max(2, min(points, _MOST_CELLS // max(1, n_members)))


def _distance(steps: Steps) -> int:
    if len(steps) < _FEWEST_FOR_DISTANCE:
        return 1
    return int(np.ceil(np.median(np.diff(steps))))


class Fold:
    """Takes the members one by one; keeps one number a bucket of each."""

    def __init__(self, buckets: Buckets, n_members: int) -> None:
        count = buckets.n
        self._buckets = buckets
        self._means = np.full((n_members, count), np.nan)
        self._low, self._high = np.full(count, np.inf), np.full(count, -np.inf)
        self._n_points = np.zeros(count, np.int64)
        self._left_out = np.zeros(count, np.int64)
        self._steps, self._seconds = np.zeros(count), np.zeros(count)
        self._taken = 0

    def add(self, curve: Curve, began: float) -> None:
        """One member, and when its job began in seconds since 1970."""
        places = self._buckets.places(curve.steps)
        self._n_points += self._counted(places)
        # How far into their bucket: sums of steps themselves would lose digits.
        self._steps += self._summed(places, curve.steps % self._buckets.width)
        self._seconds += self._summed(places, curve.times - began)
        finite = np.isfinite(curve.values)
        self._left_out += self._counted(places[~finite])
        where, values = places[finite], curve.values[finite]
        np.minimum.at(self._low, where, values)
        np.maximum.at(self._high, where, values)
        self._means[self._taken] = self._own_means(where, values)
        self._taken += 1

    def band(self) -> Band:
        """All members that were taken, together."""
        there = self._n_points > 0
        means = self._means[: self._taken, there]
        counts = self._n_points[there]
        n = np.count_nonzero(~np.isnan(means), axis=0).astype(np.int64)
        lower, middle, upper = _quartiles(means, n)
        mean = _mean(means, n)
        return Band(
            self._shown(there),
            self._seconds[there] / counts,
            n,
            mean,
            _deviation(means, n, mean),
            np.where(n > 0, self._low[there], np.nan),
            np.where(n > 0, self._high[there], np.nan),
            lower,
            middle,
            upper,
            self._left_out[there],
        )

    def _shown(self, there: NDArray[np.bool_]) -> Ints:
        steps, width, first, count = self._buckets
        if steps is not None:
            return steps[there]
        into = np.rint(self._steps[there] / self._n_points[there]).astype(np.int64)
        return np.arange(first, first + count, dtype=np.int64)[there] * width + into

    def _own_means(self, where: Places, values: Floats) -> Floats:
        counts = self._counted(where)
        if counts.max(initial=0) <= 1:
            found = np.full(len(counts), np.nan)
            found[where] = values
            return found
        huge = bool(np.abs(values).max() > _HUGE)
        sums = self._summed(where, values * _SMALLER if huge else values)
        with np.errstate(invalid="ignore", divide="ignore"):
            means: Floats = sums / counts
        return means / _SMALLER if huge else means

    def _counted(self, places: Places) -> Ints:
        return np.bincount(places, minlength=self._buckets.n)

    def _summed(self, places: Places, values: Any) -> Floats:
        return np.bincount(places, weights=values, minlength=self._buckets.n).astype(np.float64)


def _mean(means: Floats, n: Ints) -> Floats:
    there = ~np.isnan(means)
    huge = bool(np.abs(means).max(initial=0, where=there) > _HUGE)
    values = np.where(there, means, 0.0) * (_SMALLER if huge else 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = values.sum(axis=0) / n
    return found / _SMALLER if huge else found


def _deviation(means: Floats, n: Ints, mean: Floats) -> Floats:
    """Of the sample, from the differences to the mean, each scaled by the largest so that no square overflows."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        apart = np.abs(means - mean)
        scale = np.max(apart, axis=0, initial=0, where=~np.isnan(apart))
        scale[scale == 0] = 1.0
        squares = np.nansum((apart / scale) ** 2, axis=0)
        found: Floats = scale * np.sqrt(squares / (n - 1))
    found[n < 2] = np.nan
    return found


def _quartiles(means: Floats, n: Ints) -> tuple[Floats, Floats, Floats]:
    """By proportion between neighbours, as numpy's `quantile` does."""
    ordered = np.sort(means, axis=0)  # NaN comes last.
    if not len(ordered):
        empty = np.full(means.shape[1], np.nan)
        return empty, empty, empty
    found = []
    for share in (0.25, 0.5, 0.75):
        place = np.maximum(n - 1, 0) * share
        below = np.floor(place).astype(np.intp)
        above = np.ceil(place).astype(np.intp)
        columns = np.arange(means.shape[1])
        low, high = ordered[below, columns], ordered[above, columns]
        part = place - below
        found.append(np.asarray(low * (1 - part) + high * part, np.float64))
    return found[0], found[1], found[2]
