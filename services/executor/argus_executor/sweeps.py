"""Periodic work: commands that no agent took in time expire; a rerun's batch fails then, and says why.

A rerun that a living agent holds is left to it: the agent may have a queue of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from argus_executor.agents.departures import forget
from argus_executor.batches.cut_off import CutOff
from argus_executor.census import Census
from argus_executor.commands import debts, repository
from argus_executor.commands.changes import change
from argus_executor.commands.deadlines import DEADLINES, TAKEN_WITHIN
from argus_executor.commands.states import LAUNCHES, Event
from argus_executor.keys.upkeep import KeyUpkeep
from argus_kit.clock import now
from argus_kit.departures import Departures
from argus_kit.leases import LeasedLoop
from argus_kit.parts import Part
from argus_kit.platform import Platform
from argus_schema.executor import agent, command

_EVERY_S = 15.0
_BATCH = 100


class Expiry(LeasedLoop):
    """Gives up commands that were never taken."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform.database, "command-expiry", every_s=_EVERY_S)
        self._platform = platform

    async def work(self) -> None:
        """Expire what is overdue, and tell the batches."""
        if not self._platform.bus.is_connected:
            return
        async with self._platform.database.read() as connection:
            rows = await repository.overdue(connection, _is_overdue(), _BATCH)
        for row in rows:
            await self._expire(row)

    async def _expire(self, row: sa.Row[Any]) -> None:
        within = int(DEADLINES.get(row.kind, TAKEN_WITHIN).total_seconds() // 60)
        host = row.payload.get("host") or row.agent_host or "its host"
        reason = f"No agent on {host} took the command within {within} minutes."
        async with self._platform.write("executor") as tx:
            has_expired = await change(tx, row, Event.EXPIRE, detail=reason)
        if has_expired:
            await debts.pay_if_possible(self._platform, [row.id])


def _is_overdue() -> sa.ColumnElement[bool]:
    at = now()
    alive = sa.select(agent.c.id).where(agent.c.last_seen_at >= at - TAKEN_WITHIN, agent.c.revoked_at.is_(None))
    is_launch = command.c.kind.in_(sorted(LAUNCHES))
    is_held = sa.and_(is_launch, command.c.agent_id.is_not(None), command.c.agent_id.in_(alive))
    # Those that were queued by an older version have no deadline.
    is_late = sa.or_(
        command.c.deadline < at, sa.and_(command.c.deadline.is_(None), command.c.created_at < at - TAKEN_WITHIN)
    )
    return sa.and_(is_late, sa.not_(is_held))


def worker_parts(platform: Platform) -> Sequence[Part]:
    """What the executor's worker runs."""
    departures = Departures(platform.bus, "executor", partial(forget, platform.database))
    census = Census(platform.database)
    return (Expiry(platform), debts.Payments(platform), CutOff(platform), KeyUpkeep(platform), departures, census)
