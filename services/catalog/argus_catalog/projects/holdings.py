"""Reads what projects come to from the sums that are kept of them, and counts only single shared batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_catalog.access.holdings import in_project_views, single
from argus_catalog.access.visibility import Scope
from argus_catalog.projects.repository import not_deleted
from argus_kit.actor import Actor
from argus_schema import auth, ingest
from argus_schema.sums.terms import COUNTS, counts

batch = ingest.batch.c
cell = ingest.cell.c
day = ingest.holding_day.c
holding = ingest.holding.c
metric = ingest.cell_metric.c
score = ingest.score.c

Row = Any

# Looked for in so many cells at once; each is bound as a value.
_AT_ONCE: Final = 1_000


async def totals(connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None = None) -> Sequence[Row]:
    """By project and owner: the owner's name and the counts of `holding`. Single shared batches come as rows of their
    own, in which `is_stale` is false.
    """
    sums = (holding[name] for name in COUNTS)
    is_stale = sa.func.coalesce(holding.last_event_at <= holding.gone_at, sa.false())
    query = (
        sa.select(
            holding.project,
            holding.owner_id,
            auth.user.c.username,
            *sums,
            holding.last_event_at,
            is_stale.label("is_stale"),
        )
        .join_from(ingest.holding, auth.user, auth.user.c.id == holding.owner_id, isouter=True)
        .where(in_project_views(actor, scope), holding.n_batches > 0)
    )
    rows = list((await connection.execute(_of_project(query, holding.project, only))).all())
    return rows + list(await _single_totals(connection, actor, scope, only))


async def _single_totals(connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None) -> Sequence[Row]:
    beside = single(actor, scope)
    if isinstance(beside, sa.sql.elements.False_):
        return []
    functions = ("min", "max") if connection.dialect.name == "sqlite" else ("least", "greatest")
    terms = counts("batch", smaller=functions[0], larger=functions[1])
    query = (
        sa.select(
            batch.project,
            sa.func.coalesce(batch.owner_id, 0).label("owner_id"),
            auth.user.c.username,
            # From our own terms, the same that the triggers sum up.
            *(sa.cast(sa.func.sum(sa.literal_column(term)), sa.BigInteger).label(name) for name, term in terms.items()),
            sa.func.max(batch.last_event_at).label("last_event_at"),
            sa.false().label("is_stale"),
        )
        .join_from(ingest.batch, auth.user, auth.user.c.id == batch.owner_id, isouter=True)
        .where(beside, not_deleted(batch.project))
        .group_by(batch.project, batch.owner_id, auth.user.c.username)
    )
    rows: Sequence[Row] = (await connection.execute(_of_project(query, batch.project, only))).all()
    return rows


def _of_project(query: sa.Select[Any], column: sa.ColumnElement[str], only: str | None) -> sa.Select[Any]:
    return query if only is None else query.where(column == only)


async def last_events(connection: AsyncConnection, stale: Sequence[Row]) -> dict[str, Any]:
    """By project, the newest sign of life in holdings whose newest batch left."""
    found: dict[str, Any] = {}
    for begin in range(0, len(stale), _AT_ONCE):
        keys = [(row.project, row.owner_id) for row in stale[begin : begin + _AT_ONCE]]
        query = (
            sa.select(batch.project, sa.func.max(batch.last_event_at))
            .where(
                batch.project.in_([project for project, _ in keys]),
                sa.tuple_(batch.project, sa.func.coalesce(batch.owner_id, 0)).in_(keys),
                batch.deleted_at.is_(None),
                batch.is_placeholder.is_(False),
            )
            .group_by(batch.project)
        )
        found |= dict(tuple(row) for row in await connection.execute(query))
    return found


async def volumes(connection: AsyncConnection, actor: Actor, scope: Scope, first: str) -> Sequence[Row]:
    """Project, day and how many batches of one person began on it, from a day like 2026-11-30 on."""
    # Holding by holding, in the order of the key of their days: there is no index by day.
    of_holding = sa.and_(day.project == holding.project, day.owner_id == holding.owner_id)
    query = (
        sa.select(day.project, day.day, day.n_batches)
        .join_from(ingest.holding, ingest.holding_day, of_holding)
        .where(in_project_views(actor, scope), day.day >= first, day.n_batches > 0)
    )
    rows: Sequence[Row] = (await connection.execute(query)).all()
    return rows


async def metric_names(connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None) -> Sequence[Row]:
    """Project, metric of done jobs, and in how many models and datasets there is one."""
    query = (
        sa.select(cell.project, metric.name, sa.func.count())
        .join_from(ingest.cell, ingest.cell_metric, metric.cell_key == cell.cell_key)
        .where(in_project_views(actor, scope, ingest.cell))
        .group_by(cell.project, metric.name)
    )
    rows: Sequence[Row] = (await connection.execute(_of_project(query, cell.project, only))).all()
    return rows


async def best(
    connection: AsyncConnection,
    actor: Actor,
    scope: Scope,
    only: str | None,
    *,
    lowest: Sequence[str],
    highest: Sequence[str],
    turned: Sequence[tuple[str, str]] = (),
) -> Sequence[Row]:
    """Project, model, dataset, metric and its best value among done jobs; `lowest` are metrics that are better low.

    `turned` are a project and a metric in which it says the contrary.
    """

    def first(order: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
        # Not the column alone: PostgreSQL 18 would skip through the index by it, and to prepare for that takes ten
        # times as long as to find the first one there.
        is_done = sa.func.coalesce(score.is_done, sa.false())
        mine = (score.cell_key == cell.cell_key, score.name == metric.name, is_done)
        return sa.select(score.value).where(*mine).order_by(order).limit(1).correlate(*_CELLS).scalar_subquery()

    is_turned = sa.tuple_(cell.project, metric.name).in_(turned) if turned else sa.false()
    is_max = sa.or_(sa.and_(metric.name.in_(highest), sa.not_(is_turned)), sa.and_(metric.name.in_(lowest), is_turned))
    value = sa.case((is_max, first(score.value.desc())), else_=first(score.value.asc()))
    query = (
        sa.select(cell.project, cell.model, cell.dataset, metric.name, value.label("value"))
        .join_from(ingest.cell, ingest.cell_metric, metric.cell_key == cell.cell_key)
        .where(in_project_views(actor, scope, ingest.cell), metric.name.in_([*lowest, *highest]))
    )
    rows: Sequence[Row] = (await connection.execute(_of_project(query, cell.project, only))).all()
    return rows


_CELLS: Final = (ingest.cell, ingest.cell_metric)


async def single_best(connection: AsyncConnection, actor: Actor, scope: Scope, only: str | None) -> Sequence[Row]:
    """Project, model, dataset, metric, lowest and highest value of done jobs of single shared batches."""
    beside = single(actor, scope)
    if isinstance(beside, sa.sql.elements.False_):
        return []
    query = (
        sa.select(
            batch.project, cell.model, cell.dataset, score.name, sa.func.min(score.value), sa.func.max(score.value)
        )
        .select_from(
            ingest.batch.join(ingest.score, score.batch_key == batch.batch_key).join(
                ingest.cell, cell.cell_key == score.cell_key
            )
        )
        .where(beside, not_deleted(batch.project), score.is_done.is_(True), score.name != "")
        .group_by(batch.project, cell.model, cell.dataset, score.name)
    )
    rows: Sequence[Row] = (await connection.execute(_of_project(query, batch.project, only))).all()
    return rows
