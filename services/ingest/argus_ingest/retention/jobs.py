"""Deleted jobs: after a time of grace, or at once on request, their curves, log lines, events and files go.

The job's own row stays, hidden and empty: numbers of jobs are given once, and what is sent late brings none back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from argus_ingest.artifacts.storage import Storage
from argus_ingest.retention.files import drop_some, measured
from argus_ingest.retention.rows import ROWS_AT_ONCE
from argus_ingest.retention.sizes import row_bytes
from argus_ingest.retention.tallies import Tally
from argus_ingest.store import purged_events
from argus_kit.clock import now
from argus_kit.database import Database
from argus_schema import ingest as tables
from argus_schema.seeds import NO_SETTINGS

_JOBS_AT_ONCE: Final = 200
_BY_NUMBER: Final = (tables.metric_block, tables.metric_chunk, tables.metric_column)
_BY_ID: Final = (tables.log_line, tables.event)
_EMPTY: Final[dict[str, Any]] = {
    **dict.fromkeys(("model", "dataset", "metrics", "extra", "reason", "latest", "val_loss_trace", "summary"), None),
    "resumes": None,
    "settings_key": NO_SETTINGS,
    "n_points": 0,
    "n_blocks": 0,
}


class DeletedJobs:
    """Jobs that were deleted before `cutoff` (None: kept for ever), or that are to go at once. See Work."""

    name = "job.deleted"

    def __init__(self, database: Database, storage: Storage, cutoff: datetime | None, at: datetime) -> None:
        self._database = database
        self._storage = storage
        column = tables.job.c
        at_once = column.purge_at <= at
        due = at_once if cutoff is None else sa.or_(at_once, column.deleted_at < cutoff)
        self._which = sa.and_(column.deleted_at.is_not(None), column.purged_at.is_(None), due)

    async def measure(self) -> Tally:
        """See Work."""
        total = Tally()
        after = (0, 0)
        while jobs := await self._jobs(after):
            after = (jobs[-1].batch_key, jobs[-1].job_no)
            for job in jobs:
                total.add(await measured(self._database, _files(job)))
                for table, which in _places(job):
                    total.add(await self._measured(table, which))
        return total

    async def slices(self) -> AsyncIterator[Tally]:
        """See Work."""
        after = (0, 0)
        while jobs := await self._jobs(after):
            after = (jobs[-1].batch_key, jobs[-1].job_no)
            for job in jobs:
                async for tally in self._purge(job):
                    yield tally

    async def waits(self) -> bool:
        """Whether there is a job to empty."""
        return bool(await self._jobs((0, 0)))

    async def _jobs(self, after: tuple[int, int]) -> Sequence[Any]:
        column = tables.job.c
        later = sa.or_(column.batch_key > after[0], sa.and_(column.batch_key == after[0], column.job_no > after[1]))
        query = sa.select(column.batch_key, column.job_no, column.job_id).where(self._which, later)
        async with self._database.read() as connection:
            ordered = query.order_by(column.batch_key, column.job_no).limit(_JOBS_AT_ONCE)
            return (await connection.execute(ordered)).all()

    async def _measured(self, table: sa.Table, which: sa.ColumnElement[bool]) -> Tally:
        size = sa.func.coalesce(sa.func.sum(row_bytes(table, is_sqlite=self._database.is_sqlite)), 0)
        async with self._database.read() as connection:
            row = (await connection.execute(sa.select(sa.func.count(), size).select_from(table).where(which))).one()
        return Tally(row[0], int(row[1]))

    async def _purge(self, job: sa.Row[Any]) -> AsyncIterator[Tally]:
        while (files := await drop_some(self._database, self._storage, _files(job))) is not None:
            yield files
        for table, which in _places(job):
            while (tally := await self._slice(table, which, job.batch_key)).rows:
                yield tally
        async with self._database.write() as connection:
            column = tables.job.c
            mine = sa.and_(column.batch_key == job.batch_key, column.job_no == job.job_no, self._which)
            await connection.execute(sa.update(tables.job).where(mine).values(**_EMPTY, purged_at=now()))

    async def _slice(self, table: sa.Table, which: sa.ColumnElement[bool], batch_key: int) -> Tally:
        place: sa.ColumnClause[Any] = sa.literal_column("rowid" if self._database.is_sqlite else "ctid")
        these = sa.select(place).select_from(table).where(which).limit(ROWS_AT_ONCE)
        size = row_bytes(table, is_sqlite=self._database.is_sqlite).label("size")
        gone = sa.delete(table).where(place.in_(these.scalar_subquery()))
        column = table.c
        async with self._database.write() as connection:
            if table is tables.event:
                left = gone.returning(column.id, column.event_key, column.at, column.sent_at, size)
                rows: Sequence[Any] = (await connection.execute(left)).all()
                if rows:
                    # The same event may be sent once more.
                    await purged_events.remember(connection, batch_key, rows)
            else:
                rows = (await connection.execute(gone.returning(size))).all()
        return Tally(len(rows), sum(row.size for row in rows))


def _files(job: sa.Row[Any]) -> sa.ColumnElement[bool]:
    column = tables.artifact.c
    return sa.and_(column.batch_key == job.batch_key, column.job_id == job.job_id)


def _places(job: sa.Row[Any]) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
    by_number = [
        (table, sa.and_(table.c.batch_key == job.batch_key, table.c.job_no == job.job_no)) for table in _BY_NUMBER
    ]
    by_id = [(table, sa.and_(table.c.batch_key == job.batch_key, table.c.job_id == job.job_id)) for table in _BY_ID]
    return [*by_number, *by_id]
