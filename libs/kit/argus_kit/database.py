"""The database: one request or message is one transaction, opened and committed here; application code never commits.

SQLite has one writer, so write transactions of a process queue at a lock and begin IMMEDIATE: they wait their turn
instead of failing with "database is locked".
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from argus_kit import sqlite_driver

# A commit reaches the disk before it is acknowledged, on SQLite too.
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=15000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-32000",
    "PRAGMA temp_store=MEMORY",
)


T = TypeVar("T")


class Database:
    """A pool of connections and the two ways to use one: `read()` and `write()`.

    A process that writes all the time has two more, without SQLAlchemy in between, whose share of a small statement is
    larger than the database's: `write_raw()` on PostgreSQL, `write_in_thread()` on SQLite.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url, pool_size) if self.is_sqlite else _postgres_engine(url, pool_size)
        # Write transactions of this process that SQLite took; see `lull`.
        self.writes = 0
        self._writer = asyncio.Lock()
        self._kept = _KeptConnection(self.engine)
        self._thread = _WriterThread(self.sqlite_path)

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None on PostgreSQL."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, with one consistent view."""
        async with self.engine.connect() as connection:
            if not self.is_sqlite:
                # PostgreSQL's usual level gives each statement a view of its own. SQLite's readers have one anyway.
                await connection.execution_options(isolation_level="REPEATABLE READ")
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def read_once(self) -> AsyncIterator[AsyncConnection]:
        """For one statement that only reads, or several that need no view in common: on PostgreSQL without BEGIN and
        ROLLBACK, which cost as much as a small question itself.
        """
        if self.is_sqlite:
            async with self.read() as connection:
                yield connection
            return
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed when the block ends, and rolled back when it raises."""
        if not self.is_sqlite:
            async with self.engine.begin() as connection:
                yield connection
            return
        async with self._writer, self.engine.connect() as connection:
            await connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
            async with connection.begin():
                yield connection
            self.writes += 1

    @asynccontextmanager
    async def write_raw(self) -> AsyncIterator[Any]:
        """PostgreSQL: a transaction on an asyncpg connection that is kept for this; its users take turns."""
        async with self._kept.taken() as connection, connection.transaction():
            yield connection

    async def write_in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """SQLite: `work` in one transaction, in the thread that this is for; no statement hops between threads."""
        async with self._writer:
            found = await self._thread.run(work)
            self.writes += 1
            return found

    async def ping(self) -> None:
        """Raise if the database does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(sa.text("select 1"))

    async def close(self) -> None:
        """Close all connections."""
        await self._kept.close()
        self._thread.close()
        await self.engine.dispose()


class _KeptConnection:
    """One connection of the pool that is held on to, because checking it out each time costs a round trip."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._raw: Any = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Any]:
        async with self._turn:
            if self._connection is None:
                self._connection = await self._engine.connect()
                self._raw = (await self._connection.get_raw_connection()).driver_connection
            raw = self._raw
            try:
                yield raw
            except BaseException as error:
                # A statement that was refused leaves a good connection; after anything else the next one is new.
                refused = isinstance(getattr(error, "sqlstate", None), str)
                if raw is None or raw.is_closed() or raw.is_in_transaction() or not refused:
                    await self._drop()
                raise

    async def close(self) -> None:
        async with self._turn:
            await self._drop()

    async def _drop(self) -> None:
        connection, self._connection, self._raw = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.invalidate()
            with contextlib.suppress(Exception):
                await connection.close()


class _WriterThread:
    """A thread with a connection of its own; both are made with the first write."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._pool: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        # Not to be given up half-way: the next transaction begins when this one has ended.
        task = asyncio.get_running_loop().run_in_executor(self._pool, self._transaction, work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                await task
            raise

    def close(self) -> None:
        if self._pool is not None:
            self._pool.submit(self._close).result()
            self._pool.shutdown()
            self._pool = None

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection or self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        return found

    def _open(self) -> sqlite3.Connection:
        assert self._path is not None, "this is for a file of SQLite"
        self._connection = sqlite3.connect(self._path, timeout=15, isolation_level=None, cached_statements=256)
        for pragma in _SQLITE_PRAGMAS:
            self._connection.execute(pragma)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _postgres_engine(url: str, pool_size: int) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_use_lifo=True,  # the one that came back last is warm
        pool_recycle=1800,
        pool_pre_ping=True,
        json_serializer=_dumps,
        json_deserializer=_loads,
        hide_parameters=True,  # an error's text is logged, and parameters may be secrets
        connect_args={"timeout": 5, "server_settings": {"timezone": "UTC"}},
    )


def _sqlite_engine(url: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_use_lifo=True,  # its pages are in memory
        json_serializer=_dumps,
        json_deserializer=_loads,
        hide_parameters=True,
        connect_args={"timeout": 15},
    )
    sa.event.listen(engine.sync_engine, "do_connect", sqlite_driver.connect)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:
        # The driver must not open transactions by itself; `begin` below does.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    return engine


def _dumps(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


def _loads(text: str | bytes) -> Any:
    """JSON as the database has it. Lists read a few hundred such values a page, which this does five times as fast."""
    import msgspec

    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:
        # It is stricter than the databases: half a pair of surrogates, a number beyond what a float holds.
        return json.loads(text)
