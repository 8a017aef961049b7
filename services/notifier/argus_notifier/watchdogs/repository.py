"""Rows of `watch` and `watch_request`, and what watchdogs read of other services' tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from argus_contracts import bus as wire
from argus_kit.clock import now
from argus_notifier.turns import by_key
from argus_notifier.upserts import put_all
from argus_notifier.watchdogs.notes import Note, Notes
from argus_schema import executor, ingest
from argus_schema.notifier import told, watch, watch_request

_W, _R, _B = watch.c, watch_request.c, ingest.batch.c
_AT_ONCE: Final = 500
# What was not touched for so long is of things that ended without a word.
_FORGOTTEN: Final = timedelta(days=2)
_HERE: Final = ("running", "stopping", "stalled")


async def notes(connection: AsyncConnection, batch_keys: Collection[int], keys: Collection[str]) -> Notes:
    """All that is known of these batches, and under these keys."""
    statement = sa.select(watch).where(sa.or_(_W.batch_key.in_(batch_keys), _W.key.in_(keys)))
    return Notes(_note(row) for row in await connection.execute(statement))


async def due(connection: AsyncConnection, at: datetime) -> list[Note]:
    """Whose silence is to be looked into, the longest due first."""
    statement = sa.select(watch).where(_W.due_at <= at).order_by(_W.due_at).limit(_AT_ONCE)
    return [_note(row) for row in await connection.execute(statement)]


async def save(connection: AsyncConnection, found: Notes) -> None:
    """Write what changed, and promise the requests."""
    at = now()
    rows = [
        {
            "key": note.key,
            "detector": note.detector,
            "batch_key": note.batch_key,
            "state": note.state,
            "due_at": note.due_at,
            "updated_at": at,
        }
        for note in sorted(found.changed.values(), key=lambda note: note.key)
    ]
    gone = sorted(found.gone)
    for begin in range(0, len(rows), _AT_ONCE):
        await put_all(connection, watch, ("key",), rows[begin : begin + _AT_ONCE])
    for begin in range(0, len(gone), _AT_ONCE):
        await connection.execute(sa.delete(watch).where(_W.key.in_(gone[begin : begin + _AT_ONCE])))
    asked = [
        {"subject": subject, "payload": wire.encode(request), "created_at": at} for subject, request in found.requests
    ]
    if asked:
        await connection.execute(sa.insert(watch_request), asked)


async def forget_batches(connection: AsyncConnection, batch_keys: Collection[int]) -> None:
    """Nothing is watched of batches that ended."""
    if batch_keys:
        await connection.execute(sa.delete(watch).where(_W.batch_key.in_(batch_keys)))


async def requests(connection: AsyncConnection) -> Sequence[sa.Row[Any]]:
    """What ingest is still to be asked for, in order."""
    return (await connection.execute(sa.select(watch_request).order_by(_R.id).limit(_AT_ONCE))).all()


async def answered(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Ingest has answered these."""
    await connection.execute(sa.delete(watch_request).where(_R.id.in_(ids)))


async def forget_old(connection: AsyncConnection) -> None:
    """Delete what is of no use any more."""
    before = now() - _FORGOTTEN
    await connection.execute(sa.delete(watch).where(_W.due_at.is_(None), _W.updated_at < before))
    await connection.execute(sa.delete(told).where(by_key(told, told.c.at < before, only_free=True)))


async def unwatched(connection: AsyncConnection) -> list[Note]:
    """Notes for batches that run and of which none is known: those from before there were watchdogs, or a new bus."""
    known = sa.select(_W.batch_key).where(_W.detector == "silence", _W.batch_key.is_not(None))
    statement = (
        sa.select(_B.batch_key)
        .where(_B.status.in_(_HERE), _B.deleted_at.is_(None), _B.is_placeholder.is_(False), _B.batch_key.not_in(known))
        .order_by(_B.batch_key)
        .limit(5000)
    )
    return [silence_note(key, now()) for key in (await connection.execute(statement)).scalars()]


def silence_note(batch_key: int, due_at: datetime) -> Note:
    """The note by which a batch's silence is looked into."""
    return Note(f"silence:{batch_key}", "silence", batch_key, {}, due_at)


async def batches(connection: AsyncConnection, batch_keys: Collection[int]) -> dict[int, sa.Row[Any]]:
    """How these batches stand."""
    columns = (_B.batch_key, _B.id, _B.project, _B.owner_id, _B.status, _B.deleted_at, _B.is_placeholder)
    times = (_B.last_event_at, _B.start_time, _B.created_at, _B.stop_requested_at)
    statement: sa.Select[Any] = sa.select(*columns, *times).where(_B.batch_key.in_(batch_keys))
    return {row.batch_key: row for row in await connection.execute(statement)}


async def jobs(connection: AsyncConnection, pairs: Collection[tuple[int, str]]) -> dict[tuple[int, str], sa.Row[Any]]:
    """Status and last losses of these jobs."""
    job = ingest.job.c
    wanted = sorted(pairs)
    if not wanted:
        return {}
    statement: sa.Select[Any] = sa.select(
        job.batch_key, job.job_id, job.status, job.reason, job.end_time, job.val_loss_trace
    ).where(sa.tuple_(job.batch_key, job.job_id).in_(wanted), job.deleted_at.is_(None))
    return {(row.batch_key, row.job_id): row for row in await connection.execute(statement)}


async def last_heard(connection: AsyncConnection, host: str) -> datetime | None:
    """When a host last told of itself, by snapshots of what runs there or by its agents."""
    seen = sa.select(ingest.host.c.last_seen).where(ingest.host.c.host == host)
    agent = executor.agent.c
    beaten = sa.select(sa.func.max(agent.last_seen_at)).where(agent.hostname == host, agent.revoked_at.is_(None))
    found = [(await connection.execute(statement)).scalar() for statement in (seen, beaten)]
    return max((at for at in found if at is not None), default=None)


async def running_on(connection: AsyncConnection, host: str) -> Sequence[sa.Row[Any]]:
    """Batches that run on a host; `heard_at` says that the host lives, where they run on no other."""
    there = ingest.host_batch.c
    other = ingest.host_batch.alias().c
    elsewhere = sa.exists().where(other.batch_key == _B.batch_key, other.host != host)
    alone = sa.case((sa.or_(elsewhere, _B.host != host), None), else_=_B.last_event_at)
    statement: sa.Select[Any] = (
        sa.select(_B.batch_key, _B.id, sa.type_coerce(alone, _B.last_event_at.type).label("heard_at"))
        .join(ingest.host_batch, there.batch_key == _B.batch_key)
        .where(
            there.host == host,
            _B.status.in_(_HERE),
            _B.deleted_at.is_(None),
            # One that went on elsewhere since is not here any more.
            there.last_seen >= sa.func.coalesce(_B.went_on_at, _B.start_time, there.last_seen),
        )
        .order_by(_B.batch_key)
    )
    found: Sequence[sa.Row[Any]] = (await connection.execute(statement)).all()
    return found


def _note(row: sa.Row[Any]) -> Note:
    return Note(row.key, row.detector, row.batch_key, dict(row.state), row.due_at)
