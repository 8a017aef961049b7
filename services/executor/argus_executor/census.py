"""What Prometheus is told of agents and of commands that wait, counted now and then and never at a scrape."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_executor.agents.service import ONLINE_WITHIN
from argus_executor.commands.states import OPEN
from argus_kit.clock import now
from argus_kit.database import Database
from argus_kit.parts import Loop
from argus_schema.executor import agent, command

WAITING = Gauge("argus_commands_waiting", "Commands that no agent has acknowledged", ["status"])
OLDEST = Gauge("argus_commands_oldest_seconds", "Age of the oldest command that no agent has acknowledged; 0: none")
AGENTS = Gauge("argus_agents", "Agents that were not revoked", ["state"])

_EVERY_S: Final = 30.0
# What is older has expired, unless its agent lives and holds it: a queue on a host is that host's affair.
_LOOKED_BACK: Final = timedelta(days=1)


class Census(Loop):
    """Each replica counts for itself: whoever is asked knows."""

    def __init__(self, database: Database) -> None:
        super().__init__("executor-census", self.count, every_s=_EVERY_S)
        self._database = database

    async def count(self) -> None:
        """Look once."""
        async with self._database.read() as connection:
            await _count_commands(connection)
            await _count_agents(connection)


async def _count_commands(connection: AsyncConnection) -> None:
    at, c = now(), command.c
    waiting = (
        sa.select(c.status, sa.func.count().label("n"), sa.func.min(c.created_at).label("oldest"))
        .where(c.created_at > at - _LOOKED_BACK, c.status.in_(sorted(OPEN)))
        .group_by(c.status)
    )
    rows = {row.status: row for row in await connection.execute(waiting)}
    for status in OPEN:
        WAITING.labels(status).set(rows[status].n if status in rows else 0)
    ages = [(at - row.oldest).total_seconds() for row in rows.values()]
    OLDEST.set(max([0.0, *ages]))


async def _count_agents(connection: AsyncConnection) -> None:
    a = agent.c
    is_online = sa.and_(a.last_seen_at.is_not(None), a.last_seen_at > now() - ONLINE_WITHIN)
    state: Any = sa.case((sa.not_(is_online), "offline"), (a.is_draining, "draining"), else_="online")
    counted = sa.select(state.label("state"), sa.func.count()).where(a.revoked_at.is_(None)).group_by(state)
    found = {row[0]: row[1] for row in await connection.execute(counted)}
    for name in ("online", "draining", "offline"):
        AGENTS.labels(name).set(found.get(name, 0))
