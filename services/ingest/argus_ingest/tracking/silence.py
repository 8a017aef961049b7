"""The watch over silent batches: one that says nothing for long is stalled, until it is heard of again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from argus_ingest import lifecycle
from argus_ingest.lifecycle import BatchStatus
from argus_ingest.settings import IngestSettings
from argus_ingest.store import batch_rows
from argus_ingest.tracking import moves
from argus_kit.clock import now
from argus_kit.leases import Lease
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform
from argus_schema import ingest as tables

_EVERY_S: Final = 20.0
_AT_ONCE: Final = 100
# A batch that was to stop before any process of it was heard of has nothing to wait for.
_NEVER_BEGAN: Final = timedelta(minutes=1)


class SilenceWatch(Part):
    """Marks batches as stalled."""

    name = "silence-watch"

    def __init__(self, platform: Platform, settings: IngestSettings) -> None:
        self._platform = platform
        self._silence = timedelta(minutes=settings.stall_minutes)
        self._lease = Lease(platform.database, "ingest-silence")
        self._loop = Loop(self.name, self._round, every_s=_EVERY_S)

    async def start(self) -> None:
        """See Part."""
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()
        await self._lease.release()

    async def _round(self) -> None:
        if await self._lease.held():
            await self.look()

    async def look(self) -> int:
        """Look once; returns how many batches were moved."""
        column = tables.batch.c
        at = now()
        silent = sa.func.coalesce(column.last_event_at, column.start_time, column.created_at) < at - self._silence
        unheard = sa.and_(
            column.status == BatchStatus.STOPPING,
            column.last_event_at.is_(None),
            column.stop_requested_at < at - _NEVER_BEGAN,
        )
        alive = column.status.in_([BatchStatus.RUNNING, BatchStatus.STOPPING])
        query = (
            sa.select(column.id)
            .where(alive, sa.or_(silent, unheard), column.deleted_at.is_(None), ~column.is_placeholder)
            .order_by(column.id)
            .limit(_AT_ONCE)
        )
        async with self._platform.database.read() as connection:
            ids = list((await connection.execute(query)).scalars())
        return sum([await self._move(batch_id) for batch_id in ids])

    async def _move(self, batch_id: str) -> bool:
        async with self._platform.write(tables.OWNER) as tx:
            batch = (await batch_rows.lock(tx.connection, [batch_id])).get(batch_id)
            at = now()
            if batch is None or (batch.last_event_at is not None and batch.last_event_at >= at - self._silence):
                return False
            unheard = batch.last_event_at is None and batch.status == BatchStatus.STOPPING
            action: lifecycle.Action = "fail" if unheard else "stall"
            target = lifecycle.on_command(batch.status, action)
            if target.changed:
                await moves.carry_out(tx, batch, action=action, status=target.status, at=at)
            return target.changed
