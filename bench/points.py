"""Puts points behind the jobs of a benchmark, straight into the tables.

Through the API fifty million points would take half an hour. What lies in the tables is what merging makes of them: one
chunk of a curve, packed by ingest's own codec, is put behind every job that has none. The blocks that jobs reported
are taken away, as merging does: else it would be at work on all of them while pages are measured.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any, Final

import asyncpg
import numpy as np

from argus_contracts.curves.rows import Column, Rows
from argus_contracts.points import STEPS
from argus_ingest.compaction.merge import NewChunk, merged

PER_JOB: Final = 250
_MISSING: Final = (
    "from job j where not exists (select 1 from metric_chunk c where c.batch_key = j.batch_key and c.job_no = j.job_no)"
)
_CHUNKS: Final = (
    "insert into metric_chunk "
    "(batch_key, job_no, kind, first_step, last_step, n_rows, first_at, last_at, cuts, payload) "
    f"select j.batch_key, j.job_no, {{}} {_MISSING}"
)
_COLUMNS: Final = (
    "insert into metric_column (batch_key, job_no, name, kind, first_step, n_points, stats, rollup, payload) "
    "select j.batch_key, j.job_no, {} from metric_chunk j where not exists (select 1 from metric_column c "
    "where c.batch_key = j.batch_key and c.job_no = j.job_no)"
)
_MERGED: Final = ("delete from metric_block", "update job set n_blocks = 0 where n_blocks > 0")
_COUNT: Final = "select coalesce(sum(n_points), 0) from metric_column"


def curve(length: int) -> NewChunk:
    """A loss that falls, with noise, a point a minute."""
    draw = np.random.default_rng(7)
    steps = np.arange(length)
    times = np.asarray(1.77e9 + 60.0 * steps, np.float64)
    values = 2 * np.exp(-3 * steps / length) + draw.normal(0, 0.05, length)
    rows = Rows(steps, times, {"loss": Column(np.arange(length), values)})
    (chunk,) = merged(STEPS, [rows], [], [])
    return chunk


def add(home: Path, per_job: int = PER_JOB) -> int:
    """Put a curve behind every job of the server that lives in this folder; how many points there are then."""
    chunk = curve(per_job)
    (column,) = chunk.columns
    of_chunk = [chunk.kind, *chunk.head[:5], "[]", chunk.payload]
    of_column = [column.name, chunk.kind, chunk.head.first_step, column.stats.n]
    packed = [column.packed_stats, column.rollup, column.payload]
    if (home / "argus.db").exists():
        return _in_sqlite(home / "argus.db", of_chunk, [*of_column, *packed])
    return asyncio.run(_in_postgres(home / "stack", of_chunk, [*of_column, *packed]))


def _in_sqlite(path: Path, chunk: list[Any], column: list[Any]) -> int:
    with sqlite3.connect(path, timeout=60) as database:
        database.execute(_CHUNKS.format(", ".join("?" * len(chunk))), chunk)
        database.execute(_COLUMNS.format(", ".join("?" * len(column))), column)
        for statement in _MERGED:
            database.execute(statement)
        found: int = database.execute(_COUNT).fetchone()[0]
    database.close()
    return found


async def _in_postgres(room: Path, chunk: list[Any], column: list[Any]) -> int:
    password = json.loads((room / "secrets.json").read_text())["postgres"]
    port = json.loads((room / "state.json").read_text())["ports"]["postgres"]
    database = await asyncpg.connect(host="127.0.0.1", port=port, user="postgres", password=password, database="argus")
    try:
        types: tuple[str, ...] = ("smallint", "bigint", "bigint", "int", "float8", "float8", "jsonb", "bytea")
        await database.execute(_CHUNKS.format(_typed(types)), *chunk)
        types = ("text", "smallint", "bigint", "int", "bytea", "bytea", "bytea")
        await database.execute(_COLUMNS.format(_typed(types)), *column)
        for statement in _MERGED:
            await database.execute(statement)
        # What autovacuum does some minutes after so much was written.
        await database.execute("vacuum (analyze)")
        return int(await database.fetchval(_COUNT))
    finally:
        await database.close()


def _typed(types: tuple[str, ...]) -> str:
    return ", ".join(f"${place}::{kind}" for place, kind in enumerate(types, 1))
