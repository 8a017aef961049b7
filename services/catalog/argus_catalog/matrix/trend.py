"""How the best value of a project came about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.derivations.metrics import Direction
from argus_catalog.matrix import repository
from argus_catalog.matrix.choice import choose
from argus_catalog.matrix.schemas import BestTrend, TrendPoint
from argus_catalog.matrix.service import Asked
from argus_catalog.projects.service import must_see
from argus_kit.actor import Actor

Row = Any


async def best_trend(connection: AsyncConnection, actor: Actor, project: str, asked: Asked) -> BestTrend:
    """Each job of a project that set a record, in the order of their end.

    Raises:
        ArgusError: project.not_found.
    """
    await must_see(connection, actor, project)
    where = repository.of_project(actor, project)
    choice = await choose(connection, project, where, asked.metric, asked.direction)
    found = await repository.results(connection, where, choice.metric)
    return BestTrend(
        metric=choice.metric,
        direction=choice.direction,
        is_sure=choice.is_sure,
        n_results=len(found),
        last_at=found[-1].end_time if found else None,
        records=[_point(row) for row in records(found, choice.direction)],
    )


def records(rows: Iterable[Row], direction: Direction) -> list[Row]:
    """Those that are better than all before them."""
    kept: list[Row] = []
    for row in rows:
        best = kept[-1].value if kept else None
        if best is None or (row.value > best if direction == "max" else row.value < best):
            kept.append(row)
    return kept


def _point(row: Row) -> TrendPoint:
    return TrendPoint(
        at=row.end_time,
        value=row.value,
        batch_id=row.batch_id,
        job_id=row.job_id,
        model=row.model,
        dataset=row.dataset,
    )
