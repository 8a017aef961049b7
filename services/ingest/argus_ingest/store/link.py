"""A transaction as the statements of this folder need it: SQL in, tuples out, nothing built or wrapped per call.

The flush has a connection of its own (`Database.write_raw`, `Database.write_in_thread`); whoever comes with a
transaction of SQLAlchemy is given a link over the same driver connection.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Row = Sequence[Any]


class Link(Protocol):
    """An open transaction."""

    is_sqlite: bool

    async def fetch(self, sql: str, *values: Any) -> Sequence[Row]:
        """The rows of a query."""

    async def execute(self, sql: str, *values: Any) -> int:
        """Run a statement; how many rows it touched."""


Opened = Link | AsyncConnection


class PostgresLink:
    """Over asyncpg, which prepares each text once and remembers it."""

    is_sqlite = False

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    async def fetch(self, sql: str, *values: Any) -> Sequence[Row]:
        """See Link."""
        found: Sequence[Row] = await self._raw.fetch(sql, *values)
        return found

    async def execute(self, sql: str, *values: Any) -> int:
        """See Link."""
        status: str = await self._raw.execute(sql, *values)
        return int(status.rsplit(" ", 1)[1])

    async def copy(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Add rows by COPY, of which none may be there: half the cost of an insert that looks for collisions."""
        await self._raw.copy_records_to_table(table, records=rows, columns=columns)


class SqliteLink:
    """Over a connection of the thread that it is used in: nothing here ever waits."""

    is_sqlite = True

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def fetch(self, sql: str, *values: Any) -> Sequence[Row]:
        """See Link."""
        return self._raw.execute(sql, values).fetchall()

    async def execute(self, sql: str, *values: Any) -> int:
        """See Link."""
        return self._raw.execute(sql, values).rowcount


class _AioSqliteLink:
    """Over a connection of SQLAlchemy's pool, whose thread is another one."""

    is_sqlite = True

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    async def fetch(self, sql: str, *values: Any) -> Sequence[Row]:
        found: Sequence[Row] = await self._raw.execute_fetchall(sql, values)
        return found

    async def execute(self, sql: str, *values: Any) -> int:
        async with self._raw.execute(sql, values) as cursor:
            found: int = cursor.rowcount
            return found


async def link_of(opened: Opened) -> Link:
    """The link of an open transaction."""
    if not isinstance(opened, AsyncConnection):
        return opened
    raw = (await opened.get_raw_connection()).driver_connection
    if opened.dialect.name == "sqlite":
        return _AioSqliteLink(raw)
    # SQLAlchemy begins a transaction with its own first statement, and what follows here must lie within.
    await opened.exec_driver_sql("select 1")
    return PostgresLink(raw)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits, such as one that only uses a `SqliteLink`."""
    try:
        work.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    work.close()
    raise RuntimeError("this was to run without waiting")
