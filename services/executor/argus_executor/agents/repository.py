"""Rows of agents, and which commands become theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_executor.commands.repository import IS_OPEN
from argus_schema.auth import user
from argus_schema.executor import agent, agent_allowed, command


async def find_agent(connection: AsyncConnection, owner_id: int, hostname: str, os_user: str) -> sa.Row[Any] | None:
    """The agent of this person on this host, under this user of its system."""
    mine = sa.and_(agent.c.owner_id == owner_id, agent.c.hostname == hostname, agent.c.os_user == os_user)
    return (await connection.execute(sa.select(agent).where(mine))).one_or_none()


async def get_agent(connection: AsyncConnection, agent_id: str) -> sa.Row[Any]:
    """An agent that is there."""
    return (await connection.execute(sa.select(agent).where(agent.c.id == agent_id))).one()


async def find_living(connection: AsyncConnection, agent_id: str) -> sa.Row[Any] | None:
    """An agent that was not revoked."""
    query = sa.select(agent).where(agent.c.id == agent_id, agent.c.revoked_at.is_(None))
    return (await connection.execute(query)).one_or_none()


async def people(connection: AsyncConnection, usernames: Sequence[str]) -> Sequence[sa.Row[Any, Any, Any]]:
    """Id and names of those accounts that are open."""
    known = sa.and_(user.c.username_lower.in_([name.lower() for name in usernames]), user.c.is_active.is_(True))
    return (await connection.execute(sa.select(user.c.id, user.c.username, user.c.username_lower).where(known))).all()


async def set_allowed(connection: AsyncConnection, agent_id: str, user_ids: Sequence[int], at: datetime) -> None:
    """Who may have commands run by an agent, besides its owner: these and no others."""
    await connection.execute(sa.delete(agent_allowed).where(agent_allowed.c.agent_id == agent_id))
    if user_ids:
        rows = [{"agent_id": agent_id, "user_id": user_id, "created_at": at} for user_id in sorted(set(user_ids))]
        await connection.execute(sa.insert(agent_allowed), rows)


async def allowed(connection: AsyncConnection, agent_ids: Sequence[str]) -> Sequence[sa.Row[Any, Any]]:
    """Agents and the names of who may have commands run by them."""
    query = (
        sa.select(agent_allowed.c.agent_id, user.c.username)
        .join_from(agent_allowed, user, user.c.id == agent_allowed.c.user_id)
        .where(agent_allowed.c.agent_id.in_(agent_ids))
        .order_by(user.c.username_lower)
    )
    return (await connection.execute(query)).all()


async def living(connection: AsyncConnection, owner_id: int | None) -> Sequence[sa.Row[Any]]:
    """A person's agents, or everyone's, with their owner's name and how many commands wait, by host."""
    waiting = (
        sa.select(sa.func.count())
        .select_from(command)
        .where(command.c.agent_id == agent.c.id, IS_OPEN)
        .scalar_subquery()
    )
    query = (
        sa.select(agent, user.c.username.label("owner"), waiting.label("n_open"))
        .join_from(agent, user, user.c.id == agent.c.owner_id)
        .where(agent.c.revoked_at.is_(None), sa.true() if owner_id is None else agent.c.owner_id == owner_id)
    )
    return (await connection.execute(query.order_by(agent.c.hostname, agent.c.os_user, agent.c.id))).all()


async def insert_agent(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Add an agent."""
    await connection.execute(sa.insert(agent).values(values))


async def update_agent(connection: AsyncConnection, agent_id: str, **values: Any) -> None:
    """Change an agent."""
    await connection.execute(sa.update(agent).where(agent.c.id == agent_id).values(**values))


def waits_for(owner_id: int, hostname: str) -> sa.ColumnElement[bool]:
    """What a person asked of a host before there was an agent."""
    waiting = sa.and_(command.c.agent_id.is_(None), IS_OPEN, command.c.requested_by == owner_id)
    return sa.and_(waiting, command.c.payload["host"].as_string() == hostname)


async def adopt(connection: AsyncConnection, command_id: str, agent_id: str, signature: dict[str, Any]) -> None:
    """Give a command that waits to an agent, signed for it."""
    here = sa.and_(command.c.id == command_id, command.c.agent_id.is_(None), IS_OPEN)
    await connection.execute(sa.update(command).where(here).values(agent_id=agent_id, **signature))
