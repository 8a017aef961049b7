"""Rows of agents and commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_schema.executor import agent, command


async def find_agent(connection: AsyncConnection, owner_id: int, hostname: str) -> sa.Row[Any] | None:
    """The agent of this person on this host."""
    query = sa.select(agent).where(agent.c.owner_id == owner_id, agent.c.hostname == hostname)
    return (await connection.execute(query)).one_or_none()


async def agents_of(connection: AsyncConnection, owner_id: int) -> Sequence[sa.Row[Any]]:
    """A person's agents, by host."""
    query = sa.select(agent).where(agent.c.owner_id == owner_id, agent.c.revoked_at.is_(None))
    return (await connection.execute(query.order_by(agent.c.hostname))).all()


async def insert_agent(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Add an agent."""
    await connection.execute(sa.insert(agent).values(values))


async def update_agent(connection: AsyncConnection, agent_id: str, **values: Any) -> None:
    """Change an agent."""
    await connection.execute(sa.update(agent).where(agent.c.id == agent_id).values(**values))


async def adopt_commands(connection: AsyncConnection, agent_id: str, owner_id: int, hostname: str) -> None:
    """Give a host's agent what its owner asked for before there was one."""
    waiting = sa.and_(command.c.agent_id.is_(None), command.c.status == "pending", command.c.requested_by == owner_id)
    here = command.c.payload["host"].as_string() == hostname
    await connection.execute(sa.update(command).where(waiting, here).values(agent_id=agent_id))


async def pending_commands(connection: AsyncConnection, agent_id: str) -> Sequence[sa.Row[Any]]:
    """Commands that wait for an agent, oldest first."""
    query = sa.select(command).where(command.c.agent_id == agent_id, command.c.status == "pending")
    return (await connection.execute(query.order_by(command.c.created_at, command.c.id))).all()


async def mark_delivered(connection: AsyncConnection, ids: Sequence[str], at: datetime) -> None:
    """Note that commands were handed over once more."""
    values = {"delivered_at": sa.func.coalesce(command.c.delivered_at, at), "attempts": command.c.attempts + 1}
    await connection.execute(sa.update(command).where(command.c.id.in_(ids)).values(values))


async def find_command(connection: AsyncConnection, agent_id: str, command_id: str) -> sa.Row[Any] | None:
    """A command of this agent, locked until the end of the transaction."""
    query = sa.select(command).where(command.c.id == command_id, command.c.agent_id == agent_id)
    return (await connection.execute(query.with_for_update())).one_or_none()


async def acknowledge(connection: AsyncConnection, command_id: str, values: dict[str, Any]) -> bool:
    """Close a pending command; False when it is no longer pending."""
    statement = sa.update(command).where(command.c.id == command_id, command.c.status == "pending").values(values)
    return (await connection.execute(statement)).rowcount == 1
