"""The points of one job and kind as columns, and the rules by which later points replace earlier ones.

Of two values of one metric at one step the later wins: by the sender's clock, and of equal times the one that came
last. Where a job began anew, a *cut* says so: whatever was reported before its time, for its step or a later one, is
superseded. A run that resumes from a checkpoint so keeps the curve before it, and a run from scratch keeps nothing.
By these rules it does not matter in which order points and cuts become known, nor when they are merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from argus_contracts.points import EPOCHS, Layout, layout

Steps = NDArray[np.int64]
Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Bools = NDArray[np.bool_]


class StoredBlock(NamedTuple):
    """A row of `metric_block`."""

    names: Sequence[str]
    payload: bytes


class Curve(NamedTuple):
    """One metric of one job, one value a step. `times` in seconds since 1970."""

    steps: Steps
    times: Floats
    values: Floats

    def at(self, chosen: Any) -> Curve:
        """The points at these places, or under this mask."""
        return Curve(self.steps[chosen], self.times[chosen], self.values[chosen])


class Column(NamedTuple):
    """The values of one metric: `rows[i]`, rising, is the row that carried `values[i]`."""

    rows: Places
    values: Floats


class Rows(NamedTuple):
    """Points of one job and kind. Rows are as they were sent: one step may have several, each with its own metrics."""

    steps: Steps
    times: Floats
    columns: dict[str, Column]

    def curve(self, name: str) -> Curve:
        """One metric; the rows must be settled."""
        rows, values = self.columns[name]
        return Curve(self.steps[rows], self.times[rows], values)


class Cut(NamedTuple):
    """A place where a job began anew: `at` in seconds since 1970, `step` the lowest that the new run reported."""

    at: float
    step: int


NO_POINTS = Curve(np.empty(0, np.int64), np.empty(0), np.empty(0))
NO_ROWS = Rows(NO_POINTS.steps, NO_POINTS.times, {})


def cuts_of(resumes: Iterable[Mapping[str, Any]] | None, kind: int) -> list[Cut]:
    """The cuts that a job's `resumes` mean for points of this kind; runs that reported nothing yet cut nothing."""
    number = "epoch" if kind == EPOCHS else "step"
    return [Cut(float(one["at"]), int(one[number])) for one in resumes or () if one.get(number) is not None]


def by_kind(blocks: Iterable[StoredBlock]) -> dict[int, Rows]:
    """The rows in blocks, which come in the order of their ids, unsettled, by the kind of their steps.

    Raises:
        ValueError: a block is damaged.
    """
    placed: dict[int, list[_Placed]] = {}
    for names, payload in blocks:
        at = layout(payload)
        if at.n_names != len(names):
            raise ValueError(f"a metric block of {at.n_names} columns has {len(names)} names")
        placed.setdefault(at.kind, []).append(_Placed(names, payload, at))
    return {kind: _rows(some) for kind, some in placed.items()}


class _Placed(NamedTuple):
    names: Sequence[str]
    payload: bytes
    at: Layout


# A job may have a block for each epoch: bytes are joined first and read as numbers once.
def _rows(placed: Sequence[_Placed]) -> Rows:
    steps = np.frombuffer(b"".join([b.payload[b.at.steps : b.at.times] for b in placed]), "<i8")
    times = np.frombuffer(b"".join([b.payload[b.at.times : b.at.values] for b in placed]), "<f8")
    begins = np.cumsum([0, *(b.at.n_points for b in placed)])
    having: dict[str, list[tuple[int, int]]] = {}
    for place, block in enumerate(placed):
        for index, name in enumerate(block.names):
            having.setdefault(name, []).append((place, index))
    return Rows(steps, times, {name: _column(placed, begins, where) for name, where in having.items()})


def _column(placed: Sequence[_Placed], begins: Places, having: Sequence[tuple[int, int]]) -> Column:
    values, presence, is_full = [], [], True
    for place, index in having:
        _, payload, at = placed[place]
        begin = at.values + 8 * at.n_points * index
        values.append(payload[begin : begin + 8 * at.n_points])
        begin = at.presence + at.presence_size * index
        bits = payload[begin : begin + at.presence_size]
        presence.append((bits, at.n_points))
        is_full = is_full and bits == _all_sent(at.n_points)
    found = np.frombuffer(b"".join(values), "<f8")
    if len(having) == len(placed):
        rows = np.arange(begins[-1], dtype=np.intp)
    else:
        rows = np.concatenate([np.arange(begins[place], begins[place + 1], dtype=np.intp) for place, _ in having])
    if is_full:
        return Column(rows, found)
    sent = np.concatenate([_sent(bits, count) for bits, count in presence])
    return Column(rows[sent], found[sent])


