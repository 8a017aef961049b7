"""What the executor reads of batches, and its own commands about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_executor.commands.repository import IS_OPEN
from argus_executor.commands.states import LAUNCHES, Status
from argus_kit.actor import Actor
from argus_kit.policy import Permission, role_for
from argus_schema.access import exists_for_people, held_by, visible_to
from argus_schema.executor import agent, agent_allowed, command
from argus_schema.ingest import batch, job

# As many as one process has open; more would not fit into a process's environment.
_MOST_CHECKPOINTS = 100


async def visible_batch(connection: AsyncConnection, actor: Actor, batch_id: str) -> sa.Row[Any] | None:
    """The batch with `may_edit`, or None when the caller may not see it."""
    may_edit = held_by(actor, role_for(Permission.RUNS_CHANGE)).label("may_edit")
    query = sa.select(batch, may_edit).where(batch.c.id == batch_id, visible_to(actor))
    return (await connection.execute(query)).one_or_none()


_ASKED = (
    batch.c.id,
    batch.c.project,
    batch.c.owner_id,
    batch.c.status,
    batch.c.stop_requested_at,
    batch.c.stop_requested_by,
    batch.c.pause_requested_at,
    batch.c.pause_requested_by,
)


async def asked_of(connection: AsyncConnection, batch_ids: Sequence[str]) -> dict[str, sa.Row[Any]]:
    """By id, what was asked of batches, with their project and owner; without those that are there for nobody."""
    query: sa.Select[Any] = sa.select(*_ASKED).where(batch.c.id.in_(_padded(batch_ids)), exists_for_people())
    return {row.id: row for row in await connection.execute(query)}


async def visible_ids(connection: AsyncConnection, actor: Actor, batch_ids: Sequence[str]) -> set[str]:
    """Those of these batches that the caller sees."""
    query = sa.select(batch.c.id).where(batch.c.id.in_(_padded(batch_ids)), visible_to(actor))
    return set((await connection.execute(query)).scalars())


def _padded(values: Sequence[str]) -> list[str]:
    # To a power of two, so that databases meet few statements and remember how they go.
    lacking = (1 << (len(values) - 1).bit_length()) - len(values)
    return [*values, *[values[-1]] * lacking]


async def agent_of(connection: AsyncConnection, of: sa.Row[Any], asker_id: int) -> sa.Row[Any] | None:
    """The agent for a batch's host: the batch owner's, who runs it, else the asker's, else one whose
    owner allowed the asker.

    An agent may have been registered by another name than the one that runs report: the one that began this batch is
    the batch's whatever its name. Of several it comes first, then the one under the user that the batch ran as.
    """
    began = sa.exists().where(
        command.c.agent_id == agent.c.id, command.c.batch_id == of.id, command.c.kind.in_(sorted(LAUNCHES))
    )
    is_allowed = sa.exists().where(agent_allowed.c.agent_id == agent.c.id, agent_allowed.c.user_id == asker_id)
    query = (
        sa.select(agent)
        .where(
            sa.or_(agent.c.hostname == (of.host or None), began),
            sa.or_(agent.c.owner_id.in_({of.owner_id or asker_id, asker_id}), is_allowed),
        )
        .where(agent.c.revoked_at.is_(None))
        .order_by(
            sa.case((began, 0), else_=1),
            sa.case((agent.c.owner_id == of.owner_id, 0), (agent.c.owner_id == asker_id, 1), else_=2),
            sa.case((agent.c.os_user == (of.user or ""), 0), else_=1),
            agent.c.last_seen_at.desc(),
            agent.c.id,
        )
        .limit(1)
    )
    found: sa.Row[Any] | None = (await connection.execute(query)).one_or_none()
    return found


async def count_reruns(connection: AsyncConnection, source_batch_id: str) -> int:
    """How often this batch was run again so far, whatever became of it."""
    query = (
        sa.select(sa.func.count())
        .select_from(command)
        .where(command.c.kind == "rerun", command.c.payload["source_batch_id"].as_string() == source_batch_id)
    )
    return (await connection.execute(query)).scalar_one()


async def living_resume(connection: AsyncConnection, batch_id: str) -> str | None:
    """The command that resumes this batch now: one that waits, or whose process goes on."""
    lives = sa.or_(IS_OPEN, command.c.status == Status.STARTED)
    query = sa.select(command.c.id).where(command.c.batch_id == batch_id, command.c.kind == "resume", lives)
    found: str | None = (await connection.execute(query.order_by(command.c.created_at.desc()).limit(1))).scalar()
    return found


async def count_resumes(connection: AsyncConnection, batch_id: str) -> int:
    """How often this batch was resumed so far, whatever became of it."""
    here = sa.and_(command.c.kind == "resume", command.c.batch_id == batch_id)
    return (await connection.execute(sa.select(sa.func.count()).select_from(command).where(here))).scalar_one()


async def checkpoints(connection: AsyncConnection, batch_key: int) -> dict[str, str]:
    """Where paused jobs of a batch saved themselves, by job id."""
    query = sa.select(job.c.job_id, job.c.checkpoint).where(
        job.c.batch_key == batch_key, job.c.status == "paused", job.c.deleted_at.is_(None)
    )
    rows = (await connection.execute(query.order_by(job.c.job_no.desc()).limit(_MOST_CHECKPOINTS))).all()
    return {row.job_id: row.checkpoint["path"] for row in rows if row.checkpoint}


async def pending_rerun(connection: AsyncConnection, source_batch_id: str) -> sa.Row[Any, Any, Any] | None:
    """A rerun of this batch that still waits, with the new batch's name and status."""
    query = (
        sa.select(command.c.batch_id, batch.c.name, batch.c.status)
        .join(batch, batch.c.id == command.c.batch_id)
        .where(
            command.c.kind == "rerun",
            IS_OPEN,
            batch.c.source_batch_id == source_batch_id,
        )
        .limit(1)
    )
    return (await connection.execute(query)).one_or_none()


async def is_stop_untold(connection: AsyncConnection, batch_id: str) -> bool:
    """See `untold_stop`, for one batch."""
    query = sa.select(batch.c.id).where(batch.c.id == batch_id, untold_stop())
    return (await connection.execute(query)).first() is not None


def untold_stop() -> sa.ColumnElement[bool]:
    """Batches that are stopping, of which no command says so: the last stop that was asked for is none."""
    since = command.c.created_at >= batch.c.stop_requested_at
    is_told = sa.exists().where(command.c.batch_id == batch.c.id, command.c.kind == "stop", since)
    return sa.and_(batch.c.status == "stopping", batch.c.stop_requested_at.is_not(None), sa.not_(is_told))
