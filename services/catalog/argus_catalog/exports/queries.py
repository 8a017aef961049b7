"""What a query found, as a table: all of it, not a page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.derivations.metrics import known_direction, metric_order, number
from argus_catalog.exports.boards import bests
from argus_catalog.exports.response import Exported
from argus_catalog.exports.table import Format, Measure, Sheet, Shown, Table, as_text, columns_of
from argus_catalog.query import service
from argus_catalog.query.schemas import FoundBatch, FoundJob, JobGroup, JobQuery
from argus_catalog.seeds import Spread
from argus_contracts.errors import ErrorCode
from argus_kit.actor import Actor
from argus_kit.errors import ArgusError

MOST_ROWS: Final = 100_000
# Every page of jobs is looked for anew, and every page of groups is made of all jobs again: so there are few. A page of
# batches binds a value for each.
_AT_ONCE: Final = 20_000
_OF_JOB: Final = (
    "id",
    "batch",
    "project",
    "status",
    "model",
    "dataset",
    "host",
    "owner",
    "started",
    "ended",
    "elapsed",
)
_OF_BATCH: Final = (
    "id",
    "project",
    "status",
    "host",
    "user",
    "n_total",
    "n_done",
    "n_failed",
    "start_time",
    "end_time",
)
_NUMBERS: Final = ("metrics.", "latest.", "min.", "max.")


class QueryExport(JobQuery):
    """A query whose whole answer is wanted as a file. `limit` and `cursor` have no part in it."""

    format: Format = Field("csv", description="How the table is written")


async def query_export(connection: AsyncConnection, actor: Actor, asked: QueryExport) -> Exported:
    """All rows of the answer.

    Raises:
        QueryError: the query, or a field, cannot be understood.
        ArgusError: request.invalid, there are more than 100,000 rows.
    """
    page = JobQuery(**asked.model_dump(exclude={"format", "limit", "cursor"}))
    # Larger than any that is asked for from outside.
    page = page.model_copy(update={"limit": MOST_ROWS if asked.group_by else _AT_ONCE})
    jobs: list[FoundJob] = []
    batches: list[FoundBatch] = []
    groups: list[JobGroup] = []
    while True:
        found = await service.answer(connection, actor, page)
        if (found.total or 0) > MOST_ROWS:
            message = f"There are {found.total} rows, and a file has at most {MOST_ROWS}: narrow the query."
            raise ArgusError(ErrorCode.REQUEST_INVALID, message)
        jobs += found.jobs
        batches += found.batches
        groups += found.groups
        if found.cursor is None:
            break
        page = page.model_copy(update={"cursor": found.cursor})
    if asked.group_by:
        told = (groups, asked.columns)
        return Exported("groups", partial(groups_table, *told), partial(groups_sheet, *told))

    def table() -> Table:
        is_jobs = asked.source == "jobs"
        return jobs_table(jobs, asked.columns) if is_jobs else batches_table(batches, asked.columns)

    return Exported(asked.source, table, lambda: sheet_of(asked.source, table()))


def jobs_table(jobs: Sequence[FoundJob], columns: Sequence[str]) -> Table:
    """Jobs with the columns that were asked for; with none, with all their final metrics."""
    names = sorted({name for job in jobs for name in job.metrics or {}}, key=metric_order) if not columns else []
    rows = [
        [
            *(getattr(job, name) for name in _OF_JOB),
            *(job.values.get(name) for name in columns),
            *(number((job.metrics or {}).get(name)) for name in names),
        ]
        for job in jobs
    ]
    return columns_of([*_OF_JOB, *columns, *(f"metrics.{name}" for name in names)], rows)


def batches_table(batches: Sequence[FoundBatch], columns: Sequence[str]) -> Table:
    """Batches with the columns that were asked for."""
    rows = [
        [*(getattr(one.batch, name) for name in _OF_BATCH), *(one.values.get(name) for name in columns)]
        for one in batches
    ]
    return columns_of([*_OF_BATCH, *columns], rows)


def groups_table(groups: Sequence[JobGroup], columns: Sequence[str]) -> Table:
    """Groups with the parts of their key and the spread of each column."""
    keys = list(groups[0].key) if groups else []
    spreads = [f"{name} {part}" for name in columns for part in ("n", "mean", "std", "min", "max")]
    rows = [
        [*(_plain(group.key.get(key)) for key in keys), group.n, *(v for c in columns for v in _five(group, c))]
        for group in groups
    ]
    return columns_of([*keys, "n", *spreads], rows)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else as_text(value)


def _five(group: JobGroup, column: str) -> tuple[Any, ...]:
    spread = group.columns[column]
    return (spread.n, spread.mean, spread.std, spread.min, spread.max)


def groups_sheet(groups: Sequence[JobGroup], columns: Sequence[str]) -> Sheet:
    """Groups for people: mean ± std, the best of each column in bold where its name says what is better."""
    keys = list(groups[0].key) if groups else []
    measures = [_measures([group.columns[name] for group in groups], name) for name in columns]
    rows: list[list[Shown]] = [
        [*(as_text(group.key.get(key)) for key in keys), *(column[i] for column in measures), group.n]
        for i, group in enumerate(groups)
    ]
    return Sheet("Groups", [*keys, *columns, "n"], rows, n_names=len(keys))


def _measures(spreads: Sequence[Spread], column: str) -> list[Measure]:
    marks = _marks([one.mean for one in spreads], column)
    return [Measure(one.mean, one.std, mark) for one, mark in zip(spreads, marks, strict=True)]


def sheet_of(caption: str, table: Table) -> Sheet:
    """Any table for people; of each metric the best in bold where its name says what is better."""
    kinds = [column.kind for column in table.columns]
    n_names = next((i for i, kind in enumerate(kinds) if kind in {"number", "integer"}), len(kinds))
    shown: list[Sequence[Shown]] = []
    for place, column in enumerate(table.columns):
        values = [row[place] for row in table.rows]
        if column.kind == "number":
            shown.append([Measure(v, None, m) for v, m in zip(values, _marks(values, column.name), strict=True)])
        else:
            shown.append([v if isinstance(v, int) and not isinstance(v, bool) else as_text(v) for v in values])
    rows = [[column[i] for column in shown] for i in range(len(table.rows))]
    return Sheet(caption.capitalize(), [column.name for column in table.columns], rows, n_names=n_names)


def _marks(means: Sequence[float | None], column: str) -> list[bool]:
    root = next((root for root in _NUMBERS if column.startswith(root)), None)
    toward = None if root is None else known_direction(column.removeprefix(root).strip('"'))
    return [False] * len(means) if toward is None else bests(means, toward)
