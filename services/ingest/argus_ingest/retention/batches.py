"""Deleted batches: after a time of grace, or at once on request, all their rows and files go.

The batch's own row goes last. While it stands, hidden, it is the note of what is still to be done: a crash, or storage
that fails, costs nothing but time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_ingest.artifacts.storage import Storage
from argus_ingest.retention.files import drop_some, measured
from argus_ingest.retention.rows import ROWS_AT_ONCE
from argus_ingest.retention.sizes import row_bytes
from argus_ingest.retention.tallies import Tally
from argus_kit.database import Database
from argus_schema import ingest as tables
from argus_schema import metadata

log = structlog.get_logger(__name__)

_BATCHES_AT_ONCE: Final = 100


def tables_of_batches() -> list[sa.Table]:
    """Every table of ours whose rows belong to a batch, but that of the batches; a new one is in it by itself."""
    return [
        table
        for table in metadata.sorted_tables
        if "batch_key" in table.columns and table.info["owner"] == tables.OWNER and table is not tables.batch
    ]


class DeletedBatches:
    """Batches that were deleted before `cutoff` (None: kept for ever), or that are to go at once. See Work."""

    name = "batch.deleted"

    def __init__(self, database: Database, storage: Storage, cutoff: datetime | None, at: datetime) -> None:
        self._database = database
        self._storage = storage
        column = tables.batch.c
        at_once = column.purge_at <= at
        self._which = at_once if cutoff is None else sa.or_(at_once, column.deleted_at < cutoff)
        self._which = sa.and_(column.deleted_at.is_not(None), self._which)

    async def measure(self) -> Tally:
        """See Work."""
        total = Tally()
        after = 0
        while keys := await self._keys(after):
            after = keys[-1]
            for key in keys:
                total.add(await self._measured(key))
        return total

    async def slices(self) -> AsyncIterator[Tally]:
        """See Work. A batch whose files cannot be removed stays for the next time and holds up no other."""
        after, failed = 0, None
        while keys := await self._keys(after):
            after = keys[-1]
            for key in keys:
                try:
                    async for tally in self._purge(key):
                        yield tally
                except OSError as error:
                    log.warning("retention.batch_stays", batch_key=key, error=repr(error))
                    failed = error
        if failed is not None:
            raise failed

    async def waits(self) -> bool:
        """Whether there is a batch to remove."""
        return bool(await self._keys(0))

    async def _keys(self, after: int) -> Sequence[int]:
        column = tables.batch.c
        query = sa.select(column.batch_key).where(column.batch_key > after, self._which).order_by(column.batch_key)
        async with self._database.read() as connection:
            return (await connection.execute(query.limit(_BATCHES_AT_ONCE))).scalars().all()

    async def _measured(self, key: int) -> Tally:
        total = await measured(self._database, tables.artifact.c.batch_key == key)
        async with self._database.read() as connection:
            for table in tables_of_batches():
                size = sa.func.coalesce(sa.func.sum(row_bytes(table, is_sqlite=self._database.is_sqlite)), 0)
                query = sa.select(sa.func.count(), size).select_from(table).where(table.c.batch_key == key)
                row = (await connection.execute(query)).one()
                total.add(Tally(row[0] if table is not tables.artifact else 0, int(row[1])))
        return Tally(total.rows + 1, total.bytes)

    async def _purge(self, key: int) -> AsyncIterator[Tally]:
        while (files := await drop_some(self._database, self._storage, tables.artifact.c.batch_key == key)) is not None:
            yield files
        await self._drop_folder(key)
        for table in tables_of_batches():
            # As many slices as there are rows now: a reporter that goes on must not keep this going for ever.
            for _ in range(-(-await self._count(table, key) // ROWS_AT_ONCE)):
                async with self._database.write() as connection:
                    tally = await self._delete(connection, table, key, ROWS_AT_ONCE)
                yield tally
        yield await self._end(key)

    async def _count(self, table: sa.Table, key: int) -> int:
        query = sa.select(sa.func.count()).select_from(table).where(table.c.batch_key == key)
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _drop_folder(self, key: int) -> None:
        """Remove what no row named: uploads that a crash cut off, previews."""
        await self._storage.drop([file.path for file in await self._storage.files(str(key))])
        await self._storage.drop_folder(str(key))

    async def _end(self, key: int) -> Tally:
        """Remove the batch itself, with what a late reporter added meanwhile: whoever reports holds the same lock."""
        total = Tally()
        async with self._database.write() as connection:
            column = tables.batch.c
            mine = sa.select(column.batch_key).where(column.batch_key == key, self._which).with_for_update()
            if (await connection.execute(mine)).first() is None:
                return total
            for table in tables_of_batches():
                total.add(await self._delete(connection, table, key, None))
            await connection.execute(sa.delete(tables.batch).where(column.batch_key == key))
        total.rows += 1
        return total

    async def _delete(self, connection: AsyncConnection, table: sa.Table, key: int, limit: int | None) -> Tally:
        place: sa.ColumnClause[Any] = sa.literal_column("rowid" if self._database.is_sqlite else "ctid")
        these = sa.select(place).select_from(table).where(table.c.batch_key == key).limit(limit)
        size = row_bytes(table, is_sqlite=self._database.is_sqlite)
        gone = sa.delete(table).where(place.in_(these.scalar_subquery()) if limit else table.c.batch_key == key)
        sizes = (await connection.execute(gone.returning(size))).scalars().all()
        return Tally(len(sizes), sum(sizes))
