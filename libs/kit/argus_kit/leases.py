"""Leases: of any number of replicas one does the work. PostgreSQL's advisory locks end with the holder's connection,
so a killed holder frees its lease at once. SQLite has one process, which always holds.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod

import sqlalchemy as sa
import structlog
from prometheus_client import Gauge
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.database import Database
from argus_kit.parts import Loop, Part

log = structlog.get_logger(__name__)

HELD = Gauge("argus_lease_held", "1 while this process is the one that does the work", ["lease"])


class Lease:
    """The right to be the only one who does `name`. Ask `held()` before each round of work."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self.name = name
        self._key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        self._connection: AsyncConnection | None = None

    async def held(self) -> bool:
        """Whether this process holds the lease, taking it if it is free."""
        is_held = await self._is_held()
        HELD.labels(self.name).set(is_held)
        return is_held

    async def _is_held(self) -> bool:
        if self._database.is_sqlite:
            return True
        if self._connection is not None:
            if await self._still_connected():
                return True
            await self.release()
        return await self._try_take()

    async def release(self) -> None:
        """Give the lease back."""
        HELD.labels(self.name).set(0)
        connection, self._connection = self._connection, None
        if connection is not None:
            # Closing alone would hand the connection, lock and all, back to the pool.
            await connection.invalidate()
            await connection.close()

    async def _still_connected(self) -> bool:
        assert self._connection is not None
        try:
            await self._connection.execute(sa.text("select 1"))
        except (DBAPIError, OSError):
            log.warning("lease.lost", lease=self.name)
            return False
        return True

    async def _try_take(self) -> bool:
        connection = await self._database.engine.connect()
        try:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            taken = await connection.execute(sa.text("select pg_try_advisory_lock(:key)"), {"key": self._key})
            if taken.scalar_one():
                self._connection = connection
                log.info("lease.taken", lease=self.name)
        finally:
            if self._connection is None:
                await connection.close()
        return self._connection is not None


class LeasedLoop(Part, ABC):
    """Work that is done again and again, by one of any number of replicas. Subclasses say in `work` what a round is."""

    def __init__(self, database: Database, name: str, *, every_s: float) -> None:
        self.name = name
        self._lease = Lease(database, name)
        self._loop = Loop(name, self.look, every_s=every_s)

    async def start(self) -> None:
        """See Part."""
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()
        await self._lease.release()

    async def look(self) -> None:
        """One round, where this replica is the one."""
        if await self._lease.held():
            await self.work()

    @abstractmethod
    async def work(self) -> None:
        """One round."""


async def take_turn(connection: AsyncConnection, name: str) -> None:
    """Wait until no other transaction of any replica holds `name`; held until the commit.

    On SQLite a write transaction is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        await connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": key})
