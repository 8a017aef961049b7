"""Periodic work: a rerun that no agent took for ten minutes fails its batch, and says why.

A command that a living agent holds is left to it: the agent may have a queue of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import sqlalchemy as sa
import structlog

from argus_executor.agents.departures import forget
from argus_executor.transitions import move_batch
from argus_kit.bus import BusUnavailable
from argus_kit.clock import now
from argus_kit.departures import Departures
from argus_kit.errors import ArgusError
from argus_kit.leases import Lease
from argus_kit.parts import Loop, Part
from argus_kit.platform import Platform
from argus_schema.executor import agent, command

log = structlog.get_logger(__name__)

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
        before = now() - TAKEN_WITHIN
        alive = sa.select(agent.c.id).where(agent.c.last_seen_at >= before, agent.c.revoked_at.is_(None))
        is_held = sa.and_(command.c.agent_id.is_not(None), command.c.agent_id.in_(alive))
        overdue = (
            sa.select(command.c.id, command.c.batch_id, command.c.kind, command.c.payload)
            .where(command.c.status == "pending", command.c.created_at < before, sa.not_(is_held))
            .order_by(command.c.created_at)
            .limit(_BATCH)
        )
        async with self._platform.database.read() as connection:
            rows = (await connection.execute(overdue)).all()
        for row in rows:
            reason = f"No agent on {row.payload.get('host') or 'its host'} took the command within 10 minutes."
            if row.kind == "rerun":
                await self._fail(row.batch_id, reason)
            async with self._platform.database.write() as connection:
                await connection.execute(
                    sa.update(command)
                    .where(command.c.id == row.id, command.c.status == "pending")
                    .values(status="expired", error=reason, finished_at=now())
                )

    async def _fail(self, batch_id: str, reason: str) -> None:
        try:
            await move_batch(self._platform.bus, batch_id, "fail", reason=reason)
        except BusUnavailable:
            raise
        except ArgusError as error:
            # Ingest will never do it, for example because the batch is deleted; the command ends all the same.
            log.info("command.batch_not_failed", batch_id=batch_id, reason=error.message)


def worker_parts(platform: Platform) -> Sequence[Part]:
    """What the executor's worker runs."""
    return (Expiry(platform), Departures(platform.bus, "executor", partial(forget, platform.database)))
