"""Gets curves from the tables: few statements, however many jobs and metrics are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.curves import repository
from argus_catalog.curves.reading import ALL, Drawn, Plan, Stored, Window, drawn, plan
from argus_catalog.curves.repository import ChunkKey, ColumnKey, JobHead, JobKey
from argus_contracts.curves.packing import unpack_axis, unpack_column, unpack_rollup
from argus_contracts.curves.rows import (
    NO_POINTS,
    NO_ROWS,
    Curve,
    Rows,
    StoredBlock,
    by_kind,
    cuts_of,
    joined,
    settled,
)
from argus_contracts.errors import ErrorCode
from argus_contracts.points import EPOCHS
from argus_kit.errors import ArgusError

T = TypeVar("T")

# With fewer points than this, the work is shorter than handing it to a thread.
_SMALL = 8_000

SeriesKey = tuple[int, str]
Found = dict[SeriesKey, Drawn]
Tails = dict[JobKey, dict[int, Rows]]


class Wish(NamedTuple):
    """Which curves of a job are wanted: metrics (None: all), points of each, which part, which kind (None: both), and
    how many points all curves together may have (None: no matter).
    """

    names: Sequence[str] | None = None
    points: int = 2000
    window: Window = ALL
    kind: int | None = None
    most_points: int | None = None


async def computed(n_points: int, build: Callable[[], T]) -> T:
    """What `build` returns; where there are many points, from a thread."""
    return build() if n_points <= _SMALL else await asyncio.to_thread(build)


async def curves(connection: AsyncConnection, jobs: Sequence[JobHead], wish: Wish) -> dict[JobKey, Found]:
    """By job, its curves by kind and metric, with more points than are wanted. A curve without points is left out.

    Raises:
        ArgusError: request.invalid, when the answer could hold more points than the wish allows.
    """
    keys = [job.key for job in jobs]
    stored = await _stored(connection, jobs, keys, wish)
    n_series = sum(len(some) for some in stored.values())
    if wish.most_points is not None and n_series * wish.points > wish.most_points:
        message = f"{n_series} curves of {wish.points} points are too many; at most {wish.most_points} points at once."
        raise ArgusError(ErrorCode.REQUEST_INVALID, message)
    plans = {
        (key, series): plan(one, wish.window, wish.points)
        for key, some in stored.items()
        for series, one in some.items()
    }
    near, afar = _keys(plans, near=True), _keys(plans, near=False)
    axes = await repository.axes(connection, sorted({_chunk_of(key) for key in near}))
    payloads = await repository.values(connection, near)
    rollups = await repository.rollups(connection, afar)

    def build() -> dict[JobKey, Found]:
        unpacked = {key: unpack_axis(axis) for key, axis in axes.items()}
        points: dict[ColumnKey, Curve] = {}
        for key, payload in payloads.items():
            steps, times = unpacked[_chunk_of(key)]
            rows, values = unpack_column(payload)
            points[key] = Curve(steps[rows], times[rows], values)
        rolled = {key: unpack_rollup(payload) for key, payload in rollups.items()}
        found: dict[JobKey, Found] = {key: {} for key in keys}
        for (job, series), planned in plans.items():
            result = drawn(
                stored[job][series],
                {step: points[_column_key(job, series, step)] for step in sorted(planned.near)},
                [rolled[_column_key(job, series, step)] for step in sorted(planned.afar)],
                wish.window,
            )
            if result.known is not None:
                found[job][series] = result
        return found

    return await computed(len(near) * _SMALL + sum(map(len, rollups.values())), build)


async def names(connection: AsyncConnection, job: JobHead) -> set[str]:
    """All metrics that a job has points of."""
    tail = (await repository.blocks(connection, [job.key])).get(job.key, [])
    merged = await repository.column_names(connection, job.key)
    return {*merged, *(name for block in tail for name in block.names)}


async def all_epochs(connection: AsyncConnection, batch_key: int, job_no: int) -> Rows:
    """Everything that a job reported by epochs, settled."""
    key = (batch_key, job_no)
    head = await repository.head(connection, key)
    blocks = (await repository.blocks(connection, [key])).get(key, [])
    axes, columns = await repository.everything(connection, key, EPOCHS)

    def build() -> Rows:
        parts = [
            Rows(*unpack_axis(axis), {name: unpack_column(payload) for name, payload in columns[first_step].items()})
            for first_step, axis in axes
        ]
        parts.append(by_kind(blocks).get(EPOCHS, NO_ROWS))
        return settled(joined(parts), cuts_of(head.resumes if head else None, EPOCHS))

    return await computed(_points_of(blocks) + len(axes) * _SMALL, build)


async def _stored(
    connection: AsyncConnection, jobs: Sequence[JobHead], keys: Sequence[JobKey], wish: Wish
) -> dict[JobKey, dict[SeriesKey, Stored]]:
    blocks = await repository.blocks(connection, keys)
    heads = await repository.chunk_heads(connection, keys)
    stats = await repository.column_stats(connection, keys, wish.names)
    n_points = sum(_points_of(some) for some in blocks.values())
    tails = await computed(n_points, lambda: _tails(jobs, blocks))
    found: dict[JobKey, dict[SeriesKey, Stored]] = {}
    for job in jobs:
        tail, known = tails.get(job.key, {}), stats.get(job.key, {})
        of_tail = {(kind, name) for kind, rows in tail.items() for name in rows.columns}
        found[job.key] = {}
        for kind, name in sorted({*known, *of_tail}):
            if (wish.names is not None and name not in wish.names) or wish.kind not in {None, kind}:
                continue
            parts = known.get((kind, name), {})
            chunks = {h.first_step: (h, parts[h.first_step]) for h in heads[job.key][kind] if h.first_step in parts}
            newer = tail[kind].curve(name) if (kind, name) in of_tail else NO_POINTS
            found[job.key][kind, name] = Stored(chunks, newer, cuts_of(job.resumes, kind))
    return found


def _tails(jobs: Sequence[JobHead], blocks: dict[JobKey, list[StoredBlock]]) -> Tails:
    return {
        job.key: {kind: settled(rows, cuts_of(job.resumes, kind)) for kind, rows in by_kind(blocks[job.key]).items()}
        for job in jobs
        if job.key in blocks
    }


def _points_of(blocks: Sequence[StoredBlock]) -> int:
    # A block costs about as much as forty points, however few it has.
    return sum(40 + len(block.payload) // 8 for block in blocks)


def _keys(plans: dict[tuple[JobKey, SeriesKey], Plan], *, near: bool) -> list[ColumnKey]:
    return sorted(
        _column_key(job, series, step)
        for (job, series), planned in plans.items()
        for step in (planned.near if near else planned.afar)
    )


def _column_key(job: JobKey, series: SeriesKey, first_step: int) -> ColumnKey:
    return (*job, series[1], series[0], first_step)


def _chunk_of(key: ColumnKey) -> ChunkKey:
    batch_key, job_no, _, kind, first_step = key
    return batch_key, job_no, kind, first_step
