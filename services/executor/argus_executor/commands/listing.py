"""Commands as people see them: those of batches that they may see, and those of their own agents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_schema.access import editable_by, visible_to
from argus_schema.auth import user
from argus_schema.executor import agent, command, command_step
from argus_schema.ingest import batch


def _shown_to(actor: Actor) -> sa.Select[Any]:
    mine = _of_own_agent(actor)
    columns: tuple[Any, ...] = (
        command,
        agent.c.hostname,
        user.c.username,
        sa.func.coalesce(sa.or_(editable_by(actor), mine), sa.false()).label("may_cancel"),
    )
    places = (
        sa.outerjoin(command, batch, batch.c.id == command.c.batch_id)
        .outerjoin(agent, agent.c.id == command.c.agent_id)
        .outerjoin(user, user.c.id == command.c.requested_by)
    )
    return sa.select(*columns).select_from(places).where(sa.or_(visible_to(actor), mine))


def _of_own_agent(actor: Actor) -> sa.ColumnElement[bool]:
    # What an agent does is of no one project.
    return sa.false() if actor.project is not None else agent.c.owner_id == actor.user_id


async def page(
    connection: AsyncConnection,
    actor: Actor,
    filters: dict[str, str | None],
    after: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[sa.Row[Any]]:
    """At most `limit` commands, newest first, after the one with this time and id."""
    query = _shown_to(actor).where(*(command.c[name] == value for name, value in filters.items() if value is not None))
    if after is not None:
        at, last = after
        earlier = sa.or_(command.c.created_at < at, sa.and_(command.c.created_at == at, command.c.id < last))
        query = query.where(earlier)
    query = query.order_by(command.c.created_at.desc(), command.c.id.desc()).limit(limit)
    found: Sequence[sa.Row[Any]] = (await connection.execute(query)).all()
    return found


async def one(connection: AsyncConnection, actor: Actor, command_id: str) -> sa.Row[Any] | None:
    """A command that the caller may see."""
    found: sa.Row[Any] | None = (
        await connection.execute(_shown_to(actor).where(command.c.id == command_id))
    ).one_or_none()
    return found


async def steps(connection: AsyncConnection, command_id: str) -> Sequence[sa.Row[Any]]:
    """A command's history, as it became known."""
    query = sa.select(command_step).where(command_step.c.command_id == command_id).order_by(command_step.c.id)
    return (await connection.execute(query)).all()
