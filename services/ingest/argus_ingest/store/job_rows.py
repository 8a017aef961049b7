"""The rows of `job` that a flush needs: loaded, counted, and saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_ingest.fold.state import JobState, Tracked
from argus_ingest.lifecycle import JobStatus
from argus_ingest.store.bulk import padded
from argus_schema import ingest as tables

_columns = tables.job.c
_HEAD = (
    "model", "dataset", "status", "start_time", "end_time", "elapsed_s", "metrics", "extra", "reason",
    "is_idle_flagged",
)  # fmt: skip
_CURVE = (
    "n_points", "last_epoch", "first_epoch_at", "last_epoch_at", "latest", "val_loss_trace", "summary", "resumes",
    "n_blocks",
)  # fmt: skip
_PAIRS_AT_ONCE = 1024

_SELECT = sa.select(*(_columns[name] for name in ("batch_key", "job_no", "job_id", *_HEAD, *_CURVE, "deleted_at")))
_this = tables.job.update().where(
    _columns.batch_key == sa.bindparam("this_batch"), _columns.job_no == sa.bindparam("this_job")
)
_UPDATE_CURVE = _this.values({name: sa.bindparam(f"new_{name}") for name in _CURVE})
_UPDATE_ALL = _this.values({name: sa.bindparam(f"new_{name}") for name in (*_HEAD, *_CURVE)})

Pair = tuple[int, str]


async def load_named(connection: AsyncConnection, tracked: dict[int, Tracked], pairs: Sequence[Pair]) -> None:
    """Put those of the named jobs (batch_key, job_id) that exist into `tracked`."""
    for begin in range(0, len(pairs), _PAIRS_AT_ONCE):
        some = padded(pairs[begin : begin + _PAIRS_AT_ONCE])
        keys = {key for key, _ in some}
        if len(keys) == 1:
            query = _SELECT.where(_columns.batch_key == some[0][0], _columns.job_id.in_([job for _, job in some]))
        else:
            query = _SELECT.where(sa.tuple_(_columns.batch_key, _columns.job_id).in_(some))
        await _load(connection, tracked, query)


async def load_running(connection: AsyncConnection, tracked: dict[int, Tracked], keys: Collection[int]) -> None:
    """Put the running jobs of these batches into `tracked`."""
    query = _SELECT.where(_columns.batch_key.in_(padded(sorted(keys))), _columns.status == JobStatus.RUNNING)
    await _load(connection, tracked, query)


async def count_statuses(connection: AsyncConnection, tracked: dict[int, Tracked], keys: Collection[int]) -> None:
    """Count the jobs of these batches by status, without deleted ones."""
    query = (
        sa.select(_columns.batch_key, _columns.status, sa.func.count().label("n"))
        .where(_columns.batch_key.in_(padded(sorted(keys))), _columns.deleted_at.is_(None))
        .group_by(_columns.batch_key, _columns.status)
    )
    for key in keys:
        tracked[key].batch.job_statuses = Counter()
    for row in await connection.execute(query):
        tracked[row.batch_key].batch.job_statuses[row.status or ""] += row.n


async def load_last_numbers(connection: AsyncConnection, tracked: dict[int, Tracked], keys: Collection[int]) -> None:
    """Find the last number that was given to a job of each of these batches."""
    query = (
        sa.select(_columns.batch_key, sa.func.max(_columns.job_no).label("last"))
        .where(_columns.batch_key.in_(padded(sorted(keys))))
        .group_by(_columns.batch_key)
    )
    for row in await connection.execute(query):
        tracked[row.batch_key].last_job_no = row.last


async def save(connection: AsyncConnection, tracked: Iterable[Tracked]) -> None:
    """Write new and changed jobs."""
    new: list[dict[str, Any]] = []
    whole: list[dict[str, Any]] = []
    curve: list[dict[str, Any]] = []
    for one in tracked:
        key = one.batch.batch_key
        for job in one.jobs.values():
            if job.is_new:
                new.append(
                    {"batch_key": key, "job_no": job.job_no, "job_id": job.job_id, **_values(job, "", whole=True)}
                )
            elif job.is_touched:
                row = {"this_batch": key, "this_job": job.job_no, **_values(job, "new_", whole=job.has_new_head)}
                (whole if job.has_new_head else curve).append(row)
    if new:
        await connection.execute(sa.insert(tables.job), new)
    if whole:
        await connection.execute(_UPDATE_ALL, whole)
    if curve:
        await connection.execute(_UPDATE_CURVE, curve)


def _values(job: JobState, prefix: str, *, whole: bool) -> dict[str, Any]:
    return {f"{prefix}{name}": getattr(job, name) for name in ((*_HEAD, *_CURVE) if whole else _CURVE)}


async def _load(connection: AsyncConnection, tracked: dict[int, Tracked], query: sa.Select[Any]) -> None:
    for row in await connection.execute(query):
        values = row._asdict()
        jobs = tracked[values.pop("batch_key")].jobs
        if row.job_id not in jobs:
            jobs[row.job_id] = JobState(**values)
