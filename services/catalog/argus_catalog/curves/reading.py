"""Which chunks of a curve are read as they are and which from afar, and the curve that comes of it. Pure.

A chunk is read point by point where it is short of points, where it reaches over the edge of what was asked for, and
where newer points or runs have changed what it says. All others are seen through their roll-ups.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from argus_contracts.curves.merging import Head, hit, is_stale
from argus_contracts.curves.rollups import (
    NonFinite,
    RollUp,
    Stats,
    merged_nonfinite,
    merged_stats,
    nonfinite,
    outline,
    stats,
)
from argus_contracts.curves.rows import Curve, Cut, last_of_each_step, superseded

# A curve with this many points for each one that is wanted is drawn from roll-ups: they give half as many as wanted, or
# more.
_FROM_AFAR = 16


class Window(NamedTuple):
    """What part of a curve is wanted, ends included: in steps, and in seconds since 1970. None: no bound."""

    from_step: int | None = None
    to_step: int | None = None
    from_time: float | None = None
    to_time: float | None = None

    def within(self, curve: Curve) -> Curve:
        """The points inside; steps must rise."""
        if self == ALL:
            return curve
        begin = 0 if self.from_step is None else int(curve.steps.searchsorted(self.from_step, "left"))
        end = len(curve.steps) if self.to_step is None else int(curve.steps.searchsorted(self.to_step, "right"))
        part = curve.at(slice(begin, end))
        if self.from_time is None and self.to_time is None:
            return part
        low = -np.inf if self.from_time is None else self.from_time
        high = np.inf if self.to_time is None else self.to_time
        return part.at((part.times >= low) & (part.times <= high))

    def holds(self, head: Head) -> bool:
        """Whether all of a chunk is inside."""
        return _within(self.from_step, self.to_step, head.first_step, head.last_step) and _within(
            self.from_time, self.to_time, head.first_at, head.last_at
        )

    def misses(self, head: Head) -> bool:
        """Whether nothing of a chunk is inside."""
        return _apart(self.from_step, self.to_step, head.first_step, head.last_step) or _apart(
            self.from_time, self.to_time, head.first_at, head.last_at
        )


ALL = Window()


class Stored(NamedTuple):
    """One curve as it is stored: by first step its chunks and their stats, what was not merged yet (settled), and the
    beginnings of runs that count.
    """

    chunks: Mapping[int, tuple[Head, Stats]]
    tail: Curve
    cuts: Sequence[Cut]


class Plan(NamedTuple):
    """First steps of the chunks to be read point by point, and of those to be seen from afar."""

    near: Collection[int]
    afar: Collection[int]


class Drawn(NamedTuple):
    """A curve for a chart. `n_points` and `nonfinite` tell of all its points inside the window, `known` of the whole
    curve (None: it has no point).
    """

    curve: Curve
    n_points: int
    nonfinite: NonFinite | None
    known: Stats | None


def plan(stored: Stored, window: Window, points: int) -> Plan:
    """What to read of a curve, for this many points of this part of it."""
    heads = [head for head, _ in stored.chunks.values()]
    changed = {
        head.first_step
        for head, is_hit in zip(heads, hit(heads, stored.tail.steps), strict=True)
        if is_hit or is_stale(head, stored.cuts)
    }
    inside = [head for head in heads if not window.misses(head)]
    count = len(stored.tail.steps) + sum(stored.chunks[head.first_step][1].n for head in inside)
    if count < _FROM_AFAR * points:
        return Plan(changed | {head.first_step for head in inside}, ())
    afar = {head.first_step for head in inside if window.holds(head)} - changed
    return Plan(changed | {head.first_step for head in inside} - afar, afar)


def drawn(stored: Stored, near: Mapping[int, Curve], afar: Sequence[RollUp], window: Window) -> Drawn:
    """The curve, from the chunks that `plan` named. It may have many more points than are wanted."""
    exact = _exact(near.values(), stored)
    wanted = window.within(exact)
    known = [found for first_step, (_, found) in stored.chunks.items() if first_step not in near]
    if len(exact.steps):
        known.append(stats(exact))
    return Drawn(
        _joined(wanted, afar),
        len(wanted.steps) + sum(rolled.n_points for rolled in afar),
        merged_nonfinite([nonfinite(wanted), *(rolled.nonfinite for rolled in afar)]),
        merged_stats(known) if known else None,
    )


def _exact(near: Iterable[Curve], stored: Stored) -> Curve:
    parts = [*near, stored.tail]
    if len(parts) == 1:
        return stored.tail
    curve = Curve(*map(np.concatenate, zip(*parts, strict=True)))
    if stored.cuts:
        curve = curve.at(~superseded(curve.steps, curve.times, stored.cuts))
    return last_of_each_step(curve)


def _joined(exact: Curve, afar: Sequence[RollUp]) -> Curve:
    if not afar:
        return exact
    # What was read point by point must not look denser than the rest.
    parts = [*(rolled.outline for rolled in afar), outline(exact)]
    return last_of_each_step(Curve(*map(np.concatenate, zip(*parts, strict=True))))


def _within(low: float | None, high: float | None, first: float, last: float) -> bool:
    return (low is None or low <= first) and (high is None or last <= high)


def _apart(low: float | None, high: float | None, first: float, last: float) -> bool:
    return (low is not None and last < low) or (high is not None and high < first)
