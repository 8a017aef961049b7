"""What is remembered of sweeps: who started them, when, and what left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_ingest.retention.sweep import Tallies
from argus_schema import auth
from argus_schema import ingest as tables

# An hourly sweep is remembered for three weeks.
_KEPT: Final = 500
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
STOPPED: Final = "stopped"

_run = tables.retention_run.c


class Ended(NamedTuple):
    """How a sweep ended."""

    at: datetime
    outcome: str
    tallies: Tallies
    freed_bytes: int | None


async def begin(connection: AsyncConnection, at: datetime, actor_id: int | None, *, is_dry_run: bool) -> int:
    """Note that a sweep begins; returns its id. One that is still noted as running did not live to say how it ended."""
    if not is_dry_run:
        crashed = sa.update(tables.retention_run).where(_run.outcome == RUNNING, ~_run.is_dry_run)
        await connection.execute(crashed.values(outcome=STOPPED))
    values: dict[str, Any] = {
        "started_at": at,
        "actor_id": actor_id,
        "outcome": RUNNING,
        "is_dry_run": is_dry_run,
        "classes": {},
    }
    statement = sa.insert(tables.retention_run).values(values).returning(_run.id)
    return int((await connection.execute(statement)).scalar_one())


async def end(connection: AsyncConnection, run_id: int, ended: Ended) -> None:
    """Note how it ended, and forget the oldest."""
    classes = {
        name: {"rows": tally.rows, "bytes": tally.bytes, "error": tally.error} for name, tally in ended.tallies.items()
    }
    values = {"ended_at": ended.at, "outcome": ended.outcome, "classes": classes, "freed_bytes": ended.freed_bytes}
    await connection.execute(sa.update(tables.retention_run).where(_run.id == run_id).values(values))
    await connection.execute(sa.delete(tables.retention_run).where(_run.id <= run_id - _KEPT))


async def newest(connection: AsyncConnection, limit: int) -> Sequence[sa.Row[Any]]:
    """The last runs with the names of those who started them, newest first."""
    query = (
        sa.select(tables.retention_run, auth.user.c.username)
        .outerjoin(auth.user, auth.user.c.id == _run.actor_id)
        .order_by(_run.id.desc())
        .limit(limit)
    )
    return (await connection.execute(query)).all()


async def last_sweep(connection: AsyncConnection) -> sa.Row[Any] | None:
    """The last sweep that removed and ended."""
    query = sa.select(tables.retention_run).where(~_run.is_dry_run, _run.ended_at.is_not(None))
    return (await connection.execute(query.order_by(_run.id.desc()).limit(1))).first()
