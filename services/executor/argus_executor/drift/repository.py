"""Rows of inspections."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_executor.commands.repository import IS_OPEN
from argus_schema.executor import agent, command

_IS_INSPECTION = command.c.kind == "inspect"


async def waiting(connection: AsyncConnection, batch_id: str, asker_id: int) -> str | None:
    """The id of an inspection of a batch that this person has asked for and that still waits."""
    query = (
        sa.select(command.c.id)
        .where(command.c.batch_id == batch_id, _IS_INSPECTION, IS_OPEN, command.c.requested_by == asker_id)
        .order_by(command.c.created_at.desc())
        .limit(1)
    )
    found: str | None = (await connection.execute(query)).scalar()
    return found


async def forget_results(connection: AsyncConnection, batch_id: str, before: datetime) -> None:
    """Let go of what earlier inspections found: nobody looks at it any more, and each is a few kilobytes."""
    old = sa.and_(command.c.batch_id == batch_id, _IS_INSPECTION, command.c.finished_at < before)
    await connection.execute(sa.update(command).where(old).values(result=sa.null()))


async def inspection(connection: AsyncConnection, batch_id: str, command_id: str | None) -> sa.Row[Any] | None:
    """An inspection of a batch with the host that it went to: that one, or the latest."""
    query = (
        sa.select(command, agent.c.hostname)
        .join_from(command, agent, agent.c.id == command.c.agent_id, isouter=True)
        .where(command.c.batch_id == batch_id, _IS_INSPECTION)
        .order_by(command.c.created_at.desc(), command.c.id)
        .limit(1)
    )
    if command_id is not None:
        query = query.where(command.c.id == command_id)
    found: sa.Row[Any] | None = (await connection.execute(query)).one_or_none()
    return found
