"""Agents of people who left: they end. Their tokens ended with the account; what waits for them expires by itself."""

from __future__ import annotations

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_kit.database import Database
from argus_schema.executor import agent, agent_allowed


async def forget(database: Database, departed: wire.PersonDeparted) -> None:
    """End a person's agents; may be called again."""
    at = sa.literal(departed.at, agent.c.revoked_at.type)
    ended = {"revoked_at": sa.func.coalesce(agent.c.revoked_at, at), "note": None}
    async with database.write() as connection:
        await connection.execute(sa.update(agent).where(agent.c.owner_id == departed.user_id).values(ended))
        await connection.execute(sa.delete(agent_allowed).where(agent_allowed.c.user_id == departed.user_id))
