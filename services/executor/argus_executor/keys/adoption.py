"""Which agents know the newest list of keys: they say at each poll which one they pin."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_executor.keys.schemas import AgentBehind
from argus_kit.clock import iso
from argus_schema.auth import user
from argus_schema.executor import agent

MOST_NAMED: Final = 100


class Adoption(NamedTuple):
    """How many agents there are, how many do not know the list, and the first of those by name."""

    n_agents: int
    n_behind: int
    behind: list[AgentBehind]


async def adoption(connection: AsyncConnection, serial: int) -> Adoption:
    """Who knows the list of this number. An agent that was revoked counts no more."""
    lives = agent.c.revoked_at.is_(None)
    is_behind = sa.or_(agent.c.keys_serial.is_(None), agent.c.keys_serial < serial)
    counts = sa.select(sa.func.count(), sa.func.count(sa.case((is_behind, 1)))).select_from(agent).where(lives)
    n_agents, n_behind = (await connection.execute(counts)).one()
    query = (
        sa.select(
            agent.c.id, agent.c.hostname, agent.c.os_user, agent.c.last_seen_at, agent.c.keys_serial, user.c.username
        )
        .join_from(agent, user, user.c.id == agent.c.owner_id)
        .where(lives, is_behind)
        .order_by(agent.c.hostname, agent.c.os_user, agent.c.id)
        .limit(MOST_NAMED)
    )
    rows = (await connection.execute(query)).all()
    return Adoption(n_agents, n_behind, [_named(row) for row in rows])


def _named(row: sa.Row[Any, Any, Any, Any, Any, Any]) -> AgentBehind:
    return AgentBehind(
        agent_id=row.id,
        hostname=row.hostname,
        user=row.os_user or None,
        owner=row.username,
        last_seen_at=iso(row.last_seen_at),
        knows="unknown" if row.keys_serial is None else "older",
    )
