"""The points of a job's curves, chunk by chunk: however long a curve is, a piece of it is in memory at a time.

What counts is what pages show: superseded points are left out, and of two values of one step the later is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.export.rows import encode
from argus_contracts.curves.packing import unpack_axis, unpack_column
from argus_contracts.curves.rows import (
    NO_ROWS,
    Cut,
    Rows,
    StoredBlock,
    by_kind,
    chosen,
    cuts_of,
    joined,
    settled,
)
from argus_contracts.points import EPOCHS, STEPS
from argus_schema.ingest import metric_block, metric_chunk, metric_column

_KINDS: Final = {EPOCHS: "epoch", STEPS: "step"}
_LINES_AT_ONCE: Final = 5_000


async def of_job(connection: AsyncConnection, job: sa.RowMapping) -> AsyncIterator[bytes]:
    """JSON lines: which job, which epoch or step, when, and the values."""
    key = (job["batch_key"], job["job_no"])
    tails = by_kind(await _blocks(connection, key))
    for kind, word in _KINDS.items():
        cuts = cuts_of(job["resumes"], kind)
        async for rows in _of_kind(connection, key, kind, tails.get(kind, NO_ROWS), cuts):
            for begin in range(0, len(rows.steps), _LINES_AT_ONCE):
                yield await asyncio.to_thread(_lines, job["job_id"], word, rows, begin)


async def _of_kind(
    connection: AsyncConnection, key: tuple[int, int], kind: int, tail: Rows, cuts: Sequence[Cut]
) -> AsyncIterator[Rows]:
    rest = np.ones(len(tail.steps), dtype=bool)
    after: int | None = None
    while (head := await _next_chunk(connection, key, kind, after)) is not None:
        within = (tail.steps >= head.first_step) & (tail.steps <= head.last_step)
        rest &= ~within
        columns = await _columns(connection, key, kind, head.first_step)
        stored = Rows(*unpack_axis(head.payload), {one.name: unpack_column(one.payload) for one in columns})
        yield settled(joined([stored, chosen(tail, within)]), cuts)
        after = head.first_step
    yield settled(chosen(tail, rest), cuts)


async def _blocks(connection: AsyncConnection, key: tuple[int, int]) -> list[StoredBlock]:
    column = metric_block.c
    query = sa.select(column.names, column.payload).where(column.batch_key == key[0], column.job_no == key[1])
    return [StoredBlock(row.names, row.payload) for row in await connection.execute(query.order_by(column.id))]


async def _next_chunk(
    connection: AsyncConnection, key: tuple[int, int], kind: int, after: int | None
) -> sa.Row[Any] | None:
    column = metric_chunk.c
    query: sa.Select[Any] = sa.select(column.first_step, column.last_step, column.payload).where(
        column.batch_key == key[0], column.job_no == key[1], column.kind == kind
    )
    if after is not None:
        query = query.where(column.first_step > after)
    found: sa.Row[Any] | None = (await connection.execute(query.order_by(column.first_step).limit(1))).first()
    return found


async def _columns(
    connection: AsyncConnection, key: tuple[int, int], kind: int, first_step: int
) -> Sequence[sa.Row[Any]]:
    column = metric_column.c
    query: sa.Select[Any] = sa.select(column.name, column.payload).where(
        column.batch_key == key[0], column.job_no == key[1], column.kind == kind, column.first_step == first_step
    )
    found: Sequence[sa.Row[Any]] = (await connection.execute(query.order_by(column.name))).all()
    return found


def _lines(job_id: str, word: str, rows: Rows, begin: int) -> bytes:
    end = min(begin + _LINES_AT_ONCE, len(rows.steps))
    values: list[dict[str, Any]] = [{} for _ in range(begin, end)]
    for name, (places, numbers) in rows.columns.items():
        first, last = np.searchsorted(places, (begin, end))
        for place, number in zip(places[first:last].tolist(), numbers[first:last].tolist(), strict=True):
            values[place - begin][name] = number if isfinite(number) else str(number)
    steps, times = rows.steps[begin:end].tolist(), rows.times[begin:end].tolist()
    return b"".join(
        encode({"job_id": job_id, word: step, "at": datetime.fromtimestamp(at, UTC), "values": found}) + b"\n"
        for step, at, found in zip(steps, times, values, strict=True)
    )
