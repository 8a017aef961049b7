"""Rows of commands and of their history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_executor.commands.states import OPEN, WAYS, Event
from argus_schema.executor import agent, command, command_step
from argus_schema.ingest import batch

IS_OPEN = command.c.status.in_(sorted(OPEN))


def _with_agent() -> sa.Select[Any]:
    columns = (command, agent.c.owner_id.label("agent_owner_id"), agent.c.hostname.label("agent_host"))
    return sa.select(*columns).join_from(command, agent, agent.c.id == command.c.agent_id, isouter=True)


async def find(connection: AsyncConnection, *conditions: sa.ColumnElement[bool]) -> sa.Row[Any] | None:
    """One command with its agent's owner and host, locked until the end of the transaction."""
    query = _with_agent().where(*conditions).with_for_update(of=command)
    found: sa.Row[Any] | None = (await connection.execute(query)).one_or_none()
    return found


async def find_all(connection: AsyncConnection, *conditions: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    """The same for all that fit, oldest first."""
    query = _with_agent().where(*conditions).order_by(command.c.created_at, command.c.id).with_for_update(of=command)
    found: Sequence[sa.Row[Any]] = (await connection.execute(query)).all()
    return found


async def overdue(connection: AsyncConnection, condition: sa.ColumnElement[bool], limit: int) -> Sequence[sa.Row[Any]]:
    """Open commands that fit, oldest first, without a lock."""
    query = _with_agent().where(IS_OPEN, condition).order_by(command.c.created_at).limit(limit)
    found: Sequence[sa.Row[Any]] = (await connection.execute(query)).all()
    return found


async def insert_command(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Queue a command."""
    await connection.execute(sa.insert(command).values(values))


async def move(connection: AsyncConnection, command_id: str, event: Event, values: dict[str, Any]) -> bool:
    """Let an event happen to a command; False when it cannot happen any more."""
    way = WAYS[event]
    here = sa.and_(command.c.id == command_id, command.c.status.in_(sorted(way.before)))
    statement = sa.update(command).where(here).values(status=way.after.value, **values)
    return (await connection.execute(statement)).rowcount == 1


async def hand_over(connection: AsyncConnection, ids: Sequence[str], at: datetime) -> None:
    """Note that commands were handed over once more."""
    first = sa.func.coalesce(command.c.delivered_at, sa.literal(at, command.c.delivered_at.type))
    values = {"delivered_at": first, "handed_at": at, "attempts": command.c.attempts + 1}
    await connection.execute(sa.update(command).where(command.c.id.in_(ids)).values(values))


async def set_pid(connection: AsyncConnection, command_id: str, pid: int) -> None:
    """Note which process a command became."""
    await connection.execute(sa.update(command).where(command.c.id == command_id).values(pid=pid))


async def add_step(connection: AsyncConnection, values: dict[str, Any]) -> bool:
    """Write what happened; False when it stands there already, by its number."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(command_step).values(values).on_conflict_do_nothing().returning(command_step.c.id)
    return (await connection.execute(statement)).first() is not None


async def owed(connection: AsyncConnection, at: datetime, limit: int) -> Sequence[str]:
    """Commands whose batch is to be told something by now, those first that wait the longest."""
    due = sa.and_(command.c.owed_move.is_not(None), command.c.owed_after <= at)
    query = sa.select(command.c.id).where(due).order_by(command.c.owed_after).limit(limit)
    return (await connection.execute(query)).scalars().all()


async def debt(connection: AsyncConnection, command_id: str) -> sa.Row[Any] | None:
    """What a command owes its batch, and how that is."""
    columns: tuple[Any, ...] = (
        command.c.kind,
        command.c.batch_id,
        command.c.exit_code,
        command.c.acked_at,
        command.c.finished_at,
        command.c.owed_move,
        command.c.owed_reason,
        command.c.owed_after,
        batch.c.status.label("batch_status"),
        batch.c.last_event_at,
        batch.c.paused_at,
        agent.c.clock_skew_s,
    )
    query = (
        sa.select(*columns)
        .join_from(command, batch, batch.c.id == command.c.batch_id, isouter=True)
        .join(agent, agent.c.id == command.c.agent_id, isouter=True)
    )
    found: sa.Row[Any] | None = (await connection.execute(query.where(command.c.id == command_id))).one_or_none()
    return found


async def clear_debt(connection: AsyncConnection, command_id: str, move_made: str) -> None:
    """The batch was told; something newer that is owed meanwhile stays owed."""
    here = sa.and_(command.c.id == command_id, command.c.owed_move == move_made)
    nothing = {"owed_move": None, "owed_reason": None, "owed_after": None}
    await connection.execute(sa.update(command).where(here).values(nothing))
