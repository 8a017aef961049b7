"""The rows of `batch` for one flush: made where they are missing, locked in one order, and saved."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_ingest.fold.state import BatchState
from argus_ingest.store.bulk import padded, upsert
from argus_schema import ingest as tables

_columns = tables.batch.c
_READ = (
    "batch_key", "id", "project", "experiment_type", "user", "host", "command", "status", "owner_id", "n_total",
    "n_done", "n_failed", "n_jobs", "start_time", "end_time", "error", "stop_requested_at", "stop_requested_by",
    "last_event_at", "is_divergent", "is_idle", "is_placeholder", "event_seq", "deleted_at",
)  # fmt: skip
_NEVER_SAVED = frozenset({"batch_key", "id", "deleted_at"})
# These change with every flush; the others only now and then.
_MOVING = ("event_seq", "last_event_at")
_SETTLED = tuple(name for name in _READ if name not in _NEVER_SAVED and name not in _MOVING)

_SELECT = (
    sa.select(*(_columns[name] for name in _READ), _columns.env_snapshot.is_not(None).label("has_env"))
    .where(_columns.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_columns.id)
    .with_for_update()
)
_this = tables.batch.update().where(_columns.batch_key == sa.bindparam("this_batch"))
_UPDATE_MOVING = _this.values({name: sa.bindparam(f"new_{name}") for name in _MOVING})
_UPDATE_ALL = _this.values({name: sa.bindparam(f"new_{name}") for name in (*_MOVING, *_SETTLED)})
_UPDATE_ENV = _this.values(env_snapshot=sa.bindparam("new_env"))


async def lock(connection: AsyncConnection, ids: Collection[str]) -> dict[str, BatchState]:
    """The batches that exist, each locked until the transaction ends. The order of locks is the order of ids."""
    rows = (await connection.execute(_SELECT, {"ids": padded(sorted(ids))})).all()
    return {row.id: BatchState(**row._asdict()) for row in rows}


async def make(connection: AsyncConnection, ids: Iterable[str], at: datetime) -> None:
    """Make rows for batches that may be missing: placeholders, until an event that creates a batch is folded in."""
    values = [{"id": batch_id, "is_placeholder": True, "created_at": at} for batch_id in sorted(ids)]
    statement = upsert(connection, tables.batch).on_conflict_do_nothing(index_elements=["id"])
    for value in values:
        await connection.execute(statement, value)


def settled(batch: BatchState) -> tuple[Any, ...]:
    """The columns that decide whether a batch must be saved whole."""
    return tuple(getattr(batch, name) for name in _SETTLED)


async def save(connection: AsyncConnection, batches: Iterable[BatchState], before: dict[int, tuple[Any, ...]]) -> None:
    """Write batches back; `before` holds what `settled` said of each when it was read."""
    whole: list[dict[str, Any]] = []
    moving: list[dict[str, Any]] = []
    for batch in batches:
        changed = settled(batch) != before[batch.batch_key]
        names = (*_MOVING, *_SETTLED) if changed else _MOVING
        row = {f"new_{name}": getattr(batch, name) for name in names}
        (whole if changed else moving).append({"this_batch": batch.batch_key, **row})
        if batch.new_env is not None:
            await connection.execute(_UPDATE_ENV, {"this_batch": batch.batch_key, "new_env": batch.new_env})
    if whole:
        await connection.execute(_UPDATE_ALL, whole)
    if moving:
        await connection.execute(_UPDATE_MOVING, moving)
