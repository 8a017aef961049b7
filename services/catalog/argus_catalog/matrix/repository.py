"""Reads the jobs of boards: only what decides, never whole configurations or metrics unless they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.derivations.metrics import number
from argus_catalog.derivations.status import shown_job_status
from argus_catalog.jobs.repository import LISTED
from argus_catalog.matrix.cells import Entry
from argus_catalog.projects.repository import in_project_views
from argus_kit.actor import Actor
from argus_query.json_values import value_at
from argus_schema import catalog as own
from argus_schema import ingest

batch = ingest.batch.c
job = ingest.job.c

Row = Any
Where = sa.ColumnElement[bool]

# Two bound values each; databases take some ten thousand.
_AT_ONCE: Final = 10_000
_UNASKABLE: Final = frozenset('"\\')
_JOINED = ingest.job.join(ingest.batch, job.batch_key == batch.batch_key)
_WITH_BATCH = (
    *LISTED,
    batch.id.label("batch_id"),
    batch.status.label("batch_status"),
    batch.end_time.label("batch_end"),
    batch.host,
)


def of_project(actor: Actor, project: str) -> Where:
    """The undeleted jobs of a project that the caller sees."""
    return sa.and_(in_project_views(actor), batch.project == project, job.deleted_at.is_(None))


def of_batch(batch_key: int) -> Where:
    """The undeleted jobs of a batch."""
    return sa.and_(job.batch_key == batch_key, job.deleted_at.is_(None))


def of_cell(actor: Actor, project: str, model: str, dataset: str) -> Where:
    """The jobs of a project with this model and dataset; no name is the empty one."""
    named = (sa.func.coalesce(job.model, "") == model, sa.func.coalesce(job.dataset, "") == dataset)
    return sa.and_(of_project(actor, project), *named)


async def settings(connection: AsyncConnection, project: str) -> dict[str, Any]:
    """What was set for a project."""
    query = sa.select(own.project_meta.c.settings).where(own.project_meta.c.project == project)
    found = (await connection.execute(query)).scalar()
    return found if isinstance(found, dict) else {}


async def metric_counts(connection: AsyncConnection, where: Where) -> dict[str, int]:
    """How many of these jobs have a finite number in each final metric."""
    if connection.dialect.name == "sqlite":
        each = sa.func.json_each(job.metrics).table_valued("key", "type")
        is_number: Where = each.c.type.in_(("integer", "real"))
    else:
        is_object = sa.func.jsonb_typeof(job.metrics) == "object"
        metrics = sa.case((is_object, job.metrics), else_=sa.literal({}, JSONB))
        each = sa.func.jsonb_each(metrics).table_valued("key", sa.column("value", JSONB))
        is_number = sa.func.jsonb_typeof(each.c.value) == "number"
    query = (
        sa.select(each.c.key, sa.func.count().label("n"))
        .select_from(_JOINED)
        .join(each, sa.true())
        .where(where, is_number, each.c.key.is_not(None))
        .group_by(each.c.key)
    )
    return {row.key: row.n for row in await connection.execute(query)}


async def entries(
    connection: AsyncConnection, where: Where, metrics: Sequence[str], *, with_config: bool = False
) -> list[Entry]:
    """These jobs in the order of their start."""
    query = (
        sa.select(
            job.batch_key,
            job.job_no,
            batch.id,
            job.job_id,
            job.model,
            job.dataset,
            job.status,
            job.is_idle_flagged,
            job.start_time,
            job.last_epoch_at,
            batch.status,
            batch.end_time,
            _config(with_config=with_config),
            *(_value(metric) for metric in metrics),
        )
        .select_from(_JOINED)
        .where(where)
        .order_by(job.start_time.asc().nulls_last(), job.batch_key, job.job_id)
    )
    return [_entry(row, metrics) for row in await connection.execute(query)]


def _config(*, with_config: bool) -> sa.ColumnElement[Any]:
    if not with_config:
        return sa.null()
    return sa.type_coerce(job.extra["config"], ingest.job.c.extra.type)


def _value(metric: str) -> sa.ColumnElement[Any]:
    # A quote has no spelling within a path of SQLite: such a name is looked up here.
    return job.metrics if _UNASKABLE & {*metric} else value_at(job.metrics, [metric], "number")


def _entry(row: Row, metrics: Sequence[str]) -> Entry:
    (
        key,
        no,
        batch_id,
        job_id,
        model,
        dataset,
        status,
        is_idle,
        start,
        heard,
        batch_status,
        batch_end,
        config,
        *found,
    ) = row
    values = (value.get(name) if isinstance(value, dict) else value for name, value in zip(metrics, found, strict=True))
    return Entry(
        batch_id,
        job_id,
        model or "",
        dataset or "",
        shown_job_status(status, start, heard, batch_status, batch_end),
        is_idle,
        tuple(number(value) for value in values),
        config,
        (key, no),
    )


async def rows(connection: AsyncConnection, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Row]:
    """Whole rows of jobs as lists show them, by batch and number."""
    found: dict[tuple[int, int], Row] = {}
    for begin in range(0, len(keys), _AT_ONCE):
        some = keys[begin : begin + _AT_ONCE]
        # SQLite finds pairs by no index, so it is told of the batches too.
        of_batches = job.batch_key.in_(sorted({batch_key for batch_key, _ in some}))
        wanted = sa.tuple_(job.batch_key, job.job_no).in_(some)
        query = sa.select(*_WITH_BATCH).select_from(_JOINED).where(of_batches, wanted)
        found |= {(row.batch_key, row.job_no): row for row in await connection.execute(query)}
    return found


async def best_rows(connection: AsyncConnection, where: Where, metric: str, *, is_max: bool) -> Sequence[Row]:
    """Of each model and dataset the job with the best value, one without a value where none has one; by name.

    Of equals the one that ended first.
    """
    if _UNASKABLE & {*metric}:
        return await _best_rows_of_odd_metric(connection, where, metric, is_max=is_max)
    model, dataset = sa.func.coalesce(job.model, ""), sa.func.coalesce(job.dataset, "")
    value = value_at(job.metrics, [metric], "number")
    order = (
        (value.desc() if is_max else value.asc()).nulls_last(),
        job.end_time.asc().nulls_last(),
        job.batch_key,
        job.job_no,
    )
    place = sa.func.row_number().over(partition_by=(model, dataset), order_by=order).label("place")
    ranked = sa.select(job.batch_key, job.job_no, place).select_from(_JOINED).where(where).subquery()
    best = sa.and_(job.batch_key == ranked.c.batch_key, job.job_no == ranked.c.job_no, ranked.c.place == 1)
    query = sa.select(*_WITH_BATCH).select_from(_JOINED.join(ranked, best))
    found = (await connection.execute(query)).all()
    return sorted(found, key=lambda row: (row.model or "", row.dataset or ""))


async def _best_rows_of_odd_metric(
    connection: AsyncConnection, where: Where, metric: str, *, is_max: bool
) -> Sequence[Row]:
    sign = -1.0 if is_max else 1.0
    best: dict[tuple[str, str], Entry] = {}
    for entry in await entries(connection, where, [metric]):
        known = best.setdefault((entry.model, entry.dataset), entry)
        if entry.value is not None and (known.value is None or sign * entry.value < sign * known.value):
            best[entry.model, entry.dataset] = entry
    found = await rows(connection, [entry.key for entry in best.values()])
    return [found[best[place].key] for place in sorted(best)]


async def results(connection: AsyncConnection, where: Where, metric: str) -> Sequence[Row]:
    """Ended jobs with a number in a metric, in the order of their end: end, value, names."""
    value = value_at(job.metrics, [metric], "number")
    query = (
        sa.select(job.end_time, value.label("value"), batch.id.label("batch_id"), job.job_id, job.model, job.dataset)
        .select_from(_JOINED)
        .where(
            where,
            # Not the column alone: SQLite would walk through all done jobs that there are, and not these.
            sa.func.coalesce(job.status, "") == "done",
            job.is_idle_flagged.is_(False),
            job.end_time.is_not(None),
            value.is_not(None),
        )
        .order_by(job.end_time, job.batch_key, job.job_no)
    )
    return (await connection.execute(query)).all()
