"""What the executor reads of batches, and its own commands about them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_kit.actor import Actor
from argus_kit.policy import Permission, role_for
from argus_schema.access import held_by, visible_to
from argus_schema.executor import agent, command
from argus_schema.ingest import batch


async def visible_batch(connection: AsyncConnection, actor: Actor, batch_id: str) -> sa.Row[Any] | None:
    """The batch with `may_edit`, or None when the caller may not see it."""
    may_edit = held_by(actor, role_for(Permission.RUNS_CHANGE)).label("may_edit")
    query = sa.select(batch, may_edit).where(batch.c.id == batch_id, visible_to(actor))
    return (await connection.execute(query)).one_or_none()


async def agent_of(
    connection: AsyncConnection, hostname: str | None, owner_id: int | None, asker_id: int
) -> sa.Row[Any, Any] | None:
    """Id and owner of the agent on this host: the batch owner's, who runs it, else the asker's."""
    if not hostname:
        return None
    query = (
        sa.select(agent.c.id, agent.c.owner_id)
        .where(agent.c.hostname == hostname, agent.c.owner_id.in_({owner_id or asker_id, asker_id}))
        .where(agent.c.revoked_at.is_(None))
        .order_by(sa.case((agent.c.owner_id == owner_id, 0), else_=1))
        .limit(1)
    )
    return (await connection.execute(query)).one_or_none()


async def count_reruns(connection: AsyncConnection, source_batch_id: str) -> int:
    """How often this batch was run again so far, whatever became of it."""
    query = (
        sa.select(sa.func.count())
        .select_from(command)
        .where(command.c.kind == "rerun", command.c.payload["source_batch_id"].as_string() == source_batch_id)
    )
    return (await connection.execute(query)).scalar_one()


async def pending_rerun(connection: AsyncConnection, source_batch_id: str) -> sa.Row[Any, Any, Any] | None:
    """A rerun of this batch that still waits, with the new batch's name and status."""
    query = (
        sa.select(command.c.batch_id, batch.c.name, batch.c.status)
        .join(batch, batch.c.id == command.c.batch_id)
        .where(
            command.c.kind == "rerun",
            command.c.status == "pending",
            batch.c.source_batch_id == source_batch_id,
        )
        .limit(1)
    )
    return (await connection.execute(query)).one_or_none()


async def insert_command(connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Queue a command."""
    await connection.execute(sa.insert(command).values(values))


async def cancel_pending(connection: AsyncConnection, batch_id: str, kind: str) -> int:
    """Cancel commands of a kind that no agent has taken yet; returns how many."""
    statement = (
        sa.update(command)
        .where(command.c.batch_id == batch_id, command.c.kind == kind, command.c.status == "pending")
        .values(status="cancelled")
    )
    return (await connection.execute(statement)).rowcount
