"""One merge, in memory: a job's oldest blocks and the chunks that they touch become new chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from argus_contracts.curves.merging import Head, divided
from argus_contracts.curves.packing import (
    pack_axis,
    pack_column,
    pack_rollup,
    pack_stats,
    unpack_axis,
    unpack_column,
)
from argus_contracts.curves.rollups import Stats, merged_stats, roll, stats
from argus_contracts.curves.rows import Column, Cut, Rows, joined, settled
from argus_contracts.events import json_safe
from argus_ingest.fold.curves import MAX_METRICS

Summary = dict[str, dict[str, Any]]


class NewColumn(NamedTuple):
    """A row of `metric_column` without its job and chunk."""

    name: str
    stats: Stats
    packed_stats: bytes
    rollup: bytes
    payload: bytes


class NewChunk(NamedTuple):
    """A row of `metric_chunk` without its job, and its columns."""

    kind: int
    head: Head
    payload: bytes
    columns: Sequence[NewColumn]


def unpacked(axis: bytes, columns: Mapping[str, bytes]) -> Rows:
    """A stored chunk's rows."""
    return Rows(*unpack_axis(axis), {name: unpack_column(payload) for name, payload in columns.items()})


def merged(kind: int, parts: Sequence[Rows], cuts: Sequence[Cut], untouched: Sequence[Head]) -> list[NewChunk]:
    """New chunks for what these rows hold together, a later part's points winning over an earlier one's; none of them
    overlaps an untouched chunk.
    """
    whole = settled(joined(parts), cuts)
    return [_chunk(kind, rows, cuts) for rows in divided(whole, untouched) if len(rows.steps)]


def _chunk(kind: int, rows: Rows, cuts: Sequence[Cut]) -> NewChunk:
    steps, times = rows.steps, rows.times
    head = Head(int(steps[0]), int(steps[-1]), len(steps), float(np.min(times)), float(np.max(times)), cuts)
    columns = [_column(rows, name, column) for name, column in rows.columns.items()]
    return NewChunk(kind, head, pack_axis(steps, times), columns)


def _column(rows: Rows, name: str, column: Column) -> NewColumn:
    curve = rows.curve(name)
    known = stats(curve)
    packed = pack_column(column, len(rows.steps))
    return NewColumn(name, known, pack_stats(known), pack_rollup(roll(curve)), packed)


def summary(found: Mapping[str, Mapping[int, Sequence[Stats]]]) -> Summary:
    """A job's summary, exactly, from the stats of all its chunks by metric and kind. Where a metric was reported both
    by epochs and by steps, what was heard last is its last.
    """
    return {name: _summary([merged_stats(parts) for parts in kinds.values()]) for name, kinds in _listed(found)}


def _listed(
    found: Mapping[str, Mapping[int, Sequence[Stats]]],
) -> list[tuple[str, Mapping[int, Sequence[Stats]]]]:
    return list(found.items())[:MAX_METRICS]


def _summary(kinds: Sequence[Stats]) -> dict[str, Any]:
    last = max(kinds, key=lambda known: known.last_at)
    low = min(kinds, key=lambda known: (known.min is None, known.min))
    high = min(kinds, key=lambda known: (known.max is None, -(known.max or 0)))
    return json_safe(
        {
            "n": sum(known.n for known in kinds),
            "last": last.last,
            "last_step": last.last_step,
            "min": low.min,
            "min_step": low.min_step,
            "max": high.max,
            "max_step": high.max_step,
        }
    )
