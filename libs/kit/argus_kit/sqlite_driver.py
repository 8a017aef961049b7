"""SQLite's driver with one step into its thread for each statement.

SQLAlchemy's own adapter takes four: it makes a cursor, executes, fetches and closes, and waits for the thread each
time. For the small statements of which pages are made, that waiting is half of what they cost.
"""

# Both adapters are made to be derived from, and call by one underscore what they derive.
# ruff: noqa: SLF001

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_cursor
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection
from sqlalchemy.util.concurrency import await_


class _Done(NamedTuple):
    """What a statement left behind, when its cursor is closed already."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()


class _Cursor(AsyncAdapt_dbapi_cursor):
    """A cursor that holds all rows, and nothing of the driver's."""

    __slots__ = ("_done", "arraysize")

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = deque()
        self._done = _Done()
        self.arraysize = 1

    @property
    def description(self) -> Any:
        return self._done.description

    @property
    def rowcount(self) -> int:
        return self._done.rowcount

    @property
    def lastrowid(self) -> Any:
        return self._done.lastrowid

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        self._rows.clear()

    def execute(self, operation: Any, parameters: Any = None) -> Any:
        self._run(_execute, operation, () if parameters is None else parameters)

    def executemany(self, operation: Any, seq_of_parameters: Any) -> Any:
        self._run(_execute_many, operation, seq_of_parameters)

    def _run(self, work: Any, operation: Any, parameters: Any) -> None:
        try:
            self._done = await_(self._in_thread(work, operation, parameters))
        except Exception as error:  # noqa: BLE001 (the adapter turns it into the driver's own)
            self._adapt_connection._handle_exception(error)
        self._rows = deque(self._done.rows)

    async def _in_thread(self, work: Any, operation: Any, parameters: Any) -> _Done:
        connection: Any = self._connection
        async with self._adapt_connection._execute_mutex:
            done: _Done = await connection._execute(work, connection._conn, operation, parameters)
            return done


class Connection(AsyncAdapt_aiosqlite_connection):
    """An adapted connection that makes such cursors, save where rows are streamed."""

    __slots__ = ()
    _cursor_cls = _Cursor  # type: ignore[assignment]


def connect(dialect: Any, _: Any, arguments: Any, options: Any) -> Any:
    """A new connection: listens for an engine's `do_connect`."""
    plain = dialect.connect(*arguments, **options)
    return Connection(plain.dbapi, plain._connection)


def _execute(connection: sqlite3.Connection, operation: str, parameters: Any) -> _Done:
    return _finished(connection.execute(operation, parameters))


def _execute_many(connection: sqlite3.Connection, operation: str, parameters: Any) -> _Done:
    return _finished(connection.executemany(operation, parameters))


def _finished(cursor: sqlite3.Cursor) -> _Done:
    rows = cursor.fetchall() if cursor.description else ()
    done = _Done(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    cursor.close()
    return done
