"""The best job of every model and dataset of a project, looked up in the index of scores, however many jobs it has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.holdings import in_project_views, single
from argus_catalog.derivations.metrics import number
from argus_catalog.matrix import repository as boards
from argus_catalog.projects.repository import not_deleted
from argus_kit.actor import Actor
from argus_schema import ingest

batch = ingest.batch.c
cell = ingest.cell.c
job = ingest.job.c
score = ingest.score.c

Row = Any

_LATEST: Final = datetime.max.replace(tzinfo=UTC)
# The name of the rows that say of each job that it is there.
_PRESENT: Final = ""


async def best_jobs(connection: AsyncConnection, actor: Actor, project: str, metric: str, *, is_max: bool) -> list[Row]:
    """Of each model and dataset the visible job with the best value, one without a value where none has one; by name.

    Of equals the one that ended first.
    """
    query = sa.select(_first(metric, is_max=is_max), _first(_PRESENT, is_max=False)).where(
        in_project_views(actor, of=ingest.cell), cell.project == project
    )
    places = [best or present for best, present in await connection.execute(query)]
    found = list((await boards.rows(connection, [_key(place) for place in places if place])).values())
    beside = single(actor)
    if not isinstance(beside, sa.sql.elements.False_):
        where = sa.and_(beside, not_deleted(batch.project), batch.project == project, job.deleted_at.is_(None))
        found += await boards.best_rows(connection, where, metric, is_max=is_max)
    return _best_of(found, metric, is_max=is_max)


def _key(place: str) -> tuple[int, int]:
    batch_key, job_no = place.split(":")
    return int(batch_key), int(job_no)


def _first(name: str, *, is_max: bool) -> sa.ScalarSelect[Any]:
    """Batch and number of a cell's best job, like 12:3. Two looks into the index, whatever stands between."""
    mine = (score.cell_key == cell.cell_key, score.name == name)
    extreme = sa.func.max(score.value) if is_max else sa.func.min(score.value)
    best = sa.select(extreme).where(*mine).correlate(ingest.cell).scalar_subquery()
    place = sa.cast(score.batch_key, sa.Text) + ":" + sa.cast(score.job_no, sa.Text)
    order = (score.ended_s, score.batch_key, score.job_no)
    query = sa.select(place).where(*mine, score.value == best).order_by(*order).limit(1)
    return query.correlate(ingest.cell).scalar_subquery()


def _best_of(rows: Iterable[Row], metric: str, *, is_max: bool) -> list[Row]:
    """One row for each model and dataset: of several owners' cells, and of single batches, the best."""

    def rank(row: Row) -> tuple[Any, ...]:
        value = number((row.metrics or {}).get(metric))
        better = 0.0 if value is None else -value if is_max else value
        return (value is None, better, row.end_time or _LATEST, row.batch_key, row.job_no)

    best: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=rank):
        best.setdefault((row.model or "", row.dataset or ""), row)
    return [best[name] for name in sorted(best)]
