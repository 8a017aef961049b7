"""Old artifacts, where a policy gives them an age: the file first, then its row, so that none is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from argus_ingest.artifacts import repository
from argus_ingest.artifacts.previews import preview_paths
from argus_ingest.artifacts.storage import Storage
from argus_ingest.retention.tallies import Tally
from argus_kit.database import Database
from argus_schema import ingest as tables

_FILES_AT_ONCE: Final = 50


class OldFiles:
    """Artifacts that were added before `cutoff`. See Work."""

    name = "artifact"

    def __init__(self, database: Database, storage: Storage, cutoff: datetime) -> None:
        self._database = database
        self._storage = storage
        self._which = tables.artifact.c.created_at < cutoff

    async def measure(self) -> Tally:
        """See Work."""
        return await measured(self._database, self._which)

    async def slices(self) -> AsyncIterator[Tally]:
        """See Work."""
        while (tally := await drop_some(self._database, self._storage, self._which)) is not None:
            yield tally


async def measured(database: Database, which: sa.ColumnElement[bool]) -> Tally:
    """Number and bytes of artifacts."""
    total = sa.func.coalesce(sa.func.sum(tables.artifact.c.size_bytes), 0)
    async with database.read() as connection:
        row = (await connection.execute(sa.select(sa.func.count(), total).where(which))).one()
    return Tally(row[0], int(row[1]))


async def drop_some(database: Database, storage: Storage, which: sa.ColumnElement[bool]) -> Tally | None:
    """Remove some artifacts with their previews; None when there are none. Raises OSError: then the rows stay, and the
    files are tried again.
    """
    column = tables.artifact.c
    query = sa.select(column.id, column.path, column.size_bytes).where(which).order_by(column.id)
    async with database.read() as connection:
        rows: Sequence[Any] = (await connection.execute(query.limit(_FILES_AT_ONCE))).all()
    if not rows:
        return None
    await storage.drop([path for row in rows for path in (row.path, *preview_paths(row.path))])
    async with database.write() as connection:
        await repository.remove(connection, [row.id for row in rows])
    return Tally(len(rows), sum(row.size_bytes for row in rows))
