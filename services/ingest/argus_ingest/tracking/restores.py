"""Taking deleted batches and jobs back, as long as nothing of them was removed."""

from __future__ import annotations

import sqlalchemy as sa

from argus_contracts import bus as wire
from argus_contracts.errors import ErrorCode
from argus_ingest.fold.state import BatchState, Tracked
from argus_ingest.store import batch_rows, job_rows
from argus_ingest.tracking.deletions import count_again
from argus_kit import audit
from argus_kit.outbox import Transaction
from argus_schema import ingest as tables


async def restore(tx: Transaction, request: wire.TrackingRestore) -> wire.TrackingRestoreReply:
    """Show again what is named. What is not deleted stays as it is."""
    batch = (await batch_rows.lock(tx.connection, [request.batch_id])).get(request.batch_id)
    if batch is None or batch.is_placeholder:
        return _refusal(ErrorCode.BATCH_NOT_FOUND)
    return await (_batch if request.kind == "batch" else _job)(tx, request, batch)


async def _batch(tx: Transaction, request: wire.TrackingRestore, batch: BatchState) -> wire.TrackingRestoreReply:
    if batch.deleted_at is None:
        return wire.TrackingRestoreReply(ok=True)
    column = tables.batch.c
    # What is to leave has perhaps begun to.
    shown = sa.update(tables.batch).where(column.batch_key == batch.batch_key, column.purge_at.is_(None))
    result = await tx.connection.execute(shown.values(deleted_at=None, deleted_by=None))
    if not result.rowcount:
        return _refusal(ErrorCode.TRASH_LEAVING)
    _note(tx, request, "batch_restored", batch.id)
    return wire.TrackingRestoreReply(ok=True, restored=1)


async def _job(tx: Transaction, request: wire.TrackingRestore, batch: BatchState) -> wire.TrackingRestoreReply:
    if batch.deleted_at is not None:
        return _refusal(ErrorCode.BATCH_NOT_FOUND)
    tracked = Tracked(batch)
    await job_rows.load_named(tx.connection, {batch.batch_key: tracked}, [(batch.batch_key, request.job_id or "")])
    job = tracked.jobs.get(request.job_id or "")
    if job is None:
        return _refusal(ErrorCode.JOB_NOT_FOUND)
    if job.deleted_at is None:
        return wire.TrackingRestoreReply(ok=True)
    column = tables.job.c
    is_whole = sa.and_(column.purge_at.is_(None), column.purged_at.is_(None))
    shown = sa.update(tables.job).where(column.batch_key == batch.batch_key, column.job_no == job.job_no, is_whole)
    result = await tx.connection.execute(shown.values(deleted_at=None, deleted_by=None))
    if not result.rowcount:
        return _refusal(ErrorCode.TRASH_LEAVING)
    await count_again(tx, tracked, request.at)
    _note(tx, request, "job_restored", f"{batch.id}/{job.job_id}")
    return wire.TrackingRestoreReply(ok=True, restored=1)


def _note(tx: Transaction, request: wire.TrackingRestore, action: str, target: str) -> None:
    kind = (request.kind, target)
    audit.note(tx, tables.OWNER, action, request.actor_id, target=kind, ip=request.actor_ip)


def _refusal(code: ErrorCode) -> wire.TrackingRestoreReply:
    return wire.TrackingRestoreReply(ok=False, error_code=code, message=code.message)