@lru_cache(maxsize=1024)
def _all_sent(count: int) -> bytes:
    return ((1 << count) - 1).to_bytes((count + 7) // 8, "little")


def _sent(bits: bytes, count: int) -> Bools:
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=count, bitorder="little").astype(bool)


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows one after another: of equal steps, those of a later part are the later ones."""
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, list[Column]] = {}
    begin = 0
    for part in parts:
        for name, (rows, values) in part.columns.items():
            columns.setdefault(name, []).append(Column(rows + begin, values))
        begin += len(part.steps)
    return Rows(
        np.concatenate([NO_ROWS.steps, *(part.steps for part in parts)]),
        np.concatenate([NO_ROWS.times, *(part.times for part in parts)]),
        {
            name: Column(np.concatenate([c.rows for c in some]), np.concatenate([c.values for c in some]))
            for name, some in columns.items()
        },
    )


def settled(rows: Rows, cuts: Sequence[Cut]) -> Rows:
    """The rows that count, steps rising: superseded ones gone, one value for each metric and step. A row stays when one
    of its values does, and the last row of a step stays even without any: its epoch was reported.
    """
    rows = chosen(rows, ~superseded(rows.steps, rows.times, cuts)) if cuts else rows
    if len(rows.steps) < 2 or bool((rows.steps[1:] > rows.steps[:-1]).all()):
        return rows
    rows = _ordered(rows)
    columns = {name: _last_of_each_step(rows.steps, column) for name, column in rows.columns.items()}
    stays = _is_last(rows.steps)
    for column in columns.values():
        stays[column.rows] = True
    return chosen(Rows(rows.steps, rows.times, columns), stays)


def superseded(steps: Steps, times: Floats, cuts: Iterable[Cut]) -> Bools:
    """Which points a later run of their job has replaced."""
    gone = np.zeros(len(steps), dtype=bool)
    for at, step in cuts:
        gone |= (times < at) & (steps >= step)
    return gone


def last_of_each_step(curve: Curve) -> Curve:
    """The curve in the order of its steps; of equal steps the latest stays."""
    steps = curve.steps
    if len(steps) < 2 or bool((steps[1:] > steps[:-1]).all()):
        return curve
    order = np.lexsort((curve.times, steps))
    return curve.at(order[_is_last(steps[order])])


def between(rows: Rows, begin: int, end: int) -> Rows:
    """The rows from `begin` up to `end`, which is not among them."""
    columns = {}
    for name, (places, values) in rows.columns.items():
        first, last = np.searchsorted(places, (begin, end))
        if last > first:
            columns[name] = Column(places[first:last] - begin, values[first:last])
    return Rows(rows.steps[begin:end], rows.times[begin:end], columns)


def _is_last(steps: Steps) -> Bools:
    return np.append(steps[1:] != steps[:-1], True) if len(steps) else np.empty(0, dtype=bool)


def _last_of_each_step(steps: Steps, column: Column) -> Column:
    stays = _is_last(steps[column.rows])
    return column if stays.all() else Column(column.rows[stays], column.values[stays])


def _ordered(rows: Rows) -> Rows:
    # Stable: of equal steps and times, what came last stays last.
    order = np.lexsort((rows.times, rows.steps))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    columns = {}
    for name, column in rows.columns.items():
        moved = place[column.rows]
        by_place = np.argsort(moved, kind="stable")
        columns[name] = Column(moved[by_place], column.values[by_place])
    return Rows(rows.steps[order], rows.times[order], columns)


def chosen(rows: Rows, stays: Bools) -> Rows:
    """The rows under a mask."""
    if stays.all():
        return rows
    place = np.cumsum(stays) - 1
    columns = {}
    for name, (places, values) in rows.columns.items():
        kept = stays[places]
        if kept.any():
            columns[name] = Column(place[places[kept]], values[kept])
    return Rows(rows.steps[stays], rows.times[stays], columns)
