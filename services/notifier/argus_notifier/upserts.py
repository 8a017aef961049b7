"""INSERT ... ON CONFLICT, which PostgreSQL and SQLite spell alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


async def add_new(
    connection: AsyncConnection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> Sequence[sa.Row[Any]]:
    """Insert rows and return those that were not there."""
    if not rows:
        return []
    statement = _insert(connection, table).values([dict(row) for row in rows]).on_conflict_do_nothing()
    return (await connection.execute(statement.returning(table))).all()


async def put(
    connection: AsyncConnection,
    table: sa.Table,
    key: Sequence[str],
    row: Mapping[str, Any],
    *,
    once: Sequence[str] = (),
) -> sa.Row[Any]:
    """Insert a row, or change the one with this key except for its `once` columns. Returns it."""
    insert = _insert(connection, table).values(dict(row))
    changes = {name: value for name, value in row.items() if name not in key and name not in once}
    statement = insert.on_conflict_do_update(index_elements=list(key), set_=changes).returning(table)
    found: sa.Row[Any] = (await connection.execute(statement)).one()
    return found


async def put_all(
    connection: AsyncConnection, table: sa.Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """As `put`, for rows with the same columns, none twice."""
    insert = _insert(connection, table).values([dict(row) for row in rows])
    changes = {name: insert.excluded[name] for name in rows[0] if name not in key}
    await connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=changes))


def _insert(connection: AsyncConnection, table: sa.Table) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
