"""The two databases as places that rows are read from and written to."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_schema.sums import sqlite as sums
from argus_standalone.backups.values import Row, columns, from_postgres, numbered, tables, to_postgres

AT_ONCE: Final = 500
_QUOTE: Final = sqlite.dialect().identifier_preparer


class End(Protocol):
    """A database with all tables, within one transaction. Rows are as SQLite stores them."""

    def rows(self, table: sa.Table) -> AsyncIterator[Sequence[Row]]:
        """The rows of a table, some at a time."""

    async def write(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """Add rows."""

    async def sequences(self) -> dict[str, int]:
        """By table, the last number that was given to a row."""

    async def go_on_after(self, last: Mapping[str, int]) -> None:
        """Give no number again that was given."""

    async def filled(self) -> list[str]:
        """Names of the tables that have rows."""


class SqliteEnd:
    """A file of SQLite."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, table: sa.Table) -> AsyncIterator[Sequence[Row]]:
        """See End."""
        names = ", ".join(_QUOTE.quote(column.name) for column in columns(table))
        cursor = self._connection.execute(f"select {names} from {_quoted(table)}")  # noqa: S608 # nosec B608
        while found := cursor.fetchmany(AT_ONCE):
            yield found

    async def write(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """See End."""
        names = [_QUOTE.quote(column.name) for column in columns(table)]
        marks = ", ".join("?" for _ in names)
        text = f"insert into {_quoted(table)} ({', '.join(names)}) values ({marks})"  # noqa: S608 # nosec B608
        self._connection.executemany(text, rows)

    async def sequences(self) -> dict[str, int]:
        """See End."""
        given = dict(self._connection.execute("select name, seq from sqlite_sequence").fetchall())
        last: dict[str, int] = {}
        for table in tables():
            if (column := numbered(table)) is not None:
                text = f"select max({_QUOTE.quote(column.name)}) from {_quoted(table)}"  # noqa: S608 # nosec B608
                last[table.name] = max(self._connection.execute(text).fetchone()[0] or 0, given.get(table.name, 0))
        return last

    async def go_on_after(self, last: Mapping[str, int]) -> None:
        """See End. Only tables of AUTOINCREMENT remember what was given."""
        text = "select name from sqlite_master where type = 'table' and sql like '%AUTOINCREMENT%'"
        for (name,) in self._connection.execute(text).fetchall():
            self._connection.execute("delete from sqlite_sequence where name = ?", (name,))
            values = (name, last.get(name, 0))
            self._connection.execute("insert into sqlite_sequence (name, seq) values (?, ?)", values)

    async def filled(self) -> list[str]:
        """See End."""
        text = "select exists(select 1 from {})"
        return [table.name for table in tables() if self._connection.execute(text.format(_quoted(table))).fetchone()[0]]


class PostgresEnd:
    """A database of PostgreSQL, by an address that may read, and write, every table."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._quote = connection.dialect.identifier_preparer

    async def rows(self, table: sa.Table) -> AsyncIterator[Sequence[Row]]:
        """See End."""
        raw = await self._driver()
        names = ", ".join(self._read(column) for column in columns(table))
        text = f"select {names} from {self._quote.format_table(table)}"  # noqa: S608 # nosec B608
        made = from_postgres(table)
        cursor = await raw.cursor(text)
        while found := await cursor.fetch(AT_ONCE):
            yield [made(row) for row in found]

    async def write(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """See End."""
        raw = await self._driver()
        made = to_postgres(table)
        names = [column.name for column in columns(table)]
        await raw.copy_records_to_table(table.name, records=[made(row) for row in rows], columns=names)

    async def sequences(self) -> dict[str, int]:
        """See End."""
        last: dict[str, int] = {}
        for table, sequence in await self._sequences():
            asked = f"select last_value, is_called from {sequence}"  # noqa: S608 # nosec B608
            found = (await self._connection.exec_driver_sql(asked)).one()
            last[table.name] = found.last_value if found.is_called else 0
        return last

    async def go_on_after(self, last: Mapping[str, int]) -> None:
        """See End."""
        for table, sequence in await self._sequences():
            if number := last.get(table.name, 0):
                setting = {"sequence": sequence, "number": number}
                await self._connection.execute(sa.text("select setval(cast(:sequence as text), :number)"), setting)

    async def filled(self) -> list[str]:
        """See End."""
        there = "select exists(select 1 from {})"
        return [
            table.name
            for table in tables()
            if (await self._connection.exec_driver_sql(there.format(self._quote.format_table(table)))).scalar_one()
        ]

    async def clear(self) -> None:
        """Remove all rows."""
        names = ", ".join(self._quote.format_table(table) for table in tables())
        await self._connection.exec_driver_sql(f"truncate table {names} cascade")

    def _read(self, column: sa.Column[Any]) -> str:
        # Parsed on the way, numbers of JSON would lose digits, and a text could not be told from what it says.
        name = self._quote.quote(column.name)
        return f"{name}::text" if isinstance(column.type, sa.JSON) else name

    async def _sequences(self) -> list[tuple[sa.Table, str]]:
        found: list[tuple[sa.Table, str]] = []
        asked = sa.text("select pg_get_serial_sequence(:table, :column)")
        for table in tables():
            if (column := numbered(table)) is not None:
                names = {"table": self._quote.format_table(table), "column": column.name}
                found.append((table, (await self._connection.execute(asked, names)).scalar_one()))
        return found

    async def _driver(self) -> Any:
        # SQLAlchemy begins the transaction with the first statement that it sees.
        await self._connection.exec_driver_sql("select 1")
        return (await self._connection.get_raw_connection()).driver_connection


def open_for_filling(path: Path) -> sqlite3.Connection:
    """A migrated file to be filled by one transaction: nothing is on the disk for sure before it is synced, and no
    trigger counts what arrives.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=DELETE", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-64000"):
        connection.execute(f"PRAGMA {pragma}")
    for statement in sums.DROP:
        connection.execute(statement)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def _quoted(table: sa.Table) -> str:
    return _QUOTE.format_table(table)
