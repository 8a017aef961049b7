"""INSERT .. ON CONFLICT, which PostgreSQL and SQLite write alike and SQLAlchemy spells per dialect."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


async def insert_if_absent(connection: AsyncConnection, table: sa.Table, row: dict[str, Any]) -> bool:
    """Insert a row unless its key is there already. Returns whether it was inserted."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(row).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return (await connection.execute(statement)).first() is not None


async def insert_or_change(
    connection: AsyncConnection, table: sa.Table, row: dict[str, Any], changes: dict[str, Any]
) -> bool:
    """As `upsert`. Returns whether the row is new."""
    if await insert_if_absent(connection, table, row):
        return True
    await upsert(connection, table, row, changes)
    return False


async def upsert(connection: AsyncConnection, table: sa.Table, row: dict[str, Any], changes: dict[str, Any]) -> None:
    """Insert a row, or make `changes` to the one with its key."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    key = [column.name for column in table.primary_key.columns]
    await connection.execute(insert(table).values(row).on_conflict_do_update(index_elements=key, set_=changes))
