"""Reading `audit_log`; it is written by `chain` alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_auth.audit.filters import Filters
from argus_kit.database import Database
from argus_schema.auth import audit_log, user

_A = audit_log.c
_PAGE = 500


async def page(
    connection: AsyncConnection, wanted: Filters, *, limit: int, offset: int = 0, before: int | None = None
) -> Sequence[sa.Row[Any]]:
    """Lines with the names of those who acted, newest first; `before` is the id at which the page before ended."""
    lines = _lines(wanted).order_by(_A.id.desc()).limit(limit).offset(offset)
    if before is not None:
        lines = lines.where(_A.id < before)
    rows: Sequence[sa.Row[Any]] = (await connection.execute(lines)).all()
    return rows


async def actions(connection: AsyncConnection) -> Sequence[sa.Row[Any]]:
    """Which actions there are, and how many lines of each."""
    counts = sa.select(_A.action, sa.func.count().label("count")).group_by(_A.action).order_by(_A.action)
    rows: Sequence[sa.Row[Any]] = (await connection.execute(counts)).all()
    return rows


async def after(connection: AsyncConnection, line_id: int, limit: int = _PAGE) -> Sequence[sa.Row[Any]]:
    """The lines that follow one, oldest first."""
    lines = _lines(Filters()).where(_A.id > line_id).order_by(_A.id).limit(limit)
    rows: Sequence[sa.Row[Any]] = (await connection.execute(lines)).all()
    return rows


async def walk(database: Database, wanted: Filters) -> AsyncIterator[Sequence[sa.Row[Any]]]:
    """All lines that there are now, oldest first, a page at a time: no transaction is open in between."""
    async with database.read() as connection:
        last: int = (await connection.execute(sa.select(sa.func.coalesce(sa.func.max(_A.id), 0)))).scalar_one()
    reached = 0
    while True:
        rest = _lines(wanted).where(_A.id > reached, _A.id <= last).order_by(_A.id).limit(_PAGE)
        async with database.read() as connection:
            rows = (await connection.execute(rest)).all()
        if rows:
            yield rows
        if len(rows) < _PAGE:
            return
        reached = rows[-1].id


def _lines(wanted: Filters) -> sa.Select[Any]:
    joined = sa.select(audit_log, user.c.username).join_from(audit_log, user, user.c.id == _A.user_id, isouter=True)
    return joined.where(wanted.condition())
