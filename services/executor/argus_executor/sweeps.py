"""Periodic work: a rerun that no agent took for ten minutes fails its batch, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from argus_executor.transitions import move_batch
from argus_kit.clock import now
from argus_kit.leases import Lease
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform
from argus_schema.executor import command

TAKEN_WITHIN = timedelta(minutes=10)
_EVERY_S = 15.0
_BATCH = 100


class Expiry(Part):
    """Gives up commands that were never taken."""

    name = "command-expiry"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._lease = Lease(platform.database, self.name)
        self._loop = Loop(self.name, self.sweep, every_s=_EVERY_S)

    async def start(self) -> None:
        """See Part."""
        await self._loop.start()

    async def stop(self) -> None:
        """See Part."""
        await self._loop.stop()
        await self._lease.release()

    async def sweep(self) -> None:
        """Expire what is overdue. The batch is told first: a crash in between repeats both, which is harmless."""
        if not self._platform.bus.is_connected or not await self._lease.held():
            return
        overdue = (
            sa.select(command.c.id, command.c.batch_id, command.c.kind, command.c.payload)
            .where(command.c.status == "pending", command.c.created_at < now() - TAKEN_WITHIN)
            .limit(_BATCH)
        )
        async with self._platform.database.read() as connection:
            rows = (await connection.execute(overdue)).all()
        for row in rows:
            reason = f"No agent on {row.payload.get('host') or 'its host'} took the command within 10 minutes."
            if row.kind == "rerun":
                await move_batch(self._platform.bus, row.batch_id, "fail", reason=reason)
            async with self._platform.database.write() as connection:
                await connection.execute(
                    sa.update(command)
                    .where(command.c.id == row.id, command.c.status == "pending")
                    .values(status="expired", error=reason, finished_at=now())
                )


def worker_parts(platform: Platform) -> Sequence[Part]:
    """What the executor's worker runs."""
    return (Expiry(platform),)
