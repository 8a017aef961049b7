"""The rows of `batch` for one flush: made where they are missing, locked in one order, and saved."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any

from argus_ingest.fold.state import BatchState
from argus_ingest.store.bulk import BulkInsert, BulkUpdate, Reader, Work, json_text, run_all
from argus_ingest.store.link import Link, Opened, Row, link_of
from argus_schema import ingest as tables

_READ = (
    "batch_key", "id", "project", "experiment_type", "user", "host", "command", "status", "owner_id", "n_total",
    "n_done", "n_failed", "n_jobs", "elapsed_s", "start_time", "end_time", "error", "stop_requested_at",
    "stop_requested_by", "pause_requested_at", "pause_requested_by", "paused_at", "paused_s", "went_on_at",
    "checkpoint", "last_event_at", "is_divergent", "is_idle", "is_placeholder", "event_seq", "deleted_at",
)  # fmt: skip
_NEVER_SAVED = frozenset({"batch_key", "id", "deleted_at"})
# These change with every flush; the others only now and then.
_MOVING = ("event_seq", "last_event_at")
_SETTLED = tuple(name for name in _READ if name not in _NEVER_SAVED and name not in (*_MOVING, "checkpoint"))
_settled_of = attrgetter(*_SETTLED)
_moving_of = attrgetter(*_MOVING)

_READER = Reader(tables.batch, _READ)
_NAMES = ", ".join(f'"{name}"' for name in _READ)
# Built from the names of our own columns.
_LOCK = f"select {_NAMES}, env_snapshot is not null from batch where id = any($1::text[]) order by id for update"  # noqa: S608 # nosec B608
_LOCK_SQLITE = (
    f"select {_NAMES}, env_snapshot is not null from batch "  # noqa: S608 # nosec B608
    "where id in (select value from json_each(?)) order by id"
)
_MAKE = BulkInsert(tables.batch, ("id", "is_placeholder", "created_at", "project", "n_done", "n_failed", "n_jobs",
                                  "is_divergent", "is_idle", "event_seq"), collision="do nothing")  # fmt: skip
_UPDATE_MOVING = BulkUpdate(tables.batch, ("batch_key",), _MOVING)
_UPDATE_ALL = BulkUpdate(tables.batch, ("batch_key",), (*_MOVING, *_SETTLED))
_UPDATE_ENV = BulkUpdate(tables.batch, ("batch_key",), ("env_snapshot",))
_UPDATE_CHECKPOINT = BulkUpdate(tables.batch, ("batch_key",), ("checkpoint",))


async def lock(opened: Opened, ids: Collection[str]) -> dict[str, BatchState]:
    """The batches that exist, each locked until the transaction ends. The order of locks is the order of ids."""
    link = await link_of(opened)
    if link.is_sqlite:
        rows = await link.fetch(_LOCK_SQLITE, json_text(sorted(ids)))
    else:
        rows = await link.fetch(_LOCK, sorted(ids))
    found = [BatchState(*_READER.read(link, row)) for row in rows]
    return {batch.id: batch for batch in found}


async def make(opened: Opened, ids: Iterable[str], at: datetime) -> None:
    """Make rows for batches that may be missing: placeholders, until an event that creates a batch is folded in."""
    rows = [(batch_id, True, at, "", 0, 0, 0, False, False, 0) for batch_id in sorted(ids)]
    await _MAKE.run(await link_of(opened), rows)


def settled(batch: BatchState) -> tuple[Any, ...]:
    """The columns that decide whether a batch must be saved whole."""
    return _settled_of(batch)


async def save(opened: Opened, batches: Iterable[BatchState], before: dict[int, tuple[Any, ...]]) -> None:
    """Write batches back; `before` holds what `settled` said of each when it was read."""
    batches = list(batches)
    link = await link_of(opened)
    await save_apart(link, batches)
    await run_all(link, saving(batches, before))


async def save_apart(link: Link, batches: Collection[BatchState]) -> None:
    """Write what few flushes change, environments and checkpoints. A statement of its own: within one, PostgreSQL
    changes a row once, and forgets the other changes.
    """
    rows = [(batch.batch_key, json_text(batch.new_env)) for batch in batches if batch.new_env is not None]
    await _UPDATE_ENV.run(link, rows)
    saved = [(one.batch_key, json_text(one.checkpoint)) for one in batches if one.has_new_checkpoint]
    await _UPDATE_CHECKPOINT.run(link, saved)


def saving(batches: Collection[BatchState], before: dict[int, tuple[Any, ...]]) -> list[Work]:
    """What writes the other columns of batches, each row by one of the statements."""
    whole: list[Row] = []
    moving: list[Row] = []
    for batch in batches:
        after = _settled_of(batch)
        if after == before[batch.batch_key]:
            moving.append((batch.batch_key, *_moving_of(batch)))
        else:
            whole.append((batch.batch_key, *_moving_of(batch), *after))
    return [(_UPDATE_ALL, whole), (_UPDATE_MOVING, moving)]
